"""A policy file is read strictly: one slip anywhere, and it is told with its place."""

from importlib.resources import files
from pathlib import Path

import pytest

from ledger.errors import NotFound, Refused
from ledger.policy.text import file, published
from ledger.policy.text.published import digest, load, source, versions

FOLDER = files("ledger") / "policies"
DRAFT = (FOLDER / "yinchuan-2024-draft.yaml").read_text(encoding="utf-8")
DRILL = (FOLDER / "yinchuan-2024-drill.yaml").read_text(encoding="utf-8")


def faults(text: str) -> list[tuple[str, str]]:
    policy, findings = file.read(text, source)
    assert (policy is None) == bool(findings)
    return [(finding.where.partition(": ")[2], finding.code) for finding in findings]


@pytest.mark.parametrize("version", versions())
def test_our_own_files_are_right(version: str) -> None:
    assert faults((FOLDER / f"{version}.yaml").read_text(encoding="utf-8")) == []
    assert load(version).version == version


NUMBERS = {c.id: i for i, c in enumerate(load("yinchuan-2024-draft").clauses)}
CLAUSE = f"clauses[{NUMBERS['09-1']}]"
RATE = "rate: 30/100\n      mode: cumulative\n      words: 按照算力成本"


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("cost_basis: without_tax", "cost_bases: without_tax", "cost_bases", "unknown_key"),
        ("payee: 大模型建设方", "payees: 大模型建设方", f"{CLAUSE}.payees", "unknown_key"),
        (RATE, RATE.replace("30/100", "0.3"), f"{CLAUSE}.amount.rate", "bad_rate"),
        (RATE, RATE.replace("30/100", "130/100"), "amount.rate", "bad_rate"),
        (RATE, RATE.replace("30/100", "0/100"), "amount.rate", "bad_rate"),
        ('"5000000.00"', '"5000000.001"', "cap.yuan", "bad_cap"),
        ('"5000000.00"', '"-5000000.00"', "cap.yuan", "bad_cap"),
        ('"5000000.00"', "5e6", "cap.yuan", "bad_cap"),
        ("scope: model", "scope: city", "cap.scope", "bad_choice"),
        ("period: lifetime", "period: yearly", "cap.period", "bad_choice"),
        ("words: 最高500万元", "words: 最高600万元", "cap.words", "not_in_text"),
        ("words: 按照算力成本的30%", "words: 按照算力成本的40%", "amount.words", "not_in_text"),
        ("words: 典型应用场景不少于5个", "words: 场景不少于6个", "require[2].words", "not_in_text"),
        ("fact: scenarios", "fact: scenes", "require[2].fact", "unknown_fact"),
        ("value: 5,", "value: five,", "require[2].value", "bad_threshold"),
        ("value: 5,", "value: 5.0,", "require[2].value", "bad_threshold"),
        ('">=", value: 5, bound: included', "in, value: [a]", "require[2].op", "bad_choice"),
        ('op: ">=", value: 5,', 'op: ">", value: 5,', "require[2]", "bound_mismatch"),
        ('op: ">=", value: 5,', 'op: "~", value: 5,', "require[2].op", "bad_choice"),
        ("base: compute_cost_fen", "base: scenarios", "amount.base", "unknown_fact"),
        ("paid: paid_before_fen", "paid: paid", "amount.paid", "unknown_fact"),
        ("judgement: [other_prize]", "judgement: [prize]", "require[0].value", "bad_choice"),
        ("value: [research_institute,", "value: [institute,", "require[1].unless", "bad_choice"),
        ("questions: [Q9-1,", "questions: [Q9-99,", "questions[0]", "unknown_question"),
        ("questions: [Q9-1,", "questions: [9-1,", "questions[0]", "bad_id"),
        ("chosen: model_lifetime", "chosen: forever", "questions.Q9-1.chosen", "bad_choice"),
        (
            "chosen: model_lifetime", "chosen: model_lifetime\n    decided_by: 张三",
            "questions.Q9-1.decided_on", "half_decided",
        ),
        ("- id: 14-1", "- id: 09-1", f"clauses[{NUMBERS['14-1']}].id", "duplicate"),
        ("kind: yes_no, ev", "kind: yes_no, choices: {a: b}, ev", "choices", "choices_mismatch"),
        ("mode: half_up", "mode: half_even", "rounding.mode", "bad_choice"),
        ("version: yinchuan-2024-draft", "version: 银川", "version", "bad_id"),
        ("title: 大模型算力补贴", "title:", f"{CLAUSE}.title", "missing"),
        ("to: 3000000000.00元", "to: 2900000000.00元", "bands[1].from", "band_gap"),
        ("to: 3000000000.00元", "to: 3100000000.00元", "bands[1].from", "band_overlap"),
        ("to: 3000000000.00元", "to: 1000000000.00元", "bands[0].to", "band_empty"),
        ("to: 3000000000.00元, ", "", "bands[1].from", "band_overlap"),
        ("gives: 3000000.00元", "gives: 20/100", "bands[0].gives", "bad_rate"),
        ("value: 500000000.00元", "value: 50000000000", "require[3].value", "bad_threshold"),
        ("value: 100, bound", "value: 100.00元, bound", "require[1].value", "bad_threshold"),
        ("rate: 0.12元", "rate: 12/100", "amount.rate", "bad_rate"),
        ("mode: top_up", "mode: slab", "amount", "bad_choice"),
        ("limit: net_pilot_investment", "base: seats", "amount", "amount_strange"),
        ("kind: ladder", "kind: bands", "amount", "amount_strange"),
        ("pool: 06", "pool: 07", "pool", "bad_choice"),
        ("with: 03-3", "with: 03-9", "conflicts[0].with", "unknown_clause"),
        ("ratio: {of: ", "plus: [seats], ratio: {of: ", "derived.pue", "derived_one_way"),
        ("less: [excluded_fen]", "less: [seats]", "net_pilot_investment", "unknown_fact"),
        ("whole: facility_kwh", "whole: legal_person", "impossible[0]", "unknown_fact"),
        ("words: 每年总额不超过2000万元", "words: 不超过3000万元", "pools.06.words", "not_in_text"),
        ("limit: 20,", "limit: 0,", "selection.limit", "bad_count"),
        ("  Q1-1:\n", "  Q1-9:\n", "questions.Q1-9", "asked_nowhere"),
        ("rate: 0.12元", "rate: -0.12元", "amount.rate", "bad_rate"),
        (RATE, RATE.replace("rate: 30/100\n      ", ""), "amount", "amount_lacks"),
        ("to: 3000000000.00元", "to: 三十亿元", "bands[0].to", "bad_threshold"),
        ("paid: paid_before_fen", "paid: Paid", "amount.paid", "bad_key"),
        ("title: 大模型算力补贴", 'title: "大模型\\t算力"', f"{CLAUSE}.title", "bad_sentence"),
        ("span: [37, 44]", "span: [-37, 44]", "span[0]", "bad_count"),
        ("words: 每年评选", "words: 每月评选", "selection.words", "not_in_text"),
        ("higher, question: Q3-6", "higher, question: Q3-66", "question", "unknown_question"),
        ("stacking:\n  words: 同一", "stacking:\n  words: 每一", "stacking.words", "not_in_text"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_place(old: str, new: str, where: str, code: str) -> None:
    assert old in DRAFT
    rows = faults(DRAFT.replace(old, new, 1))
    assert any(path.endswith(where) and fault_code == code for path, fault_code in rows), rows


CAP = 'cap: {yuan: "5000000.00", words: 最高500万元, scope: model, period: lifetime}'
YEARLY = "\n      cap_per_year: "
WORDS = "words: 最高500万元"


@pytest.mark.parametrize(
    ("yearly", "where", "code"),
    [
        (f'yuan: "0.00", {WORDS}', "yuan", "bad_cap"),
        (f'yuan: "-1.00", {WORDS}', "yuan", "bad_cap"),
        (f'yuan: "2000000.001", {WORDS}', "yuan", "bad_cap"),
        (f"yuan: 2e6, {WORDS}", "yuan", "bad_cap"),
        (f"yuan: .inf, {WORDS}", "yuan", "bad_cap"),
        (f'yuan: "5000000.01", {WORDS}', "yuan", "year_cap_above_cap"),
        ('yuan: "2000000.00", words: 最高600万元', "words", "not_in_text"),
        ('yuan: "2000000.00"', "words", "missing"),
        (f'yuan: "2000000.00", {WORDS}, scope: model', "scope", "unknown_key"),
    ],
)
def test_a_cap_for_each_year_is_read_strictly(yearly: str, where: str, code: str) -> None:
    text = DRAFT.replace(CAP, f"{CAP}{YEARLY}{{{yearly}}}", 1)
    line = text[: text.index(YEARLY)].count("\n") + 2
    (finding,) = file.read(text, source)[1]
    place = f"line {line}: {CLAUSE}.amount.cap_per_year.{where}"
    assert (finding.where, finding.code) == (place, code)


def test_a_cap_for_each_year_stands_beside_one_for_life() -> None:
    yearly = f'{YEARLY}{{yuan: "5000000.00", {WORDS}}}'
    without = "per: {scope: model, period: lifetime}"
    assert faults(DRAFT.replace(CAP, without + yearly, 1)) == [(f"{CLAUSE}.amount", "amount_lacks")]
    assert faults(DRAFT.replace(CAP, CAP + yearly, 1)) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("from: 2017-01-01", "from: 2017-13-01", "effective.from", "bad_day"),
        ("until: open", "until: never", "effective.until", "bad_day"),
        ("Q16-5:", "Q16-99:", "decisions.Q16-99", "unknown_question"),
        ("chosen: model_lifetime", "chosen: forever", "decisions.Q9-1.chosen", "bad_choice"),
        ("drill: true", "drill: yes", "drill", "bad_yes_no"),
        ("decisions:", "clauses: []\ndecisions:", "clauses", "unknown_key"),
    ],
)
def test_a_slip_of_an_extension(old: str, new: str, where: str, code: str) -> None:
    assert old in DRILL
    assert (where, code) in faults(DRILL.replace(old, new, 1))


def test_an_extension_of_nothing() -> None:
    with pytest.raises(NotFound):
        file.read(DRILL.replace("extends: yinchuan-2024-draft", "extends: none"), source)


def test_a_question_that_the_drill_leaves_open_stops_payment() -> None:
    lines = [line for line in DRILL.splitlines() if not line.lstrip().startswith("Q9-5:")]
    policy, _ = file.read("\n".join(lines), source)
    assert policy
    model, team = policy.clause("09-1"), policy.clause("14-1")
    assert model
    assert team
    assert (policy.undecided_questions(model), policy.is_complete(model)) == (("Q9-5",), False)
    assert (policy.undecided_questions(team), policy.is_complete(team)) == ((), True)


@pytest.mark.parametrize("dates", ["{from: 2024-07-01}", "{until: open}", "{}"])
def test_without_both_dates_nothing_is_paid(dates: str) -> None:
    policy, _ = file.read(DRILL.replace("{from: 2017-01-01, until: open}", dates), source)
    assert policy
    assert policy.effective.span is None
    assert not any(policy.is_complete(clause) for clause in policy.clauses)


def test_the_last_day_is_included() -> None:
    dates = "{from: 2024-07-01, until: 2026-12-31}"
    policy, _ = file.read(DRILL.replace("{from: 2017-01-01, until: open}", dates), source)
    assert policy
    assert str(policy.effective.span) == "2024-07-01 ~ 2026-12-31"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"5000000.00"', '"5000000.01"'),
        (RATE, RATE.replace("30/100", "31/100")),
        ("value: 5,", "value: 6,"),
        ("payee: 大模型建设方", "payee: 算力中心"),
        ("mode: half_up", "mode: down"),
        ("from:\n  until:", "from: 2024-07-01\n  until: open"),
        ("chosen: model_lifetime", "chosen: model_year"),
        ("        - park\n", ""),
        ("tolerance_fen: 100", "tolerance_fen: 200"),
        ("tolerance_permille: 5", "tolerance_permille: 6"),
        ("publication_days: 5", "publication_days: 6"),
        ("grades_payable: [A, B, C]", "grades_payable: [A, B, C, D]"),
        ("claim_files: [application, commitment, receipt]", "claim_files: [application]"),
    ],
)
def test_the_digest_sees_every_change(old: str, new: str) -> None:
    assert old in DRAFT
    assert digest_of("09-1", DRAFT.replace(old, new, 1)) != digest_of("09-1", DRAFT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("departments: [市网信局,", "departments: [市委网信办,"),
        ("title: 大模型算力补贴", "title: 大模型补贴"),
        ("evidence: 对账结果", "evidence: 对账结果与发票"),
        ("asks: 500万元的上限按什么计？", "asks: 上限按什么计？"),
        ("      model_year:\n", "      some_year: 另一种\n      model_year:\n"),
        ("chosen: total", "chosen: active"),  # undecided, and it changes no term
    ],
)
def test_the_digest_does_not_see_what_merely_explains(old: str, new: str) -> None:
    assert old in DRAFT
    assert digest_of("09-1", DRAFT.replace(old, new, 1)) == digest_of("09-1", DRAFT)


def digest_of(clause: str, text: str) -> str:
    policy, findings = file.read(text, source)
    assert policy, findings
    found_clause = policy.clause(clause)
    assert found_clause
    return digest(policy, found_clause)


def test_the_digest_of_a_clause_is_its_own() -> None:
    draft = load("yinchuan-2024-draft")
    policy, _ = file.read("# a remark\n" + DRAFT, source)
    assert policy
    assert [digest(policy, c) for c in policy.clauses] == [digest(draft, c) for c in draft.clauses]
    richer = DRAFT.replace('"2000000.00"', '"3000000.00"')
    assert digest_of("09-1", richer) == digest_of("09-1", DRAFT)
    assert digest_of("14-1", richer) != digest_of("14-1", DRAFT)


def test_a_faulty_file_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.yaml").write_text(
        DRAFT.replace(RATE, RATE.replace("30/100", "0.3")), encoding="utf-8"
    )
    (tmp_path / "renamed.yaml").write_text(DRAFT, encoding="utf-8")
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    with pytest.raises(
        Refused, match=r"where=line \d+: clauses\[\d+\].amount.rate, fault=bad_rate"
    ):
        load("wrong")
    with pytest.raises(Refused, match="where=line 1: version"):
        load("renamed")
