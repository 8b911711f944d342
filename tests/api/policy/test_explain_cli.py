"""`suanquan policy explain`, `evaluate --explain` and `replay`, without a server."""

import json
import re
import sys
from pathlib import Path
from typing import Protocol

import pytest

from api.command_line import main

DRAFT = ("--policy", "yinchuan-2024-draft")
SEATS = ("subject_kind=enterprise", "legal_person=yes", "business=annotation")

Ending = tuple[int, str, str]


class Terminal(Protocol):
    """The command: its exit code, what it printed, what it complained of."""

    def __call__(self, *arguments: str, lang: str = "zh_CN.UTF-8") -> Ending: ...


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    def run(*arguments: str, lang: str = "zh_CN.UTF-8") -> Ending:
        monkeypatch.setattr(sys, "argv", ["suanquan", "policy", *arguments])
        monkeypatch.setenv("LC_ALL", lang)
        code = 0
        try:
            main()
        except SystemExit as system_exit:
            code = int(system_exit.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_clause_is_explained_on_facts_as_people_type_them(terminal: Terminal) -> None:
    code, out, _ = terminal("explain", "07-1", *DRAFT, *SEATS, "seats=499")
    assert code == 0
    assert out.startswith("07-1 数据标注见习岗位：符合，见习岗位 149 个\n")
    for typed_facts in (
        "第七条 原文第",
        "「支持打造数据标注基地",
        "499 席 × 30/100 = 149.7",
        "Q7-1",
        "记录 ",
    ):
        assert typed_facts in out
    assert "证据：坐席清单与社保记录；市人社局" in out


def test_in_english_around_the_quotation(terminal: Terminal) -> None:
    _, out, _ = terminal("explain", "07-1", *DRAFT, *SEATS, "seats=49", lang="en_US.UTF-8")
    assert "not eligible" in out.splitlines()[0]
    assert "49 seats, below 50 seats, by 1 seats" in out
    assert "「坐席规模达到50、100、500席（均含）以上」" in out


def test_values_that_cannot_be_read_are_told_together(terminal: Terminal) -> None:
    code, _, err = terminal("explain", "07-1", *DRAFT, "seats=many", "business=x")
    assert code == 1
    assert "seats" in err
    assert "business" in err
    assert "应为以下之一：processing, annotation, " in err


def test_a_fact_that_nobody_knows_is_rejected(terminal: Terminal) -> None:
    code, out, _ = terminal("explain", "07-1", *DRAFT, "chairs=5")
    assert code == 1
    assert out.startswith("07-1：事实有误\n")
    assert "没有名为 chairs 的事实" in out


def test_cases_are_explained_one_after_the_other(terminal: Terminal, tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    cases.write_text('[{"clause": "15-0", "facts": {}}, {"clause": "99-9", "facts": {}}]')
    code, out, _ = terminal("evaluate", str(cases), *DRAFT, "--explain")
    assert code == 0
    assert [re.split("[ ：]", block)[0] for block in out.split("\n\n")] == ["15-0", "99-9"]
    _, out, _ = terminal("evaluate", str(cases), *DRAFT, "--explain", "--json")
    assert [answer["explanation"]["word"] for answer in json.loads(out)] == ["材料不足", "事实有误"]


def test_a_record_is_replayed_and_a_changed_one_found_out(
    terminal: Terminal, tmp_path: Path
) -> None:
    _, out, _ = terminal("explain", "07-1", *DRAFT, *SEATS, "seats=499", "--json")
    record = json.loads(out)["explanation"]["record"]
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))
    code, out, _ = terminal("replay", str(file))
    assert code == 0
    assert record["digest"] in out
    file.write_text(json.dumps({**record, "outcome": {"posts": 150}}))
    assert terminal("replay", str(file))[0] == 1
    for wrong in ("", "[]", "{}"):
        file.write_text(wrong)
        code, _, err = terminal("replay", str(file))
        assert code == 1
        assert "记录" in err
