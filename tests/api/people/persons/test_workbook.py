"""Persons by a workbook: taken away, added to, invited all or none, and refused at their cells."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from openpyxl import load_workbook

from ledger.formats.spreadsheets.export import xlsx_book
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, texts
from tests.support.api.logins import accept
from tests.support.api.requests import ask
from tests.support.api.town import Town

HEAD = ["姓名", "角色", "项目编号", "智算中心", "到哪天止（含当天）"]
CLERK, BUILDER = ["新经办", "经办", "", "", "2026-04-01"], ["新企业", "builder", "p-mine"]
OPERATOR = ["新中心", "智算中心", "", "centre of c-mine"]


def book(*rows: Sequence[str], title: str = "人员") -> bytes:
    return xlsx_book({title: [HEAD, *rows]})


def send(town: Town, content: bytes) -> Response:
    headers = town.headers(Role.SECURITY_ADMIN)
    answer: Response = town.client.post("/api/v1/persons", content=content, headers=headers)
    return answer


def tokens(town: Town) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(town, Role.SECURITY_ADMIN, "GET", "tokens")
    return rows


def test_all_are_invited_and_money_still_takes_two(town: Town) -> None:
    answer = send(town, book(CLERK, BUILDER, OPERATOR)).json()
    assert [(row["person"], row["role"], row["waits"]) for row in answer["invitations"]] == [
        ("新经办", "clerk", True), ("新企业", "builder", False), ("新中心", "operator", False),
    ]  # fmt: skip
    clerk, builder, _ = answer["invitations"]
    accept(town, builder)
    early = TestClient(town.app).get(clerk["path"])
    assert early.status_code == 422, "a second security administrator has not confirmed her"
    town.confirm(clerk["id"])
    accept(town, clerk, name="zhangsan")
    ends = {row["person"]: row["expires_at"] for row in tokens(town)}
    assert ends["新经办"] == "2026-04-01T16:00:00Z", "the end of that Beijing day"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_was_taken_away_comes_back_and_invites_nobody(town: Town, language: str) -> None:
    send(town, book(CLERK))
    headers = town.headers(Role.SECURITY_ADMIN, language)
    content = town.client.get("/api/v1/persons.xlsx", headers=headers).content
    (sheet,) = load_workbook(io.BytesIO(content)).worksheets
    people = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert "新经办" in people
    assert "某securityadmin" not in people, "administrators are made on the machine"
    before = tokens(town)
    answer = send(town, content).json()
    assert (answer["invitations"], answer["unchanged"]) == ([], len(people))
    assert tokens(town) == before


FAULTY = [
    (["", "经办"], "人员 row 3: person", "missing"),
    (["甲", ""], "人员 row 3: role", "missing"),
    (["甲", "安全管理员"], "人员 row 3: role", "bad_choice"),
    (["甲", "经办", "", "", "明年"], "人员 row 3: expires_at", "bad_day"),
    (["甲", "经办", "", "", "2001-01-01"], "人员 row 3", "token_expired"),
    (["甲", "经办", "", "", "2199-01-01"], "人员 row 3", "token_too_long"),
    (["甲", "模型企业", ""], "人员 row 3", "token_project"),
    (["甲", "模型企业", "nothing"], "人员 row 3", "project"),
    (["甲", "智算中心", "", "没有的中心"], "人员 row 3", "centre"),
    (["某auditadmin", "经办"], "人员 row 3", "token_duty"),
    (["甲" * 300, "经办"], "人员 row 3: person", "bad_name"),
    (["甲\u200b", "经办"], "人员 row 3: person", "bad_name"),
]


@pytest.mark.parametrize(
    ("row", "where", "code"), FAULTY, ids=[f"{at}-{code}" for at, (_, _, code) in enumerate(FAULTY)]
)
def test_each_wrong_cell_is_named_and_nobody_is_invited(
    town: Town, row: list[str], where: str, code: str
) -> None:
    before = tokens(town)
    answer = send(town, book(BUILDER, row, CLERK))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "persons"
    assert [(f["where"], f["code"]) for f in problem["findings"]] == [(where, code)]
    assert tokens(town) == before


def test_sheets_and_columns_that_nobody_knows_are_named(town: Town) -> None:
    for content, where in (
        (book(CLERK, title="别的"), "别的"),
        (xlsx_book({"persons": [["姓名", "颜色"], ["甲", "红"]]}), "persons row 1: 颜色"),
        (xlsx_book({"persons": [HEAD]}), "file"),
        (book(*[CLERK] * 1_001), "file"),
    ):
        answer = send(town, content)
        assert answer.status_code == 422
        assert where in [fault["where"] for fault in answer.json()["findings"]]
    assert send(town, b"no workbook").status_code == 422


def test_the_page_shows_each_link_once(town: Town) -> None:
    headers = {**town.headers(Role.SECURITY_ADMIN), "accept": "text/html"}
    file = {"file": ("p.xlsx", book(BUILDER, CLERK))}
    page = town.client.post("/people/workbook", files=file, headers=headers)
    assert page.status_code == 200
    links = [text for text in texts(parse(page.text), "code") if "/invitation?code=" in text]
    assert len(set(links)) == 2
    again = town.client.get("/people", headers=headers).text
    assert links[0] not in again
    file = {"file": ("p.xlsx", book(["甲", "经办", "", "", "明年"]))}
    headers["referer"] = "http://testserver/people"
    refusal = town.client.post("/people/workbook", files=file, headers=headers)
    assert refusal.status_code == 422
    assert "row 2" not in refusal.text
    assert "第 2 行" in refusal.text


def test_the_commands_do_the_same(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "p.xlsx"
    file.write_bytes(book(BUILDER))
    answer = desk.run(Role.SECURITY_ADMIN, "person", "import", str(file))
    assert answer.returncode == 0, answer.stderr
    assert f"{desk.url}/invitation?code=" in answer.stdout
    assert desk.run(Role.SECURITY_ADMIN, "person", "workbook", str(file)).returncode == 0
    back = desk.ask(Role.SECURITY_ADMIN, "person", "import", str(file))
    assert back["invitations"] == []
