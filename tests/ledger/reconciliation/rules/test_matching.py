"""Lines over cells: always the same proposal, tied to the fen, nothing beyond what there is."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.rules.cells import Cell
from ledger.reconciliation.rules.matching import (
    Key,
    OpenLine,
    Share,
    left_by_line,
    propose,
    take_back,
)

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def cell(
    month: date = OCTOBER, price: int = 1, metered: int = 0, *, contract: int = 1, **more: object
) -> Cell:
    fields = {"kind": "model", "invoiced_fen": 0, "policy": "v1", **more}
    return Cell(contract=contract, month=month, price=price, metered_fen=metered, **fields)  # type: ignore[arg-type]


def line(left_fen: int, number: int = 1, **more: object) -> OpenLine:
    fields = {
        "document": number, "line": 1, "number": f"{number:020}", "issued_on": date(2026, 12, 5),
        "since": OCTOBER, "until": date(2026, 10, 31), **more,
    }  # fmt: skip
    return OpenLine(left_fen=left_fen, **fields)  # type: ignore[arg-type]


def laid(lines: list[OpenLine], cells: list[Cell]) -> dict[tuple[int, date, int], int]:
    """document, month, contract line → fen."""
    return {(s.document, s.cell[1], s.cell[2]): s.fen for s in propose(lines, cells)}


def test_a_line_pays_the_months_of_its_service() -> None:
    cells = [cell(OCTOBER, metered=100), cell(NOVEMBER, metered=100), cell(DECEMBER, metered=100)]
    long = line(250, since=OCTOBER, until=date(2026, 12, 1))
    assert laid([long], cells) == {
        (1, OCTOBER, 1): 100,
        (1, NOVEMBER, 1): 100,
        (1, DECEMBER, 1): 50,
    }


def test_contract_lines_fill_in_their_order() -> None:
    cells = [cell(price=2, metered=70), cell(price=1, metered=30)]
    assert laid([line(60)], cells) == {(1, OCTOBER, 1): 30, (1, OCTOBER, 2): 30}


def test_what_fits_to_the_fen_goes_first() -> None:
    cells = [cell(price=1, metered=50), cell(price=2, metered=100)]
    assert laid([line(120, 1), line(50, 2)], cells) == {
        (2, OCTOBER, 1): 50, (1, OCTOBER, 2): 100, (1, OCTOBER, 1): 20,
    }  # fmt: skip


def test_a_statement_number_fixes_contract_and_month() -> None:
    cells = [cell(OCTOBER, metered=100), cell(NOVEMBER, 2, 100, contract=2)]
    named_line = line(100, statement_month=(2, NOVEMBER))
    assert laid([named_line], cells) == {(1, NOVEMBER, 2): 100}


def test_a_statement_of_another_contract_is_not_paid_elsewhere() -> None:
    assert propose([line(100, statement_month=(9, OCTOBER))], [cell(metered=100)]) == []


def test_what_is_named_comes_before_what_merely_fits() -> None:
    cells = [cell(metered=100), cell(NOVEMBER, metered=0)]
    lines = [line(100, 1), line(80, 2, statement_month=(1, OCTOBER))]
    assert laid(lines, cells) == {(1, OCTOBER, 1): 100, (2, OCTOBER, 1): 80}
    assert {s.document: s.fen for s in propose(lines, [replace(cells[0], metered_fen=180)])} == {
        1: 100, 2: 80,
    }  # fmt: skip


def test_a_rest_beyond_all_room_goes_whole_to_the_last_month() -> None:
    cells = [cell(OCTOBER, metered=10), cell(NOVEMBER, 2), cell(NOVEMBER, 1), cell(DECEMBER)]
    long = line(100, since=OCTOBER, until=date(2026, 11, 30))
    assert laid([long], cells) == {(1, OCTOBER, 1): 10, (1, NOVEMBER, 1): 90}


def test_a_rest_stays_with_the_contract_that_was_paid() -> None:
    cells = [cell(contract=1, price=1), cell(contract=2, price=2, metered=60)]
    assert laid([line(61)], cells) == {(1, OCTOBER, 2): 61}


def test_a_rest_stays_where_something_was_metered() -> None:
    cells = [cell(price=1), cell(price=2, metered=60)]
    assert laid([line(61)], cells) == {(1, OCTOBER, 2): 61}


def test_nothing_is_allocated_where_no_contract_covers_the_period() -> None:
    assert propose([line(100)], [cell(NOVEMBER, metered=100)]) == []


def test_what_was_decided_never_to_be_invoiced_has_no_room() -> None:
    cells = [cell(metered=100, closed_fen=40), cell(price=2, metered=50, extra_fen=10)]
    assert laid([line(120)], cells) == {(1, OCTOBER, 1): 60, (1, OCTOBER, 2): 60}


def test_a_line_serves_one_kind_of_project() -> None:
    cells = [cell(metered=60), cell(price=2, contract=2, metered=60, kind="team")]
    assert laid([line(100)], cells) == {(1, OCTOBER, 1): 100}
    assert laid([line(100, kind="team")], cells) == {(1, OCTOBER, 2): 100}


@pytest.mark.parametrize(
    ("lines", "total_left", "results"),
    [
        ([(1, 100, 0), (2, 50, 0)], 150, {1: 100, 2: 50}),
        ([(1, 100, 30), (2, 50, 0)], 120, {1: 70, 2: 50}),
        ([(1, 100, 0), (2, -20, 0), (3, 50, 0)], 130, {1: 80, 3: 50}),  # 折扣行
        ([(1, 100, 0), (2, 50, 0)], 110, {1: 100, 2: 10}),  # a red one took 40
        ([(1, 100, 100)], 0, {}),
    ],
)
def test_what_each_line_has_left(
    lines: list[tuple[int, int, int]], total_left: int, results: dict[int, int]
) -> None:
    assert left_by_line(lines, total_left) == results


CELLS = st.lists(
    st.builds(
        cell,
        st.sampled_from([OCTOBER, NOVEMBER, DECEMBER]),
        st.integers(1, 4),
        st.integers(0, 200),
        policy=st.sampled_from(["", "v1"]),
        kind=st.sampled_from(["model", "team"]),
    ).map(lambda c: replace(c, contract=1 if c.kind == "model" else 2)),
    max_size=8,
    unique_by=lambda c: c.key,
)
LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 300),
        st.integers(1, 50),
        since=st.sampled_from([OCTOBER, NOVEMBER]),
        until=st.sampled_from([date(2026, 11, 30), date(2026, 12, 31)]),
        statement_month=st.sampled_from([None, None, (1, NOVEMBER)]),
    ),
    max_size=8,
    unique_by=lambda open_line: open_line.document,
)


def paid(shares: list[Share]) -> Counter[int]:
    counter: Counter[int] = Counter()
    for share in shares:
        counter[share.document] += share.fen
    return counter


def applied(
    lines: list[OpenLine], cells: list[Cell], shares: list[Share]
) -> tuple[list[OpenLine], list[Cell]]:
    """What is left, and what has room, once the shares are allocated."""
    sums: Counter[Key] = Counter()
    for share in shares:
        sums[share.cell] += share.fen
    spent = paid(shares)
    return (
        [
            replace(open_line, left_fen=open_line.left_fen - spent[open_line.document])
            for open_line in lines
        ],
        [replace(c, invoiced_fen=c.invoiced_fen + sums[c.key]) for c in cells],
    )


@given(LINES, CELLS, st.randoms(use_true_random=False))
def test_every_proposal_ties(
    lines: list[OpenLine], cells: list[Cell], chance: random.Random
) -> None:
    shares = propose(lines, cells)
    kinds = {c.key: c.kind for c in cells}
    whole = {open_line.document: open_line.left_fen for open_line in lines}
    assert all(share.fen > 0 for share in shares)
    # All of a line or nothing of it, and only for one kind of project.
    assert all(fen == whole[document] for document, fen in paid(shares).items())
    assert all(
        len({kinds[s.cell] for s in shares if s.document == document}) == 1
        for document in paid(shares)
    )
    # In any order the same; and once it is done there is nothing more to do.
    mixed_lines, mixed_cells = list(lines), list(cells)
    chance.shuffle(mixed_lines)
    chance.shuffle(mixed_cells)
    assert propose(mixed_lines, mixed_cells) == shares
    assert propose(*applied(lines, cells, shares)) == []


@given(LINES.filter(bool), CELLS)
def test_nothing_goes_beyond_a_cell_while_another_has_room(
    lines: list[OpenLine], cells: list[Cell]
) -> None:
    line = lines[0]
    shares = propose([line], cells)
    after = {c.key: c for c in applied([line], cells, shares)[1]}
    if any(after[s.cell].invoiced_fen > after[s.cell].metered_fen for s in shares):
        first, last = (
            (line.statement_month[1], line.statement_month[1])
            if line.statement_month
            else (line.since, line.until)
        )
        kind = after[shares[0].cell].kind
        may = [c for c in after.values() if first <= c.month <= last and c.kind == kind]
        assert all(c.invoiced_fen >= c.metered_fen for c in may)


def test_a_red_document_takes_what_is_not_allocated_first() -> None:
    shares = [Share(1, 1, cell().key, 60)]
    assert take_back([(2, 1, -40)], shares, left_fen=60) == []


def test_a_red_document_takes_back_in_proportion() -> None:
    first, second, third = cell().key, cell(price=2).key, cell(NOVEMBER).key
    shares = [Share(1, 1, first, 50), Share(1, 2, second, 25), Share(1, 2, third, 25)]
    # 10 of 100: 5, 2.5 and 2.5; the odd fen goes to the first of those that are alike.
    assert take_back([(2, 1, -10)], shares, left_fen=90) == [
        Share(2, 1, first, -5), Share(2, 1, second, -3), Share(2, 1, third, -2),
    ]  # fmt: skip


def test_a_second_red_document_takes_from_what_the_first_left() -> None:
    first, second = cell().key, cell(price=2).key
    shares = [Share(1, 1, first, 50), Share(1, 1, second, 50), Share(2, 1, first, -50)]
    assert take_back([(3, 1, -30), (3, 2, -20)], shares, left_fen=0) == [
        Share(3, 1, second, -30), Share(3, 2, second, -20),
    ]  # fmt: skip


def test_red_lines_that_are_worth_too_little() -> None:
    with pytest.raises(ValueError, match="cannot take back"):
        take_back([(2, 1, -5)], [Share(1, 1, cell().key, 50)], left_fen=0)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.data())
def test_what_is_taken_back_ties(weights: list[int], data: st.DataObject) -> None:
    shares = [Share(1, 1, cell(price=n).key, fen) for n, fen in enumerate(weights, start=1)]
    rest = data.draw(st.integers(0, sum(weights)))
    back = take_back([(2, 1, -sum(weights))], shares, rest)
    counter = Counter({share.cell: share.fen for share in shares})
    for share in back:
        counter[share.cell] += share.fen
    assert sum(counter.values()) == rest
    assert all(fen >= 0 for fen in counter.values())
