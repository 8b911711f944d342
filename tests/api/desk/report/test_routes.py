"""The report of a month: what finance and audit are handed, as JSON, files, page and command."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.bank import DAY, LIST, pay_claim
from tests.support.api.command_line import Desk
from tests.support.api.html import attributes, parse, text, texts
from tests.support.api.requests import ask
from tests.support.api.town import NOW, Town
from tests.support.claims import Office

AUDITOR = Role.AUDITOR
MONTH = "2026-01"


@pytest.fixture
def claim(town: Town, owner: psycopg.Connection) -> str:
    """Two months earned 300 and 150 yuan; of a claim for 380 the bank paid all; its number."""
    with Session(town.app.state.engine) as db:
        office = Office(town.app.state.engine, owner, key(project_by_code(db, "p-mine")))
    office.earn(100_000)
    office.earn(50_000)
    office.account("6222020200112233", NOW)
    return pay_claim(town, office, owner, 38_000)


def download(town: Town, path: str) -> bytes:
    answer = town.client.get(f"/api/v1/months/{path}", headers=town.headers(AUDITOR))
    assert answer.status_code == 200, answer.text
    assert f'filename="{path.replace("/", "-")}"' in answer.headers["Content-Disposition"]
    return answer.content


def figures(row: dict[str, Any]) -> Sequence[int]:
    return [row[f"{name}_fen"] for name in ("matched", "subsidy", "claimed", "paid")]


def test_each_contracts_month_to_the_fen(town: Town, claim: str) -> None:
    first, second = (ask(town, AUDITOR, "GET", f"months/{month}") for month in (MONTH, "2026-02"))
    (row,), (later,) = first["contracts"], second["contracts"]
    assert figures(row) == [100_000, 30_000, 30_000, 30_000]
    assert figures(later) == [50_000, 15_000, 8_000, 8_000]
    (line,) = first["documents"]
    assert (line["contract_number"], line["fen"]) == (row["contract"], 100_000)
    assert line["confirmed_by"] != line["received_by"]
    (paid,) = first["claims"]
    assert (paid["claim"], paid["asked_fen"], paid["lines"]) == (claim, 30_000, [f"{LIST} / 1"])
    assert paid["bank_rows"] == [
        {"reference": "T1", "result": "paid", "fen": 38_000, "on_day": DAY}
    ]


def test_what_a_claim_was_paid_in_part_is_of_its_earliest_months(
    town: Town, claim: str, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE payment_lines SET paid_fen = 31_000, returned_fen = 7_000")
    by_month = [
        ask(town, AUDITOR, "GET", f"months/{month}")["claims"][0]["paid_fen"]
        for month in (MONTH, "2026-02")
    ]
    assert by_month == [30_000, 1_000]


def test_a_withdrawn_claim_is_shown_and_not_counted(
    town: Town, claim: str, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE claims SET state = 'withdrawn'")
    report = ask(town, AUDITOR, "GET", f"months/{MONTH}")
    assert report["claims"][0]["state"] == "withdrawn"
    assert report["contracts"][0]["claimed_fen"] == 0


def test_the_files_say_what_the_page_says(town: Town, claim: str) -> None:
    sheets = load_workbook(io.BytesIO(download(town, f"{MONTH}.xlsx")))
    assert sheets.sheetnames == ["说明", "各合同", "单据行", "已确认的处理", "申请与付款"]
    of_sheet = [[cell.value for cell in row] for row in sheets["各合同"].iter_rows()]
    rows = csv.DictReader(io.StringIO(download(town, f"{MONTH}/contracts.csv").decode("utf-8-sig")))
    assert list(rows.fieldnames or ()) == of_sheet[0]
    (row,) = rows
    assert [row[name] for name in ("核定", "补贴", "已支付")] == ["1000.00", "300.00", "300.00"]
    assert dict(zip(of_sheet[0], of_sheet[1], strict=True))["补贴"] == Decimal(300)
    page = town.client.get(
        f"/months/{MONTH}", headers=town.headers(AUDITOR) | {"Accept": "text/html"}
    )
    tree = parse(page.text)
    assert "¥300.00" in texts(tree, "#contracts tfoot td")
    assert f"/claims/{claim}" in attributes(tree, "#claims a", "href")
    assert f"/api/v1/months/{MONTH}.xlsx" in attributes(tree, "a[download]", "href")
    assert "没有" in text(tree.css("#treatments")[0])


def test_a_month_in_which_nothing_was_is_empty(town: Town) -> None:
    report = ask(town, AUDITOR, "GET", "months/2031-07")
    assert [report[name] for name in ("contracts", "documents", "treatments", "claims")] == [[]] * 4
    for wrong in ("2026-13", "2026-1", "march"):
        answer = town.client.get(f"/api/v1/months/{wrong}", headers=town.headers(AUDITOR))
        assert answer.status_code == 422


def test_the_same_at_the_command_line(desk: Desk, claim: str, tmp_path: Path) -> None:
    book, table = tmp_path / "m.xlsx", tmp_path / "m.csv"
    report = desk.ask(AUDITOR, "audit", "report", MONTH, "--out", str(book))
    assert report["claims"][0]["claim"] == claim
    assert load_workbook(book).sheetnames[-1] == "Claims and payments"
    desk.ask(AUDITOR, "audit", "report", MONTH, "--out", str(table), "--table", "claims")
    assert claim in table.read_text("utf-8-sig")
