"""Accept: the policy decides today whether a claim is due, and the books must agree.

The facts are those of the days on which the claim's months were used: of the voucher's opening, or
of a change of its rate that two decided since (`ledger/vouchers/queries/facts.py`), updated by the
clerk; matched cost and payments come from the books. Where they changed within these months, each
of them is decided on. Only «eligible» continues. Facts, result and proof are stored with the step,
so that anybody can decide it again and compare. For a talent they hold a yes or no and the
reference number of the recognition, never the programme.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from ledger.accounts.queries import rights
from ledger.accounts.rules.targets import target
from ledger.claims import queries as claim_queries
from ledger.claims.rules.courses import OPEN
from ledger.claims.steps.claims import StepResult, act, lock, next_of
from ledger.claims.tables import Claim
from ledger.errors import Finding, Refused
from ledger.formats.digest import digest
from ledger.policy.decide.engine import decide
from ledger.policy.decide.reasons import reasons
from ledger.policy.decide.record import record
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.units import Fen, yuan
from ledger.vouchers.queries.facts import Facts, facts_of_months
from ledger.vouchers.rules import ContractMonth, oldest
from ledger.vouchers.tables import Voucher

PRIVATE = {"talent_category": "talent_recognised"}
"""Facts of which only a yes or no is kept, and what that is called."""

_AHEAD = tuple(state for state in OPEN if state not in ("draft", "submitted"))


@dataclass(frozen=True)
class ClaimEarnings:
    """What the voucher has earned and what is left for one claim, fen.

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
) -> StepResult:
    """Accept a claim that the policy finds eligible today; otherwise return all reasons.

    Raises:
        Refused: more is claimed than was earned (`not_earned`), or than was earned in its months
            (`months_not_earned`); or as `act`.
        Conflict: as `act`.
    """
    next_of(db, claim, "accept", viewer_role)
    voucher = lock(db, claim)
    earnings = earnings_of(db, voucher, claim)
    of_books = {"compute_cost_fen": earnings.cost_fen, "paid_before_fen": earnings.paid_fen}
    policy = load(voucher.policy)
    for facts_known in facts_of(db, voucher, claim):
        facts_asked = {**facts_known, **facts, **of_books}
        decision = decide(policy, voucher.clause, facts_asked)
        if decision.result != "eligible":
            return StepResult(claim, decision.result, tuple(reasons(policy, decision)))
    if PRIVATE.keys() & facts_asked.keys() and not reference:
        return StepResult(claim, "claim_lacks", (Finding("reference", "reference_missing"),))
    check_earned(claim.fen, earnings)
    named_months(db, voucher, claim, claim.fen)
    record_made = record(policy, decision, veiled=PRIVATE)
    kept_facts = {
        PRIVATE.get(name, name): name in PRIVATE or facts_asked[name] for name in facts_asked
    }
    content = {
        "policy": voucher.policy,
        "clause": voucher.clause,
        "result": decision.result,
        "facts": kept_facts | ({"reference": reference} if reference else {}),
        "left_fen": min(earnings.engine_fen, earnings.books_fen),
        "record": record_made.as_json() if record_made else None,
    }
    sealed = content | {"digest": digest(content)}
    return StepResult(
        act(
            db, claim, "accept", viewer_role=viewer_role, actor=actor, now=now, note=note,
            content=sealed,
        )
    )  # fmt: skip


def facts_of(db: Session, voucher: Voucher, claim: Claim) -> list[Facts]:
    """Return each set of facts that holds in the claim's months, the earliest first."""
    (cells,) = claim_queries.months_of(db, [key(claim)]).values()
    return facts_of_months(db, voucher, {row.month for row in cells})


def earnings_of(db: Session, voucher: Voucher, claim: Claim) -> ClaimEarnings:
    """Return what is left for a claim, by the formula and by the books. Lock the book first."""
    amounts = rights(db, voucher.book_id)
    matched = claim_queries.matched_earnings(db, voucher)
    award = target(matched.earned_fen, matched.earned_fen, -amounts.clause).earned_fen
    ahead = claim_queries.promised_fen(db, voucher, _AHEAD, besides=claim.id) - amounts.sent
    paid = amounts.sent + amounts.paid + amounts.recoverable
    return ClaimEarnings(
        cost_fen=matched.matched_fen,
        paid_fen=paid,
        engine_fen=award - paid - ahead,
        books_fen=amounts.payable - ahead,
    )


def check_earned(fen: Fen, earnings: ClaimEarnings) -> None:
    """Refuse more than the formula, or the books, leave for a claim (`not_earned`)."""
    if fen > min(earnings.engine_fen, earnings.books_fen):
        raise Refused(
            "not_earned",
            asked=yuan(fen),
            engine=yuan(earnings.engine_fen),
            books=yuan(earnings.books_fen),
        )


def named_months(db: Session, voucher: Voucher, claim: Claim, fen: Fen) -> dict[ContractMonth, Fen]:
    """Return of which of a claim's months `fen` of it are, the oldest first. Lock the book first.

    Raises:
        Refused: less of it is earned by now in the months that it names (`months_not_earned`), or
            counts by now of what was deducted at the centre that claims (`more_than_claimable`).
    """
    if claim.centre_id is not None:
        left_by_centre = claim_queries.deducted_fen(db, voucher, besides=claim.id, lasting=True)
        left_fen = left_by_centre.get(claim.centre_id, 0)
        if fen > left_fen:
            raise Refused("more_than_claimable", asked=yuan(fen), left=yuan(left_fen))
    (rows,) = claim_queries.months_of(db, [key(claim)]).values()
    cells = {(row.month, row.contract_id): row.fen for row in rows}
    rest = claim_queries.left_by_month(
        db, voucher, besides=claim.id, lasting=True, centre=claim.centre_id, claimed_fen=cells
    )
    still_fen = {place: min(part, rest.get(place, 0)) for place, part in cells.items()}
    within = oldest({place: part for place, part in still_fen.items() if part}, fen)
    if sum(within.values()) < fen:
        short = sorted({f"{p[0]:%Y-%m}" for p, part in cells.items() if still_fen[p] < part})
        raise Refused(
            "months_not_earned",
            asked=yuan(fen),
            left=yuan(sum(still_fen.values())),
            months=", ".join(short),
        )
    return within
