"""Receipts: real files that say what was keyed, or that a second person has looked at."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.documents.queries.originals import File
from ledger.documents.steps import receipts
from ledger.documents.tables import Receipt
from ledger.errors import Conflict, Refused
from ledger.postgres.database import Database
from ledger.units import beijing_day
from tests.support.accounts.attacks import attempt
from tests.support.documents import CLERK, OTHER, Desk, file, invoice
from tests.support.papers.proofs import png, receipt_pdf
from tests.support.people import place_former, place_token, viewer_of
from tests.support.vouchers import NOW


@pytest.fixture
def desk(engine: sa.Engine, owner: psycopg.Connection) -> Desk:
    return Desk(engine, owner)


def enter(desk: Desk, document: int, content: bytes, **more: Any) -> Receipt:
    values: dict[str, Any] = {
        "reference": "R-1", "payer": "甲", "payee": "乙", "fen": 106_000,
        "paid_on": date(2026, 4, 1), "actor": CLERK, "now": NOW,
    } | more  # fmt: skip
    with Session(desk.engine, expire_on_commit=False) as db, db.begin():
        proof = File.from_content("回单", content)
        receipt = receipts.enter(db, document, file=proof, **values)
        db.refresh(receipt)
    return receipt


def test_a_receipt_that_says_what_was_keyed_is_proof(desk: Desk) -> None:
    key = desk.take_id(invoice(1))
    receipt = enter(desk, key, receipt_pdf("R-1", 106_000))
    assert (receipt.amount_found, receipt.reference_found, receipt.proves) == (True, True, True)
    assert enter(desk, key, receipt_pdf("R-1", 106_000)).entered_at == NOW  # once
    with pytest.raises(Conflict, match="receipt_known"):
        enter(desk, key, receipt_pdf("R-1", 106_000), fen=5)


@pytest.mark.parametrize(
    ("content", "shows"),
    [
        (png(), (None, None)),
        (receipt_pdf("R-1", 53_000), (False, True)),
        (receipt_pdf("R-2", 106_000), (True, False)),
    ],
)
def test_else_it_proves_nothing_until_another_person_has_looked(
    desk: Desk, content: bytes, shows: tuple[bool | None, bool | None]
) -> None:
    key = desk.take_id(invoice(1))
    receipt = enter(desk, key, content)
    assert ((receipt.amount_found, receipt.reference_found), receipt.proves) == (shows, False)
    with Session(desk.engine) as db, db.begin(), pytest.raises(Refused, match="same_person"):
        receipts.check(db, key, "R-1", viewer=viewer_of("approver:李四#9"), now=NOW)
    unproven = replace(viewer_of(OTHER), unproven=True)
    with Session(desk.engine) as db, pytest.raises(Refused, match="step_up"):
        receipts.check(db, key, "R-1", viewer=unproven, now=NOW)
    with Session(desk.engine, expire_on_commit=False) as db, db.begin():
        checked = receipts.check(db, key, "R-1", viewer=viewer_of(OTHER), now=NOW)
        db.refresh(checked)
    assert (checked.checked_by, checked.proves) == (OTHER, True)


@pytest.mark.parametrize("again", ["r-1", "Ｒ-1", "R - 1", "R－1"])
def test_one_transfer_pays_one_document_however_it_is_written(
    desk: Desk, database: Database, again: str
) -> None:
    enter(desk, desk.take_id(invoice(1)), receipt_pdf("R-1", 106_000))
    invoiced = desk.take_id(invoice(2))
    with pytest.raises(Conflict, match="receipt_known"):
        enter(desk, invoiced, receipt_pdf("R-1", 106_000), reference=again)
    row = (
        "INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on, original,"
        f" entered_at, entered_by) SELECT '{again}', {invoiced}, payer, payee, fen,"
        " paid_on, original, now(), entered_by FROM receipts"
    )
    assert attempt(database, row) is psycopg.errors.UniqueViolation


def test_what_is_no_proof_is_refused(desk: Desk) -> None:
    original = file(receipt_pdf("R-1", 106_000), "发票.pdf")
    key = desk.take_id(invoice(1), original)
    for content, code in (
        (b"%PDF-1.7", "proof_unreadable"),
        (original.content, "proof_is_document"),
    ):
        with pytest.raises(Refused, match=code):
            enter(desk, key, content)
    with pytest.raises(Refused, match="receipt_day"):
        enter(desk, key, png(), paid_on=beijing_day(NOW) + timedelta(days=1))
    assert desk.one("SELECT count(*) FROM receipts") == 0


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "UPDATE receipts SET checked_by = 'approver:李四#9', checked_at = now()",
            psycopg.errors.CheckViolation,
        ),
        # a second person who is nobody, or has no part in it; who looked before it was entered
        ("UPDATE receipts SET checked_by = 'x', checked_at = now()", psycopg.errors.CheckViolation),
        (
            "UPDATE receipts SET checked_by = 'finance:丁#9', checked_at = now()",
            psycopg.errors.CheckViolation,
        ),
        (
            (
                "INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on,"
                " original, entered_at, entered_by, checked_by, checked_at) SELECT 'R-2',"
                " document_id, payer, payee, fen, paid_on, original, now(), 'clerk:a#1', 'b',"
                " now() FROM receipts"
            ),
            psycopg.errors.CheckViolation,
        ),
        (  # entered by nobody, so that she who did could look at it herself
            (
                "INSERT INTO receipts (reference, document_id, payer, payee, fen, paid_on,"
                " original, entered_at, entered_by) SELECT 'R-2', document_id, payer, payee, fen,"
                " paid_on, original, now(), 'x' FROM receipts"
            ),
            psycopg.errors.CheckViolation,
        ),
        ("UPDATE receipts SET amount_found = true", psycopg.errors.InsufficientPrivilege),
        ("UPDATE receipts SET fen = 1", psycopg.errors.InsufficientPrivilege),
        ("UPDATE receipts SET proves = true", psycopg.errors.GeneratedAlways),
        ("DELETE FROM receipts", psycopg.errors.InsufficientPrivilege),
    ],
)
def test_the_application_cannot_prove_it_alone(
    desk: Desk, database: Database, statement: str, error: type[psycopg.Error]
) -> None:
    enter(desk, desk.take_id(invoice(1)), png())
    assert attempt(database, statement) == error


def test_whose_token_one_made_does_not_look_for_her(desk: Desk, owner: psycopg.Connection) -> None:
    """She enters the receipt as a clerk, and made the other's token as an administrator."""
    key = desk.take_id(invoice(1))
    enter(desk, key, png())
    row = owner.execute("SELECT entered_by FROM receipts").fetchone()
    assert row
    name = row[0].partition(":")[2].partition("#")[0]
    puppet = place_token(owner, "clerk", "某人", place_former(owner, name))
    with Session(desk.engine) as db, pytest.raises(Refused, match="one_made_the_other"):
        receipts.check(db, key, "R-1", viewer=viewer_of(puppet), now=NOW)
    alone = "UPDATE receipts SET checked_by = %s, checked_at = now()"
    with pytest.raises(psycopg.errors.CheckViolation, match="nobody else"):
        owner.execute(alone, (puppet,))
