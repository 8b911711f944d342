"""Read claims: amounts, what may still be claimed, files, publications.

A claim reserves a part of a voucher's payable money until it is paid, refused or withdrawn, less
what was paid of it already (a line of a list may be paid in part). So what may still be claimed is
what is payable or sent to the bank, less the open claims. Each claim names the months of contracts
that its money is of; what of each may still be claimed follows from what it earned
(`ledger/vouchers/rules.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from ledger.accounts.queries import rights, rights_of
from ledger.charging.queries.cells import cells
from ledger.charging.rules.cells import Cell
from ledger.claims.rules.courses import OPEN
from ledger.claims.tables import BankAccount, CaseHold, Claim, ClaimEvent, Objection, Publication
from ledger.errors import NotFound
from ledger.postgres.columns import key
from ledger.registry.queries import payee_of
from ledger.registry.tables import Centre, Contract, Project
from ledger.units import Fen
from ledger.vouchers.queries.earnings import (
    earned_by_contract,
    earned_by_contracts,
    earnings_of,
)
from ledger.vouchers.queries.years import draw_by_year, drawn_by_year
from ledger.vouchers.rules import (
    ContractMonth,
    Earnings,
    earned_in_order,
    left_to_claim,
    with_moved_fen,
)
from ledger.vouchers.tables import Voucher

_PROMISED_FEN = text("""
    SELECT coalesce(sum(c.due_fen - coalesce(paid.fen, 0)), 0)::bigint
    FROM claims c LEFT JOIN LATERAL (
        SELECT sum(paid_fen) AS fen FROM payment_lines WHERE claim_id = c.id) paid ON true
    WHERE c.voucher_id = :voucher AND c.state = ANY(:states)
        AND c.id IS DISTINCT FROM CAST(:besides AS bigint)
""")
# Of a claim that is open or paid all that is due of it; of one that was refused or withdrawn what
# was paid of it, the earliest month first.
_DRAWN = text("""
    SELECT month, contract_id AS contract, sum(fen)::bigint AS fen FROM (
        SELECT n.month, n.contract_id, CASE WHEN c.state = ANY(:standing) THEN n.due_fen
            ELSE least(n.due_fen, greatest(paid.fen + n.due_fen - sum(n.due_fen) OVER (
                PARTITION BY n.claim_id ORDER BY n.month, n.contract_id), 0)) END AS fen
        FROM claim_cells n JOIN claims c ON c.id = n.claim_id CROSS JOIN LATERAL (
            SELECT coalesce(sum(paid_fen), 0) AS fen FROM payment_lines
            WHERE claim_id = c.id) paid
        WHERE c.voucher_id = :voucher AND c.id IS DISTINCT FROM CAST(:besides AS bigint)
    ) drawn GROUP BY 1, 2
""")
_PAID_FEN = text("""
    SELECT coalesce(sum(paid_fen), 0)::bigint FROM payment_lines WHERE voucher_id = :voucher
""")
_CELLS = text("""
    SELECT n.claim_id AS claim, n.contract_id, k.number AS contract, n.month, n.fen,
           n.approved_fen, n.due_fen
    FROM claim_cells n JOIN contracts k ON k.id = n.contract_id
    WHERE n.claim_id = ANY(:claims) ORDER BY n.claim_id, n.month, n.contract_id
""")
_DEDUCTED = text("""
    SELECT k.centre_id AS centre,
           sum(CASE WHEN :lasting THEN n.counted_fen ELSE x.held_fen END)::bigint - (
        SELECT coalesce(sum(c.due_fen), 0)::bigint FROM claims c
        WHERE c.voucher_id = :voucher AND c.centre_id = k.centre_id
            AND NOT is_dropped(c.state)
            AND c.id IS DISTINCT FROM CAST(:besides AS bigint)) AS fen
    FROM deductions x JOIN contracts k ON k.id = x.contract_id
    JOIN counted_deductions n ON n.id = x.id
    WHERE k.project_id = :project AND x.confirmed_at IS NOT NULL
    GROUP BY k.centre_id
""")
_FILES = text("""
    SELECT f.role, f.proves, f.original AS hash, o.name, o.media, octet_length(o.content) AS size,
           f.added_at, f.added_by
    FROM claim_files f JOIN originals o ON o.hash = f.original
    WHERE f.claim_id = :claim ORDER BY f.added_at, f.role, f.original
""")
_DOCUMENTS = text("""
    SELECT DISTINCT d.number FROM claim_cells n
    JOIN allocations a ON (a.contract_id, a.month) = (n.contract_id, n.month)
    JOIN cost_documents d ON d.id = a.document_id
    WHERE n.claim_id = :claim AND d.reverses_id IS NULL ORDER BY d.number
""")
_PUBLICATIONS = text("""
    SELECT p.id, p.since, p.until, p.days, p.content, p.published_at,
           p.until >= :today AS current, c.approved_fen
    FROM publications p JOIN claims c ON c.id = p.claim_id
    ORDER BY p.until DESC, p.id DESC LIMIT :limit OFFSET :offset
""")
_COURSE = text("SELECT stage FROM case_courses WHERE course = :course ORDER BY place")
_ACCOUNTS = text("""
    SELECT a.id, a.organisation_id AS organisation, o.name, o.uscc, a.holder, a.bank, a.bank_code,
           a.number,
           a.confirmed_at, a.superseded_at, d.decided_by, d.answered_by AS confirmed_by,
           EXISTS (SELECT FROM decisions WHERE kind = 'account' AND answer IS NULL
                   AND subject = 'account ' || o.uscc) AS held
    FROM bank_accounts a JOIN organisations o ON o.id = a.organisation_id
    JOIN decisions d ON d.id = a.decision_id
    WHERE CAST(:organisations AS bigint[]) IS NULL OR a.organisation_id = ANY(:organisations)
    ORDER BY o.name, a.id DESC
""")


def claim_by_number(db: Session, number: str) -> Claim:
    """Return the claim; NotFound if there is none."""
    claim = db.exec(select(Claim).where(Claim.number == number)).one_or_none()
    if claim is None:
        raise NotFound("claim", number=number)
    return claim


def voucher_of(db: Session, project: int) -> Voucher:
    """Return the project's voucher; NotFound if there is none."""
    voucher = db.exec(select(Voucher).where(Voucher.project_id == project)).one_or_none()
    if voucher is None:
        raise NotFound("voucher", project=db.get_one(Project, project).code)
    return voucher


def payee_on(db: Session, claim: Claim, day: date) -> int:
    """Return the key of the organisation that a claim is paid to on a day.

    It is that of the centre that redeems, or else whoever is paid for the project.
    """
    if claim.centre_id is not None:
        return db.get_one(Centre, claim.centre_id).organisation_id
    return payee_of(db, db.get_one(Voucher, claim.voucher_id).project_id, day)


def promised_fen(
    db: Session, voucher: Voucher, states: Collection[str], *, besides: int | None = None
) -> Fen:
    """Return what the voucher's claims in these states still ask for, fen."""
    params = {"voucher": voucher.id, "states": list(states), "besides": besides}
    return int(db.scalars(_PROMISED_FEN, params).one())


def claimable(db: Session, voucher: Voucher) -> Fen:
    """Return what may still be claimed, fen; below zero if less is earned than claimed."""
    amounts = rights(db, voucher.book_id)
    kept_fen = sum(deducted_fen(db, voucher).values())
    return amounts.payable + amounts.sent - promised_fen(db, voucher, OPEN) - kept_fen


def deducted_fen(
    db: Session, voucher: Voucher, *, besides: int | None = None, lasting: bool = False
) -> dict[int, Fen]:
    """Return what each centre may still redeem of what was deducted at its counter, fen.

    The claim `besides` is left out, as if it were not there. `lasting`: only of what counts now,
    not of what falls when two persons have decided it.
    """
    params = {
        "voucher": voucher.id,
        "project": voucher.project_id,
        "besides": besides,
        "lasting": lasting,
    }
    return {row.centre: row.fen for row in db.execute(_DEDUCTED, params) if row.fen > 0}


def left_by_month(
    db: Session,
    voucher: Voucher,
    *,
    besides: int | None = None,
    lasting: bool = False,
    centre: int | None = None,
    claimed_fen: Mapping[ContractMonth, Fen] = MappingProxyType({}),
) -> dict[ContractMonth, Fen]:
    """Return what of each month of each contract may still be claimed, fen, the oldest first.

    Args:
        db: with the voucher's book locked, where something follows from it.
        voucher: whose months.
        besides: the key of a claim that is left out, as if it were not there.
        centre: who claims what was deducted there; what was deducted elsewhere is kept for others.
        lasting: only of what counts now, not of what falls when two persons have decided it.
        claimed_fen: what the claim `besides` asks of each month; a fen that only rounding moved
            from one of them to an earlier month stays with it.
    """
    amounts = rights(db, voucher.book_id)
    of_project = cells(db, projects=[voucher.project_id])
    if lasting:
        of_project = [cell.fallen() for cell in of_project]
    exact = earned_by_contract(db, voucher, of_project)
    params = {"voucher": voucher.id, "standing": [*OPEN, "paid"], "besides": besides}
    drawn_fen = {(row.month, row.contract): row.fen for row in db.execute(_DRAWN, params)}
    paid_fen = int(db.scalars(_PAID_FEN, {"voucher": voucher.id}).one())
    promises = promised_fen(db, voucher, OPEN, besides=besides)
    deducted = deducted_fen(db, voucher, besides=besides)
    kept_fen = sum(part for place, part in deducted.items() if place != centre)
    year_fen = drawn_by_year(db, voucher)
    rest = left_to_claim(
        earned_in_order(exact, amounts.payable + amounts.sent + amounts.paid, year_fen),
        drawn_fen,
        back_fen=max(paid_fen - amounts.paid - amounts.recoverable, 0),
        most_fen=amounts.payable + amounts.sent - promises - kept_fen,
    )
    return with_moved_fen(rest, claimed_fen, drawn_fen, exact, within_year=year_fen is not None)


def earned_by_month(db: Session, vouchers: Mapping[int, Voucher]) -> dict[int, dict[date, Fen]]:
    """Return what each contract's months earned within all caps, paid or not, fen.

    `vouchers` are those of the contracts' projects, by the contract's key. All contracts of a
    project must be there, for its months share the caps.
    """
    of_voucher: dict[int, tuple[Voucher, list[Cell]]] = {}
    for cell in cells(db, contracts=list(vouchers)):
        voucher = vouchers[cell.contract]
        of_voucher.setdefault(key(voucher), (voucher, []))[1].append(cell)
    year_keys = draw_by_year(db, list(of_voucher))
    books = rights_of(db, [voucher.book_id for voucher, _ in of_voucher.values()])
    earned_fen: dict[int, dict[date, Fen]] = {contract: {} for contract in vouchers}
    for of, exact in earned_by_contracts(db, list(of_voucher.values())).items():
        voucher = of_voucher[of][0]
        amounts = books[voucher.book_id]
        limit = amounts.payable + amounts.sent + amounts.paid
        year_fen = drawn_by_year(db, voucher) if of in year_keys else None
        for (month, contract), fen in earned_in_order(exact, limit, year_fen).items():
            earned_fen[contract][month] = fen
    return earned_fen


@dataclass(frozen=True)
class MonthLeft:
    """What of a contract's month may still be claimed, fen; `key` is its reconciliation's."""

    key: str
    contract: str
    month: str
    fen: Fen


def months_left(db: Session, voucher: Voucher) -> list[MonthLeft]:
    """Return what of each month may still be claimed, by the contract's number, oldest first."""
    return [
        MonthLeft(
            key=f"{contract}-{month:%Y-%m}",
            contract=db.get_one(Contract, contract).number,
            month=f"{month:%Y-%m}",
            fen=fen,
        )
        for (month, contract), fen in left_by_month(db, voucher).items()
    ]


def months_of(db: Session, claims: Collection[int]) -> dict[int, list[Row[Any]]]:
    """Return of each claim, by key, its months of contracts with what is asked for, in order."""
    by_claim: dict[int, list[Row[Any]]] = {claim: [] for claim in claims}
    for row in db.execute(_CELLS, {"claims": list(claims)}):
        by_claim[row.claim].append(row)
    return by_claim


def month_names(db: Session, claims: Collection[int]) -> dict[int, list[str]]:
    """Return of each claim, by key, the months that are due in it: `2026-03`."""
    return {
        claim: sorted({f"{row.month:%Y-%m}" for row in rows if row.due_fen})
        for claim, rows in months_of(db, claims).items()
    }


def matched_earnings(db: Session, voucher: Voucher) -> Earnings:
    """Return the matched cost under the voucher's versions, all months, and what it earns.

    Only what counts now: nothing is paid out on what the books hold until a fall is decided.
    """
    fallen_cells = [cell.fallen() for cell in cells(db, projects=[voucher.project_id])]
    by_month = earnings_of(db, voucher, fallen_cells)
    return sum(by_month.values(), Earnings())


def events(db: Session, claim: int) -> Sequence[ClaimEvent]:
    """Return the steps of a claim, in order."""
    query = select(ClaimEvent).where(ClaimEvent.claim_id == claim).order_by(col(ClaimEvent.seq))
    return db.exec(query).all()


def course_of(db: Session, claim: Claim) -> tuple[str, ...]:
    """Return the stages that a case goes through, in their order."""
    return tuple(db.scalars(_COURSE, {"course": claim.course}))


def holds(db: Session, claim: int) -> Sequence[CaseHold]:
    """Return what holds a case up or did, in order."""
    return db.exec(
        select(CaseHold).where(CaseHold.claim_id == claim).order_by(col(CaseHold.id))
    ).all()


def open_holds(db: Session, claim: int) -> list[str]:
    """Return the kinds of what holds a case up now."""
    return [hold.kind for hold in holds(db, claim) if hold.closed_at is None]


def newest_event(db: Session, claim: int, action: str) -> ClaimEvent | None:
    """Return the newest event with this action."""
    of_action = (step for step in reversed(events(db, claim)) if step.action == action)
    return next(of_action, None)


def files(db: Session, claim: int) -> Sequence[Row[Any]]:
    """Return the claim's files without their content, in order."""
    return db.execute(_FILES, {"claim": claim}).all()


def documents_of(db: Session, claim: int) -> list[str]:
    """Return the numbers of the documents, no red ones, on which a claim's months rest."""
    return list(db.scalars(_DOCUMENTS, {"claim": claim}))


def publication_of(db: Session, claim: int) -> Publication | None:
    """Return the claim's newest publication."""
    of_claim = select(Publication).where(Publication.claim_id == claim)
    return db.exec(of_claim.order_by(col(Publication.id).desc()).limit(1)).first()


def publications(
    db: Session, today: date, *, limit: int = 100, offset: int = 0
) -> Sequence[Row[Any]]:
    """Return all publications, the newest first."""
    return db.execute(_PUBLICATIONS, {"today": today, "limit": limit, "offset": offset}).all()


def objections(db: Session, claim: int) -> Sequence[Objection]:
    """Return the objections to a claim, in order."""
    publications = select(col(Publication.id)).where(Publication.claim_id == claim)
    query = select(Objection).where(col(Objection.publication_id).in_(publications))
    return db.exec(query.order_by(col(Objection.id))).all()


def account_of(db: Session, organisation: int) -> BankAccount | None:
    """Return the organisation's current account."""
    of_it = select(BankAccount).where(BankAccount.organisation_id == organisation)
    return db.exec(of_it.where(col(BankAccount.superseded_at).is_(None))).one_or_none()


def accounts(db: Session, organisations: Collection[int] | None = None) -> Sequence[Row[Any]]:
    """Return current and former accounts, of these organisations or all, with who confirmed.

    `held`: a change of the organisation's account is under way.
    """
    ids = None if organisations is None else list(organisations)
    return db.execute(_ACCOUNTS, {"organisations": ids}).all()


def mask(number: str) -> str:
    """Mask an account's number except its last four digits."""
    return "*" * (len(number) - 4) + number[-4:]
