"""Day totals and charges follow from signed bytes, prices and bindings; what does not is named."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode, UnprovedReason
from ledger.seals.rules import export
from ledger.seals.rules.export_check import check_export
from ledger.seals.rules.faults import Tally
from tests.support.months.office import Office, price
from tests.support.seals import Members, export_at, verified

Values = dict[str, str]
Named = tuple[str, str, str]


@pytest.fixture
def office(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """An office of two projects, of which one uses a device for some hours of March."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    office.use([date(2026, 3, 1), date(2026, 3, 2)])
    office.use([date(2026, 3, 2)], holder="b")
    return office


@pytest.fixture
def members(office: Office, engine: sa.Engine, tmp_path: Path) -> Members:
    """Its export."""
    export_at(engine, tmp_path / "export.zip")
    members = Members.of_file(tmp_path / "export.zip")
    return members.with_relations(lambda relation: relation != "working_days")


def setting(**values: str) -> Callable[[Values], Values]:
    """An edit of every row, in these columns."""
    return lambda row: row | values


def names_of(tally: Tally) -> list[Named]:
    """The faults, each by code, relation and key."""
    return [(fault.code.value, fault.relation, fault.key) for fault in tally.faults]


def test_nothing_is_found_where_nothing_was_changed(
    database: Database, office: Office, members: Members
) -> None:
    alone, beside = check_export(members), verified(database)
    assert alone.faults == beside.faults == []
    assert alone.unproved == beside.unproved == []
    assert alone.recomputed == beside.recomputed > 0


def test_charges_whose_seals_were_forged(members: Members) -> None:
    for relation, edit in [
        ("charges", setting(cost_fen="48001")),
        ("charges", setting(ms_num="1")),
        ("charges", setting(policy="")),
        ("charges", setting(month="2026-04-01")),
        ("prices", setting(yuan="601")),
        ("bindings", setting(valid="[2026-03-02,)")),
        ("billing_sources", setting(source="dcgm")),
        ("contracts", setting(valid="[2026-03-02,)")),
        ("vouchers", setting(valid="[2026-04-01,)")),
    ]:
        tally = check_export(members.forged(relation, edit))
        assert {(code, table) for code, table, _ in names_of(tally)} == {("charge", "charges")}, (
            relation
        )
        assert all(fault.says != fault.worked_out for fault in tally.faults)
    fault = check_export(members.forged("charges", setting(cost_fen="48001"))).faults[0]
    assert (fault.key, fault.says, fault.worked_out) == ("[1]", "cost_fen=48001", "cost_fen=48000")
    assert fault.rests_on == "day_totals, bindings, prices [1], 2026-03"


def test_a_day_total_is_named_and_its_consequences_are_not(members: Members) -> None:
    for relation, column, now in [("day_totals", -1, b"9"), ("coverage", -2, b"9")]:
        member = export.derived_member(relation)
        lines = [line.split(b"\t") for line in members[member].splitlines()]
        lines[0][column] = now
        forged = Members(members)
        forged[member] = b"".join(b"\t".join(line) + b"\n" for line in lines)
        (fault,) = check_export(forged).faults
        assert (fault.code, fault.relation) == (FaultCode.DAY_TOTAL, relation)
        assert fault.says.endswith("=9")
        assert fault.rests_on.startswith("batches ")
        without_first = Members(members)
        without_first[member] = members[member].partition(b"\n")[2]
        assert [f.relation for f in check_export(without_first).faults] == [relation]


def test_charges_that_follow_from_a_wrong_total_are_not_named_again(
    database: Database, office: Office, owner: psycopg.Connection
) -> None:
    """The owner raises a total, and the charge follows at the next round."""
    owner.execute("UPDATE day_totals SET held = held * 2 WHERE holder = 'a' AND day = '2026-03-02'")
    office.accrue()
    assert {(code, table) for code, table, _ in names_of(verified(database))} == {
        ("day_total", "day_totals")
    }


def test_a_changed_batch_explains_its_day_totals(members: Members) -> None:
    def longer(row: Values) -> Values:
        body = bytes.fromhex(row["bytes"][3:])
        return row | {"bytes": "\\\\x" + body.replace(b"60000", b"50000").hex()}

    tally = check_export(members.forged("batches", longer))
    assert {(code, table) for code, table, _ in names_of(tally)} == {("differs", "batches")}


def test_what_came_after_the_last_round_is_listed(database: Database, office: Office) -> None:
    office.report(office.windows([date(2026, 3, 3)], 24))
    tally = verified(database)
    assert tally.faults == []
    assert {(row.reason, row.relation) for row in tally.unproved} == {
        (UnprovedReason.BEHIND, "charges")
    }


def test_windows_that_came_twice_count_once(
    database: Database, office: Office, owner: psycopg.Connection
) -> None:
    again = office.windows([date(2026, 3, 4)], 5)
    office.report(again)
    newer = office.windows([date(2026, 3, 4)], 5)
    office.report([*again, *newer, *(replace(window, flags=("again",)) for window in newer)])
    office.accrue()
    assert verified(database).faults == []


def test_a_contract_that_rounds_sessions_is_listed(database: Database, office: Office) -> None:
    office.prices(price(10, "rounding: started_hour"))
    tally = verified(database)
    assert tally.faults == []
    assert {row.reason for row in tally.unproved} == {UnprovedReason.ROUNDS_SESSIONS}
    assert json.loads(tally.unproved[0].key)
