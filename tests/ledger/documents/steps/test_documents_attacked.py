"""Whatever SQL the application's role sends, no document stands by one person's word."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.documents.steps.documents import Intake
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.documents import Desk, digital, invoice

COPIED = """
    kind, issued_on, seller_uscc, seller_name, buyer_uscc, buyer_name, net_fen, tax_fen, gross_fen,
    since, until, source, original, received_at
"""
LINES = """
    INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)
    SELECT d.id, 1, 'x', d.net_fen, d.tax_fen FROM cost_documents d
    WHERE NOT EXISTS (SELECT FROM document_lines l WHERE l.document_id = d.id);
"""
MORE_LINES = """
    INSERT INTO document_lines (document_id, line, item, net_fen, tax_fen)
    SELECT id, 9 + n, 'x', 1000 * (1 - 2 * n), 0 FROM cost_documents, generate_series(0, 1) n
"""
ANSWER = """
    UPDATE decisions SET answer = 'confirmed', answered_by = '{by}', answered_at = now(),
        answered_digest = digest WHERE answer IS NULL;
"""
STAND = """
    UPDATE cost_documents d SET confirmed_by = q.answered_by, confirmed_at = now()
    FROM decisions q WHERE q.id = d.decision_id AND d.confirmed_at IS NULL;
"""


def copy(by: str, decision: str, more: str = "", values: str = "") -> str:
    """Another document like the one that is there, under another number."""
    return f"""
        INSERT INTO cost_documents (number, received_by, decision_id, {COPIED} {more})
        SELECT '{digital(9)}', '{by}', {decision}, {COPIED} {values} FROM cost_documents LIMIT 1;
    """


# What is tried beside an invoice that 李四 brought and nobody confirmed yet: decision 1.
ATTACKS: dict[type[psycopg.Error], list[str]] = {
    errors.CheckViolation: [
        # it stands from the first, or by a name that nobody gave
        copy("clerk:李四#1", "1", ", confirmed_by, confirmed_at", ", 'clerk:丁#4', now()"),
        "UPDATE cost_documents SET confirmed_by = 'clerk:丁#4', confirmed_at = now()",
        # who brought it answers himself, under another role and in another spelling
        ANSWER.format(by="approver:李四#7"),
        ANSWER.format(by="approver:\u3000李四#7"),
        ANSWER.format(by="clerk:丁#4")
        + "UPDATE cost_documents SET confirmed_by = 'clerk:李四#1', confirmed_at = now()",
        # another document is laid under the decision that waits, or under one that was answered
        copy("clerk:李四#1", "1") + LINES + ANSWER.format(by="clerk:丁#4") + STAND,
        ANSWER.format(by="clerk:丁#4") + copy("clerk:李四#1", "1") + LINES,
        copy("clerk:丙#3", "1") + LINES,
        copy("clerk:李四#1", "NULL"),
        MORE_LINES,
    ],
    errors.InsufficientPrivilege: [
        "UPDATE cost_documents SET source = 'keyed'",
        "UPDATE cost_documents SET net_fen = 1",
        "UPDATE cost_documents SET decision_id = 1",
        "UPDATE cost_documents SET received_by = 'x'",
        "DELETE FROM lookups",
        "UPDATE lookups SET result = 'agrees'",
        "UPDATE decisions SET content = '{}'",
    ],
    errors.GeneratedAlways: [
        "UPDATE cost_documents SET stands = true",
        copy("clerk:李四#1", "1", ", stands", ", true"),
    ],
}


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Iterator[Desk]:
    desk = Desk(engine, owner)
    assert isinstance(desk.bring(invoice(1)), Intake)
    yield desk
    assert desk.standing_ids() == []


@pytest.mark.parametrize(
    ("error", "attack"),
    [(error, attack) for error, attacks in ATTACKS.items() for attack in attacks],
)
def test_an_attack_is_refused(
    desk: Desk, database: Database, error: type[psycopg.Error], attack: str
) -> None:
    del desk
    refusal = attempt(database, attack)
    assert refusal is not None
    assert issubclass(refusal, error)


def test_a_look_up_that_is_only_written_down_lets_nothing_stand(
    desk: Desk, database: Database
) -> None:
    lookup = """
        INSERT INTO lookups (document_id, result, looked_up_on, original, entered_at, entered_by)
        SELECT id, 'agrees', '2026-04-01', original, now(), 'clerk:丁#4' FROM cost_documents
    """
    assert attempt(database, lookup) is None
    assert desk.one("SELECT count(*) FROM cost_documents WHERE stands") == 0
    assert desk.one("SELECT sum(net_fen) FROM family_sums") == 0
