"""Versions, validity, lapse, set-off and used months of vouchers (cases 3, 7, 8, 9, 12)."""

from datetime import date
from fractions import Fraction

import pytest

from tests.support.months.office import APRIL, CAP, MARCH, MAY, Office, days, last_day, price
from tests.support.months.office import POLICY as A
from tests.support.simulation import gpu_id


@pytest.mark.parametrize(
    ("percent", "cut", "subsidy"),
    [(30, date(2026, 3, 11), 600_00), (40, date(2026, 3, 11), 700_00),
     (40, date(2026, 3, 6), 750_00)],
)  # fmt: skip
def test_3_two_versions_one_after_the_other(
    office: Office, percent: int, cut: date, subsidy: int
) -> None:
    office.publish("b", percent, cut)
    office.open("p1", "b")
    office.end_policy(A, cut)
    office.prices(price(100))
    office.use(days(MARCH, date(2026, 3, 20)), 1)  # 20 h at 100
    office.bill(2_000_00)
    office.decide()
    assert office.money() == {"payable": subsidy}
    assert office.rights().room == CAP


def test_3_the_version_ends_after_the_month_was_paid_and_earns_the_other_rate(
    office: Office,
) -> None:
    office.prices(price(100))
    office.use(days(MARCH, date(2026, 3, 20)), 1)
    office.bill(2_000_00)
    office.decide()
    office.pay()
    office.publish("b", 40, date(2026, 3, 11))
    office.open("p1", "b")
    assert office.money() == {"paid": 600_00}
    office.end_policy(A, date(2026, 3, 11))
    assert office.money() == {"paid": 600_00, "payable": 100_00}


@pytest.mark.parametrize(
    ("whole_months", "part_days", "subsidy"),
    [((MARCH, APRIL), 0, 2_235_00), ((MARCH,), 15, 1_676_25), ((APRIL, MAY), 0, 2_235_00)],
)
def test_7_a_whole_month_is_one_months_price(
    office: Office, whole_months: tuple[date, ...], part_days: int, subsidy: int
) -> None:
    line = (
        f"{{kind: reserved, unit: node-month, gpus_per_node: 1, yuan: 3725, tax_included: false,"
        f' tax_rate: "0.06", gpus: [{gpu_id(0)}], from: {whole_months[0]}}}'
    )
    office.prices(line)
    delivered_days = [day for month in whole_months for day in days(month, last_day(month))]
    delivered_days += days(APRIL, date(2026, 4, 30))[:part_days]
    for day in delivered_days:  # as 1,440 windows of a day would have it
        office.owner.execute(
            "INSERT INTO coverage (gpu, day, cluster_id, source, windows, window_ms, gap_ms)"
            " VALUES (%s, %s, %s, 'nvml', 1440, 86400000, 0)",
            (gpu_id(0), day, office.cluster),
        )
    office.accrue()
    for month in sorted({day.replace(day=1) for day in delivered_days}):
        (cell,) = office.cells(month)
        office.bill(cell.metered_fen, month=month)
        office.decide(month)
    assert office.money() == {"payable": subsidy}


@pytest.mark.parametrize("earned_later", [30_000_00, 12_000_00])
def test_8_a_fraud_debt_that_is_set_off_lapses(office: Office, earned_later: int) -> None:
    office.prices(price(1000))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.bill(100_000_00)
    office.decide()
    office.pay()
    office.bind("a", "p2", MARCH, date(2026, 3, 31))  # it was never this project's usage
    office.fall()
    assert office.money() == {"recoverable": 30_000_00}
    office.fraud()
    hours = earned_later // 3 // 1000_00  # thousands of yuan, on ten days of April
    office.use(days(APRIL, date(2026, 4, 10)), hours)
    office.bill(hours * 10_000_00, month=APRIL)
    office.decide(APRIL)
    rest = 30_000_00 - earned_later
    expected = {"paid": earned_later, "recoverable": rest, "lapsed": earned_later}
    assert office.money() == {role: fen for role, fen in expected.items() if fen}


@pytest.mark.parametrize(
    ("rate", "balances"),
    [(Fraction(2, 10), {"paid": 40_000_00, "recoverable": 20_000_00}),
     (Fraction(25, 100), {"paid": 50_000_00, "recoverable": 10_000_00, "lapsed": 10_000_00})],
)  # fmt: skip
def test_8_what_one_decision_raises_and_lowers_is_netted_before_anything_lapses(
    office: Office, rate: Fraction, balances: dict[str, int]
) -> None:
    office.prices(price(1000))
    for month in (MARCH, APRIL):
        office.use(days(month, month.replace(day=10)), 10)
        office.bill(100_000_00, month=month)
        office.decide(month)
    office.pay()
    for place, of_clause in enumerate((Fraction(1, 10), rate)):
        office.owner.execute(
            "INSERT INTO clause_rates VALUES (%s, '09-1', %s, %s, %s, '另一比例')",
            (A, place, of_clause.numerator, of_clause.denominator),
        )
    office.rate(Fraction(1, 10), APRIL, A)
    assert office.money() == {"paid": 40_000_00, "recoverable": 20_000_00}
    office.fraud()
    office.rate(rate, MARCH, A)  # March earns less, and April more
    assert office.money() == balances


@pytest.mark.parametrize("freed_by", ["price", "binding"])
def test_9_usage_after_a_lapse_earns_nothing_when_money_comes_free(
    office: Office, freed_by: str
) -> None:
    office.prices(price(1000))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    office.lapse()
    after = date(2026, 11, 24)
    office.use(days(after, date(2026, 11, 28)), 20)  # 100,000.00
    assert office.rights().accrued == 30_000_00
    if freed_by == "price":
        office.prices(price(100, "until: 2026-03-31"))
        assert office.rights().accrued == 3_000_00
    else:
        office.bind("a", "p2", MARCH, date(2026, 3, 5))
        assert office.rights().accrued == 15_000_00
    office.accrue()
    assert office.rights().payable == 0
    assert office.rights().available == 30_000_00 - office.rights().accrued


@pytest.mark.parametrize(
    ("since", "until", "subsidy"),
    [(date(2026, 3, 6), None, 1_500_00), (None, date(2026, 3, 4), 900_00),
     (date(2026, 3, 3), date(2026, 3, 5), 600_00)],
)  # fmt: skip
def test_9_usage_outside_the_days_of_a_voucher_earns_nothing(
    office: Office, since: date | None, until: date | None, subsidy: int
) -> None:
    office.validity(since, until)
    office.prices(price(100))
    office.use(days(MARCH, date(2026, 3, 10)), 10)
    assert office.money() == {"accrued": subsidy}
    office.bill(10_000_00)
    office.decide()
    assert office.money() == {"payable": subsidy}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({MARCH: 1, APRIL: 9}, [300_00, 2_700_00]),
        ({MARCH: 4, APRIL: 2, MAY: 1}, [1_200_00, 600_00, 300_00]),
    ],
)
def test_12_usage_of_months_that_arrives_in_one_round_is_a_posting_for_each(
    office: Office, hours: dict[date, int], expected: list[int]
) -> None:
    office.prices(price(100))
    windows = [
        window
        for month, daily in hours.items()
        for window in office.windows(days(month, month.replace(day=10)), daily)
    ]
    office.report(windows)
    office.accrue()
    rows = office.owner.execute(
        "SELECT p.used, m.amount FROM postings p JOIN movements m ON m.posting_id = p.id"
        " WHERE m.kind = 'accrue' ORDER BY p.number"
    ).fetchall()
    assert rows == list(zip(hours, expected, strict=True))
