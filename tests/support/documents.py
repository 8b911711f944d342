"""Cost documents for tests, by hand, sound unless a test says otherwise; a desk for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from ledger.desk.steps import confirm
from ledger.documents.codes import DocumentKind, DocumentSource
from ledger.documents.queries.originals import File
from ledger.documents.rules.cost_document import Document, Line, Party
from ledger.documents.steps.documents import Intake, take_document, take_list
from ledger.documents.tables import CostDocument
from ledger.errors import Finding
from ledger.formats.uscc import check_digit
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from tests.support.vouchers import NOW, USCC

CLERK, OTHER = "clerk:李四#1", "clerk:周九#2"
SECOND = Viewer(2, "周九", Role.APPROVER)


def party(number: int, name: str = "单位") -> Party:
    """The n-th made-up organisation."""
    first = f"91640100MA76{number:05d}"
    return Party(first + check_digit(first), f"{name}{number}")


CENTRE = Party(USCC, "测试单位")
ISSUED = date(2026, 4, 2)


def digital(serial: int, year: int = 26) -> str:
    """The number of a 数电票 of Ningxia."""
    return f"{year}642000{serial:012d}"


def line(net_fen: int, tax_fen: int | None = None, item: str = "*信息技术服务*算力服务费") -> Line:
    """6 % tax, cut off, unless it says otherwise."""
    six = abs(net_fen) * 6 // 100 * (1 if net_fen > 0 else -1)
    tax = six if tax_fen is None else tax_fen
    return Line(item, "卡时", "10", "1.5", net_fen, "6%", tax)


def invoice(serial: int, *net_fen: int, **fields: Any) -> Document:
    """A blue XML invoice for its month of issue, with a line for each amount."""
    lines = tuple(line(fen) for fen in net_fen or (100_000,))
    net, tax = sum(item.net_fen for item in lines), sum(item.tax_fen for item in lines)
    document = Document(
        kind=DocumentKind.DIGITAL_INVOICE, code="", number=digital(serial), issued_on=ISSUED,
        seller=CENTRE, buyer=CENTRE, lines=lines, net_fen=net, tax_fen=tax, gross_fen=net + tax,
        words="", reverses=None, confirmation=None, remark="", since=date(2026, 4, 1),
        until=date(2026, 4, 30),
        statement=None,
        source=DocumentSource.XML,
    )  # fmt: skip
    return replace(document, **fields)


def red(serial: int, of: Document, net_fen: int, **fields: Any) -> Document:
    """A red one that takes so much, a negative amount, of a blue one."""
    values = {"reverses": of.number, "seller": of.seller, "buyer": of.buyer}
    return invoice(
        serial, net_fen, **{**values, "confirmation": digital(serial + 500_000), **fields}
    )


def settlement(number: str, net_fen: int = 50_000, **fields: Any) -> Document:
    """An internal settlement of a university, keyed by hand."""
    values = {"kind": "internal_settlement", "number": number, "lines": (line(net_fen, 0),)}
    amounts = {"net_fen": net_fen, "tax_fen": 0, "gross_fen": net_fen, "source": "keyed"}
    return invoice(1, net_fen, **{**values, **amounts, **fields})


def file(content: str | bytes = "<?xml version='1.0'?><EInvoice/>", name: str = "发票.xml") -> File:
    """A file of that content."""
    return File.from_content(name, content.encode() if isinstance(content, str) else content)


def verified(
    engine: sa.Engine, intake: Intake | list[Finding], by: Viewer = SECOND, now: datetime = NOW
) -> Intake:
    """What was taken, after another person has compared it with its original."""
    assert isinstance(intake, Intake), intake
    if intake.decision is not None:
        with Session(engine) as db, db.begin():
            digest = db.get_one(Decision, intake.decision).digest
            confirm.respond(
                db, intake.decision, answer=Answer.CONFIRMED, digest_seen=digest, viewer=by,
                now=now,
            )  # fmt: skip
    return intake


WAITING = """
    WITH d AS (SELECT %(number)s AS number, %(net)s::bigint AS net_fen, %(gross)s::bigint AS
                   gross_fen, '' AS code, %(issued_on)s AS issued_on, %(original)s AS original,
                   jsonb_build_object('uscc', %(seller)s::text) AS seller,
                   jsonb_build_object('uscc', %(buyer)s::text) AS buyer)
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    SELECT 'document', number, to_jsonb(d), digest_of(to_jsonb(d)), '',
           %(by)s, %(at)s FROM d RETURNING id
"""
STAND = """
    WITH q AS (UPDATE decisions SET answer = 'confirmed', answered_by = %(by)s,
                   answered_at = decided_at, answered_digest = digest
               WHERE id = (SELECT decision_id FROM cost_documents WHERE id = %(id)s) RETURNING id)
    SELECT id FROM q
"""


def waiting_decision(owner: psycopg.Connection, **values: object) -> int:
    """The decision for which a document waits that the owner writes: see `WAITING`."""
    row = owner.execute(WAITING.encode(), values).fetchone()
    assert row
    return int(row[0])


def let_stand(owner: psycopg.Connection, document: int, by: str = "approver:周九#2") -> None:
    """A second person's word on a document that the owner wrote."""
    owner.execute(STAND.encode(), {"id": document, "by": by})
    owner.execute(
        "UPDATE cost_documents d SET confirmed_by = q.answered_by, confirmed_at = q.answered_at"
        " FROM decisions q WHERE q.id = d.decision_id AND d.id = %s",
        (document,),
    )


class Desk:
    """Where documents are brought; every act is a transaction of its own."""

    def __init__(self, engine: sa.Engine, owner: psycopg.Connection) -> None:
        self.engine, self.owner = engine, owner

    def bring(
        self, document: Document, original: File | None = None, actor: str = CLERK, **more: Any
    ) -> Intake | list[Finding]:
        original = original or file(f"<?xml?>{document}")
        with Session(self.engine) as db, db.begin():
            return take_document(db, document, original, actor=actor, now=NOW, **more)

    def take_id(self, document: Document, *arguments: Any, **more: Any) -> int:
        """Bring it; what came as a file is verified by a second person."""
        result = self.bring(document, *arguments, **more)
        assert isinstance(result, Intake), result
        if document.source != "keyed":
            verified(self.engine, result)
        return result.documents[0].id

    def refused(self, document: Document, *arguments: Any, **more: Any) -> list[tuple[str, str]]:
        """What is wrong, after a look that nothing was kept."""
        before = self.count()
        result = self.bring(document, *arguments, **more)
        assert not isinstance(result, Intake)
        assert self.count() == before
        return [(fault.where, fault.code) for fault in result]

    def listed(self, documents: Sequence[Document], original: File) -> Intake | list[Finding]:
        with Session(self.engine) as db, db.begin():
            return take_list(db, documents, original, actor=CLERK, now=NOW)

    def answer(self, decision: int | None, answer: Any = "confirmed") -> None:
        assert decision is not None
        with Session(self.engine) as db, db.begin():
            digest = db.get_one(Decision, decision).digest
            confirm.respond(db, decision, answer=answer, digest_seen=digest, viewer=SECOND, now=NOW)

    def count(self) -> tuple[int, ...]:
        """Of everything that taking a document writes."""
        tables = ("originals", "cost_documents", "document_lines", "decisions")
        return tuple(self.one(f"SELECT count(*) FROM {name}") for name in tables)

    def one(self, query: str) -> Any:
        row = self.owner.execute(query.encode()).fetchone()
        assert row
        return row[0]

    def standing_ids(self) -> list[int]:
        rows = self.owner.execute("SELECT id FROM standing_documents ORDER BY id")
        return [row[0] for row in rows]

    def row(self, document: int) -> CostDocument:
        with Session(self.engine) as db:
            return db.exec(select(CostDocument).where(CostDocument.id == document)).one()
