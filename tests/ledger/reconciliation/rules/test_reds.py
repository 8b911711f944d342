"""A red document takes back the lines that it means, or somebody is asked; and it always ties."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Key
from ledger.reconciliation.rules.matching import Share
from ledger.reconciliation.rules.reds import CellShare, PrintedLine, parts_of, take_back

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
FIRST, SECOND, THIRD = ((1, month, Part.COMPUTE) for month in (OCTOBER, NOVEMBER, DECEMBER))
H100, A800 = "*信息技术服务*算力服务费 H100", "*信息技术服务*算力服务费 A800"


def entry(line: int, fen: int, item: str = H100, price: str = "10") -> PrintedLine:
    return PrintedLine(line, item, "卡时", price, "6%", fen)


# --- which lines it takes back ------------------------------------------------------------


def test_the_line_with_the_same_print_is_meant() -> None:
    blue_lines = [entry(1, 100), entry(2, 80, A800), entry(3, 100, price="12")]
    assert parts_of([entry(1, -40, A800)], blue_lines) == {2: -40}
    assert parts_of([entry(1, -40, price="12")], blue_lines) == {3: -40}
    assert parts_of([entry(1, -40, price="12"), entry(2, -5, A800)], blue_lines) == {
        3: -40,
        2: -5,
    }


def test_the_print_is_compared_without_spaces_and_case() -> None:
    blue_lines = [entry(1, 100), entry(2, 100, A800)]
    assert parts_of([entry(1, -40, " *信息技术服务* 算力服务费 h100")], blue_lines) == {1: -40}


def test_another_price_of_one_item_still_means_its_line() -> None:
    blue_lines = [entry(1, 100), entry(2, 80, A800)]
    assert parts_of([entry(1, -40, A800, price="9.5")], blue_lines) == {2: -40}


def test_of_lines_that_are_alike_the_one_of_exactly_its_amount_is_meant() -> None:
    blue_lines = [entry(1, 100), entry(2, 80), entry(3, 60)]
    assert parts_of([entry(1, -80)], blue_lines) == {2: -80}


def test_all_that_is_left_is_taken_back_of_every_line() -> None:
    blue_lines = [entry(1, 50), entry(2, 50), entry(3, 0, A800), entry(4, 7, A800)]
    assert parts_of([entry(1, -107, "冲红")], blue_lines) == {1: -50, 2: -50, 4: -7}


def test_a_single_line_is_meant_whatever_the_red_one_is_called() -> None:
    assert parts_of([entry(1, -40, "折让")], [entry(1, 100)]) == {1: -40}
    assert parts_of([entry(1, -40, "折让")], [entry(1, 0), entry(2, 100)]) == {2: -40}
    assert parts_of([entry(1, -40), entry(2, -30)], [entry(1, 100)]) == {1: -70}


def test_a_discount_of_a_red_document_lowers_the_line_before_it() -> None:
    blue_lines = [entry(1, 100), entry(2, 80, A800)]
    red = [entry(1, -40), entry(2, 10), entry(3, -20, A800)]
    assert parts_of(red, blue_lines) == {1: -30, 2: -20}
    assert parts_of([entry(1, -100), entry(2, 10), entry(3, -20, A800)], blue_lines) == {
        1: -90, 2: -20,
    }  # fmt: skip


def test_a_line_that_was_taken_back_already_cannot_be_meant() -> None:
    blue_lines = [entry(1, 30), entry(2, 100), entry(3, 50, A800)]
    assert parts_of([entry(1, -40)], blue_lines) == {2: -40}
    # The greater is laid first, so it does not matter how they stand in the document.
    for red in ([entry(1, -20), entry(2, -100)], [entry(1, -100), entry(2, -20)]):
        assert parts_of(red, blue_lines) == {2: -100, 1: -20}


@pytest.mark.parametrize(
    ("red", "blue_lines"),
    [
        pytest.param([entry(1, -40)], [entry(1, 100), entry(2, 80)], id="two alike"),
        pytest.param([entry(1, -50)], [entry(1, 50), entry(2, 50)], id="two of its amount"),
        pytest.param(
            [entry(1, -40, "折让")], [entry(1, 100), entry(2, 80, A800)], id="no such item"
        ),
        pytest.param(
            [entry(1, -40, price="9")], [entry(1, 100), entry(2, 80, price="12")],
            id="an item of two prices, at a third",
        ),
        pytest.param(
            [entry(1, -90, A800)], [entry(1, 100), entry(2, 80, A800)],
            id="more than is left of its line",
        ),
        pytest.param([entry(1, -101)], [entry(1, 100)], id="more than is left at all"),
        pytest.param([entry(1, -1)], [entry(1, 0)], id="nothing is left"),
        pytest.param(
            [entry(1, -10, A800), entry(2, -40, "折让")],
            [entry(1, 100), entry(2, 80, A800)], id="one clear, one unclear",
        ),
        pytest.param(
            [entry(1, -60), entry(2, -60)], [entry(1, 100), entry(2, 50, A800)],
            id="together more than is left of the line",
        ),
    ],
)  # fmt: skip
def test_what_may_mean_several_lines_is_not_guessed(
    red: list[PrintedLine], blue_lines: list[PrintedLine]
) -> None:
    assert parts_of(red, blue_lines) is None


PRINTS = st.tuples(st.sampled_from([H100, A800]), st.sampled_from(["10", "12"]))
BLUE = st.lists(st.tuples(st.integers(0, 60), PRINTS), min_size=1, max_size=5).map(
    lambda rows: [entry(n, fen, *words) for n, (fen, words) in enumerate(rows, start=1)]
)
RED = st.lists(st.tuples(st.integers(1, 60), PRINTS), min_size=1, max_size=3).map(
    lambda rows: [entry(n, -fen, *words) for n, (fen, words) in enumerate(rows, start=1)]
)


@given(RED, BLUE)
def test_parts_add_up_to_the_red_document_and_go_beyond_no_line(
    red: list[PrintedLine], blue_lines: list[PrintedLine]
) -> None:
    parts = parts_of(red, blue_lines)
    if parts is not None:
        rest = {line.line: line.fen for line in blue_lines}
        assert sum(parts.values()) == sum(line.fen for line in red)
        assert all(-rest[line] <= fen < 0 for line, fen in parts.items())


@given(BLUE, st.data())
def test_a_line_with_a_print_of_its_own_is_always_found(
    blue_lines: list[PrintedLine], data: st.DataObject
) -> None:
    blue = [replace(line, unit_price=str(line.line), fen=line.fen + 1) for line in blue_lines]
    meant_lines = data.draw(st.lists(st.sampled_from(blue), min_size=1, unique=True))
    red = [
        replace(b, line=n, fen=-data.draw(st.integers(1, b.fen))) for n, b in enumerate(meant_lines)
    ]
    assert parts_of(red, blue) == {b.line: r.fen for b, r in zip(meant_lines, red, strict=True)}


# --- out of which cells -------------------------------------------------------------------


def test_what_of_a_line_is_not_allocated_goes_first() -> None:
    assert take_back(2, {1: -40}, {1: 40}, [CellShare(1, FIRST, 60)]) == []
    assert take_back(2, {1: -40}, {1: 30}, [CellShare(1, FIRST, 60)]) == [Share(2, 1, FIRST, -10)]


def test_what_another_line_has_left_over_does_not_help() -> None:
    shares = [CellShare(1, FIRST, 60), CellShare(2, SECOND, 60)]
    assert take_back(3, {2: -40}, {1: 100}, shares) == [Share(3, 2, SECOND, -40)]


def test_each_line_is_taken_back_out_of_its_own_cells_in_proportion() -> None:
    shares = [
        CellShare(1, FIRST, 50), CellShare(1, SECOND, 25), CellShare(1, THIRD, 25),
        CellShare(2, FIRST, 99),
    ]  # fmt: skip
    # 10 of 100: 5, 2.5 and 2.5; the odd fen goes to the first of those that are alike.
    assert take_back(3, {1: -10, 2: -9}, {}, shares) == [
        Share(3, 1, FIRST, -5), Share(3, 1, SECOND, -3), Share(3, 1, THIRD, -2),
        Share(3, 2, FIRST, -9),
    ]  # fmt: skip


def test_a_second_red_document_takes_from_what_the_first_left() -> None:
    paid = {FIRST: 50, SECOND: 50}
    first = take_back(2, {1: -60}, {}, [CellShare(1, cell, fen) for cell, fen in paid.items()])
    assert first == [Share(2, 1, FIRST, -30), Share(2, 1, SECOND, -30)]
    net = [CellShare(1, FIRST, 20), CellShare(1, SECOND, 20), CellShare(1, THIRD, 0)]
    assert take_back(3, {1: -40}, {}, net) == [Share(3, 1, FIRST, -20), Share(3, 1, SECOND, -20)]


def test_the_months_that_a_red_document_names_go_first() -> None:
    shares = [CellShare(1, cell, 50) for cell in (FIRST, SECOND, THIRD)]
    november = (NOVEMBER, NOVEMBER)
    assert take_back(2, {1: -40}, {}, shares, november) == [Share(2, 1, SECOND, -40)]
    assert take_back(2, {1: -70}, {}, shares, november) == [
        Share(2, 1, SECOND, -50), Share(2, 1, FIRST, -10), Share(2, 1, THIRD, -10),
    ]  # fmt: skip
    two = take_back(2, {1: -100}, {}, shares, (NOVEMBER, DECEMBER))
    assert two == [Share(2, 1, SECOND, -50), Share(2, 1, THIRD, -50)]
    assert take_back(2, {1: -40}, {1: 15}, shares, november) == [Share(2, 1, SECOND, -25)]


CELLS: list[Key] = [
    (contract, month, part)
    for contract in (1, 2)
    for month in (OCTOBER, NOVEMBER, DECEMBER)
    for part in (Part.COMPUTE, Part.PACKAGE)
]
SHARES = st.dictionaries(
    st.tuples(st.integers(1, 3), st.sampled_from(CELLS)), st.integers(0, 1000), max_size=8
).map(lambda paid: [CellShare(line, cell, fen) for (line, cell), fen in paid.items()])
MONTHS = st.sampled_from([None, (OCTOBER, OCTOBER), (NOVEMBER, DECEMBER)])


@given(SHARES, st.dictionaries(st.integers(1, 3), st.integers(0, 500)), MONTHS, st.data())
def test_what_is_taken_back_ties(
    shares: list[CellShare],
    unallocated: dict[int, int],
    months: tuple[date, date] | None,
    data: st.DataObject,
) -> None:
    paid: Counter[int] = Counter()
    for share in shares:
        paid[share.line] += share.fen
    worth = {line: paid[line] + unallocated.get(line, 0) for line in {*paid, *unallocated}}
    parts = {line: -data.draw(st.integers(1, fen)) for line, fen in worth.items() if fen}
    back = take_back(9, parts, unallocated, shares, months)
    after = {(share.line, share.cell): share.fen for share in shares}
    for part in back:
        assert (part.document, part.fen < 0) == (9, True)
        after[part.line, part.cell] += part.fen
    assert all(fen >= 0 for fen in after.values())
    for line, fen in parts.items():
        out = -sum(part.fen for part in back if part.line == line)
        assert out == max(-fen - unallocated.get(line, 0), 0)
        # Another month than the red one names only when those hold nothing any more.
        if months and any(s.line == line and not months[0] <= s.cell[1] <= months[1] for s in back):
            in_months = [
                key for key in after if key[0] == line and months[0] <= key[1][1] <= months[1]
            ]
            assert not any(after[key] for key in in_months)


@given(SHARES.filter(bool), st.data())
def test_red_documents_one_after_another_take_back_all_and_no_more(
    shares: list[CellShare], data: st.DataObject
) -> None:
    """However the whole is cut into red documents, at the end nothing is left."""
    rest = {(share.line, share.cell): share.fen for share in shares}
    for red in range(9, 19):
        by_line: Counter[int] = Counter()
        for (line, _), fen in rest.items():
            by_line[line] += fen
        whole = {line: fen for line, fen in by_line.items() if fen}
        last = red == 18
        parts = {
            line: -(fen if last else data.draw(st.integers(1, fen))) for line, fen in whole.items()
        }
        current = [CellShare(line, cell, fen) for (line, cell), fen in rest.items()]
        for share in take_back(red, parts, {}, current):
            rest[share.line, share.cell] += share.fen
    assert not any(rest.values())
