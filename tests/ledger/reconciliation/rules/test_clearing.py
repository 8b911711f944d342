"""A settled cell explains itself to the fen, and a cleared month comes to nothing."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.reconciliation.rules.clearing import CellOutcome, Exclusion, clear, settle

MONTH = date(2026, 10, 1)
ROLES = ("clearing", "metered", "invoiced", *(f"R{n:02d}" for n in range(1, 21)))
fen = st.integers(0, 10**12)


def cell(metered: int, invoiced: int, extra: int = 0) -> Cell:
    return Cell(1, MONTH, Part.COMPUTE, "model", metered, invoiced, extra_fen=extra)


exclusions = st.lists(
    st.builds(
        Exclusion,
        code=st.sampled_from(["R03", "R11", "R20"]),
        document=st.one_of(st.none(), st.integers(1, 9)),
        line=st.just(1),
        fen=fen,
        reason=st.just("why"),
    ),
    max_size=4,
)
settlements = st.builds(
    settle,
    st.builds(cell, fen, fen, st.just(0) | fen),
    exclusions,
    close=st.booleans(),
    within_tolerance=st.booleans(),
    reason=st.just(""),
)


def test_an_invoice_that_says_what_was_metered_is_matched_whole() -> None:
    outcome = settle(cell(100, 100))
    assert (outcome.matched_fen, outcome.closed_fen, outcome.typed) == (100, 0, ())


def test_what_is_invoiced_beyond_the_meter_is_cut_to_it() -> None:
    outcome = settle(cell(100, 130))
    assert outcome.matched_fen == 100
    assert [(t.code, t.fen, t.treatment) for t in outcome.typed] == [("R07", 30, "exclude")]


def test_what_two_persons_decided_was_used_beyond_the_meter_is_matched() -> None:
    outcome = settle(cell(100, 130, extra=20))
    assert outcome.matched_fen == 120
    assert [(t.code, t.fen, t.treatment) for t in outcome.typed] == [
        ("R07", 10, "exclude"), ("R07", 20, "note"),
    ]  # fmt: skip


def test_what_is_not_invoiced_yet_is_carried_over_or_closed() -> None:
    open_, closed = (settle(cell(100, 60), close=close) for close in (False, True))
    assert (open_.matched_fen, open_.closed_fen) == (60, 0)
    assert (closed.matched_fen, closed.closed_fen) == (60, 40)
    assert [(t.code, t.fen, t.treatment) for t in closed.typed] == [("R17", -40, "close")]


def test_a_tolerated_shortfall_is_closed() -> None:
    outcome = settle(cell(100, 99), within_tolerance=True)
    assert (outcome.matched_fen, outcome.closed_fen, outcome.carried) == (99, 1, False)
    assert [(t.code, t.fen, t.treatment) for t in outcome.typed] == [("R17", -1, "close")]


def test_only_what_is_short_is_tolerated_and_not_what_is_excluded() -> None:
    weak = Exclusion("R20", None, None, 20, "grade D")
    short, closed = (
        settle(cell(100, 79), [weak], close=close, within_tolerance=True) for close in (False, True)
    )
    assert (short.matched_fen, short.closed_fen, short.carried) == (79, 1, True)
    assert [(t.code, t.fen, t.treatment) for t in short.typed] == [
        ("R20", -20, "carry_over"), ("R17", -1, "close"),
    ]  # fmt: skip
    assert (closed.closed_fen, closed.carried) == (21, False)


def test_what_nobody_closed_is_carried_until_it_is_matched() -> None:
    assert settle(cell(100, 60)).carried
    assert not settle(cell(100, 60), close=True).carried
    assert not settle(cell(100, 100)).carried
    assert not settle(cell(100, 130)).carried
    assert not settle(cell(100, 130, extra=20)).carried
    assert settle(cell(100, 100), [Exclusion("R11", 7, 1, 20, "storage")]).carried


def test_what_is_excluded_is_not_matched_and_both_sides_are_told() -> None:
    outcome = settle(cell(100, 100), [Exclusion("R11", 7, 1, 20, "storage")])
    assert outcome.matched_fen == 80
    assert [(t.code, t.fen) for t in outcome.typed] == [("R11", 20), ("R17", -20)]


@given(settlements)
def test_typed_differences_add_up_to_invoiced_less_metered(cell_outcome: CellOutcome) -> None:
    assert (
        sum(t.fen for t in cell_outcome.typed)
        == cell_outcome.cell.invoiced_fen - cell_outcome.cell.metered_fen
    )


@given(settlements)
def test_nothing_is_matched_beyond_what_is_invoiced_or_was_used(cell_outcome: CellOutcome) -> None:
    assert 0 <= cell_outcome.matched_fen <= cell_outcome.cell.invoiced_fen
    assert cell_outcome.matched_fen <= cell_outcome.cell.metered_fen + cell_outcome.cell.extra_fen
    assert 0 <= cell_outcome.closed_fen <= cell_outcome.cell.metered_fen
    if cell_outcome.closed_fen:
        together = cell_outcome.matched_fen + cell_outcome.closed_fen
        assert together <= cell_outcome.cell.metered_fen + cell_outcome.cell.extra_fen


@given(settlements.filter(lambda outcome: not outcome.cell.extra_fen))
def test_metered_cost_is_matched_closed_or_carried(cell_outcome: CellOutcome) -> None:
    by_treatment = {"carry_over": 0, "close": 0}
    for typed in cell_outcome.typed:
        if typed.treatment in by_treatment:
            by_treatment[typed.treatment] -= typed.fen
    assert by_treatment["close"] == cell_outcome.closed_fen
    assert cell_outcome.cell.metered_fen == (
        cell_outcome.matched_fen + cell_outcome.closed_fen + by_treatment["carry_over"]
    )
    assert cell_outcome.carried == (by_treatment["carry_over"] > 0)


@given(st.lists(st.lists(settlements, max_size=3), min_size=1, max_size=4))
def test_a_cleared_month_comes_to_nothing_however_often_it_is_decided_again(
    history: list[list[CellOutcome]],
) -> None:
    balances = dict.fromkeys(ROLES, 0)
    for cells in history:
        for move in clear(balances, cells):
            assert move.amount > 0
            balances[move.from_role] -= move.amount
            balances[move.to_role] += move.amount
        assert balances["clearing"] == 0
        assert balances["metered"] == -sum(
            outcome_of_cell.cell.metered_fen for outcome_of_cell in cells
        )
        assert balances["invoiced"] == sum(
            outcome_of_cell.cell.invoiced_fen for outcome_of_cell in cells
        )
        assert clear(balances, cells) == ()
