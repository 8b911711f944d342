"""Take cost documents (成本单据): one with its file, or all of a list, or nothing.

A number is taken once. The same file again changes nothing; another file with a known number is
told who submitted it first. An operator submits only what was sold for its own centre. No document
stands by the word of who brought it, whether a file says so or a person keyed it: each waits for a
second person, who confirms the decision about it, or about the list that it came in. Only an OFD
with a seal stands at once, where a trusted authority vouches for it (`rules/ofd_signature.py`).
`standing_documents` has what stands, has a period and is not frozen: only that is allocated. A
document that does not say for which days it is waits until a clerk states them (`service_period`);
a red one is of its blue one's days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from ledger.documents.codes import DocumentSource, SealOutcome
from ledger.documents.queries import documents as document_queries
from ledger.documents.queries import originals
from ledger.documents.queries.documents import BookedDocument
from ledger.documents.queries.originals import File
from ledger.documents.rules.certificates import read_certificate
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.ofd import seal_of
from ledger.documents.rules.ofd_signature import Seal
from ledger.documents.steps import document_checks
from ledger.documents.steps.document_checks import NamedDocument, key_of
from ledger.documents.steps.red_documents import Blue, Blues
from ledger.errors import Finding, Refused
from ledger.formats.digest import digest
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide, person
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.units import beijing_day, month_of

KIND = DecisionKind.DOCUMENT
SHOWN_OF_HASH = 16
OFD = "application/ofd"


@dataclass(frozen=True)
class Act:
    """Who submits documents, when, with which file; `centre` is an operator's."""

    original: File
    actor: str
    now: datetime
    centre: int | None = None
    seal: Seal | None = None
    seal_outcome: str = "missing"


@dataclass(frozen=True)
class Received:
    """The outcome for one document."""

    id: int
    code: str
    number: str
    outcome: Literal["taken", "unchanged"]


@dataclass(frozen=True)
class Intake:
    """The result of taking documents.

    `decision` waits for a second person; None where all was taken before, or is sealed:
    `standing_ids` are the keys of new documents that stand at once.
    """

    documents: tuple[Received, ...]
    decision: int | None = None
    standing_ids: tuple[int, ...] = ()


def take_document(
    db: Session,
    document: Document,
    original: File,
    *,
    actor: str,
    now: datetime,
    centre: int | None = None,
) -> Intake | list[Finding]:
    """Take one document with its file.

    Args:
        db: the transaction.
        document: as it was read.
        original: the file; kept as it is, by its hash.
        actor: who brings it.
        now: when.
        centre: an operator's centre, to which its seller must belong; None for the bureau.
    """
    content = {**_plain(document), "original": original.hash}
    seal, outcome = sealed(db, document, original)
    if outcome == SealOutcome.BROKEN:
        return [Finding("file", "seal_broken")]
    act = Act(original, actor, now, centre, seal, outcome)
    document_queries.lock(db)
    alone = [("", document)]
    first = document_checks.booked(db, alone).get(key_of(document))
    if first is not None and _is_the_same(first, original, content):
        same = Received(first.id, document.code, document.number, "unchanged")
        return document_checks.other_sellers(db, alone, centre) or Intake((same,))
    return _take(db, act, alone, f"document {''.join(key_of(document))}", content)


def take_list(
    db: Session,
    documents: Sequence[Document],
    original: File,
    *,
    actor: str,
    now: datetime,
    centre: int | None = None,
) -> Intake | list[Finding]:
    """Take all documents of a list, or none; a list file is taken once (`list_known`).

    As `take_document`; one decision confirms them all.
    """
    document_queries.lock(db)
    if (earlier := document_queries.earlier_intake(db, original.hash)) is not None:
        actor_before, when = earlier
        params = (("by", person(actor_before)), ("on", str(beijing_day(when))))
        return [Finding("file", "list_known", params)]
    content = {
        "file": original.name,
        "original": original.hash,
        "documents": len(documents),
        "net_fen": sum(d.net_fen for d in documents),
        "gross_fen": sum(d.gross_fen for d in documents),
        "values": digest({"documents": [_plain(d) for d in documents]}),
    }
    act = Act(original, actor, now, centre)
    named_documents = [(document.code + document.number, document) for document in documents]
    return _take(db, act, named_documents, f"list {original.hash[:SHOWN_OF_HASH]}", content)


def sealed(db: Session, document: Document, original: File) -> tuple[Seal | None, SealOutcome]:
    """Return the seal of a document's file that holds, and what came out of checking it."""
    if document.source != DocumentSource.OFD or original.media != OFD:
        return None, SealOutcome.MISSING
    trusted = [read_certificate(encoded) for encoded in document_queries.trusted_certificates(db)]
    seal, outcome = seal_of(original.content, trusted)
    return seal, SealOutcome(outcome)


def confirm(db: Session, decision: Decision, actor: str, now: datetime) -> list[int]:
    """Let the documents of a confirmed decision stand; return their keys.

    Raises:
        Refused: the tax platform said something else of one of them (`lookup_differs`).
    """
    if (number := document_queries.not_agreed(db, key(decision))) is not None:
        raise Refused("lookup_differs", number=number)
    return document_queries.confirm(db, key(decision), actor, now)


def _take(
    db: Session,
    act: Act,
    named_documents: Sequence[NamedDocument],
    subject: str,
    content: Mapping[str, Any],
) -> Intake | list[Finding]:
    documents = [document for _, document in named_documents]
    booked = document_checks.booked(db, named_documents)
    blues = Blues((k for k in booked.values() if not k.refused), documents)
    if findings := document_checks.all_faults(db, named_documents, booked, blues, act.centre):
        return findings
    document_queries.drop(
        db, [booked[key_of(d)].id for d in documents if key_of(d) in booked], act.now
    )
    originals.keep(db, act.original, actor=act.actor, now=act.now)
    decision = None
    if act.seal is None:
        row = decide(
            db, kind=KIND, subject=subject, content=content, reason="", actor=act.actor, now=act.now
        )
        decision = key(row)
    keys = _keep(db, act, documents, blues, decision)
    both = zip(keys, documents, strict=True)
    received = tuple(Received(key, d.code, d.number, "taken") for key, d in both)
    return Intake(received, decision, tuple(keys) if act.seal else ())


def _keep(
    db: Session, act: Act, documents: Sequence[Document], blues: Blues, decision: int | None
) -> list[int]:
    """Insert blue documents first, as red ones refer to them; return keys in the given order."""
    keys: dict[int, int] = {}
    for red in (False, True):
        indexes = [i for i, d in enumerate(documents) if (d.reverses is not None) == red]
        rows = [_row(act, documents[i], blues.of(documents[i]), decision) for i in indexes]
        keys |= zip(indexes, document_queries.insert_documents(db, rows), strict=True)
        for i in indexes:
            blues.set_id(documents[i], keys[i])
    document_queries.insert_lines(
        db,
        [
            {"document_id": keys[i], "line": number, **asdict(line)}
            for i, document in enumerate(documents)
            for number, line in enumerate(document.lines, start=1)
        ],
    )
    return [keys[i] for i in range(len(documents))]


def _row(act: Act, document: Document, blue: Blue | None, decision: int | None) -> dict[str, Any]:
    """Build a row with every column, so that all rows go in one statement."""
    since, until, assumed = _period(document, blue)
    as_they_are = (
        "kind", "code", "number", "issued_on", "net_fen", "tax_fen", "gross_fen", "statement",
        "confirmation", "remark", "source",
    )  # fmt: skip
    return {
        **{name: getattr(document, name) for name in as_they_are},
        "seller_uscc": document.seller.uscc,
        "seller_name": document.seller.name,
        "buyer_uscc": document.buyer.uscc,
        "buyer_name": document.buyer.name,
        "since": since,
        "until": until,
        "period_assumed": assumed,
        "period_contradicts": document.contradicts and blue is None,
        "reverses_id": blue.id if blue else None,
        "original": act.original.hash,
        "received_at": act.now,
        "received_by": act.actor,
        "decision_id": decision,
        "seal": act.seal_outcome,
        "seal_name": act.seal.name if act.seal else None,
        "sealed_at": act.seal.signed_at if act.seal else None,
        "vouched_by": act.seal.root if act.seal else None,
    }


def _period(document: Document, blue: Blue | None) -> tuple[date, date, bool]:
    """Return the days of service, and whether nobody knows them; a red one has the blue's."""
    if blue is not None and blue.period is not None:
        return blue.period
    if document.since and document.until:
        return document.since, document.until, False
    first = month_of(document.issued_on)
    return first, month_of(first + timedelta(days=31)) - timedelta(days=1), True


def _is_the_same(first: BookedDocument, original: File, content: Mapping[str, Any]) -> bool:
    """Return whether it is the same file and, if keyed, keyed in the same way."""
    same_file = first.original == original.hash and not first.refused
    return same_file and (first.source != "keyed" or first.digest == digest(content))


def _plain(document: Document) -> dict[str, Any]:
    """Convert a document to JSON values."""
    values = asdict(document)
    days = ("issued_on", "since", "until")
    return values | {day: values[day] and values[day].isoformat() for day in days}
