"""The list of projects and a project's quota: the very figures of the API, and who may see them."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from api.language import format as formats
from api.vouchers.pages import mark, outlook, rate
from ledger.accounts.rules.targets import Rights
from ledger.vouchers.queries.quotas import Day, Quota
from tests.support.api.city import NOW, TEAMS, Site
from tests.support.api.html import attribute, one, parse, text, texts, visible_text

TODAY = NOW.date()


def api(site: Site, path: str) -> Any:
    answer = site.client("clerk").get(f"/api/v1{path}", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("code", [team.code for team in TEAMS if team.voucher])
def test_the_page_shows_the_api_s_figures(site: Site, code: str) -> None:
    quota, days = api(site, f"/projects/{code}/quota"), api(site, f"/projects/{code}/days")
    page = site.client(code).get(f"/projects/{code}")
    words, document = visible_text(page.text), parse(page.text)
    assert text(one(document, ".big")) == formats.money(quota["left_fen"])
    figures = {
        text(name, " ").split()[0]: text(fen)
        for name, fen in zip(document.css("dt"), document.css("dt + dd"), strict=True)
    }
    assert figures["额度"] == formats.money(quota["cap_fen"])
    assert figures["预计"] == formats.money(quota["provisional_fen"])
    assert figures["待兑付"] == formats.money(quota["payable_fen"])
    assert figures["已兑付"] == formats.money(quota["paid_fen"])
    assert figures["超出上限、不予补贴"] == formats.money(quota["cut_fen"])
    if quota["runs_out"]:
        assert formats.long_day(date.fromisoformat(quota["runs_out"])) in words
    for day in days:
        assert f"/projects/{code}/days/{day['day']}" in page.text
        assert formats.money(day["earned_fen"]) in words
        assert formats.gpu_hours(Fraction(day["device_ms"])) in words
    hours = sum((Fraction(day["device_ms"]) for day in days), Fraction(0))
    if days:
        assert f"合计 {formats.gpu_hours(hours)} " in words


def test_the_parts_add_up_to_the_cap(site: Site) -> None:
    quota = api(site, "/projects/yunqi/quota")
    rights = quota["rights"]
    assert quota["left_fen"] == 0
    assert sum(rights.values()) == quota["cap_fen"]
    page = visible_text(site.client("yunqi").get("/projects/yunqi").text)
    assert f"已到上限：超出的 {formats.money(quota['cut_fen'])} 不予补贴" in page
    assert quota["cut_fen"] > 0
    assert "已于 2026年4月11日 用完" in page


def test_a_builder_sees_its_own_project_and_no_other(site: Site) -> None:
    builder = site.client("xinghe")
    listed = builder.get("/projects", follow_redirects=False)
    assert (listed.status_code, listed.headers["location"]) == (303, "/projects/xinghe")
    unknown, foreign = builder.get("/projects/nobody"), builder.get("/projects/yunqi")
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert foreign.text.replace("yunqi", "nobody") == unknown.text
    assert builder.get("/projects/yunqi/days/2026-04-01").status_code == 404
    assert builder.get("/findings").status_code == 403


def test_an_operator_sees_no_money(site: Site) -> None:
    assert site.client("operator").get("/projects").status_code == 403
    assert site.client("operator").get("/projects/xinghe").status_code == 403


def test_the_list_has_every_project_with_its_state_and_their_sum(site: Site) -> None:
    page = site.client("clerk").get("/projects").text
    states = {
        attribute(one(row, "a[href^='/projects/']"), "href").rpartition("/")[2]: text(
            one(row, ".state")
        )[1:]
        for row in parse(page).css("tbody tr:has(a[href^='/projects/'])")
    }
    assert states == {
        "xinghe": "使用中",
        "yunqi": "已用完",
        "hetao": "将用完",
        "liupan": "久无数据",
        "shahu": "未开始",
        "qingtong": "未发券",
    }
    quotas = [api(site, f"/projects/{t.code}/quota") for t in TEAMS if t.voucher]
    for key in ("cap_fen", "provisional_fen", "left_fen"):
        assert formats.money(sum(quota[key] for quota in quotas)) in page


def test_without_a_voucher_the_page_says_so(site: Site) -> None:
    page = site.client("qingtong").get("/projects/qingtong").text
    assert "这个项目还没有算力券" in page
    assert "¥0.00" not in page


def test_before_the_first_use_nothing_is_drawn(site: Site) -> None:
    page = site.client("shahu").get("/projects/shahu").text
    assert "还没有用量，算不出哪天用完" in page
    assert '<svg class="burn-up"' not in page
    assert "¥5,000,000.00" in page


def test_what_has_no_price_is_no_zero(site: Site) -> None:
    page = site.client("liupan").get("/projects/liupan").text
    assert "有 784.00 卡时没有价格" in page
    assert "最近一笔用量在 2026年3月19日，此后没有数据" in page
    (row,) = [row for row in parse(page).css("tr") if texts(row, "th a") == ["2026-03-19"]]
    assert "无价格" in text(row)
    assert "未测量" in page


def test_every_day_stands_in_the_tables_behind_the_pictures(site: Site) -> None:
    page = site.client("xinghe").get("/projects/xinghe").text
    days = [day["day"] for day in api(site, "/projects/xinghe/days")]
    behind = parse(page).css("details:not([class])")
    assert len(behind) == 2
    for table in behind:
        heads = texts(table, "th[scope=row]")
        assert [head for head in heads if not head.endswith("预测")] == days
    assert text(behind[1]).count("未测量") == 4


def test_the_same_figures_elsewhere_are_named(site: Site) -> None:
    page = site.client("xinghe").get("/projects/xinghe").text
    assert "suanquan quota xinghe" in page
    assert "http://suanquan.example/api/v1/projects/xinghe/quota" in page


def quota(rest_fen: int = 100, days: tuple[int, ...] = (1,), out: int | None = 90) -> Quota:
    """A quota with usage so many days ago, which runs out in so many days."""
    usage = tuple(
        Day(TODAY - timedelta(days=ago), Fraction(1), Fraction(1), 1, None, Fraction(0))
        for ago in days
    )
    runs_out = None if out is None else TODAY + timedelta(days=out)
    pace = Fraction(1 if days else 0)
    rights = Rights(-200, 0, rest_fen, 0, 200 - rest_fen, 0, 0, 0, 0, 0)
    rest = (0, 0, 0, None, pace, runs_out, usage, ())
    return Quota("p", "p", "model", True, "09-1", "v", Fraction(1, 3), 200, rights, rest_fen, *rest)  # noqa: FBT003


@pytest.mark.parametrize(
    ("case", "word", "words"),
    [
        (None, "未发券", None),
        (quota(), "使用中", "until"),
        (quota(days=(), out=None), "未开始", "no_usage"),
        (quota(out=30), "将用完", "until"),
        (quota(out=31), "使用中", "until"),
        (quota(rest_fen=0, out=-3), "已用完", "used_up"),
        (quota(days=(15,), out=None), "久无数据", "stale"),
        (quota(days=(14,), out=None), "使用中", "far"),
    ],
)
def test_states(case: Quota | None, word: str, words: str | None) -> None:
    assert mark(case, TODAY).word == word
    assert case is None or outlook(case, TODAY) == words


def test_rates_are_exact() -> None:
    assert rate(Fraction(30, 100)) == "30%"
    assert rate(Fraction(1, 3)) == "1/3"
