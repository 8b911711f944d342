"""What counts of a cell, what the books rest on, and what stays open."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell

OCTOBER = date(2026, 10, 1)


def cell(metered: int, invoiced: int = 0, **more: int) -> Cell:
    return Cell(1, OCTOBER, Part.COMPUTE, "model", metered, invoiced, **more)  # type: ignore[arg-type]


def figures(item: Cell) -> tuple[int, int, int, int]:
    """counted, booked, fall, open."""
    return item.counted_fen, item.booked_fen, item.fall_fen, item.open_fen


def test_before_a_decision_all_that_is_metered_is_open() -> None:
    assert figures(cell(100, invoiced=100)) == (0, 0, 0, 100)


def test_what_was_decided_counts_as_far_as_it_still_stands_and_was_used() -> None:
    assert figures(cell(100, matched_fen=80, standing_fen=80, held_fen=80)) == (80, 80, 0, 20)
    assert figures(cell(100, matched_fen=80, standing_fen=90)) == (80, 80, 0, 20)
    assert figures(cell(90, matched_fen=100, standing_fen=100, extra_fen=5)) == (95, 95, 0, 0)


def test_what_falls_stays_in_the_books_until_two_persons_decide_it() -> None:
    reversed_ = cell(100, matched_fen=100, standing_fen=40, held_fen=100)
    assert figures(reversed_) == (40, 100, 60, 0)
    fallen = cell(100, matched_fen=100, standing_fen=40, held_fen=40)
    assert figures(fallen) == (40, 40, 0, 60)
    repriced = cell(70, matched_fen=100, standing_fen=100, held_fen=100)
    assert figures(repriced) == (70, 100, 30, 0)


def test_what_counts_again_rises_by_itself() -> None:
    assert figures(cell(100, matched_fen=100, standing_fen=100, held_fen=40)) == (100, 100, 0, 0)


def test_more_taken_back_than_there_was_counts_as_nothing() -> None:
    assert figures(cell(100, matched_fen=80, standing_fen=-5)) == (0, 0, 0, 100)


def test_what_is_closed_is_neither_open_nor_room() -> None:
    closed = cell(100, invoiced=60, matched_fen=60, standing_fen=60, closed_fen=40)
    assert (figures(closed), closed.room_fen) == ((60, 60, 0, 0), 0)
    assert cell(100, invoiced=60, extra_fen=10).room_fen == 50
    assert cell(100, invoiced=130).room_fen == 0


fen = st.integers(0, 10**12)
cells = st.builds(
    cell, fen, fen, matched_fen=fen, standing_fen=fen, extra_fen=fen, closed_fen=fen, held_fen=fen
)


@given(cells)
def test_nothing_is_both_booked_and_open(item: Cell) -> None:
    assert 0 <= item.counted_fen <= item.metered_fen + item.extra_fen
    assert item.booked_fen == item.counted_fen + item.fall_fen
    assert item.fall_fen >= 0
    assert (
        item.open_fen == 0 or item.open_fen + item.booked_fen + item.closed_fen == item.metered_fen
    )
