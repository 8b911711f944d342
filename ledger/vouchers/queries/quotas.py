"""Quotas: how much of a voucher is left, and where the rest went.

Money comes from the books; the curve and the forecast from the days' usage at its prices. A day's
cost is exact and unrounded: only a month's charge is rounded, so days need not add up to the fen,
and the page says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from ledger.accounts.queries import rights_of
from ledger.accounts.rules.targets import Rights
from ledger.charging.queries import contract_lines
from ledger.charging.rules.billing import Item, owed_items
from ledger.charging.rules.segments import Span, policy_on
from ledger.errors import NotFound
from ledger.formats.json.exact import Exact
from ledger.postgres.columns import key
from ledger.registry.rules.pricing import Share, UnpricedUsage
from ledger.registry.tables import Project
from ledger.units import Fen, beijing_day, month_of, round_half_up
from ledger.vouchers.queries.earnings import RateDays, Terms, read_terms
from ledger.vouchers.queries.exclusions import Exclusion
from ledger.vouchers.queries.years import YearQuota, draw_by_year, let_through, year_quotas
from ledger.vouchers.rules import ContractMonth, Rates
from ledger.vouchers.tables import Voucher

PACE_DAYS = 14
FORESEEN_DAYS = 3650  # what lasts longer than ten years is not foretold

_MEMOS = text("""
    SELECT v.voucher, a.cost_fen, a.uncapped_fen, a.target_fen, a.computed_at
    FROM unnest(CAST(:vouchers AS bigint[])) v (voucher)
    CROSS JOIN LATERAL (SELECT * FROM accruals WHERE voucher_id = v.voucher
                        ORDER BY id DESC LIMIT 1) a
""")


@dataclass(frozen=True)
class Day:
    """One Beijing day of a project. `cost_fen` is exact; `earned_fen` cumulative, after the cap.

    `util_ppm` is missing where it was not measured; `unpriced_ms` is usage without a price.
    """

    day: date
    device_ms: Exact
    cost_fen: Exact
    earned_fen: Fen
    util_ppm: int | None
    unpriced_ms: Exact


@dataclass(frozen=True)
class Quota:
    """A voucher as its owner sees it. Money in fen."""

    code: str
    name: str
    kind: str
    drill: bool
    clause: str
    policy: str
    rate: Fraction  # at present
    cap_fen: Fen
    rights: Rights
    left_fen: Fen  # 剩余: entitled and not yet accrued
    cost_fen: Fen  # charged so far, without tax
    uncapped_fen: Fen  # earned if there were no cap
    cut_fen: Fen  # cut off by the cap
    computed_at: datetime | None
    pace_fen: Fraction  # earned a day, over the last 14 days before the newest usage
    runs_out: date | None  # the day the voucher is used up at that pace
    days: tuple[Day, ...]
    rates: tuple[RateDays, ...]
    years: tuple[YearQuota, ...] = ()  # none where it has neither caps for them nor pools
    exclusions: tuple[Exclusion, ...] = ()  # months of contracts that earn nothing


@dataclass(frozen=True)
class EarningTerms:
    """A voucher's terms: its versions, their rates, its cap, and the months that earn nothing."""

    spans: Sequence[Span]
    rates: Rates
    cap_fen: Fen
    year_fen: Mapping[int, Fen]  # what caps and pools let through of the years that they cut
    excluded_months: Collection[ContractMonth] = ()

    def rate_on(self, day: date) -> Fraction:
        """Return what usage of this day earns of its cost, where its month is not excluded."""
        return self.rates.get(policy_on(day, self.spans), Fraction(0))

    def earned_on(self, day: date, items: Sequence[Item]) -> Fraction:
        """Return what the items of a day's bill earn, exact fen."""
        costs = (
            item.cost
            for item in owed_items(items)
            if item.line.counts and (month_of(day), item.line.contract) not in self.excluded_months
        )
        return sum(costs, Fraction(0)) * self.rate_on(day)

    def of(self, earned_fen: Mapping[int, Fraction]) -> Fen:
        """Return what the caps let through of exact fen by year."""
        within = (
            min(fen, Fraction(self.year_fen[year])) if year in self.year_fen else fen
            for year, fen in earned_fen.items()
        )
        return min(round_half_up(sum(within, Fraction(0))), self.cap_fen)


def project_by_code(db: Session, code: str) -> Project:
    """Return the project; NotFound if there is none."""
    project = db.exec(select(Project).where(Project.code == code)).one_or_none()
    if project is None:
        raise NotFound("project", code=code)
    return project


def quota(db: Session, project: Project, now: datetime) -> Quota:
    """Return the quota of a project's voucher; NotFound without a voucher."""
    project_quota = quota_of(db, project, now)
    if project_quota is None:
        raise NotFound("voucher", project=project.code)
    return project_quota


def days_of(db: Session, project: Project, now: datetime) -> tuple[Day, ...]:
    """Return the project's days; without a voucher nothing is earned on them."""
    project_quota = quota_of(db, project, now)
    return project_quota.days if project_quota else project_days(db, key(project), beijing_day(now))


def quota_of(db: Session, project: Project, now: datetime) -> Quota | None:
    """Return the quota of a project's voucher; None where it has no voucher yet."""
    return quotas_of(db, [project], now).get(key(project))


def quotas_of(db: Session, projects: Sequence[Project], now: datetime) -> dict[int, Quota]:
    """Return the quota of each of these projects that has a voucher, by the project's key.

    The number of statements does not depend on that of the projects, but for vouchers that have
    caps for the years or share pools.
    """
    by_key = {key(project): project for project in projects}
    vouchers = db.exec(select(Voucher).where(col(Voucher.project_id).in_(by_key))).all()
    keys = [key(voucher) for voucher in vouchers]
    terms = read_terms(db, vouchers)
    books = rights_of(db, [voucher.book_id for voucher in vouchers])
    memos = {row.voucher: row for row in db.execute(_MEMOS, {"vouchers": keys})}
    year_keys = draw_by_year(db, keys)
    owners = [voucher.project_id for voucher in vouchers]
    items = _items_by_day(db, owners, beijing_day(now))
    quotas: dict[int, Quota] = {}
    for voucher in vouchers:
        amounts = books[voucher.book_id]
        facts = _Facts(
            by_key[voucher.project_id],
            voucher,
            terms[key(voucher)],
            amounts,
            year_quotas(db, voucher, amounts.room) if key(voucher) in year_keys else (),
            memos.get(key(voucher)),
        )
        by_day = items.get(voucher.project_id, {})
        quotas[voucher.project_id] = _quota(facts, by_day, beijing_day(now))
    return quotas


@dataclass(frozen=True)
class _Facts:
    """A voucher with what was read of it."""

    project: Project
    voucher: Voucher
    terms: Terms
    amounts: Rights
    years: tuple[YearQuota, ...]
    memo: Row[Any] | None


def _quota(facts: _Facts, by_day: Mapping[date, Sequence[Item]], today: date) -> Quota:
    project, voucher, terms = facts.project, facts.voucher, facts.terms
    amounts, memo, years = facts.amounts, facts.memo, facts.years
    earning_terms = EarningTerms(
        terms.spans,
        terms.rates,
        amounts.room + amounts.entitlement,
        let_through(years),
        terms.excluded_months,
    )
    days = _days(by_day, earning_terms)
    remaining = amounts.entitlement + amounts.available + amounts.reserved
    pace = _pace(days)
    return Quota(
        code=project.code,
        name=project.name,
        kind=project.kind,
        drill=project.drill,
        clause=voucher.clause,
        policy=voucher.policy,
        rate=earning_terms.rate_on(today) or terms.rate_days[0].rate,
        cap_fen=-amounts.clause,
        rights=amounts,
        left_fen=remaining,
        cost_fen=memo.cost_fen if memo else 0,
        uncapped_fen=memo.uncapped_fen if memo else 0,
        cut_fen=memo.uncapped_fen - memo.target_fen if memo else 0,
        computed_at=memo.computed_at if memo else None,
        pace_fen=pace,
        runs_out=_runs_out(days, remaining, pace, today),
        days=days,
        rates=terms.rate_days,
        years=years,
        exclusions=terms.exclusions,
    )


def project_days(db: Session, project: int, today: date) -> tuple[Day, ...]:
    """Return every day with usage or cost up to today, oldest first; nothing is earned on them."""
    return _days(_items_by_day(db, [project], today).get(project, {}))


def _items_by_day(
    db: Session, projects: Sequence[int], today: date
) -> dict[int, dict[date, list[Item]]]:
    """Return the items of each project's bill up to today, by day."""
    by_project: dict[int, dict[date, list[Item]]] = {}
    for item in contract_lines.bill_items(db, projects, today) if projects else []:
        if not isinstance(item, Share):
            of, day = item.usage.project, item.usage.day
        elif item.cost and item.day <= today:  # of the rest of a month's fee the books know already
            of, day = item.line.project, item.day
        else:
            continue
        by_project.setdefault(of, {}).setdefault(day, []).append(item)
    return by_project


def _days(
    by_day: Mapping[date, Sequence[Item]], terms: EarningTerms | None = None
) -> tuple[Day, ...]:
    """Return the days of a bill, oldest first. Without a voucher's terms nothing is earned."""
    days: list[Day] = []
    earned_fen: dict[int, Fraction] = {}
    for day, of_day in sorted(by_day.items()):
        if terms:
            part = terms.earned_on(day, of_day)
            earned_fen[day.year] = earned_fen.get(day.year, Fraction(0)) + part
        days.append(_day(day, of_day, terms.of(earned_fen) if terms else 0))
    return tuple(days)


def _day(day: date, items: Sequence[Item], earned_fen: Fen) -> Day:
    usage = [item.usage for item in items if not isinstance(item, Share)]
    util_ms = sum(u.util_ms for u in usage)
    util_ppm_ms = sum(u.util_ppm_ms for u in usage)
    return Day(
        day=day,
        device_ms=sum((u.device_ms for u in usage), Fraction(0)),
        cost_fen=sum((item.cost for item in owed_items(items)), Fraction(0)),
        earned_fen=earned_fen,
        util_ppm=round_half_up(Fraction(util_ppm_ms, util_ms)) if util_ms else None,
        unpriced_ms=sum(
            (i.usage.device_ms for i in items if isinstance(i, UnpricedUsage)), Fraction(0)
        ),
    )


def _pace(days: Sequence[Day]) -> Fraction:
    """Return fen earned a day over the 14 days up to the newest usage, idle days included."""
    if not days:
        return Fraction(0)
    first = days[-1].day - timedelta(days=PACE_DAYS - 1)
    before = [d.earned_fen for d in days if d.day < first]
    earned_fen = days[-1].earned_fen - (before[-1] if before else 0)
    length = PACE_DAYS if before else (days[-1].day - max(days[0].day, first)).days + 1
    return Fraction(earned_fen, length)


def _runs_out(days: Sequence[Day], remaining: Fen, pace: Fraction, today: date) -> date | None:
    """Return the day when the rest is used up; None if unknown."""
    if not days or not days[-1].earned_fen:
        return None
    if remaining == 0:
        return next(d.day for d in days if d.earned_fen == days[-1].earned_fen)
    if pace <= 0:
        return None
    if days[-1].day < today - timedelta(days=PACE_DAYS):
        return None  # nothing was used lately: there is no present pace
    days_left = -(-Fraction(remaining) // pace)
    return today + timedelta(days=days_left) if days_left <= FORESEEN_DAYS else None
