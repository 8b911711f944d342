"""What a builder is shown, and the way down from each figure to its windows."""

from datetime import date, timedelta
from fractions import Fraction

import psycopg
import pytest
from sqlmodel import Session

from ledger.errors import NotFound
from ledger.metering.queries import usage
from ledger.vouchers.queries.quotas import Quota, project_by_code, quota
from tests.support.simulation import held, minute, window
from tests.support.town import NOW, REGISTRY, Town

DAY_MIN = 24 * 60
FIRST = date(2026, 3, 1)


def quota_of(town: Town, at: int = 100_000) -> Quota:
    with Session(town.engine) as db:
        return quota(db, project_by_code(db, "p1"), minute(at))


def test_a_fresh_voucher_is_all_left(town: Town) -> None:
    quota = quota_of(town)
    assert (quota.cap_fen, quota.left_fen, quota.days) == (500_000_000, 500_000_000, ())
    assert quota.computed_at is quota.runs_out is None


def test_a_project_without_a_voucher_has_no_quota(town: Town) -> None:
    town.register(
        "projects: [{code: p2, name: 无券, kind: model, organisation: 91640100MA7600001J}]"
    )
    with Session(town.engine) as db, pytest.raises(NotFound):
        quota(db, project_by_code(db, "p2"), NOW)


def test_days_carry_exact_cost_and_measured_utilisation_only(town: Town) -> None:
    town.report(
        [
            window(
                0, 0, held("team-a", 0, 30_000, util_ppm=400_000), held("other", 30_000, 60_000)
            ),
            window(0, 1),
            window(1, DAY_MIN, held("team-a", 0, 20_000), held("other", 20_000, 60_000)),
        ]
    )
    town.accrue()
    first, second = quota_of(town).days
    assert (first.day, first.util_ppm, second.util_ppm) == (FIRST, 400_000, None)
    assert [day.device_ms for day in (first, second)] == [90_000, 20_000]
    assert [day.cost_fen for day in (first, second)] == [150, Fraction(100, 3)]
    assert [day.earned_fen for day in (first, second)] == [45, 55]


def test_the_pace_foretells_the_day_it_runs_out(town: Town) -> None:
    """30,000 yuan a day; 4.4 million are left after twenty days."""
    town.register(REGISTRY.replace('yuan: "60"', 'yuan: "6000000"'), supersede=True)
    town.report([window(0, day * DAY_MIN) for day in range(20)])
    town.accrue()
    quota = quota_of(town, 20 * DAY_MIN)
    assert quota.pace_fen == 3_000_000
    assert quota.left_fen == 440_000_000
    assert quota.runs_out == date(2026, 3, 21) + timedelta(days=147)


def test_a_voucher_used_up_long_ago_still_says_since_when(town: Town) -> None:
    """At 1.5 million yuan a day the cap is reached on the fourth day; usage goes on."""
    town.register(REGISTRY.replace('yuan: "60"', 'yuan: "60000000"'), supersede=True)
    town.report([window(0, day * DAY_MIN + at) for day in range(30) for at in range(5)])
    town.accrue()
    quota = quota_of(town, 30 * DAY_MIN)
    assert quota.left_fen == quota.pace_fen == 0
    assert quota.runs_out == FIRST + timedelta(days=3)


def test_what_lasts_beyond_ten_years_is_not_foretold(town: Town) -> None:
    town.report([window(0, 0)])
    town.accrue()
    assert quota_of(town, 10).runs_out is None


def test_no_present_usage_has_no_pace_to_foretell_by(town: Town) -> None:
    town.report([window(0, 0)])
    town.accrue()
    assert quota_of(town, 40 * DAY_MIN).runs_out is None


def test_usage_without_a_price_is_shown_and_costs_nothing(town: Town) -> None:
    town.report([window(0, 0, model="B200"), window(1, 0)])
    result, _ = town.accrue()
    assert result.unpriced == 1
    (day,) = quota_of(town).days
    assert [day.device_ms, day.unpriced_ms, day.cost_fen] == [120_000, 60_000, 100]


def test_a_days_windows_add_up_to_its_usage(town: Town) -> None:
    town.report(
        [window(0, at, held("team-a", 0, 1_000), held("other", 1_000, 60_000)) for at in range(5)]
    )
    with Session(town.engine) as db:
        pages = [
            usage.windows_of_day(db, town.project, FIRST, limit=2, offset=offset)
            for offset in (0, 2, 4)
        ]
    parts = [part for page in pages for part in page]
    assert sum(part.device_ms for part in parts) == 5_000
    assert [part.start for part in parts] == [minute(at) for at in range(5)]


def test_usage_of_another_source_is_a_witness_not_a_bill(town: Town) -> None:
    town.report([window(0, 0)])
    town.register("clusters: [{name: c1, centre: centre of c1, billing: [{source: dcgm,"
                  " from: 2026-01-01}]}]", NOW, supersede=True)  # fmt: skip
    with Session(town.engine) as db:
        assert usage.owned_usage(db, [town.project]) == []


def test_usage_that_nobody_owns_is_a_list(town: Town) -> None:
    town.report([window(0, 0, held("stranger")), window(1, 0)])
    with Session(town.engine) as db:
        (row,) = usage.unowned(db)
    assert (row.holder_kind, row.holder) == ("static", "stranger")
    assert row.device_ms == 60_000
    town.register("bindings: [{cluster: c1, holder: {static: stranger}, project: p1,"
                  " from: 2026-03-01}]", NOW)  # fmt: skip
    with Session(town.engine) as db:
        assert usage.unowned(db) == []
        assert usage.totals(usage.owned_usage(db, [town.project])) == {town.project: 120_000}


def test_the_curve_earns_nothing_before_the_policy_as_the_books_do(
    town: Town, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE clauses SET effective = '[2026-03-02,)'")
    town.report([window(0, 0), window(0, DAY_MIN)])
    town.accrue()
    quota = quota_of(town)
    assert [day.earned_fen for day in quota.days] == [0, 30]
    assert quota.days[-1].earned_fen == quota.rights.accrued
