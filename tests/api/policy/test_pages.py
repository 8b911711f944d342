"""«我能申请什么»: facts as people type them, every clause answered, and nothing kept."""

from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from ledger.policy.text.published import load
from tests.support.api.city import Site
from tests.support.api.html import attribute, attributes, one, parse, texts, visible_text
from tests.support.api.html import text as visible

COMPANY = {"subject_kind": "enterprise", "legal_person": "yes"}
PROJECT = {
    **COMPANY,
    "newly_introduced": "yes",
    "sector": "industrial",
    "in_production": "yes",
    "intensity_fen_per_mu": "300万",
    "land_cost_fen": "3000万",
    "government_plant_fen": "0",
}

TABLES = "SELECT relname FROM pg_stat_user_tables WHERE has_table_privilege(relid, 'SELECT')"


def page(client: TestClient, facts: dict[str, str], clause: str = "") -> str:
    answer = client.get(f"/eligibility{clause}?{urlencode(facts)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def groups_of(html: str) -> dict[str, list[str]]:
    """The clauses under each result."""
    return {
        visible(one(section, "h2 .state"))[1:]: [
            url.partition("?")[0].rpartition("/")[2]
            for url in attributes(section, "a[href^='/eligibility/']", "href")
        ]
        for section in parse(html).css("section.card.long:has(h2 .state)")
    }


def text(html: str) -> str:
    return visible_text(html, "")


@pytest.fixture
def builder(site: Site) -> TestClient:
    return site.client("xinghe")


def test_the_form_asks_for_every_fact_once_and_for_what_was_paid_clause_by_clause(
    builder: TestClient,
) -> None:
    html = page(builder, {})
    names = attributes(parse(html), "input[id][name], select[id][name]", "name")
    assert len(names) == len(set(names))
    assert {"subject_kind", "seats", "annual_revenue_fen", "facility_kwh"} <= set(names)
    paid = [name for name in names if name.endswith("paid_before_fen")]
    assert paid == ["09-1.paid_before_fen", "12-1.paid_before_fen", "14-1.paid_before_fen"]
    assert groups_of(html) == {}
    assert texts(parse(html), "option[selected]") == ["yinchuan-2024-draft"]


def test_all_clauses_are_answered_each_in_one_place(builder: TestClient) -> None:
    html = page(builder, {**PROJECT, "investment_24m_fen": "5.3亿", "talent_category": "none"})
    groups = groups_of(html)
    clauses = sorted(clause for listed in groups.values() for clause in listed)
    assert clauses == sorted(c.id for c in load("yinchuan-2024-draft").clauses)
    assert "03-1" in groups["符合"]
    assert "14-1" in groups["不符合"]
    assert "12-1" in groups["材料不足"]
    assert "可得 10,000,000.00 元" in text(html)
    assert "凭 审计报告" in text(html)


def test_a_fen_less_is_not_enough_and_the_page_says_by_how_much(builder: TestClient) -> None:
    html = page(builder, {**PROJECT, "investment_24m_fen": "529,999,999.99元"})
    assert "03-1" in groups_of(html)["不符合"]
    assert "499,999,999.99 元，低于 500,000,000.00 元，差 0.01 元" in text(html)
    assert "如果再多 0.01 元，到 500,000,000.00 元：可得 10,000,000.00 元" in text(html)


def test_what_a_person_must_decide_stands_apart(builder: TestClient) -> None:
    talent = {
        "subject_kind": "talent",
        "talent_category": "other_prize",
        "compute_cost_fen": "100万",
        "14-1.paid_before_fen": "0",
    }
    assert groups_of(page(builder, talent))["需人工认定"] == ["14-1"]


def test_facts_that_contradict_each_other_are_told(builder: TestClient) -> None:
    html = page(builder, {**COMPANY, "facility_kwh": "5", "it_kwh": "6"})
    assert groups_of(html)["事实有误"] == ["05-1"]
    assert "信息设备用电量不会多于总用电量" in html


def test_what_cannot_be_read_is_told_at_its_field_and_nothing_is_decided(
    builder: TestClient,
) -> None:
    html = page(builder, {**COMPANY, "seats": "五百", "land_cost_fen": "0.001", "sector": "x"})
    assert groups_of(html) == {}
    assert html.count('aria-invalid="true"') == 3
    assert 'href="#seats"' in html
    assert 'value="五百"' in html  # what was typed is kept


def test_what_was_typed_is_shown_as_it_was_understood_and_never_as_markup(
    builder: TestClient,
) -> None:
    assert "= 53,000,000.00 元" in text(page(builder, {**COMPANY, "annual_sales_fen": "5300万"}))
    evil = '"><script>alert(1)</script>'
    html = page(builder, {**COMPANY, "seats": evil, "annual_sales_fen": evil})
    assert "<script>alert" not in html


def test_a_blank_is_not_a_nought(builder: TestClient) -> None:
    html = page(builder, {**COMPANY, "industry": "software", "annual_revenue_fen": "1亿"})
    assert "12-1" in groups_of(html)["材料不足"]
    paid = {
        **COMPANY,
        "industry": "software",
        "annual_revenue_fen": "1亿",
        "12-1.paid_before_fen": "50万",
    }
    html = page(builder, paid)
    assert "12-1" in groups_of(html)["符合"]
    assert "可得 1,500,000.00 元" in text(html)


def test_an_answer_leads_to_its_explanation_and_back(builder: TestClient) -> None:
    html = page(builder, {**PROJECT, "investment_24m_fen": "5.3亿"})
    answer = builder.get(attribute(one(parse(html), "a[href^='/eligibility/03-1']"), "href")).text
    words = text(answer)
    assert "500,000,000.00 元 × 2/100 = 10,000,000.00 元" in words
    assert "原文第 428 至 621 字" in words
    assert "Q3-1 2年、3年从哪天起算？" in words
    back = attribute(one(parse(answer), "a[href^='/eligibility?']"), "href")
    assert groups_of(builder.get(back).text) == groups_of(html)


def test_another_version_may_be_asked(builder: TestClient) -> None:
    facts = {**COMPANY, "policy": "yinchuan-2024-drill", "accepted": "yes"}
    assert "yinchuan-2024-drill" in text(page(builder, facts, "/13-1"))
    assert builder.get("/eligibility?policy=none").status_code == 404
    assert builder.get("/eligibility/99-9").status_code == 404


def test_nothing_is_kept(site: Site) -> None:
    def rows() -> dict[str, int]:
        with site.app.state.engine.connect() as db:
            tables = db.scalars(sa.text(TABLES)).all()
            return {t: db.scalar(sa.text(f'SELECT count(*) FROM "{t}"')) for t in tables}

    before = rows()
    assert len(before) > 20
    page(site.client("clerk"), {**PROJECT, "investment_24m_fen": "5.3亿"})
    page(site.client("clerk"), {**PROJECT, "investment_24m_fen": "5.3亿"}, "/03-1")
    assert rows() == before


@pytest.mark.parametrize("reader", ["clerk", "auditor", "operator", "xinghe"])
def test_everybody_finds_it_in_the_head_of_the_page(site: Site, reader: str) -> None:
    html = site.client(reader).get("/eligibility").text
    assert '<a href="/eligibility" aria-current="page">' in html
