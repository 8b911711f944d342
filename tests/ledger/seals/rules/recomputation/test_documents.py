"""Statements, allocations, matches and postings whose seals were forged are named."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.registry.queries import contract_by_number
from ledger.seals.rules.export_check import check_export
from ledger.statements.steps import issue
from tests.support.months.office import MARCH, Office, price
from tests.support.reconciliation import CLERK
from tests.support.seals import Members, export_at, verified

Values = dict[str, str]


@pytest.fixture
def members(
    database: Database, engine: sa.Engine, owner: psycopg.Connection, tmp_path: Path
) -> Members:
    """The export of an office whose March is stated, changed, stated anew, decided and paid."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    for days in ([date(2026, 3, 1)], [date(2026, 3, 2)]):
        office.use(days)
        with office.step() as db:
            issue(db, contract_of(db), MARCH, actor=CLERK.actor, now=office.now)
    blue = office.bill(300_00, 180_00)
    office.red(blue, 180_00)
    office.bill(180_00)
    office.decide()
    office.pay()
    assert verified(database).faults == []
    export_at(engine, tmp_path / "export.zip")
    members = Members.of_file(tmp_path / "export.zip")
    return members.with_relations(lambda relation: relation != "working_days")


def contract_of(db: Session) -> int:
    """The contract of the first project."""
    return key(contract_by_number(db, "k1"))


def setting(**values: str) -> Callable[[Values], Values]:
    """An edit of every row, in these columns."""
    return lambda row: row | values


def test_whoever_forges_the_seals_too_is_named(members: Members) -> None:
    assert check_export(members).faults == []
    for relation, edit, name in [
        ("statements", setting(total_fen="1"), ("statement", "statements", "[1]")),
        ("statements", setting(digest="0" * 64), ("statement", "statements", "[2]")),
        ("statement_lines", setting(gap_ms="7"), ("statement", "statements", "[1]")),
        ("statement_lines", setting(cost_fen="7"), ("statement", "statement_lines", "[1, 1]")),
        ("allocations", setting(kind="team"), ("allocation", "allocations", "[1]")),
        ("allocations", setting(fen="90000"), ("allocation", "document_lines", "[1, 1]")),
        ("document_lines", setting(net_fen="1"), ("allocation", "document_lines", "[1, 1]")),
        ("matches", setting(matched_fen="47999"), ("match", "matches", '[1, "compute"]')),
        ("matches", setting(held_fen="48001"), ("match", "matches", '[1, "compute"]')),
        ("payment_lines", setting(fen="5"), ("posting", "postings", "[")),
        ("movements", setting(amount="5"), ("posting", "postings", "[")),
        ("vouchers", setting(face_fen="5"), ("posting", "postings", "[")),
        ("bank_returns", setting(fen="5"), ("posting", "postings", "[")),
        ("postings", setting(cause="bank/none"), ("posting", "postings", "[")),
    ]:
        faults = check_export(members.forged(relation, edit)).faults
        names = [(fault.code.value, fault.relation, fault.key) for fault in faults]
        assert any(
            n[:2] == name[:2] and n[2].startswith(name[2]) for n in names
        ), (relation, names)  # fmt: skip
        assert all(fault.code.value != "changed" for fault in faults), relation


def test_a_charge_made_after_its_statement_bears_it_in_a_drill_alone(members: Members) -> None:
    edit = setting(computed_at="2199-01-01 00:00:00+00")
    assert check_export(members.forged("charges", edit)).faults == []
    real = members.with_relations(lambda relation: relation != "drill")
    faults = check_export(real.forged("charges", edit)).faults
    assert {(fault.code.value, fault.relation) for fault in faults} == {
        ("statement", "statement_lines")
    }
