"""Refunds (退款) outside the lists: a project repays what it received too much.

A refund settles what is to be recovered (应追缴). The voucher can use it again, except after fraud,
when it lapses. The budget gets it back too: in the same year the indicator can spend it again,
later it goes to the treasury. One transfer may pay back several debts, each a part of its total;
nothing of it counts twice, and two persons agree on each part.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, select

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
    on_day: date,
    reason: str,
    actor: str,
    now: datetime,
) -> Decision:
    """Propose that `fen` came back under this bank reference, paid earlier from the indicator.

    `total_fen` is the whole transfer where it pays back other debts too. Whether it is the
    consequence of a fraud is what the voucher's open recovery says.

    Raises:
        NotFound: the project has no voucher.
        Conflict: the reference was booked, for this debt or with another total or day
            (`refund_known`), or a decision about it is open.
        Refused: more than is left of the transfer (`refund_beyond_total`), than is to be paid back
            (`not_recoverable`) or than this indicator paid (`refund_beyond_paid`), or a day before
            its year or ahead (`refund_day`).
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
        "on_day": on_day.isoformat(),
        "fraud": case is not None and case.fraud,
        "to_treasury": on_day.year > indicator.year,
    }
    _refuse_wrong(db, content, voucher, indicator, now)
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
    reference, total_fen = content["reference"], content["total_fen"]
    parts = db.exec(select(Refund).where(Refund.reference == reference)).all()
    whole = (total_fen, date.fromisoformat(content["on_day"]))
    debt = (voucher.id, indicator.id)
    for part in parts:
        if (part.total_fen, part.on_day) != whole or debt == (part.voucher_id, part.indicator_id):
            raise Conflict("refund_known", reference=reference)
    debt_fen = _debt_of(db, voucher, total_fen, parts)
    # What was borne in shares comes back in the same.
    if debt_fen > 0 and shares.scheme_of(db, key(indicator)):
        share_fen = _share_of_refund(db, voucher, indicator, debt_fen, parts)
        if content["fen"] != share_fen:
            raise Refused("refund_share", number=indicator.number, share=yuan(share_fen))
    left_fen = total_fen - sum(part.fen for part in parts)
    if content["fen"] > left_fen:
        raise Refused("refund_beyond_total", reference=reference, left=yuan(left_fen))


def _debt_of(db: Session, voucher: Voucher, total_fen: Fen, earlier: Sequence[Refund]) -> Fen:
    """Return what of a transfer pays back this voucher's debt: all of it, as far as it is enough.

    Parts of this debt that are booked are still in it; those of other debts are gone.
    """
    own_fen = sum(part.fen for part in earlier if part.voucher_id == voucher.id)
    other_fen = sum(part.fen for part in earlier) - own_fen
    return min(rights(db, voucher.book_id).recoverable + own_fen, total_fen - other_fen)


def _share_of_refund(
    db: Session, voucher: Voucher, indicator: Indicator, fen: Fen, earlier: Sequence[Refund]
) -> Fen:
    """Return what of a transfer goes back to an indicator that pays in shares.

    Args:
        db: the transaction.
        voucher: of the debt.
        indicator: whose share.
        fen: what of the transfer pays back this debt.
        earlier: the parts of it that are booked.

    Raises:
        Refused: they have not paid as much between them (`refund_beyond_paid`).
    """
    scheme = shares.scheme_of(db, key(indicator))
    back_fen = {part.indicator_id: part.fen for part in earlier if part.voucher_id == voucher.id}
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
