"""An owner of database and key changes what was listed or paid: recomputation names the row."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.rules.export_check import check_export
from tests.support.months.office import MARCH, Office, price
from tests.support.seals import Members, export_at

Values = dict[str, str]


@pytest.fixture
def members(
    database: Database, engine: sa.Engine, owner: psycopg.Connection, tmp_path: Path
) -> Members:
    """The export of an office whose March is metered, invoiced, decided and paid."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    office.pay()
    export_at(engine, tmp_path / "export.zip")
    members = Members.of_file(tmp_path / "export.zip")
    return members.with_relations(lambda relation: relation != "working_days")


def setting(**values: str) -> Callable[[Values], Values]:
    """An edit of every row, in these columns."""
    return lambda row: row | values


def test_whoever_forges_the_seals_too_is_named(members: Members) -> None:
    assert check_export(members).faults == []
    for relation, edit, name in [
        ("payment_lists", setting(total_fen="223201"), ("list", "payment_lists", "[1]")),
        ("payment_lists", setting(words="壹元整"), ("list", "payment_lists", "[1]")),
        ("payment_lists", setting(digest="0" * 64), ("list", "payment_lists", "[1]")),
        ("payment_lines", setting(fen="223300"), ("list", "payment_lists", "[1]")),
        ("payment_lines", setting(number="6222029999999999"), ("list", "payment_lists", "[1]")),
        ("payment_lines", setting(paid_fen="1"), ("list", "payment_lines", "[1, 1]")),
        ("payment_lines", setting(recalled_fen="1"), ("list", "payment_lines", "[1, 1]")),
        ("claims", setting(due_fen="1"), ("list", "claims", "[1]")),
        ("bank_returns", setting(fen="1", paid_fen="1"), ("bank", "bank_returns", "[1]")),
        ("bank_returns", setting(reference="other"), ("bank", "bank_returns", "[1]")),
        ("bank_returns", setting(on_day="2026-11-22"), ("bank", "bank_returns", "[1]")),
        ("bank_returns", setting(paid_fen="5"), ("bank", "bank_returns", "[1]")),
        ("decisions", setting(answered_by="approver:nobody#99"), ("actor", "decisions", "[1]")),
        ("decisions", setting(answered_digest="0" * 64), ("actor", "decisions", "[1]")),
        ("tokens", setting(role="auditor"), ("actor", "decisions", "[1]")),
        ("persons", setting(name="one"), ("actor", "decisions", "[1]")),
    ]:  # fmt: skip
        faults = check_export(members.forged(relation, edit)).faults
        names = [(fault.code.value, fault.relation, fault.key) for fault in faults]
        assert name in names, (relation, names)
        fault = faults[names.index(name)]
        assert fault.says != fault.worked_out, (relation, fault)
        assert FaultCode.CHANGED.value not in {code for code, *_ in names}, relation
