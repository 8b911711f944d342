"""The registry as a workbook: taken away, brought back, and refused at its sheet and row."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from ledger.formats.spreadsheets.export import xlsx_book
from ledger.formats.spreadsheets.reading import read_sheets
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import one, parse, text
from tests.support.api.requests import EVERY_SECTION, ask
from tests.support.api.town import Town

Sheets = Mapping[str, Sequence[Sequence[str]]]
CONTRACT = ["HT-9", "centre of c-mine", "p-mine", "2026-01-01", "2026-12-31"]
LINE = ["HT-9", "按用量", "30", "卡时", "否", "0.06"]
SHEETS: Sheets = {
    "合同": [["号码", "智算中心", "项目编号", "起", "until"], CONTRACT],
    "prices": [["合同号", "种类", "yuan", "计价单位", "tax_included", "税率"], LINE],
}


def send(town: Town, sheets: Sheets, path: str = "registry") -> Response:
    answer: Response = town.client.post(
        f"/api/v1/{path}", content=xlsx_book(sheets), headers=town.headers(Role.CLERK)
    )
    return answer


def book_of(town: Town, language: str = "zh-CN") -> bytes:
    headers = town.headers(Role.CLERK, language)
    answer = town.client.get("/api/v1/registry.xlsx", headers=headers)
    assert answer.status_code == 200
    return bytes(answer.content)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_was_taken_away_comes_back_and_changes_nothing(town: Town, language: str) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=EVERY_SECTION)
    book = book_of(town, language)
    answer = ask(town, Role.CLERK, "POST", "registry", content=book)
    assert (answer["created"], answer["superseded"], answer["decision"]) == ({}, {}, None)
    assert set(answer["unchanged"]) >= {"organisations", "clusters", "contracts", "prices"}
    sheets, faults = read_sheets(book)
    assert not faults
    assert len(sheets) == 17


def test_words_and_codes_stand_for_the_same(town: Town) -> None:
    answer = send(town, SHEETS)
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == {"contracts": 1, "prices": 1}
    (line,) = ask(town, Role.CLERK, "GET", "registry/prices")
    assert (line["values"]["yuan"], line["values"]["kind"]) == ("30", "metered")


def test_a_line_of_a_contract_that_is_registered_needs_no_other_sheet(town: Town) -> None:
    send(town, {"合同": SHEETS["合同"]})
    answer = send(town, {"prices": SHEETS["prices"]})
    assert answer.json()["created"] == {"prices": 1}


FAULTY: list[tuple[Sheets, str, str]] = [
    (
        {"单位": [["name", "uscc"], ["甲", "91640100MA0000001Z"]]},
        "单位 row 2: uscc", "uscc_character",
    ),
    ({"单位": [["name", "colour"], ["甲", "red"]]}, "单位 row 1: colour", "unknown_key"),
    ({"nothing": [["name"], ["甲"]]}, "nothing", "unknown_key"),
    ({"prices": SHEETS["prices"]}, "prices row 2: contract", "unknown_contract"),
    (
        {**SHEETS, "prices": [*SHEETS["prices"], [*LINE[:2], "-1", *LINE[3:]]]},
        "prices row 3: yuan", "bad_price",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sheets", "where", "code"), FAULTY, ids=[row[1] for row in FAULTY])
def test_a_fault_is_told_at_its_sheet_and_row(
    town: Town, sheets: Sheets, where: str, code: str
) -> None:
    answer = send(town, sheets)
    assert answer.status_code == 422, answer.text
    assert (where, code) in [(f["where"], f["code"]) for f in answer.json()["findings"]]


def test_a_workbook_that_is_none_is_refused(town: Town) -> None:
    answer = town.client.post(
        "/api/v1/registry", content=b"PK\3\4 nothing", headers=town.headers(Role.CLERK)
    )
    assert answer.status_code == 422


def test_a_price_that_was_changed_in_it_waits_for_another_person(town: Town) -> None:
    send(town, SHEETS)
    dearer: dict[str, Any] = {"prices": [SHEETS["prices"][0], [*LINE[:2], "31", *LINE[3:]]]}
    answer = send(town, dearer, "registry/preview?supersede=true")
    assert answer.status_code == 200, answer.text


def test_a_page_shows_what_it_says_and_takes_it(town: Town) -> None:
    headers = {**town.headers(Role.CLERK), "Accept": "text/html"}
    file = {"file": ("registry.xlsx", xlsx_book(SHEETS))}
    preview = town.client.post(
        "/registry/file", data={"act": "preview"}, files=file, headers=headers
    )
    assert "HT-9" in text(one(parse(preview.text), "#preview"))
    content = one(parse(preview.text), "textarea[name=content]").text()
    answer = town.client.post(
        "/registry/file", data={"content": content, "act": "register"}, headers=headers,
        follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303


def test_commands_write_it_and_take_it(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "registry.xlsx"
    assert desk.run(Role.CLERK, "registry", "workbook", str(file)).returncode == 0
    assert desk.ask(Role.CLERK, "register", str(file))["created"] == {}
