"""An export verifies by itself, and whatever was changed in it is found."""

import re
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from ledger.errors import Unusable
from ledger.postgres.database import Database
from ledger.seals.codes import FaultCode
from ledger.seals.rules import export
from ledger.seals.rules.export_check import check_export
from ledger.seals.rules.faults import Fault
from ledger.seals.steps.open_export import open_export
from tests.support.months.office import MARCH, Office, price
from tests.support.seals import Members, export_at, seal_at, verified, write_tiny_export


@pytest.fixture
def office(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """An office whose March is metered and sealed, then invoiced, decided and paid."""
    town = Office(database, engine, owner)
    town.prices(price(10))
    town.use_month(MARCH)
    seal_at(engine)
    town.bill(7_440_00)
    town.decide()
    town.pay()
    return town


@pytest.fixture
def members(office: Office, engine: sa.Engine, tmp_path: Path) -> Members:
    """What its export holds, but for the calendar."""
    export_at(engine, tmp_path / "export.zip", 1)
    members = Members.of_file(tmp_path / "export.zip")
    return members.with_relations(lambda relation: relation != "working_days")


def test_a_paid_month_verifies_without_its_database(
    database: Database, office: Office, engine: sa.Engine, tmp_path: Path
) -> None:
    file = tmp_path / "export.zip"
    export_at(engine, file, 1)
    with open_export(file) as archive:
        tally = check_export(archive)
    beside = verified(database)
    assert tally.faults == beside.faults == []
    assert (tally.seals, tally.leaves, tally.rows) == (2, beside.leaves, beside.rows)
    assert tally.entries == beside.entries > 0
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("kind", ["flipped", "gone", "twice", "moved", "torn", "slipped in"])
def test_a_line_of_each_member_is_not_as_it_was(members: Members, kind: str) -> None:
    silent = []
    for member, content in members.items():
        lines = content.splitlines(keepends=True)
        if not lines or (kind == "moved" and member.startswith((export.ACCOUNTS, "derived/"))):
            continue  # their order says nothing
        if now := another(lines, len(member) % len(lines), kind):
            export_now = Members(members)
            export_now[member] = b"".join(now)
            if not check_export(export_now).faults:
                silent.append(member)
    assert silent == []


def another(lines: list[bytes], place: int, kind: str) -> list[bytes] | None:
    """The lines with one of them changed; None where that changes nothing."""
    line = lines[place]
    before, after = lines[:place], lines[place + 1 :]
    half = len(line) // 2
    match kind:
        case "flipped":
            return [*before, line[:half] + bytes([line[half] ^ 1]) + line[half + 1 :], *after]
        case "gone":
            return [*before, *after]
        case "twice":
            return [*before, line, line, *after]
        case "moved":
            return [*before, *after, line] if after else None
        case "torn":
            return [*before, line[:half]]
        case _:
            return [*before, re.sub(rb"\d", b"8", line), *after, line]


def test_every_byte_of_what_was_paid(members: Members) -> None:
    """In the relations that a payment rests on, one byte after the other is another."""
    relations = {"payment_lines", "claims", "bank_returns", "movements"}
    members = members.with_relations(lambda name: name in relations | {"postings", "seal_keys"})
    assert check_export(members, checks=()).faults == []
    silent = []
    for relation in relations:
        member = export.rows_member(relation)
        content = members[member]
        assert content
        for place in range(len(content)):
            export_now = Members(members)
            export_now[member] = (
                content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            )
            faults = check_export(export_now, checks=()).faults
            if not any(fault.relation in (relation, member) for fault in faults):
                silent.append((member, place))
    assert silent == []


def test_what_is_wrong_is_named(members: Members) -> None:
    rows = export.rows_member
    content = members[rows("projects")]
    for changes, faults in [
        ({rows("projects"): content.replace(b"[2]", b"[9]")},
         [Fault(FaultCode.ADDED, "projects", "[9]", 1),
          Fault(FaultCode.MISSING, "projects", "[2]", 1)]),
        ({export.HEADS: b"no head\n"}, [Fault(FaultCode.FORM, export.HEADS, "1")]),
        ({export.MANIFEST: members[export.MANIFEST].replace(b'"seal": 2', b'"seal": 1')},
         [Fault(FaultCode.CHAIN, export.MANIFEST)]),
    ]:  # fmt: skip
        export_now = Members(members)
        export_now.update(changes)
        assert [
            f for f in check_export(export_now).faults if f.code is not FaultCode.TREE
        ] == faults


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 torn"])
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "export.zip"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unusable, match="export_file"), open_export(file):
        pass


def test_a_locked_member_is_named(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    write_tiny_export(file)
    content = file.read_bytes()
    for mark, place in (
        (b"PK\x03\x04", 6),
        (b"PK\x01\x02", 8),
    ):  # the flag «encrypted» of the first
        at = content.index(mark) + place
        content = content[:at] + b"\x01" + content[at + 1 :]
    file.write_bytes(content)
    with open_export(file) as archive:
        faults = check_export(archive).faults
    assert faults == [Fault(FaultCode.FORM, export.MANIFEST, "0")]


def test_an_export_that_fails_leaves_nothing(
    office: Office, engine: sa.Engine, owner: psycopg.Connection, tmp_path: Path
) -> None:
    before = owner.execute("SELECT count(*) FROM seals").fetchone()
    with pytest.raises(FileNotFoundError):
        export_at(engine, tmp_path / "nowhere" / "export.zip", 1)
    assert owner.execute("SELECT count(*) FROM seals").fetchone() == before
    assert [*tmp_path.iterdir()] == []
