"""Every quotation stands in the text at its place, and every sentence of the text is cited."""

import pytest

from ledger.policy.text import quotations
from ledger.policy.text.clauses import Citation
from ledger.policy.text.published import law, load
from tests.support.paths import SHARED

DRAFT = load("yinchuan-2024-draft")
TEXT = law(DRAFT) or ""
SHARED = SHARED / "policy/text.md"


def test_every_quotation_is_to_the_letter_and_every_sentence_cited() -> None:
    for version in ("yinchuan-2024-draft", "yinchuan-2024-drill"):
        policy = load(version)
        assert list(quotations.find_misquotations(policy.citations(), TEXT)) == []
        assert list(quotations.find_uncited(policy, TEXT)) == []


@pytest.mark.skipif(not SHARED.is_file(), reason="../shared/policy is not here")
def test_the_text_is_the_policys() -> None:
    text = SHARED.read_text(encoding="utf-8")
    assert TEXT.partition("\n")[0] == text.partition("\n")[0]
    assert TEXT[TEXT.index("\n（征求意见稿）") :] == text[text.index("\n（征求意见稿）") :]


def test_the_departments_stand_in_their_article() -> None:
    articles = {p.article: TEXT[p.start : p.end] for p in quotations.passages(TEXT)}
    for clause in DRAFT.clauses:
        in_charge = articles[clause.article].rpartition("责任单位：")[2]
        for department in clause.departments:
            assert department.removeprefix("市") in in_charge


def test_a_sentence_that_nothing_cites_is_told() -> None:
    fewer = DRAFT.model_copy(update={"context": DRAFT.context[1:], "pools": {}})
    rows = [(f.code, dict(f.params)["words"]) for f in quotations.find_uncited(fewer, TEXT)]
    assert rows == [
        ("uncited", "（征求意见稿）"),
        ("uncited", "本条项下奖励每年总额不超过2000万元。"),
    ]


@pytest.mark.parametrize(
    ("article", "text", "span", "code"),
    [
        ("第六条", "本条项下奖励每年总额不超过2000万元。", (0, 20), "wrong_span"),
        ("第六条", "本条项下奖励每年总额不超过2000万元。", None, "wrong_span"),
        ("第五条", "本条项下奖励每年总额不超过2000万元。", None, "not_in_text"),
        ("第六条", "本条项下奖励每年总额不超过3000万元。", None, "not_in_text"),
        ("第九十条", "本条项下奖励每年总额不超过2000万元。", None, "not_in_text"),
    ],
)
def test_a_quotation_that_is_none(
    article: str, text: str, span: tuple[int, int] | None, code: str
) -> None:
    citation = Citation.model_construct(article=article, text=text, span=span)
    assert [(f.where, f.code) for f in quotations.find_misquotations({"it": citation}, TEXT)] == [
        ("it", code)
    ]
