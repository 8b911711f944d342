"""Refunds (退款) outside the lists: a project repays what it received too much.

A refund settles what is to be recovered (应追缴). The voucher can use it again, except after fraud,
when it lapses. The budget gets it back too: in the same year the indicator can spend it again,
later it goes to the treasury. One transfer may pay back several debts, each in whole or in part;
nothing of it counts twice, and two persons agree on each part.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from ledger.accounts.queries import post, rights
from ledger.errors import Conflict, NotFound, Refused
from ledger.payment.queries import bank_rows, payment_lists, shares
from ledger.payment.rules.payment_list import refund_moves
from ledger.payment.rules.shares import give_back
from ledger.payment.steps.recover import open_case, settle_recoveries
from ledger.payment.tables import Indicator, Refund
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.units import Fen, beijing_day, month_of, yuan
from ledger.vouchers.tables import Voucher

KIND = DecisionKind.REFUND


def refund(
    db: Session,
    *,
    reference: str,
    project: Project,
    indicator: Indicator,
    fen: Fen,
    total_fen: Fen | None = None,
    debt_fen: Fen | None = None,
    on_day: date,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose that `fen` came back under this bank reference, paid earlier from the indicator.

    `total_fen` is the whole transfer where it pays back other debts too, `debt_fen` what of it pays
    back this one, to whichever indicators: by default what an earlier part said, else as much as is
    owed and left. Whether it is the consequence of a fraud says the voucher's open recovery.

    Raises:
        NotFound: the project has no voucher.
        Conflict: the reference was booked, for this debt or with another total, day or part for
            this debt (`refund_known`), or a decision about it is open.
        Refused: more than is left of the transfer (`refund_beyond_total`), than is to be paid back
            (`not_recoverable`) or than this indicator paid (`refund_beyond_paid`), not its share
            (`refund_share`), or a day before its year or ahead (`refund_day`).
    """
    voucher = voucher_of(db, project)
    case = open_case(db, voucher)
    content = {
        "reference": reference,
        "project": project.code,
        "voucher": voucher.id,
        "indicator": indicator.number,
        "year": indicator.year,
        "fen": fen,
        "total_fen": fen if total_fen is None else total_fen,
        "debt_fen": debt_fen,
        "on_day": on_day.isoformat(),
        "fraud": case is not None and case.fraud,
        "to_treasury": on_day.year > indicator.year,
    }
    _refuse_wrong(db, content, voucher, indicator, now)
    content["debt_fen"] = _debt_of(db, content, voucher)
    is_part = content["total_fen"] != fen
    subject = f"{reference} / {project.code} / {indicator.number}" if is_part else reference
    return decide(
        db, kind=KIND, subject=subject, content=content, reason=reason, actor=actor, now=now
    )


def book_refund(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed refund in both books, and close a settled case."""
    content = decision.content
    voucher = db.get_one(Voucher, content["voucher"])
    indicator = payment_lists.indicator(db, content["indicator"], content["year"])
    payment_lists.lock_books(db, [voucher.book_id, indicator.book_id])
    _refuse_wrong(db, content, voucher, indicator, now)
    on_day = date.fromisoformat(content["on_day"])
    fraud, to_treasury = content["fraud"], content["to_treasury"]
    case = open_case(db, voucher)
    if fraud != (case is not None and case.fraud):
        raise Conflict("refund_changed", reference=content["reference"])
    money, budget = refund_moves(content["fen"], fraud=fraud, to_treasury=to_treasury)
    is_part = content["total_fen"] != content["fen"]
    post(
        db,
        cause=f"decision/{decision.id}" if is_part else f"refund/{content['reference']}",
        used_on=month_of(on_day),
        booked=month_of(beijing_day(now)),
        actor=actor,
        moves={voucher.book_id: [money], indicator.book_id: [budget]},
    )
    values = {
        "reference": content["reference"],
        "total_fen": content["total_fen"],
        "voucher_id": voucher.id,
        "indicator_id": indicator.id,
        "fen": content["fen"],
        "on_day": on_day,
        "fraud": fraud,
        "to_treasury": to_treasury,
        "decision_id": decision.id,
        "received_at": now,
        "received_by": actor,
    }
    db.execute(insert(Refund).values(values))
    settle_recoveries(db, now)


def voucher_of(db: Session, project: Project) -> Voucher:
    """Return the project's voucher; NotFound if there is none."""
    voucher = db.exec(select(Voucher).where(Voucher.project_id == project.id)).one_or_none()
    if voucher is None:
        raise NotFound("voucher", project=project.code)
    return voucher


def _refuse_wrong(
    db: Session, content: dict[str, Any], voucher: Voucher, indicator: Indicator, now: datetime
) -> None:
    fen, on_day, reference = (
        content["fen"],
        date.fromisoformat(content["on_day"]),
        content["reference"],
    )
    _refuse_beyond(db, content, voucher, indicator)
    if bank_rows.earlier_rows(db, [reference]).rows:
        raise Conflict("refund_known", reference=reference)
    if not date(indicator.year, 1, 1) <= on_day <= beijing_day(now):
        raise Refused("refund_day", year=indicator.year)
    recoverable = rights(db, voucher.book_id).recoverable
    if fen > recoverable:
        raise Refused("not_recoverable", project=content["project"], recoverable=yuan(recoverable))
    paid = bank_rows.net_paid(db, key(voucher), key(indicator))
    if fen > paid:
        raise Refused("refund_beyond_paid", number=indicator.number, paid=yuan(paid))


def _refuse_beyond(
    db: Session, content: dict[str, Any], voucher: Voucher, indicator: Indicator
) -> None:
    """Refuse what is no part, or no new part, of the transfer."""
    reference, total_fen, fen = content["reference"], content["total_fen"], content["fen"]
    parts = _parts_of(db, reference)
    whole = (total_fen, date.fromisoformat(content["on_day"]))
    debt = (voucher.id, indicator.id)
    for part, _ in parts:
        if (part.total_fen, part.on_day) != whole or debt == (part.voucher_id, part.indicator_id):
            raise Conflict("refund_known", reference=reference)
    debt_fen = _debt_of(db, content, voucher)
    own = [part for part, _ in parts if part.voucher_id == voucher.id]
    # What was borne in shares comes back in the same.
    if debt_fen > 0 and shares.scheme_of(db, key(indicator)):
        share_fen = _share_of_refund(db, voucher, indicator, debt_fen, own)
        if fen != share_fen:
            raise Refused("refund_share", number=indicator.number, share=yuan(share_fen))
    left_fen = total_fen - sum(part.fen for part, _ in parts)
    if content["debt_fen"] is not None:
        left_fen = min(left_fen, debt_fen - sum(part.fen for part in own))
    if fen > left_fen:
        raise Refused("refund_beyond_total", reference=reference, left=yuan(max(left_fen, 0)))


def _parts_of(db: Session, reference: str) -> list[tuple[Refund, Fen]]:
    """Return the parts of a transfer that are booked, each with what pays back its debt in all."""
    query = select(Refund, Decision.content).join(
        Decision, col(Decision.id) == col(Refund.decision_id)
    )
    rows = db.exec(query.where(Refund.reference == reference)).all()
    return [(part, content["debt_fen"]) for part, content in rows]


def _debt_of(db: Session, content: Mapping[str, Any], voucher: Voucher) -> Fen:
    """Return what of a transfer pays back this voucher's debt.

    As it says, or an earlier part of it does; else all of it, as far as the debt reaches. Parts of
    this debt that are booked are still in it; what pays back other debts is gone.

    Raises:
        Conflict: an earlier part said something else (`refund_known`).
        Refused: more than is owed (`not_recoverable`), or than other debts leave of the transfer
            (`refund_beyond_total`).
    """
    parts = _parts_of(db, content["reference"])
    earlier: set[Fen] = {fen for part, fen in parts if part.voucher_id == voucher.id}
    said_fen: Fen | None = content["debt_fen"]
    if earlier and said_fen not in (None, *earlier):
        raise Conflict("refund_known", reference=content["reference"])
    if earlier:
        return min(earlier)  # they are the same
    debts = {part.voucher_id: fen for part, fen in parts}  # other vouchers'
    left_fen: Fen = max(content["total_fen"] - sum(debts.values()), 0)
    recoverable = rights(db, voucher.book_id).recoverable
    if said_fen is None:
        return min(recoverable, left_fen)
    if said_fen > recoverable:
        raise Refused("not_recoverable", project=content["project"], recoverable=yuan(recoverable))
    if said_fen > left_fen:
        raise Refused("refund_beyond_total", reference=content["reference"], left=yuan(left_fen))
    return said_fen


def _share_of_refund(
    db: Session, voucher: Voucher, indicator: Indicator, fen: Fen, earlier: Sequence[Refund]
) -> Fen:
    """Return what of a transfer goes back to an indicator that pays in shares.

    Args:
        db: the transaction.
        voucher: of the debt.
        indicator: whose share.
        fen: what of the transfer pays back this debt.
        earlier: the parts of it for this debt that are booked.

    Raises:
        Refused: they have not paid as much between them (`refund_beyond_paid`).
    """
    scheme = shares.scheme_of(db, key(indicator))
    back_fen = {part.indicator_id: part.fen for part in earlier}
    nets = [
        bank_rows.net_paid(db, key(voucher), share.indicator_id)
        + back_fen.get(share.indicator_id, 0)
        for share in scheme
    ]
    if fen > sum(nets):
        raise Refused("refund_beyond_paid", number=indicator.number, paid=yuan(sum(nets)))
    parts = give_back(fen, [share.weight for share in scheme], nets)
    return next(
        part
        for share, part in zip(scheme, parts, strict=True)
        if share.indicator_id == indicator.id
    )
