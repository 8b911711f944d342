"""An OFD with a seal that a trusted authority vouches for stands at once; all others wait."""

from collections.abc import Mapping

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.desk.steps.take_documents import take_file
from ledger.documents.steps.documents import Intake
from ledger.documents.steps.trust import trust
from ledger.errors import Finding, Unusable
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.documents import CLERK, Desk, file
from tests.support.invoices import einvoice_xml
from tests.support.papers.seals import TRUSTED, edit, sealed_ofd
from tests.support.vouchers import NOW

CONTENT = sealed_ofd(einvoice_xml())


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Desk:
    return Desk(engine, owner)


def believe(database: Database, files: Mapping[str, bytes]) -> None:
    with database.owner_engine().begin() as connection:
        trust(connection, files, NOW)


def give(desk: Desk, content: bytes) -> Intake | list[Finding]:
    with Session(desk.engine) as db, db.begin():
        return take_file(db, file(content, "发票.ofd"), actor=CLERK, now=NOW, centre=None)


def test_it_stands_by_its_seal(desk: Desk, database: Database) -> None:
    believe(database, {"roots/ca.der": TRUSTED})
    intake = give(desk, CONTENT)
    assert isinstance(intake, Intake)
    key = intake.documents[0].id
    document = desk.row(key)
    assert (intake.decision, intake.standing_ids, document.seal) == (None, (key,), "holds")
    assert desk.standing_ids() == [key]
    again = give(desk, CONTENT)
    assert isinstance(again, Intake)
    assert again.documents[0].outcome == "unchanged"


def test_without_an_authority_it_waits_and_says_why(desk: Desk, database: Database) -> None:
    believe(database, {"roots/ca.der": TRUSTED})
    believe(database, {})  # it was taken out of the folder
    intake = give(desk, CONTENT)
    assert isinstance(intake, Intake)
    assert desk.row(intake.documents[0].id).seal == "no_roots"
    assert desk.standing_ids() == []
    desk.answer(intake.decision)
    assert desk.standing_ids() == [intake.documents[0].id]


def test_a_file_that_was_changed_after_it_was_sealed_is_refused(desk: Desk) -> None:
    place = "Doc_0/Attachs/original_invoice.xml"
    edited = edit(CONTENT, place, "塞上智能".encode(), "别家智能".encode())
    assert give(desk, edited) == [Finding("file", "seal_broken")]
    assert desk.one("SELECT count(*) FROM originals") == 0


def test_what_is_no_certificate_trusts_nobody(database: Database) -> None:
    with pytest.raises(Unusable, match="not_certificate"):
        believe(database, {"roots/readme.txt": b"hello"})


TRUST = """
    INSERT INTO trusted_certificates (fingerprint, name, encoded, trusted_since)
    VALUES (encode(sha256('x'), 'hex'), 'x', 'x', now())
"""
SEAL = """
    INSERT INTO cost_documents (kind, number, issued_on, seller_uscc, seller_name, buyer_uscc,
        buyer_name, net_fen, tax_fen, gross_fen, since, until, source, original, received_at,
        received_by, seal, seal_name, sealed_at, vouched_by)
    SELECT kind, 'x', issued_on, seller_uscc, seller_name, buyer_uscc, buyer_name, net_fen, tax_fen,
        gross_fen, since, until, source, original, received_at, received_by, 'holds', 'x', now(),
        {root} FROM cost_documents
"""


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        (TRUST, errors.InsufficientPrivilege),
        ("UPDATE trusted_certificates SET trusted_until = NULL", errors.InsufficientPrivilege),
        ("UPDATE cost_documents SET seal = 'holds'", errors.InsufficientPrivilege),
        # by an authority that never was trusted, or is no more
        (SEAL.format(root="repeat('0', 64)"), errors.CheckViolation),
        (SEAL.format(root="(SELECT fingerprint FROM trusted_certificates)"), errors.CheckViolation),
    ],
)
def test_the_application_trusts_nobody(
    desk: Desk, database: Database, attack: str, error: type[psycopg.Error]
) -> None:
    believe(database, {"roots/ca.der": TRUSTED})
    believe(database, {})
    assert isinstance(give(desk, CONTENT), Intake)
    assert attempt(database, attack) == error
