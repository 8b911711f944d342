"""Open a voucher (算力券): promise a project support up to the cap of a clause.

The policy decided before whether the project is eligible. Here the promise enters the books: the
whole face value (面额, at most the cap) becomes the project's entitlement and is issued, available
to be accrued by usage on its days. A project has one voucher, for life; opening it again returns
the same one. Opened under another version of the clause it stays one voucher with one cap, and
usage earns under the version of its day, at the rate that was decided for it.
"""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, select

from ledger.accounts.queries import post
from ledger.accounts.rules.targets import Move
from ledger.errors import Conflict, NotFound
from ledger.policy.decide.tree import ChosenRate
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.units import Fen, beijing_day, month_of
from ledger.vouchers.steps.payable_versions import refuse_not_payable
from ledger.vouchers.tables import Clause, Voucher, VoucherVersion

_ONE_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('suanquan.voucher', :project))"
)


def open_voucher(
    db: Session,
    *,
    project: int,
    clause: str,
    policy: str,
    facts: dict[str, Any],
    actor: str,
    now: datetime,
    face_fen: Fen | None = None,
    valid: Range[date] | None = None,
    rate: ChosenRate | None = None,
) -> Voucher:
    """Return the project's voucher under this clause and policy version; open it if needed.

    `facts` are those on which eligibility was decided; they are kept beside the voucher. Without a
    face value it promises the clause's cap; without days it is valid for ever. The first version
    has the rate that was decided; another one `rate`, or its clause's own.

    Raises:
        NotFound: the project or the clause does not exist.
        Refused: two persons have not made the policy version payable (`not_payable`).
        Conflict: the project has a voucher of another clause.
    """
    owner = db.get(Project, project)
    promise = db.get(Clause, (policy, clause))
    if owner is None:
        raise NotFound("project", code=project)
    if promise is None:
        raise NotFound("clause", policy=policy, clause=clause)
    refuse_not_payable(db, promise)
    db.execute(_ONE_AT_A_TIME, {"project": project})
    voucher = db.exec(select(Voucher).where(Voucher.project_id == project)).one_or_none()
    if voucher is None:
        # The database opens the book with its accounts, so their number is read and not written.
        values = {
            "project_id": project,
            "policy": policy,
            "clause": clause,
            "cap_scope": f"{owner.kind}:{owner.code}",
            "face_fen": promise.cap_fen if face_fen is None else face_fen,
            "facts": facts,
            "valid": valid or Range(None, None),
            "opened_at": now,
            "opened_by": actor,
        }
        voucher = db.scalars(insert(Voucher).values(values).returning(Voucher)).one()
        _issue(db, voucher, voucher.face_fen, actor, now)
    if voucher.clause != clause:
        raise Conflict(
            "voucher_exists", project=owner.code, policy=voucher.policy, clause=voucher.clause
        )
    if db.get(VoucherVersion, (voucher.id, policy)) is None:
        own = Fraction(promise.rate_num, promise.rate_den)
        version = VoucherVersion(
            voucher_id=key(voucher),
            policy=policy,
            clause=clause,
            rate_num=(rate.rate if rate else own).numerator,
            rate_den=(rate.rate if rate else own).denominator,
            rate_words=rate.words if rate else "",
            opened_at=now,
            opened_by=actor,
        )
        db.add(version)
        db.flush()
    return voucher


def _issue(db: Session, voucher: Voucher, cap: Fen, actor: str, now: datetime) -> None:
    month = month_of(beijing_day(now))
    eligible = Move("eligible", "clause", "entitlement", cap)
    issue = Move("issue", "entitlement", "available", cap)
    post(
        db,
        cause=f"voucher/{voucher.id}/open",
        used_on=month,
        booked=month,
        actor=actor,
        moves={voucher.book_id: [eligible, issue]},
    )
