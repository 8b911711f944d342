"""Propose to open a voucher: one person decides, another confirms, since it promises a whole sum.

The policy decided before whether the project is eligible; the decision holds the facts. The face
value (面额) is the clause's cap or less, and the voucher is valid on the days that they say. Where
the clause has several rates, the decision says which one applies on these facts, and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col, select

from ledger.accounts.queries import rights
from ledger.charging.steps import lock_charges
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.policy.decide.tree import ChosenRate
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.units import Fen, yuan
from ledger.vouchers.steps.accrue import charge_anew
from ledger.vouchers.steps.payable_versions import refuse_not_payable
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.tables import Clause, Voucher, VoucherVersion

KIND = DecisionKind.VOUCHER


@dataclass(frozen=True)
class Face:
    """What a voucher is opened for: fen, and Beijing days, half-open. None: the cap; for ever."""

    fen: Fen | None = None
    valid_from: date | None = None
    valid_until: date | None = None


WHOLE = Face()
"""The whole cap, without a term."""


def propose_voucher(
    db: Session,
    project: Project,
    *,
    clause: str,
    policy: str,
    facts: Mapping[str, Any],
    actor: str,
    now: datetime,
    face: Face = WHOLE,
    rate: ChosenRate | None = None,
    reason: str = "",
) -> Decision:
    """Propose a voucher under a clause of a policy version, or another version for one.

    `rate` is what the engine chose on these facts; None: the clause's own. Another version changes
    neither the cap nor the days of a voucher: `face` says nothing then.

    Raises:
        NotFound: the clause does not exist.
        Refused: two persons have not made the policy version payable (`not_payable`); the face
            value is not within the cap (`face_above_cap`), there is no valid day (`no_days`), or
            the voucher has both already (`face_stands`).
        Conflict: the project has a voucher of another clause, or under this version
            (`voucher_exists`), or one waits (`decision_open`).
    """
    promise = db.get(Clause, (policy, clause))
    if promise is None:
        raise NotFound("clause", policy=policy, clause=clause)
    refuse_not_payable(db, promise)
    voucher = db.exec(select(Voucher).where(Voucher.project_id == key(project))).one_or_none()
    opened_before = voucher_under(db, project, policy=policy, clause=clause) is not None
    if voucher is not None and (voucher.clause != clause or opened_before):
        raise Conflict(
            "voucher_exists", project=project.code, policy=voucher.policy, clause=voucher.clause
        )
    content = {
        "project": project.code,
        "policy": policy,
        "clause": clause,
        "cap_fen": _face_fen(db, face, promise, voucher),
        "valid_from": face.valid_from and face.valid_from.isoformat(),
        "valid_until": face.valid_until and face.valid_until.isoformat(),
        "rate": rate_text(rate.rate if rate else Fraction(promise.rate_num, promise.rate_den)),
        "rate_words": rate.words if rate else "",
        "facts": dict(facts),
    }
    return decide(
        db, kind=KIND, subject=project.code, content=content, reason=reason, actor=actor, now=now
    )


def rate_text(rate: Fraction) -> str:
    """Return a rate as decisions write it and the database reads it: `1/2`, `1/1`."""
    return f"{rate.numerator}/{rate.denominator}"


def _face_fen(db: Session, face: Face, promise: Clause, voucher: Voucher | None) -> Fen:
    """Return the fen that a decision promises, or that the voucher has already."""
    if voucher is not None:
        if face != WHOLE:
            raise Refused("face_stands")
        return -rights(db, voucher.book_id).clause
    if face.valid_from and face.valid_until and face.valid_from >= face.valid_until:
        raise Refused("no_days", since=face.valid_from, until=face.valid_until)
    fen = promise.cap_fen if face.fen is None else face.fen
    if not 0 < fen <= promise.cap_fen:
        raise Refused("face_above_cap", cap=yuan(promise.cap_fen))
    return fen


def voucher_under(db: Session, project: Project, *, policy: str, clause: str) -> Voucher | None:
    """Return the project's voucher, if it was opened under this clause and version."""
    query = select(Voucher).join(VoucherVersion, col(VoucherVersion.voucher_id) == Voucher.id)
    query = query.where(Voucher.project_id == key(project))
    return db.exec(
        query.where(VoucherVersion.policy == policy, VoucherVersion.clause == clause)
    ).one_or_none()


def open_decided(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed decision: open the voucher and issue its cap.

    Raises:
        NotFound, Refused, Conflict: as `open_voucher`.
    """
    content = decision.content
    lock_charges(db)
    project = db.exec(select(Project).where(Project.code == content["project"])).one()
    had_one = db.exec(select(Voucher.id).where(Voucher.project_id == project.id)).first()
    open_voucher(
        db,
        project=key(project),
        clause=content["clause"],
        policy=content["policy"],
        facts=content["facts"],
        actor=actor,
        now=now,
        face_fen=content["cap_fen"],
        valid=Range(_day(content["valid_from"]), _day(content["valid_until"])),
        rate=ChosenRate(Fraction(content["rate"]), content["rate_words"], None),
    )
    if had_one is not None:  # under another version
        charge_anew(db, [key(project)], now)


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
