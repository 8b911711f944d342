"""Bank accounts (收款账户) of payees; setting or changing one takes two persons.

The builder, or a clerk for it, names the account; another person of the bureau confirms it with the
digest of every figure. Until then the old account stays, but nothing is paid to it: a pending
change holds the payee's lines.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from ledger.claims.queries import account_of
from ledger.claims.tables import BankAccount
from ledger.errors import Finding
from ledger.formats.organisation_names import same_name
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide, open_decision
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.tables import Organisation

KIND = DecisionKind.ACCOUNT  # of its decisions

_BANK_CODE = re.compile(r"\d{12}", re.ASCII)  # 联行号: the clearing system's number of a branch
_NUMBER = re.compile(r"\d{6,32}", re.ASCII)


def propose_account(
    db: Session,
    organisation: Organisation,
    *,
    holder: str,
    bank: str,
    bank_code: str,
    number: str,
    actor: str,
    now: datetime,
    reason: str = "",
) -> tuple[Decision | None, list[Finding]]:
    """Propose an organisation's account, for another person to confirm.

    Spaces between digits do not count. Returns the decision, or None and all faults.

    Raises:
        Conflict: another change of this account is open (`decision_open`).
    """
    content = {
        "organisation": organisation.id,
        "uscc": organisation.uscc,
        "name": organisation.name,
        "holder": holder.strip(),
        "bank": bank.strip(),
        "bank_code": _digits(bank_code),
        "number": _digits(number),
    }
    if faults := list(_faults({k: str(v) for k, v in content.items()})):
        return None, faults
    decision = decide(
        db,
        kind=KIND,
        subject=_subject(organisation),
        content=content,
        reason=reason,
        actor=actor,
        now=now,
    )
    return decision, []


def set_account(db: Session, decision: Decision, _actor: str, now: datetime) -> None:
    """Carry out the confirmed change: this account supersedes the former one."""
    content = decision.content
    before = account_of(db, content["organisation"])
    if before is not None:
        before.superseded_at = now
        db.add(before)
        db.flush()
    db.add(
        BankAccount(
            organisation_id=content["organisation"],
            holder=content["holder"],
            bank=content["bank"],
            bank_code=content["bank_code"],
            number=content["number"],
            decision_id=key(decision),
            confirmed_at=now,
        )
    )
    db.flush()


def open_change(db: Session, organisation: int) -> int | None:
    """Return the open decision about the organisation's account, which holds payment; or None."""
    decision = open_decision(db, KIND, _subject(db.get_one(Organisation, organisation)))
    return None if decision is None else key(decision)


def _subject(organisation: Organisation) -> str:
    return f"account {organisation.uscc}"


def _faults(fields: dict[str, str]) -> Iterator[Finding]:
    if not fields["bank"]:
        yield Finding("bank", "bank_missing")
    if not same_name(fields["holder"], fields["name"]):
        yield Finding("holder", "holder_differs", (("name", fields["name"]),))
    if not _BANK_CODE.fullmatch(fields["bank_code"]):
        yield Finding("bank_code", "bad_bank_code")
    if not _NUMBER.fullmatch(fields["number"]):
        yield Finding("number", "bad_account_number")


def _digits(text: str) -> str:
    return re.sub(r"\s", "", text)
