"""For which days an invoice is: by its statement's number, or in the words of who issued it."""

from datetime import date

import pytest

from ledger.documents.rules.service_periods import service_of, spoken_period, statements_in

ISSUED = date(2026, 4, 10)
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def spoken(text: str, issued_on: date = ISSUED) -> tuple[date, date] | None:
    period = spoken_period(text, issued_on)
    return (period.since, period.until) if period else None


@pytest.mark.parametrize(
    "text",
    [
        "3月", "三月份算力服务费", "2026年3月份", "2026 年 3 月", "26年3月", "２０２６年３月",
        "202603", "2026.03", "2026-3", "2026/03", "算力费(2026-03)",
        "服务期 2026-03-01至2026-03-31", "2026.3.1-2026.3.31",
        "20260301-20260331", "2026年3月1日-31日", "3月1日至3月31日",
        "账期：3月 合同期：2026年1月至2026年12月", "合同编号：HT202603001 3月算力费",
        "所属期:2026年03月", "2026年三月", "3月，开票日期2026年4月10日",
    ],
)  # fmt: skip
def test_an_invoice_of_april_that_says_march(text: str) -> None:
    assert spoken(text) == MARCH


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026年3-5月", (2026, 3, 1), (2026, 5, 31)),
        ("1-3月", (2026, 1, 1), (2026, 3, 31)),
        ("2月至3月", (2026, 2, 1), (2026, 3, 31)),
        ("2、3月", (2026, 2, 1), (2026, 3, 31)),
        ("2026-10至2026-12", (2026, 10, 1), (2026, 12, 31)),
        ("第一季度", (2026, 1, 1), (2026, 3, 31)),
        ("2025年第4季度", (2025, 10, 1), (2025, 12, 31)),
        ("服务期间：2026-09-20至2026-10-05", (2026, 9, 20), (2026, 10, 5)),
        ("服务期间：2026年10月1日至10月31日", (2026, 10, 1), (2026, 10, 31)),
        ("结算期：2026.10.01～2026.10.31", (2026, 10, 1), (2026, 10, 31)),
        ("服务期间：2026-10-08", (2026, 10, 8), (2026, 10, 8)),
        ("服务期间：2024-02", (2024, 2, 1), (2024, 2, 29)),
        ("服务期间：2026-10，服务期间：2026-10", (2026, 10, 1), (2026, 10, 31)),
    ],
)
def test_spans(text: str, since: tuple[int, int, int], until: tuple[int, int, int]) -> None:
    assert spoken(text) == (date(*since), date(*until))


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("4月", (2026, 4, 1)),
        ("5月", (2025, 5, 1)),  # no month to come
        ("12月", (2025, 12, 1)),
        ("11月至1月", (2025, 11, 1)),
        ("第二季度", None),  # it is not over, and no other is said
        ("3-5月", None),
    ],
)
def test_a_missing_year_is_never_after_the_day_of_issue(
    text: str, since: tuple[int, int, int] | None
) -> None:
    period = spoken(text)
    assert (period[0] if period else None) == (date(*since) if since else None)


@pytest.mark.parametrize(
    "text",
    [
        "", "谢谢", "合同签订于2026-03-01", "合同期2026-01-01至2026-12-31", "付款日期2026-03-05",
        "3月5日付款", "2026年04月10日 开具", "3个月", "2026.03元", "合同编号：HL-2026-01",
        "服务期间：2026-13", "服务期间：2026-02-30至2026-03-01", "服务期间：2026-10-01至今",
        "服务期间：2026-10，服务期间：2026-11", "服务期间：2026-1012345",
        "服务期间：2026-12-31至2026-12-01",
    ],
)  # fmt: skip
def test_what_says_nothing_or_two_things_is_left_to_a_person(text: str) -> None:
    assert spoken(text) is None


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["对账单号：DZ-2026-10-0001"], ["DZ-2026-10-0001"]),
        (["服务期间：2026-10，对账单号DZ-000123。"], ["DZ-000123"]),
        (["对账单编号: DZ-7"], ["DZ-7"]),
        (["DZ-7"], []),
        (["", "*信息技术服务*算力 DZ-202603-12-1"], ["DZ-202603-12-1"]),
        (["对账单号：DZ-7，对账单号：DZ-8"], ["DZ-7", "DZ-8"]),
        (["对账单号："], []),
    ],
)
def test_statements(texts: list[str], numbers: list[str]) -> None:
    assert statements_in(*texts) == numbers


def test_the_statement_names_the_month_and_wins_over_the_words() -> None:
    for remark, items in (("对账单号 DZ-202603-12-1", []), ("", ["算力 DZ-202603-12-1"])):
        words = service_of(remark, items, ISSUED)
        assert words.period
        assert (words.period.since, words.period.until) == MARCH
        assert (words.statement, words.contradicts) == ("DZ-202603-12-1", False)
    agrees = service_of("3月16日至3月31日 DZ-202603-12-1", [], ISSUED)
    assert agrees.period
    assert (agrees.period.since, agrees.contradicts) == (date(2026, 3, 16), False)
    differs = service_of("2月算力费 DZ-202603-12-1", [], ISSUED)
    assert differs.period
    assert (differs.period.since, differs.contradicts) == (MARCH[0], True)


def test_a_statement_of_a_month_to_come_is_not_believed() -> None:
    words = service_of("3月算力费 DZ-202605-12-1", [], ISSUED)
    assert words.period
    assert (words.period.since, words.contradicts) == (MARCH[0], True)


def test_items_speak_where_the_remark_does_not() -> None:
    both = service_of("", ["*信息技术服务*算力3月", "*信息技术服务*算力2月"], ISSUED)
    assert both.period
    assert (both.period.since, both.period.until) == (date(2026, 2, 1), MARCH[1])
    assert service_of("", ["算力1月", "算力3月"], ISSUED).period is None
    assert service_of("", ["*信息技术服务*算力服务费"], ISSUED).period is None
