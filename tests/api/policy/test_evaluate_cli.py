"""`suanquan policy evaluate`: cases in, answers out, in the same order; it needs no server."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from api.command_line import main
from ledger.policy.text.published import FOLDER

CASES = Path(str(FOLDER / "yinchuan-2024-draft.cases.json"))
GOOD = {"clause": "13-1", "facts": {"subject_kind": "park", "accepted": True}}


class Terminal:
    """The command as a reader of one language sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(
        self, *arguments: str, stdin: bytes = b"", lang: str = "zh_CN.UTF-8"
    ) -> tuple[int, str, str]:
        command = ["suanquan", "policy", "evaluate", *arguments]
        self.monkeypatch.setattr(sys, "argv", command)
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.monkeypatch.setenv("LC_ALL", lang)
        code = 0
        try:
            main()
        except SystemExit as system_exit:
            code = int(system_exit.code or 0)
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


DRAFT = ("--policy", "yinchuan-2024-draft")


def test_the_cases_as_they_stand(evaluate: Terminal) -> None:
    code, out, err = evaluate(*DRAFT, "--json", str(CASES))
    cases, answers = json.loads(CASES.read_text(encoding="utf-8")), json.loads(out)
    assert (code, err, len(answers)) == (0, "", len(cases))
    for case, answer in zip(cases, answers, strict=True):
        assert answer.items() >= case["expect"].items()
        assert (answer["clause"], answer["note"]) == (case["clause"], case["note"])
        assert bool(answer["reasons"]) == (answer["result"] != "eligible")


def test_a_bad_case_is_an_answer_and_no_failure(evaluate: Terminal) -> None:
    surrogate = {"clause": "\ud800", "note": "\udfff", "facts": {"\ud800": 1}}
    stdin = json.dumps([GOOD, {"clause": "13-1"}, surrogate]).encode()
    code, out, _ = evaluate(*DRAFT, "--json", "-", stdin=stdin)
    answers: list[dict[str, Any]] = json.loads(out)
    assert (code, [a["result"] for a in answers]) == (0, ["eligible", "rejected", "rejected"])
    assert answers[0]["ceiling_fen"] == 500_000_000
    assert answers[1]["reasons"] == [{"where": "facts", "code": "missing", "message": "缺少此项"}]


def test_as_a_table_in_both_languages(evaluate: Terminal) -> None:
    code, out, _ = evaluate(*DRAFT, str(CASES))
    assert code == 0
    assert "¥500,000.00" in out
    assert "不符合「典型应用场景不少于5个」（第九条）" in out
    _, out, _ = evaluate(*DRAFT, str(CASES), lang="en_GB.UTF-8")
    assert "a person must decide" in out
    assert "200 posts" in out


def test_another_reading(evaluate: Terminal) -> None:
    facts = {"subject_kind": "park", "industry": "software", "annual_revenue_fen": 10**10}
    case = {"clause": "12-1", "facts": facts | {"paid_before_fen": 0}}
    stdin = json.dumps([case]).encode()
    for reading, amount in (("top_up", 200_000_000), ("accumulate", 350_000_000)):
        choice = f"Q12-1={reading}"
        _, out, _ = evaluate(*DRAFT, "--json", "--reading", choice, "-", stdin=stdin)
        assert json.loads(out)[0]["amount_fen"] == amount


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ([*DRAFT, "-"], b"[\n{},\n", "第 3 行: 不是正确的 JSON"),
        ([*DRAFT, "-"], b'\n{"clause": "09-1"}', "第 2 行: 应为 JSON 列表"),
        ([*DRAFT, "-"], b"[\n\xff]", "第 2 行: 含有不允许的字符"),
        ([*DRAFT, "/nowhere/cases.json"], b"", "读不了 /nowhere/cases.json"),
        (["--policy", "none", "-"], b"[]", "没有名为 none 的政策版本"),
        ([*DRAFT, "--reading", "Q12-1", "-"], b"[]", "读法应写成 Q12-1=accumulate"),
        ([*DRAFT, "--reading", "Q12-1=x", "-"], b"[]", "top_up, accumulate, once"),
        ([*DRAFT, "--reading", "Q99-1=x", "-"], b"[]", "没有编号为 Q99-1 的待定问题"),
    ],
)
def test_what_cannot_be_evaluated_is_one_clear_failure(
    evaluate: Terminal, arguments: list[str], stdin: bytes, words: str
) -> None:
    code, out, err = evaluate(*arguments, stdin=stdin)
    assert (code, out) == (1, "")
    assert words in err


def test_no_case_is_no_answer(evaluate: Terminal) -> None:
    assert evaluate(*DRAFT, "--json", "-", stdin=b"[]")[:2] == (0, "[]\n")
