"""Make a claim's dossier: seal what waits, and write the claim's rows with their proofs."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api.language.i18n import language
from api.language.labels import labels
from api.settings import Settings
from api.web.layout import TEMPLATES
from ledger.claims.codes import ClaimAction, ClaimState
from ledger.claims.queries import claim_by_number, newest_event
from ledger.claims.tables import BankAccount
from ledger.desk.queries.claim_details import claim_details
from ledger.desk.queries.mark import is_marked
from ledger.documents.queries.document_views import receipts_of
from ledger.documents.tables import CostDocument
from ledger.errors import Refused
from ledger.formats.capital_amounts import in_words
from ledger.payment.tables import BankReturn, PaymentLine, PaymentList
from ledger.people.steps.decisions import person
from ledger.people.tables import Decision
from ledger.policy.codes import FileRole
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.seals.steps.bureau_key import bureau_key
from ledger.seals.steps.dossier import Dossier, write_dossier
from ledger.seals.steps.seal import seal


def dossier_of(
    engine: sa.Engine, settings: Settings, number: str, *, actor: str, now: datetime
) -> bytes:
    """Return a claim's dossier, whole; the seal that it rests on stands then.

    Args:
        engine: of the database; a transaction of its own is needed.
        settings: where the bureau's key is.
        number: the claim's.
        actor: who asks.
        now: when, by the clock on the wall.

    Raises:
        Refused: this server has no key (`seal_keyless`); or as `write_dossier` and `seal`.
        Busy: somebody else is sealing (`seal_busy`).
    """
    if settings.seal_key is None:
        raise Refused("seal_keyless")
    with Session(engine) as db:
        signer = bureau_key(db, settings.bureau_key)
    with (
        Session(engine, expire_on_commit=False) as db,
        db.begin(),
        tempfile.SpooledTemporaryFile(2**24) as target,
    ):
        last = seal(db, signer, actor, now, algorithm=settings.seal_hash)
        claim = claim_by_number(db, number)
        write_dossier(
            db,
            claim,
            last,
            signer,
            summary=lambda of: _summary(db, number, of, now),
            now=now,
            target=target,
        )
        target.seek(0)
        return target.read()


def accounts_of(db: Session, number: str) -> Sequence[int]:
    """Return the keys of the payee's accounts, whose numbers stand in a dossier."""
    payee = claim_by_number(db, number).payee_id
    return db.exec(select(col(BankAccount.id)).where(BankAccount.organisation_id == payee)).all()  # type: ignore[return-value]


def _summary(db: Session, number: str, of: Dossier, now: datetime) -> str:
    """The page that is read first, and printed."""
    details = claim_details(db, claim_by_number(db, number))
    claim = details.claim
    accepted = newest_event(db, key(claim), "accept")
    policy = load(details.voucher.policy)
    content = {
        "lang": language(),
        "claim": claim,
        "words": in_words(claim.fen),
        "state_word": labels(ClaimState)[claim.state],
        "project": details.project,
        "payee": details.payee,
        "policy": policy,
        "clause": policy.clause(details.voucher.clause),
        "months": details.summary.months,
        "record": accepted.content.get("record") if accepted else None,
        "events": details.events,
        "action_words": labels(ClaimAction),
        "file_words": labels(FileRole),
        "person": person,
        "publication": details.publication,
        "objections": details.objections,
        "files": details.files,
        "documents": _documents(db, details.documents),
        "decisions": _decisions(db, number),
        "payments": _payments(db, key(claim)),
        "dossier": of,
        "made_at": now.astimezone(UTC),
        "has_mark": is_marked(db, now),
    }
    return TEMPLATES.get_template("seals/dossier.html").render(content)


def _documents(db: Session, numbers: Sequence[str]) -> list[dict[str, object]]:
    documents = db.exec(
        select(CostDocument)
        .where(col(CostDocument.number).in_(numbers))
        .order_by(col(CostDocument.id))
    )
    return [{"document": each, "receipts": receipts_of(db, key(each))} for each in documents]


def _decisions(db: Session, number: str) -> Sequence[Decision]:
    query = select(Decision).where(Decision.subject == f"claim {number}")
    return db.exec(query.order_by(col(Decision.id))).all()


def _payments(db: Session, claim: int) -> list[dict[str, object]]:
    query = (
        select(PaymentLine, PaymentList)
        .join(PaymentList, col(PaymentList.id) == col(PaymentLine.list_id))
        .where(PaymentLine.claim_id == claim)
        .order_by(col(PaymentLine.list_id), col(PaymentLine.line))
    )
    return [
        {
            "line": line,
            "list": payment_list,
            "rows": db.exec(
                select(BankReturn)
                .where(BankReturn.list_id == line.list_id, BankReturn.line == line.line)
                .order_by(col(BankReturn.id))
            ).all(),
        }
        for line, payment_list in db.exec(query)
    ]
