"""Vouchers by a workbook: as they are found, proposed all or none, refused at their cells."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from httpx2 import Response
from openpyxl import load_workbook

from ledger.formats.spreadsheets.export import xlsx_book
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, texts
from tests.support.api.requests import ask
from tests.support.api.town import POLICY, Town
from tests.support.vouchers import place_project

HEAD = [
    "项目编号", "政策版本", "条款", "面额（元）", "有效期起", "valid_until",
    "subject_kind", "legal_person", "landed_in_city", "parameters", "scenarios",
]  # fmt: skip
FACTS = ["enterprise", "是", "yes", "100亿", "5"]
ROW = ["p-new", POLICY, "09-1", "1,000,000.00", "2026-03-01", "2027-01-01", *FACTS]


@pytest.fixture
def fresh(town: Town, owner: psycopg.Connection) -> Town:
    """A town with two projects that have no voucher, beside two that have."""
    for code in ("p-new", "p-other"):
        place_project(owner, code)
    return town


def row_with(**cells: str) -> list[str]:
    return [cells.get(name, cell) for name, cell in zip(HEAD, ROW, strict=True)]


def book(*rows: Sequence[str], title: str = "算力券") -> bytes:
    return xlsx_book({title: [HEAD, *rows]})


def send(town: Town, content: bytes) -> Response:
    headers = town.headers(Role.CLERK)
    answer: Response = town.client.post("/api/v1/vouchers", content=content, headers=headers)
    return answer


def file_of(town: Town, query: str = "", role: Role = Role.CLERK, language: str = "zh-CN") -> bytes:
    headers = town.headers(role, language)
    answer = town.client.get(f"/api/v1/vouchers.xlsx{query}", headers=headers)
    assert answer.status_code == 200
    return bytes(answer.content)


def cells(content: bytes, sheet: int = 0) -> list[list[Any]]:
    rows = load_workbook(io.BytesIO(content)).worksheets[sheet].iter_rows(min_row=2)
    return [[cell.value for cell in row] for row in rows]


def decisions(town: Town) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(town, Role.CLERK, "GET", "decisions?kind=voucher")
    return rows


def test_each_row_is_proposed_and_another_person_confirms_it(fresh: Town) -> None:
    answer = send(fresh, book(ROW, row_with(项目编号="p-other", **{"面额（元）": ""})))
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["proposals"]
    assert (first["project"], first["cap_fen"], second["cap_fen"]) == ("p-new", 10**8, 500_000_000)
    quota = fresh.client.get("/api/v1/projects/p-new/quota", headers=fresh.headers(Role.CLERK))
    assert quota.status_code == 404, "nothing is open before"
    (decision, _) = decisions(fresh)
    assert decision["content"]["facts"]["parameters"] == 10_000_000_000
    assert decision["content"]["valid_until"] == "2027-01-01"
    confirmed = {"answer": "confirmed", "seen": decision["digest"]}
    ask(fresh, Role.APPROVER, "POST", f"decisions/{decision['id']}/answer", json=confirmed)
    assert ask(fresh, Role.CLERK, "GET", "projects/p-new/quota")["cap_fen"] == 10**8


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_was_taken_away_comes_back_and_proposes_nothing(town: Town, language: str) -> None:
    content = file_of(town, language=language)
    assert [row[0] for row in cells(content)] == ["p-mine", "p-theirs"]
    answer = send(town, content)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"proposals": [], "unchanged": 2}
    assert decisions(town) == []


def test_the_file_holds_exactly_what_is_found(fresh: Town) -> None:
    page = fresh.client.get("/projects?text=MINE", headers=fresh.headers(Role.CLERK))
    assert texts(parse(page.text), "tbody .small") == ["p-mine"]
    assert 'href="/api/v1/vouchers.xlsx?text=MINE"' in page.text
    content = file_of(fresh, "?text=MINE")
    assert [row[0] for row in cells(content)] == ["p-mine"]
    assert [row[0] for row in cells(content, 1)] == ["p-mine"]
    assert cells(file_of(fresh, "?kind=team")) == []
    assert [row[0] for row in cells(file_of(fresh, role=Role.BUILDER))] == ["p-mine"]
    for text in ("%", "_", "\\"):
        assert ask(fresh, Role.CLERK, "GET", "projects", params={"text": text}) == []
    nul = fresh.client.get("/projects?text=%00", headers=fresh.headers(Role.CLERK))
    assert nul.status_code == 422


FAULTY = [
    ({"项目编号": ""}, "project", "missing"),
    ({"项目编号": "nothing"}, "", "project"),
    ({"政策版本": "nothing"}, "policy", "policy"),
    ({"条款": "99-9"}, "clause", "unknown_clause"),
    ({"面额（元）": "1,00"}, "face_yuan", "bad_paid_amount"),
    ({"面额（元）": "-5"}, "face_yuan", "bad_paid_amount"),
    ({"面额（元）": "99999999"}, "", "face_above_cap"),
    ({"有效期起": "三月"}, "valid_from", "bad_day"),
    ({"有效期起": "2028-01-01"}, "", "no_days"),
    ({"legal_person": "也许"}, "legal_person", "not_yes_no"),
    ({"parameters": "很多"}, "parameters", "keyed_number"),
    ({"parameters": "1"}, "parameters", "condition_unmet"),
    ({"scenarios": ""}, "scenarios", "fact_missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "column", "code"), FAULTY, ids=[f"{code}-{column}" for _, column, code in FAULTY]
)
def test_each_wrong_cell_is_named_and_nothing_is_proposed(
    fresh: Town, change: dict[str, str], column: str, code: str
) -> None:
    answer = send(fresh, book(row_with(项目编号="p-other"), row_with(**change)))
    assert answer.status_code == 422, answer.text
    where = f"算力券 row 3: {column}" if column else "算力券 row 3"
    assert (where, code) in [(f["where"], f["code"]) for f in answer.json()["findings"]]
    assert decisions(fresh) == []


def test_what_is_open_is_not_changed_by_a_file(fresh: Town) -> None:
    for change, column in (
        ({"面额（元）": "5.00"}, "face_yuan"),
        ({"面额（元）": "", "有效期起": "2026-03-01"}, "valid_from"),
        ({"面额（元）": "", "有效期起": "", "valid_until": "", "scenarios": "6"}, "scenarios"),
    ):
        answer = send(fresh, book(row_with(项目编号="p-mine", **change)))
        findings = [(f["where"], f["code"]) for f in answer.json()["findings"]]
        assert (f"算力券 row 2: {column}", "differs") in findings


def test_a_project_stands_once_and_a_file_that_comes_again_adds_nothing(fresh: Town) -> None:
    twice = send(fresh, book(ROW, ROW))
    assert [(f["where"], f["code"]) for f in twice.json()["findings"]] == [
        ("算力券 row 3: project", "duplicate")
    ]
    assert decisions(fresh) == []
    first, again = (send(fresh, book(ROW)).json()["proposals"] for _ in range(2))
    assert first == again, "the decision that waits"
    assert len(decisions(fresh)) == 1
    (fault,) = send(fresh, book(row_with(scenarios="6"))).json()["findings"]
    assert fault["code"] == "decision_open"


def test_another_name_than_the_project_s_is_told(fresh: Town) -> None:
    content = xlsx_book({"vouchers": [[*HEAD, "项目名称"], [*ROW, "别的项目"]]})
    (fault,) = send(fresh, content).json()["findings"]
    assert (fault["where"], fault["code"]) == ("vouchers row 2: name", "differs")


def test_the_page_takes_it_and_shows_what_is_wrong(fresh: Town) -> None:
    headers = {**fresh.headers(Role.CLERK), "accept": "text/html"}
    headers["referer"] = "http://testserver/projects"
    wrong = {"file": ("v.xlsx", book(row_with(scenarios="x")))}
    refusal = fresh.client.post("/projects/vouchers", files=wrong, headers=headers)
    assert refusal.status_code == 422
    assert "第 2 行" in refusal.text
    answer = fresh.client.post(
        "/projects/vouchers", files={"file": ("v.xlsx", book(ROW))}, headers=headers
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/decisions")
    assert len(decisions(fresh)) == 1
    reader = fresh.client.get("/projects", headers=fresh.headers(Role.APPROVER)).text
    assert "/projects/vouchers" not in reader


def test_the_commands_do_the_same(fresh: Town, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "v.xlsx"
    listing = desk.ask(Role.CLERK, "voucher", "ls", "--text", "p-n")
    assert [row["code"] for row in listing] == ["p-new"]
    assert desk.run(Role.CLERK, "voucher", "workbook", str(file)).returncode == 0
    back = desk.ask(Role.CLERK, "voucher", "import", str(file))
    assert back == {"proposals": [], "unchanged": 2}
    file.write_bytes(book(ROW))
    assert len(desk.ask(Role.CLERK, "voucher", "import", str(file))["proposals"]) == 1
