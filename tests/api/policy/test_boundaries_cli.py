"""`suanquan policy boundaries` and `check`: what they print, and when they fail."""

import json
import sys
from pathlib import Path

import pytest

from api.command_line import main
from ledger.policy.decide import engine
from tests.support.invented_policy import HERE
from tests.support.paths import ROOT


class Terminal:
    """The command as a reader of one language sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *arguments: str, language: str = "zh_CN.UTF-8") -> tuple[int, str, str]:
        self.monkeypatch.setenv("LANG", language)
        self.monkeypatch.setattr(sys, "argv", ["suanquan", "policy", *arguments])
        code = 0
        try:
            main()
        except SystemExit as system_exit:
            code = int(system_exit.code or 0)
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


def test_the_annex_that_is_published_is_what_is_printed(terminal: Terminal) -> None:
    code, out, err = terminal("boundaries", "--format", "markdown")
    assert (code, err) == (0, "")
    assert out == (ROOT / "docs/policy/boundaries.md").read_text(encoding="utf-8")


def test_every_clause_has_its_sentence_and_its_questions(terminal: Terminal) -> None:
    from ledger.policy.text.published import load  # noqa: PLC0415

    _, out, _ = terminal("boundaries", "--format", "markdown")
    for clause in load("yinchuan-2024-draft").clauses:
        _, _, rest = out.partition(f"\n## {clause.id} ")
        section = rest.partition("\n## ")[0]
        assert clause.text in section
        assert all(f"\n- {question} " in section for question in clause.questions)
    assert "16,666,666.65 元 | 符合 | 5,000,000.00 元" in out


def test_as_text_and_in_english(terminal: Terminal) -> None:
    code, out, _ = terminal("boundaries", "--policy", "yinchuan-2024-drill")
    assert code == 0
    assert "年度销售金额达到2000万元及以上 含「达到」「及以上」\n  · 年度销售金额\n" in out
    assert "    低一步：19,999,999.99 元  →  不符合  —\n" in out
    _, out, _ = terminal("boundaries", language="en_GB.UTF-8")
    assert "    at：20,000,000.00 yuan  →  eligible  200,000.00 yuan\n" in out


def test_as_data_it_can_be_decided_again(terminal: Terminal, tmp_path: Path) -> None:
    _, out, _ = terminal("boundaries", "--format", "json")
    answer = json.loads(out)
    cases = [
        {"clause": clause["clause"], "facts": point["facts"], "expect": point["result"]}
        for clause in answer["clauses"]
        for edge in clause["edges"]
        for point in edge["points"]
        if point["result"] in ("eligible", "ineligible", "judgement")
    ]
    assert len(cases) > 150
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([{**case, "expect": {}} for case in cases]))
    _, out, _ = terminal("evaluate", str(file), "--policy", answer["version"], "--json")
    assert [case_answer["result"] for case_answer in json.loads(out)] == [
        case["expect"] for case in cases
    ]


def test_a_reading_is_tried(terminal: Terminal) -> None:
    _, out, _ = terminal("boundaries", "--reading", "Q12-5=excluded", "--format", "markdown")
    ladder = out.partition("\n## 12-1 ")[2].partition("\n## ")[0]
    assert "| 年度主营业务收入达到2000万元 | 不含" in ladder
    assert "正好：20,000,000.00 元 | 不符合 | —" in ladder
    code, _, err = terminal("boundaries", "--reading", "Q12-5=never")
    assert code == 1
    assert "Q12-5" in err


def test_a_case_that_comes_out_otherwise_fails_the_command(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**engine._COMPARE, ">=": engine._COMPARE[">"]}
    monkeypatch.setattr(engine, "_COMPARE", wrong)
    arguments = ("boundaries", "--reading", "Q3-4=inherited", "--reading", "Q16-4=city")
    code, out, err = terminal(*arguments)  # read anew, as no other test does
    assert code == 1
    assert "与核对不符" in out
    assert "处不符" in err


def test_the_versions_that_there_are_are_sound(terminal: Terminal) -> None:
    code, out, err = terminal("check")
    assert (code, err) == (0, "")
    assert [line.endswith(" 没有错误") for line in out.splitlines()] == [True, True]


def test_an_invented_file_is_checked_beside_its_own_text_and_cases(
    terminal: Terminal, tmp_path: Path
) -> None:
    assert terminal("check", str(HERE / "harbour.yaml"))[0] == 0
    for name in ("harbour.yaml", "harbour.md", "harbour.cases.json"):
        (tmp_path / name).write_bytes((HERE / name).read_bytes())
    (tmp_path / "harbour.md").write_text("# 另一个办法\n", encoding="utf-8")
    code, out, err = terminal("check", str(tmp_path / "harbour.yaml"), language="en_GB.UTF-8")
    assert (code, out) == (1, "")
    first = err.splitlines()[1].strip()
    assert first == "line 28 scope.text: the quoted words are not in the text of 第一条"


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_what_cannot_be_read(terminal: Terminal, tmp_path: Path, name: str) -> None:
    code, _, err = terminal("check", str(tmp_path / name))
    assert code == 1
    assert err.startswith("读不了")
