"""What a ruling does, as a pure function: every move is legal, and every fen has its place."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ledger.accounts.rules.invariants import cash
from ledger.accounts.rules.oracle import LEGAL_MOVES
from ledger.accounts.rules.targets import Move, Rights
from ledger.payment.codes import LineResult
from ledger.payment.rules.bank_reversal import Change, RowChange, Standing, accept, undo
from ledger.payment.rules.payment_list import LineState

DAY = date(2026, 11, 23)
amounts = st.integers(0, 50)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """A line of a voucher that owes at least what the line says, and an indicator that paid it."""
    paid, back, on_way, over = (draw(amounts) for _ in range(4))
    outside = draw(st.integers(-20, 20))
    line = LineState(DAY, paid + back + on_way, paid, back, over, outside)
    recalled = draw(st.integers(0, paid + over))
    rights = Rights(
        clause=0, entitlement=0, available=draw(amounts), reserved=draw(amounts),
        accrued=draw(amounts), payable=draw(amounts), sent=on_way + draw(amounts),
        paid=paid + over - recalled + draw(amounts), recoverable=recalled, lapsed=0,
    )  # fmt: skip
    budget = {"free": draw(amounts), "returned": draw(amounts), "committed": on_way, "spent": 99}
    return Standing(
        line, draw(amounts), rights, budget, draw(st.integers(0, paid + over)),
        fraud=draw(st.booleans()), to_treasury=draw(st.booleans()),
    )  # fmt: skip


def after(balances: dict[str, int], moves: list[Move]) -> dict[str, int]:
    for move in moves:
        assert (move.kind, move.from_role, move.to_role) in LEGAL_MOVES
        assert move.amount > 0
        balances[move.from_role] -= move.amount
        balances[move.to_role] += move.amount
    return balances


def check(at: Standing, change: Change, cash_out: int) -> None:
    """Floors hold, and what the bank did is in the line and the books."""
    rights = after(vars(at.rights).copy(), list(change.voucher))
    assert all(fen >= 0 for fen in rights.values())
    line = at.line
    paid, back = line.paid_fen + change.paid_fen, line.returned_fen + change.returned_fen
    assert min(paid, back, line.over_fen + change.over_fen) >= 0
    assert paid + back <= line.fen
    in_books = change.paid_fen + change.over_fen
    assert in_books + change.outside_fen == cash_out
    assert cash(change.voucher) == in_books
    spent = after(dict(at.budget), list(change.budget))["spent"] - at.budget["spent"]
    assert spent == in_books - change.missing_fen


@given(standings(), st.integers(1, 120))
def test_a_payment_is_on_its_way_late_beyond_or_outside(at: Standing, fen: int) -> None:
    change = accept(at, LineResult.PAID, fen)
    check(at, change, fen)
    assert -change.returned_fen <= at.claim_left_fen


@given(standings(), st.integers(1, 120))
def test_a_return_was_on_its_way_paid_or_outside(at: Standing, fen: int) -> None:
    change = accept(at, LineResult.RETURNED, fen)
    bounced = change.paid_fen + change.returned_fen
    check(at, change, bounced - fen)
    assert 0 <= bounced <= at.line.open_fen


@given(standings(), st.integers(0, 50), st.integers(0, 20), st.integers(0, 20))
def test_an_undone_payment_leaves_no_trace(at: Standing, paid: int, late: int, over: int) -> None:
    row = RowChange(paid, -min(late, paid), over, 3)
    change = undo(at, row)
    if change is None:
        assert paid > at.line.paid_fen or over > at.line.over_fen or paid + over > at.net_fen
    else:
        check(at, change, -(paid + over + 3))
