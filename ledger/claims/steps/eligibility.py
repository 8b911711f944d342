"""Accept: the policy decides, on this day, whether a claim is due, and the books agree.

The facts are those on which the voucher was opened, as far as a clerk has no newer ones; what was
reconciled and what was paid is taken from the books and asked of nobody. Only «eligible» goes on.
Facts, result and proof stay with the step, so that anybody can decide it again and compare. Of a
talent they tell yes or no and the reference number of the recognition, never the programme.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlmodel import Session

from ledger.accounts.queries import rights
from ledger.accounts.rules.targets import target
from ledger.claims import queries as book
from ledger.claims.rules import OPEN, next_state
from ledger.claims.steps.claims import Done, act, lock
from ledger.claims.tables import Claim
from ledger.errors import Finding, Refused
from ledger.formats.digest import digest
from ledger.policy import decide, load
from ledger.policy.decide.reasons import reasons
from ledger.policy.decide.record import record
from ledger.units import Fen, yuan
from ledger.vouchers.tables import Clause, Voucher

PRIVATE = {"talent_category": "talent_recognised"}
"""Facts of which only a yes or no is kept, and what that is called."""

_AHEAD = tuple(state for state in OPEN if state not in ("draft", "submitted"))


@dataclass(frozen=True)
class Earned:
    """What the voucher has earned, fen: how it came about, and what is left for one claim.

    `engine_fen` follows from the matched cost, `books_fen` from the balances; both are less what
    other claims, accepted before, still ask for.
    """

    cost_fen: Fen
    paid_fen: Fen
    engine_fen: Fen
    books_fen: Fen


def accept(
    db: Session,
    claim: Claim,
    facts: Mapping[str, Any],
    *,
    reference: str = "",
    viewer_role: str,
    actor: str,
    now: datetime,
    note: str = "",
) -> Done:
    """Accept a claim that the policy finds eligible today; else the reasons, all at once.

    Raises:
        Refused: more is claimed than was earned (`not_earned`); or as `act`.
        Conflict: as `act`.
    """
    next_state(claim.state, "accept", viewer_role)
    voucher = lock(db, claim)
    found = earned(db, voucher, claim)
    known = {**voucher.facts, **facts}
    asked = {**known, "compute_cost_fen": found.cost_fen, "paid_before_fen": found.paid_fen}
    policy = load(voucher.policy)
    decision = decide(policy, voucher.clause, asked)
    if decision.result != "eligible":
        return Done(claim, decision.result, tuple(reasons(policy, decision)))
    if PRIVATE.keys() & asked.keys() and not reference:
        return Done(claim, "claim_lacks", (Finding("reference", "reference_missing"),))
    check_earned(claim, found)
    made = record(policy, decision, veiled=PRIVATE)
    kept = {PRIVATE.get(name, name): name in PRIVATE or asked[name] for name in asked}
    content = {
        "policy": voucher.policy,
        "clause": voucher.clause,
        "result": decision.result,
        "facts": kept | ({"reference": reference} if reference else {}),
        "left_fen": min(found.engine_fen, found.books_fen),
        "record": made.as_json() if made else None,
    }
    sealed = content | {"digest": digest(content)}
    return Done(
        act(
            db, claim, "accept", viewer_role=viewer_role, actor=actor, now=now, note=note,
            content=sealed,
        )
    )  # fmt: skip


def earned(db: Session, voucher: Voucher, claim: Claim) -> Earned:
    """What is left for a claim, by the engine's formula and by the books. Lock the book first."""
    clause = db.get_one(Clause, (voucher.policy, voucher.clause))
    held = rights(db, voucher.book_id)
    cost = book.matched_cost(db, voucher)
    rate = Fraction(clause.rate_num, clause.rate_den)
    award = target([(rate, cost, 0)], -held.clause).earned_fen
    ahead = book.promised(db, voucher, _AHEAD, besides=claim.id) - held.sent
    paid = held.sent + held.paid + held.recoverable
    return Earned(
        cost_fen=cost,
        paid_fen=paid,
        engine_fen=award - paid - ahead,
        books_fen=held.payable - ahead,
    )


def check_earned(claim: Claim, found: Earned) -> None:
    """Refuse a claim for more than the engine, or the books, say is left for it (`not_earned`)."""
    if claim.fen > min(found.engine_fen, found.books_fen):
        raise Refused(
            "not_earned",
            asked=yuan(claim.fen),
            engine=yuan(found.engine_fen),
            books=yuan(found.books_fen),
        )
