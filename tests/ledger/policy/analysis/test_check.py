"""A version's file is held against its text and its cases; each fault is told with its line."""

from collections.abc import Callable

import pytest

from ledger.errors import NotFound
from ledger.policy.analysis.check import check
from ledger.policy.text.published import FOLDER, source, versions
from tests.support.invented_policy import HERE, LAW, TEXT
from tests.support.invented_policy import source as invented

CASES = (HERE / "harbour.cases.json").read_text(encoding="utf-8")
Findings = list[tuple[str, str]]


def findings(text: str = TEXT, law: str | None = LAW, cases: str | None = CASES) -> Findings:
    """The faults of the invented version: `line: place` and code."""
    beside = {"harbour.md": law, "harbour.cases.json": cases}

    def read(name: str) -> bytes | None:
        text = beside.get(name)
        return None if text is None else text.encode()

    return [(finding.where, finding.code) for finding in check(text, "harbour", invented, read)]


def with_text(old: str, new: str, text: str = TEXT) -> str:
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def line(words: str, text: str = TEXT) -> int:
    """The line on which the words first stand."""
    return text[: text.index(words)].count("\n") + 1


def installed(name: str) -> bytes | None:
    file = FOLDER / name
    return file.read_bytes() if file.is_file() else None


def test_the_versions_that_there_are_are_sound_and_so_is_the_invented_one() -> None:
    for version in versions():
        assert check(source(version), version, source, installed) == []
    assert findings() == []


@pytest.mark.parametrize(
    ("old", "new", "at", "where", "code"),
    [
        ("payee: 工厂", "payees: 工厂", "payee: 工厂", "clauses[3].payees", "unknown_key"),
        ("questions: [Q4-1]", "questions: []", "asks: 两档", "questions.Q4-1", "asked_nowhere"),
        (
            "questions: [Q4-1]", "questions: [Q4-2]", "questions: [Q4-1]",
            "clauses[2].questions[0]", "unknown_question",
        ),
        ("      top:\n", "      colour: [red]\n      top:\n", "      top:\n",
         "questions.Q4-1.readings.colour", "not_mapping"),
        ("rate: 1/3", "rate: 4/3", "rate: 1/3", "clauses[0].amount.rate", "bad_rate"),
        ("gives: 10/100", "gives: 110/100", "gives: 10/100",
         "clauses[4].amount.bands[0].gives", "bad_rate"),
        (", scope: enterprise, period: year}\n    pool", ", period: year}\n    pool",
         'cap: {yuan: "100000.00"', "clauses[0].amount.cap.scope", "missing"),
        ("    departments: [市商务局]\n", "", "  - id: 03-1", "clauses[1].departments", "missing"),
        ("departments: [市商务局]", "departments: []", "departments: [市商务局]",
         "clauses[1].departments", "missing"),
        ("to: 500000.00元", "to: 400000.00元", "{from: 500000.00元, gives",
         "clauses[1].amount.bands[1].from", "band_gap"),
        ("to: 500000.00元", "to: 600000.00元", "{from: 500000.00元, gives",
         "clauses[1].amount.bands[1].from", "band_overlap"),
        ("{from: 500000.00元, gives", "{from: 500000.00元, to: 900000.00元, gives",
         "{from: 500000.00元, gives", "clauses[1].amount.bands[1].to", "band_ended"),
        ("text: 对重大项目可以", "text: 对重大项目应当", "amount: {kind: negotiated",
         "clauses[5].amount.words", "not_in_text"),
        ("sets: {04-1.amount.mode: once}", "sets: {04-1.amount.mode: twice}", "mode: once",
         "clauses[2].amount.mode", "bad_choice"),
        ("  coal_t: {", "  idle: {words: 无人问, kind: count}\n  coal_t: {", "  coal_t: {",
         "facts.idle", "fact_unused"),
        ("  intensity: {", "  idle: {words: 无, plus: [sales_fen]}\n  intensity: {",
         "  intensity: {", "derived.idle", "fact_unused"),
        ("    pool: 02\n", "", None, "pools.02", "pool_unused"),
        ('op: ">", value: 100, bound: excluded', 'op: ">=", value: 100, bound: included',
         "{fact: robots", "clauses[0].require[0].words", "bound_unlike_words"),
        ("value: 100, bound", "value: 110, bound", "{fact: robots", "clauses[0].require[0].words",
         "figure_unlike_words"),
        ("rate: 1/3", "rate: 3/10", "words: 销售额的1/3", "clauses[0].amount.words",
         "figure_unlike_words"),
        ("rate: 1.5元", "rate: 15.00元", "words: 每吨补贴1.5元",
         "clauses[7].amount.words", "figure_unlike_words"),
        ('yuan: "100000.00", words', 'yuan: "1000000.00", words', 'cap: {yuan: "100000.00"',
         "clauses[0].amount.cap.words", "figure_unlike_words"),
        ("gives: 30000.00元", "gives: 300000.00元", "{from: 500000.00元, gives",
         "clauses[1].amount.bands[1].words", "figure_unlike_words"),
        ('    yuan: "150000.00"', '    yuan: "1500000.00"', "words: 每年总额不超过15万元",
         "pools.02.words", "figure_unlike_words"),
        ("law: harbour.md", "law: other.md", "law: harbour.md", "law", "no_such_text"),
        ("law: harbour.md", "law: ../harbour.md", "law: harbour.md", "law", "no_such_text"),
    ],
)  # fmt: skip
def test_a_fault_has_its_line(old: str, new: str, at: str | None, where: str, code: str) -> None:
    text = with_text(old, new)
    line_number = line(at) if at else line("  02:", text) + 1
    assert (f"line {line_number}: {where}", code) in findings(text)


def test_a_version_without_its_text() -> None:
    assert findings(with_text("law: harbour.md\n", "")) == [("line 1", "no_law")]


def test_a_quotation_is_to_the_letter_and_at_its_place() -> None:
    at = f"line {line('text: 市里提供咨询。')}: clauses[6].text"
    assert findings(law=with_text("市里提供咨询。", "市里供应咨询。", LAW)) == [(at, "not_in_text")]
    start = LAW.index("市里提供咨询。")
    span = f"span: [{start}, {start + 7}]"
    rows = findings(with_text(span, f"span: [{start + 1}, {start + 8}]"))
    assert rows[0] == (at, "wrong_span")


def test_a_sentence_that_nothing_cites_is_told_by_its_line_in_the_text() -> None:
    line_number = LAW.rstrip().count("\n") + 2
    assert findings(law=LAW.rstrip() + "\n奖励于年底兑付。\n") == [
        (f"line {line_number}: harbour.md", "uncited")
    ]


def test_a_clause_without_cases() -> None:
    none = [text_line for text_line in CASES.splitlines() if '"07-1"' not in text_line]
    gives = [text_line for text_line in CASES.splitlines() if '"by agreement"' not in text_line]
    refuses = [text_line for text_line in CASES.splitlines() if '"not major"' not in text_line]
    at = f"line {line('  - id: 07-1')}: clauses[5]"
    assert findings(cases="\n".join(none)) == [(at, "no_case")]
    assert findings(cases="\n".join(gives)) == [(at, "no_case_gives")]
    assert findings(cases="\n".join(refuses)) == [(at, "no_case_refuses")]
    assert findings(cases=None) == [(f"line {line('clauses:') + 1}: clauses", "no_cases")]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"amount_fen": 3333300', '"amount_fen": 3333400', "case_differs"),
        ('"result": "eligible", "amount_fen": 3333300', '"result": "ineligible"', "case_differs"),
        (
            '"expect": {"result": "eligible", "amount_fen": 3333300}',
            '"expect": {}',
            "no_expectation",
        ),
        ('"clause": "02-1", ', '"clause": "02-1", "colour": 1, ', "case_differs"),
    ],
)
def test_a_case_that_is_wrong_is_told_by_its_own_line(old: str, new: str, code: str) -> None:
    assert ("line 2: harbour.cases.json", code) in findings(cases=with_text(old, new, CASES))


def test_a_file_of_cases_that_is_none() -> None:
    assert ("line 2: harbour.cases.json", "not_json") in findings(cases="[\n{,]")


def test_a_clause_that_nobody_can_meet() -> None:
    twice = (
        "    require:\n"
        "      - {fact: robots, op: '>', value: 100, bound: excluded, words: 超过100台}\n"
        "      - {fact: robots, op: <, value: 101, bound: excluded, words: 年产机器人}\n"
    )
    old = next(
        text_line
        for text_line in TEXT.splitlines(keepends=True)
        if "value: 100, bound" in text_line
    )
    assert (f"line {line('  - id: 02-1')}: clauses[0]", "never_met") in findings(
        with_text(old, twice)
    )


def test_a_question_about_a_bound_allows_it_to_differ_from_the_words() -> None:
    """«超过» is read as included only where an open question says so."""
    text = with_text("chosen: accumulate", "chosen: top")
    assert not [code for _, code in findings(text) if code == "bound_unlike_words"]


def extending(**changes: str) -> str:
    document = {"version": "own", "extends": "harbour-2031", "title": "演练", **changes}
    lines = [f"{key}: {value}" for key, value in document.items()]
    return "\n".join([*lines, "effective: {from: 2031-01-01, until: open}", "decisions: {}"])


def test_an_extension_is_held_to_the_cases_of_what_it_extends() -> None:
    def beside(name: str) -> bytes | None:
        return CASES.encode() if name == "harbour-2031.cases.json" else None

    def faults(text: str, read: Callable[[str], bytes | None] = beside) -> Findings:
        return [(finding.where, finding.code) for finding in check(text, "own", invented, read)]

    assert faults(extending()) == []
    assert faults(extending(), lambda _: None) == [("line 2: extends", "no_cases")]
    assert faults(extending(extends="none")) == [("line 2: extends", "no_such_version")]
    other_text = extending().replace("decisions: {}", "decisions: {Q4-1: {chosen: once}}")
    assert faults(other_text) == [("line 2: extends", "case_differs")]
    with pytest.raises(NotFound):
        invented("none")


@pytest.mark.parametrize("text", ["", "[]", "\ufeffversion: a", "a: b: c", "version: a", "a: &x 1"])
def test_what_is_no_version_is_told_and_never_an_error(text: str) -> None:
    assert findings(text)
