"""A decision told in sentences: comparison and distance, arithmetic, cap, what would change it."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.language.i18n import speaking
from api.policy.explain.evaluation import evaluated
from ledger.policy.decide import cases
from ledger.policy.decide.cases import Case
from ledger.policy.text.published import load
from tests.support.invented_policy import harbour

DRAFT = "yinchuan-2024-draft"
GATE: Mapping[str, object] = {"subject_kind": "enterprise", "legal_person": True}
PROJECT: Mapping[str, object] = {
    **GATE,
    "newly_introduced": True,
    "sector": "industrial",
    "in_production": True,
    "intensity_fen_per_mu": 300_000_000,
    "investment_24m_fen": 53_000_000_000,
    "land_cost_fen": 3_000_000_000,
    "government_plant_fen": 0,
}


def why(
    clause: str, facts: Mapping[str, object], readings: Mapping[str, str] | None = None
) -> dict[str, Any]:
    answer = evaluated(load(DRAFT, readings), Case(clause, facts), explain=True)
    explanation: dict[str, Any] = answer["explanation"]
    return explanation


def texts(explanation: dict[str, Any], section: str) -> list[str]:
    return [entry["text"] for entry in explanation[section]]


def test_one_fen_short_is_told_with_its_distance_and_what_it_would_give() -> None:
    explanation = why("03-1", {**PROJECT, "investment_24m_fen": 52_999_999_999})
    unmet = next(entry for entry in explanation["conditions"] if entry["state"] == "unmet")
    assert unmet["article"] == "第三条"
    assert unmet["quote"].endswith("达到5亿元（含）以上")
    assert unmet["text"] == "499,999,999.99 元，低于 500,000,000.00 元，差 0.01 元"
    assert unmet["distance"] == -1
    arguments = [(f["text"], f["less"], f["evidence"]) for f in unmet["facts"]]
    assert arguments == [
        ("529,999,999.99 元", False, "固定资产投资入库证明"),
        ("30,000,000.00 元", True, "土地价款凭证"),
        ("0.00 元", True, "代建厂房凭证"),
    ]
    assert texts(explanation, "changes") == [
        "如果再多 0.01 元，到 500,000,000.00 元：可得 10,000,000.00 元"
    ]
    assert explanation["sentence"]["place"] == "原文第 428 至 621 字"
    assert explanation["sentence"]["text"].startswith("新引进的智算中心建设")


def test_the_same_in_english_around_the_chinese_quotation() -> None:
    with speaking("en"):
        explanation = why("03-1", {**PROJECT, "investment_24m_fen": 52_999_999_999})
    unmet = next(entry for entry in explanation["conditions"] if entry["state"] == "unmet")
    assert unmet["text"] == "499,999,999.99 yuan, below 500,000,000.00 yuan, by 0.01 yuan"
    assert unmet["quote"].endswith("达到5亿元（含）以上")
    assert texts(explanation, "changes") == [
        "with 0.01 yuan more, at 500,000,000.00 yuan: 10,000,000.00 yuan"
    ]


def test_the_arithmetic_of_a_rate_is_told_as_the_text_tells_it() -> None:
    assert texts(why("03-1", PROJECT), "arithmetic") == [
        "530,000,000.00 元 − 30,000,000.00 元 − 0.00 元 = 500,000,000.00 元",
        "500,000,000.00 元 × 2/100 = 10,000,000.00 元",
        "未到上限 50,000,000.00 元（每个项目，一次性）",
    ]


MODEL: Mapping[str, object] = {
    **GATE,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
}


def test_rounding_cap_and_what_was_paid_before() -> None:
    spent = {**MODEL, "compute_cost_fen": 1_666_666_665, "paid_before_fen": 420_000_000}
    assert texts(why("09-1", spent), "arithmetic") == [
        "16,666,666.65 元",
        "16,666,666.65 元 × 30/100 = 4,999,999.995 元",
        "四舍五入到分 = 5,000,000.00 元",
        "恰好到上限 5,000,000.00 元（每个模型，终身合计）",
        "5,000,000.00 元 − 此前已兑付 4,200,000.00 元 = 800,000.00 元",
    ]
    more = why("09-1", {**spent, "compute_cost_fen": 2_000_000_000})
    assert "超过上限 5,000,000.00 元（每个模型，终身合计），取上限" in texts(more, "arithmetic")
    assert more["changes"] == []


def test_a_recovery_says_so() -> None:
    explanation = why("09-1", {**MODEL, "compute_cost_fen": 0, "paid_before_fen": 100})
    assert explanation["outcome"] == "应追回 1.00 元"
    assert texts(explanation, "arithmetic")[-1] == "0.00 元 − 此前已兑付 1.00 元 = -1.00 元，应追回"


@pytest.mark.parametrize(
    ("facility", "words"),
    [
        ("12000000", "12,000,000 ÷ 10,000,000 = 1.2，不低于 1.2，恰好相等"),
        ("11999999", "11,999,999 ÷ 10,000,000 = 1.1999999，低于 1.2，余 0.0000001"),
        ("12000001", "12,000,001 ÷ 10,000,000 = 1.2000001，不低于 1.2，差 0.0000001"),
    ],
)
def test_a_ratio_is_told_as_its_two_quantities(facility: str, words: str) -> None:
    facts = {**GATE, "infrastructure": True, "facility_kwh": facility, "it_kwh": "10000000"}
    assert texts(why("05-1", facts), "conditions")[-1] == words


def test_what_a_ratio_would_have_to_be() -> None:
    facts = {**GATE, "infrastructure": True, "facility_kwh": "12", "it_kwh": "10"}
    assert texts(why("05-1", facts), "changes") == ["须低于 1.2"]


def test_a_ratio_without_an_end_is_cut_off_and_says_so() -> None:
    facts = {**GATE, "infrastructure": True, "facility_kwh": "7", "it_kwh": "6"}
    words = texts(why("05-1", facts), "conditions")[-1]
    assert words.startswith("7 ÷ 6 = 1.166666666…，低于 1.2，余 0.033333333…")
    assert "原文没有上限" in texts(why("05-1", facts), "limits")
    assert "7 千瓦时 × 0.12 元 = 0.84 元" in texts(why("05-1", facts), "arithmetic")


SEATS: Mapping[str, object] = {**GATE, "business": "annotation", "seats": 499}


def test_a_cliff_is_told_where_it_lies() -> None:
    explanation = why("07-1", SEATS)
    assert explanation["outcome"] == "见习岗位 149 个"
    assert texts(explanation, "arithmetic")[1:] == [
        "达到第 2 档：30/100",
        "499 席 × 30/100 = 149.7",
        "取整 = 149 个",
    ]
    assert texts(explanation, "changes") == [
        "如果再多 1 席，到 500 席：就到下一档，见习岗位 200 个"
    ]


def test_another_reading_is_told_as_chosen() -> None:
    explanation = why("07-1", SEATS, {"Q7-3": "marginal"})
    assert texts(explanation, "arithmetic")[2] == "分段计算 = 139.7"
    rests = next(entry for entry in explanation["questions"] if entry["question"] == "Q7-3")
    assert rests["chosen"] == "marginal"
    assert rests["text"] == "建议读法，无人裁定"


def test_who_decided_a_question_and_when() -> None:
    answer = evaluated(load("yinchuan-2024-drill"), Case("12-1", {}), explain=True)
    rests = next(q for q in answer["explanation"]["questions"] if q["question"] == "Q12-1")
    assert rests["decided_by"] is not None
    assert rests["text"] == f"{rests['decided_by']} 于 {rests['decided_on']} 裁定"


def test_what_is_missing_names_its_proof() -> None:
    explanation = why("13-4", {**GATE, "accepted": True})
    assert [(f["fact"], f["evidence"]) for f in explanation["lacking"]] == [
        ("pilot_investment_fen", "投资凭证"),
        ("excluded_fen", "投资凭证"),
    ]
    assert explanation["outcome"] == "材料不足"


def test_a_person_must_decide() -> None:
    talent = {
        "subject_kind": "talent",
        "talent_category": "other_prize",
        "compute_cost_fen": 1,
        "paid_before_fen": 0,
    }
    explanation = why("14-1", talent)
    assert "未列名的其他奖项获得者，须由人认定" in texts(explanation, "conditions")
    assert texts(explanation, "conditions")[1] == "对「人才」不适用"
    agreement = why("09-3", {**GATE, "landed_in_city": True, "exceptionally_major": True})
    assert agreement["conditions"][-1]["quote"]
    assert texts(agreement, "conditions")[-1] == "须由人商定"


def test_pool_list_and_conflicts_bound_an_award() -> None:
    sales = {**GATE, "listed_product": True, "drives_local_industry": True, "annual_sales_fen": 1}
    pool = next(t for t in texts(why("06-1", sales), "limits") if "合计" in t)
    assert "20,000,000.00 元（每年）；不够时按比例分" in pool
    scene = {**GATE, "selected": True, "total_investment_fen": 1}
    assert "至多 20 个（每年）" in texts(why("10-1", scene), "limits")
    assert "与 03-3 不能都足额享受（Q3-6）" in texts(why("03-1", PROJECT), "limits")


def test_another_policy_is_told_without_a_line_of_code() -> None:
    answer = evaluated(
        harbour(),
        Case("02-1", {"registered": True, "robots": 101, "sales_fen": 299, "paid_fen": 0}),
        explain=True,
    )
    assert texts(answer["explanation"], "arithmetic") == [
        "2.99 元",
        "2.99 元 × 1/3 = 0.996666666… 元",
        "舍去元以下 = 0.00 元",
        "未到上限 100,000.00 元（每个企业，每年）",
        "0.00 元 − 此前已兑付 0.00 元 = 0.00 元",
    ]
    with speaking("en"):
        answer = evaluated(
            harbour(), Case("02-1", {"registered": True, "robots": 100}), explain=True
        )
    assert texts(answer["explanation"], "conditions")[-1] == "100, not above 100, exactly equal"
    assert texts(answer["explanation"], "changes") == [
        "with 1 more, at 101: insufficient information"
    ]


def test_wrong_facts_are_told_and_nothing_else() -> None:
    explanation = why("12-1", {"annual_revenue_fen": 1.5})
    assert explanation["word"] == "事实有误"
    assert [e["code"] for e in explanation["errors"]] == ["not_fen"]
    assert explanation["conditions"] == explanation["questions"] == []
    assert explanation["record"] is None


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_worked_case_can_be_told(language: str) -> None:
    from ledger.policy.text.published import FOLDER  # noqa: PLC0415

    policy = load(DRAFT)
    listed, _ = cases.read((FOLDER / f"{DRAFT}.cases.json").read_bytes())
    assert listed
    with speaking(language):
        for case in listed:
            explanation = evaluated(policy, case, explain=True)["explanation"]
            sentences = [
                t
                for s in ("conditions", "arithmetic", "limits", "changes")
                for t in texts(explanation, s)
            ]
            sentences += [explanation["word"], explanation["outcome"]]
            assert all(sentences), (case, sentences)
            if language == "en":
                assert all(ord(c) < 0x3000 for t in sentences for c in t), sentences
