"""Lines over cells: always the same proposal, tied to the fen, nothing beyond what there is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell, Key
from ledger.reconciliation.rules.matching import (
    OpenLine,
    Package,
    left_by_line,
    propose,
)
from tests.support.months.cells import DECEMBER, NOVEMBER, OCTOBER, at, cell, draw, line


def laid(
    lines: list[OpenLine],
    cells: list[Cell],
    packages: Sequence[Package] = (),
    today: date = date.max,
) -> dict[tuple[int, Key], int]:
    """document, cell → fen."""
    return {(s.document, s.cell): s.fen for s in propose(lines, cells, packages, today)}


def test_a_line_pays_the_months_of_its_service() -> None:
    cells = [cell(OCTOBER, 100), cell(NOVEMBER, 100), cell(DECEMBER, 100)]
    long = line(250, since=OCTOBER, until=date(2026, 12, 1))
    assert laid([long], cells) == {
        (1, at(OCTOBER)): 100,
        (1, at(NOVEMBER)): 100,
        (1, at(DECEMBER)): 50,
    }


def test_contracts_and_then_parts_fill_in_their_order() -> None:
    cells = [cell(metered=70, contract=2), cell(metered=30, contract=1)]
    assert laid([line(60)], cells) == {(1, at(contract=1)): 30, (1, at(contract=2)): 30}
    cells = [draw(OCTOBER, 40), cell(metered=30), cell(metered=20, part=Part.FEE)]
    assert laid([line(60)], cells) == {
        (1, at()): 30, (1, at(part=Part.FEE)): 20, (1, at(part=Part.PACKAGE)): 10,
    }  # fmt: skip


def test_what_fits_to_the_fen_goes_first() -> None:
    cells = [cell(metered=50), cell(metered=100, part=Part.FEE)]
    assert laid([line(120, 1), line(50, 2)], cells) == {
        (2, at()): 50, (1, at(part=Part.FEE)): 100, (1, at()): 20,
    }  # fmt: skip


def test_a_statement_number_fixes_contract_and_month() -> None:
    cells = [cell(OCTOBER, 100), cell(NOVEMBER, 100, contract=2)]
    named_line = line(100, statement_month=(2, NOVEMBER))
    assert laid([named_line], cells) == {(1, at(NOVEMBER, contract=2)): 100}


def test_a_statement_of_another_contract_is_not_paid_elsewhere() -> None:
    assert propose([line(100, statement_month=(9, OCTOBER))], [cell(metered=100)]) == []


def test_what_is_named_comes_before_what_merely_fits() -> None:
    cells = [cell(metered=100), cell(NOVEMBER, metered=0)]
    lines = [line(100, 1), line(80, 2, statement_month=(1, OCTOBER))]
    assert laid(lines, cells) == {(1, at()): 100, (2, at()): 80}
    assert {s.document: s.fen for s in propose(lines, [replace(cells[0], metered_fen=180)])} == {
        1: 100, 2: 80,
    }  # fmt: skip


def test_a_rest_beyond_all_room_goes_whole_to_the_last_month() -> None:
    cells = [
        cell(OCTOBER, 10), cell(NOVEMBER, contract=2), cell(NOVEMBER, contract=1), cell(DECEMBER),
    ]  # fmt: skip
    long = line(100, since=OCTOBER, until=date(2026, 11, 30))
    assert laid([long], cells) == {(1, at(OCTOBER)): 10, (1, at(NOVEMBER)): 90}


def test_a_rest_stays_with_the_contract_that_was_paid() -> None:
    cells = [cell(contract=1), cell(contract=2, metered=60)]
    assert laid([line(61)], cells) == {(1, at(contract=2)): 61}


def test_a_rest_stays_where_something_was_metered() -> None:
    cells = [cell(), cell(part=Part.FEE, metered=60)]
    assert laid([line(61)], cells) == {(1, at(part=Part.FEE)): 61}


def test_nothing_is_allocated_where_no_contract_covers_the_period() -> None:
    assert propose([line(100)], [cell(NOVEMBER, metered=100)]) == []


def test_what_was_decided_never_to_be_invoiced_has_no_room() -> None:
    cells = [cell(metered=100, closed_fen=40), cell(contract=2, metered=50, extra_fen=10)]
    assert laid([line(120)], cells) == {(1, at()): 60, (1, at(contract=2)): 60}


def test_a_line_serves_one_kind_of_project() -> None:
    cells = [cell(metered=60), cell(contract=2, metered=60, kind="team")]
    assert laid([line(100)], cells) == {(1, at()): 100}
    assert laid([line(100, kind="team")], cells) == {(1, at(contract=2)): 100}


# --- paid in advance ----------------------------------------------------------------------

WINTER = Package(1, OCTOBER, date(2026, 12, 31), 300)
PACKAGE = Part.PACKAGE


def test_the_price_of_a_package_pays_only_what_is_drawn_from_it_over_later_months() -> None:
    cells = [
        cell(OCTOBER, 300), draw(OCTOBER, 50), cell(NOVEMBER, 80), draw(NOVEMBER, 100),
        draw(DECEMBER, 150), cell(OCTOBER, 90, Part.FEE),
    ]  # fmt: skip
    # Usage has exactly its room, and still it pays for the package that it bought.
    assert laid([line(300)], cells, [WINTER]) == {
        (1, at(OCTOBER, PACKAGE)): 50, (1, at(NOVEMBER, PACKAGE)): 100,
        (1, at(DECEMBER, PACKAGE)): 150,
    }  # fmt: skip


def test_a_package_is_paid_as_it_is_drawn() -> None:
    """What was not drawn yet waits; the rest of the line still is the price of the package."""
    cells = [cell(OCTOBER, 300), draw(OCTOBER, 50)]
    november = date(2026, 11, 20)
    assert laid([line(300)], cells, [WINTER], november) == {(1, at(OCTOBER, PACKAGE)): 50}
    later = [*(replace(c, invoiced_fen=50) for c in cells[1:]), draw(NOVEMBER, 30), cells[0]]
    rest = line(250, net_fen=300)
    assert laid([rest], later, [WINTER], november) == {(1, at(NOVEMBER, PACKAGE)): 30}


def test_what_nobody_drew_goes_to_the_last_month_drawn_after_the_package_ended() -> None:
    cells = [cell(DECEMBER, 40), draw(OCTOBER, 50), draw(NOVEMBER, 100)]
    december, january = date(2026, 12, 31), date(2027, 1, 1)
    paid_cells = {(1, at(OCTOBER, PACKAGE)): 50, (1, at(NOVEMBER, PACKAGE)): 100}
    assert laid([line(300)], cells, [WINTER], december) == paid_cells
    assert laid([line(300)], cells, [WINTER], january) == paid_cells | {
        (1, at(NOVEMBER, PACKAGE)): 250
    }


def test_a_package_of_another_contract_or_of_other_days_is_not_paid() -> None:
    cells = [draw(OCTOBER, 50, contract=2), draw(NOVEMBER, 50), cell(OCTOBER, 10)]
    spring = Package(1, date(2027, 1, 1), date(2027, 3, 31), 300)
    assert laid([line(300)], cells, [spring]) == {
        (1, at(OCTOBER)): 250, (1, at(OCTOBER, PACKAGE, contract=2)): 50,
    }  # fmt: skip
    autumn = replace(WINTER, until=date(2026, 10, 31))
    assert laid([line(300)], cells, [autumn], NOVEMBER) == {(1, at(OCTOBER)): 300}


def test_another_amount_pays_its_own_month_before_the_package() -> None:
    cells = [cell(OCTOBER, 100), draw(NOVEMBER, 100), cell(NOVEMBER, 100)]
    assert laid([line(150)], cells, [WINTER]) == {
        (1, at(OCTOBER)): 100, (1, at(NOVEMBER, PACKAGE)): 50,
    }  # fmt: skip


def test_the_price_of_a_package_pays_what_was_drawn_before_it_was_invoiced_too() -> None:
    cells = [draw(OCTOBER, 50), draw(NOVEMBER, 30)]
    november = line(300, since=NOVEMBER, until=date(2026, 11, 30))
    assert laid([november], cells, [WINTER], NOVEMBER) == {
        (1, at(OCTOBER, PACKAGE)): 50, (1, at(NOVEMBER, PACKAGE)): 30,
    }  # fmt: skip


def test_the_price_of_a_package_pays_neither_another_package_nor_what_was_carried_over() -> None:
    dearer = replace(WINTER, contract=2, net_fen=500)
    cells = [
        cell(OCTOBER, 60, carried=True), draw(NOVEMBER, 30), draw(NOVEMBER, 70, contract=2),
    ]  # fmt: skip
    november = line(300, since=NOVEMBER, until=date(2026, 11, 30))
    assert laid([november], cells, [WINTER, dearer], NOVEMBER) == {(1, at(NOVEMBER, PACKAGE)): 30}


def test_a_line_for_a_statement_pays_no_package() -> None:
    cells = [cell(OCTOBER, 100), draw(NOVEMBER, 300)]
    named_line = line(300, statement_month=(1, OCTOBER))
    assert laid([named_line], cells, [WINTER]) == {(1, at(OCTOBER)): 300}


def test_what_is_over_waits_while_its_days_last() -> None:
    cells = [cell(OCTOBER, 60), cell(NOVEMBER, 40)]
    quarter = line(200, until=date(2026, 12, 31))
    assert laid([quarter], cells, today=date(2026, 12, 31)) == {
        (1, at(OCTOBER)): 60, (1, at(NOVEMBER)): 40,
    }  # fmt: skip
    assert laid([quarter], cells, today=date(2027, 1, 1)) == {
        (1, at(OCTOBER)): 60, (1, at(NOVEMBER)): 140,
    }  # fmt: skip


def test_a_statement_says_what_it_is_for_and_waits_for_nothing() -> None:
    named_line = line(100, until=date(2026, 12, 31), statement_month=(1, OCTOBER))
    assert laid([named_line], [cell(OCTOBER, 60)], today=OCTOBER) == {(1, at(OCTOBER)): 100}


# --- billed later -------------------------------------------------------------------------


def test_what_was_carried_over_is_paid_after_the_own_months() -> None:
    cells = [
        cell(OCTOBER, 50, invoiced_fen=20, carried=True),
        cell(OCTOBER, 50, contract=2, invoiced_fen=20),  # not carried over
        cell(NOVEMBER, 100),
    ]
    november = line(100, since=NOVEMBER, until=date(2026, 11, 30))
    assert laid([november], cells) == {(1, at(NOVEMBER)): 100}
    assert laid([replace(november, left_fen=120)], cells) == {
        (1, at(NOVEMBER)): 100,
        (1, at(OCTOBER)): 20,
    }
    assert laid([replace(november, left_fen=140)], cells) == {
        (1, at(NOVEMBER)): 110,
        (1, at(OCTOBER)): 30,
    }


def test_what_was_carried_over_is_paid_by_no_earlier_line() -> None:
    cells = [cell(OCTOBER, 10), cell(NOVEMBER, 50, carried=True)]
    assert laid([line(60)], cells) == {(1, at(OCTOBER)): 60}


def test_what_was_carried_over_is_paid_without_usage_in_the_own_months() -> None:
    cells = [cell(OCTOBER, 50, carried=True)]
    december = line(30, since=DECEMBER, until=date(2026, 12, 31))
    assert laid([december], cells) == {(1, at(OCTOBER)): 30}
    # What is over belongs to no cell of its days: it stays unallocated.
    assert laid([replace(december, left_fen=70)], cells) == {(1, at(OCTOBER)): 50}


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
