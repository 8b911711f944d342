"""For auditors: a sample by its seed, books that add up, vouchers with their originals."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from collections import defaultdict
from decimal import Decimal
from hashlib import sha256

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.seals.audit.tables import books_file
from api.seals.audit.vouchers import voucher_archive
from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.postgres.database import Database
from ledger.units import next_month
from tests.support.api.command_line import Desk
from tests.support.months.office import MARCH, Office, price
from tests.support.seals import seal_at

BOOKED = (MARCH.replace(month=11), MARCH.replace(month=12))  # when the office works


@pytest.fixture
def office(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """An office whose March is metered, invoiced and decided."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    office.use_month(MARCH)
    office.bill(7_440_00)
    office.decide()
    return office


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_books_add_up(office: Office, engine: sa.Engine) -> None:
    with Session(engine) as db:
        files = members(books_file(db, MARCH, BOOKED[1], "1"))
        december = members(books_file(db, BOOKED[1], next_month(BOOKED[1]), "1"))
        postings = db.connection().execute(sa.text("SELECT max(number) FROM postings")).scalar_one()
    sums: dict[str, Decimal] = defaultdict(Decimal)
    turnover: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    lines = rows(files["记账凭证.csv"])
    for line in lines:
        fen = Decimal(line["借方本币金额"]) - Decimal(line["贷方本币金额"])
        sums[line["记账凭证编号"]] += fen
        turnover[line["科目编号"], line["辅助项名称"]] += fen
    assert set(sums.values()) == {Decimal(0)}
    assert [int(number) for number in sums] == list(range(1, postings + 1))
    balances: dict[tuple[str, str], Decimal] = {}
    for row in rows(files["科目余额及发生额.csv"]):
        side = {"借": 1, "贷": -1, "平": 0}[row["期末余额方向"]]
        balances[row["科目编号"], row["辅助项名称"]] = side * Decimal(row["期末本币余额"])
    assert {at: fen for at, fen in balances.items() if fen} == {
        at: fen for at, fen in turnover.items() if fen
    }
    codes = {row["科目编号"] for row in rows(files["会计科目.csv"])}
    assert {code for code, _ in turnover} <= codes
    assert len(rows(files["会计期间.csv"])) == 9
    root = ET.fromstring(files["会计核算数据.xml"])  # noqa: S314 - our own
    assert len(root.findall("记账凭证")) == len(lines)
    assert rows(december["记账凭证.csv"]) == rows(december["科目余额及发生额.csv"]) == []


def test_sealed_vouchers_come_with_their_originals(office: Office, engine: sa.Engine) -> None:
    with Session(engine) as db, pytest.raises(NotFound):
        voucher_archive(db, *BOOKED)
    seal_at(engine)
    with Session(engine) as db:
        last_number = (
            db.connection().execute(sa.text("SELECT max(number) FROM postings")).scalar_one()
        )
    office.bill(1_00)  # not sealed yet
    with Session(engine) as db:
        files = members(voucher_archive(db, MARCH, BOOKED[1]))
    sums = files.pop("sha256sum.txt").decode().splitlines()
    assert dict(line.split("  ")[::-1] for line in sums) == {
        name: sha256(content).hexdigest() for name, content in files.items()
    }
    index = rows(files["目录.csv"])
    assert [int(row["凭证编号"]) for row in index] == list(range(1, last_number + 1))
    attachments = set()
    for row in index:
        voucher = ET.fromstring(files[row["文件"]])  # noqa: S314 - our own
        assert sha256(files[row["文件"]]).hexdigest() == row["SHA-256"]
        names = [element.text for element in voucher.findall("附件")]
        assert len(names) == int(row["附件数"])
        attachments.update(names)
    originals = {name for name in files if name.startswith("原件/")}
    assert attachments == originals != set()
    for name in originals:
        assert sha256(files[name]).hexdigest() in name


def test_commands_say_what_they_drew_and_write_files(desk: Desk, tmp_path: object) -> None:
    sample = desk.ask(Role.AUDITOR, "audit", "sample", "--count=3", "--seed=2026-A")
    assert sample == {"seed": "2026-A", "population": 0, "claims": []}
    assert len(desk.ask(Role.AUDITOR, "audit", "sample", "--count=3")["seed"]) == 16
    result = desk.run(Role.AUDITOR, "audit", "books", "2026-01", "2026-12", f"{tmp_path}/b.zip")
    assert result.returncode == 0, result.stderr
    assert zipfile.is_zipfile(f"{tmp_path}/b.zip")
    result = desk.run(Role.AUDITOR, "audit", "books", "2025-01", "2026-12", f"{tmp_path}/b.zip")
    assert (result.returncode, "12" in result.stderr) == (1, True)
