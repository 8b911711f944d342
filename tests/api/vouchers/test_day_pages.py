"""A day's page: its windows, page by page, add up to its figures."""

from tests.support.api.city import Site
from tests.support.api.html import attribute, one, parse, text, texts

DAY = "/projects/xinghe/days/2026-04-12"


def number(page: str, label: str) -> int:
    (row,) = [row for row in parse(page).css("tr") if label in texts(row, "th")]
    return int(text(one(row, "th + td.n")).replace(",", ""))


def rows(page: str) -> list[list[str]]:
    return [texts(row, "th, td") for row in one(parse(page), "tbody").css("tr")]


def test_a_small_day_stands_on_one_page(site: Site) -> None:
    page = site.client("xinghe").get("/projects/xinghe/days/2026-04-11").text
    assert len(rows(page)) == 96
    assert number(page, "本页合计") == number(page, "当日合计") == 96 * 3_600_000
    assert "本页列出了当天的全部窗口" in page
    assert "下一页" not in page


def test_the_pages_of_a_large_day_add_up_to_it(site: Site) -> None:
    client = site.client("xinghe")
    page = client.get(DAY).text
    assert "本页只是当天的一部分" in page
    last = client.get(attribute(one(parse(page), "a[rel=next]"), "href")).text
    assert 'rel="next"' not in last
    assert 'rel="prev"' in last
    total = number(page, "本页合计") + number(last, "本页合计")
    assert total == number(page, "当日合计") == number(last, "当日合计")
    assert len(rows(page) + rows(last)) == 40 + 120 + 119
    assert total == 40 * 3_600_000 + 120 * 60_000 + 119 * 15_000


def test_slices_and_shares_are_shown_as_they_were(site: Site) -> None:
    client = site.client("xinghe")
    table_rows = rows(client.get(DAY).text) + rows(client.get(f"{DAY}?offset=200").text)
    sliced = next(row for row in table_rows if row[6] == "1g.10gb")
    assert sliced[2:6] == ["xinghe", "60,000", "1/1", "60,000"]
    assert sliced[7] == "未测量"
    shared = next(row for row in table_rows if row[4] == "1/3")
    assert shared[2:8] == ["xinghe", "45,000", "1/3", "15,000", "整卡", "64.0%"]


def test_nobody_else_s_part_of_a_shared_card_is_shown(site: Site) -> None:
    client = site.client("xinghe")
    assert "stranger" not in client.get(DAY).text + client.get(f"{DAY}?offset=200").text


def test_a_day_without_use_says_so(site: Site) -> None:
    page = site.client("xinghe").get("/projects/xinghe/days/2025-01-01").text
    assert "没有数据不等于没有使用" in page
    assert "<table" not in page
