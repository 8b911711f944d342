"""Quotas: how much of a voucher is left, and where the rest went.

Money comes from the books; the curve and the forecast from the days' usage at its prices. A day's
cost is exact and unrounded: only a month's charge is rounded, so days need not add up to the fen,
and the page says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session, select

from ledger.accounts.queries import rights
from ledger.accounts.rules.targets import Rights
from ledger.charging.queries import contract_lines
from ledger.charging.queries.cells import payments_into
from ledger.charging.queries.policies import policies
from ledger.charging.rules.billing import Item, owed_items
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment, Span, policy_on
from ledger.errors import NotFound
from ledger.formats.json.exact import Exact
from ledger.postgres.columns import key
from ledger.registry.queries import other_support
from ledger.registry.rules.pricing import Share, UnpricedUsage
from ledger.registry.tables import Contract, Project
from ledger.units import Fen, beijing_day, month_of, round_half_up
from ledger.vouchers.queries.exclusions import Exclusion, exclusions, without
from ledger.vouchers.queries.years import YearQuota, let_through, year_quotas
from ledger.vouchers.rules import (
    ContractMonth,
    Earnings,
    OtherSupport,
    Rates,
    earnings,
    earnings_by_contract,
    is_mixed,
    matched_by_policy,
)
from ledger.vouchers.tables import Voucher

PACE_DAYS = 14
FORESEEN_DAYS = 3650  # what lasts longer than ten years is not foretold

_MEMO = text("""
    SELECT cost_fen, uncapped_fen, target_fen, computed_at FROM accruals
    WHERE voucher_id = :voucher ORDER BY id DESC LIMIT 1
""")


_RATES = text("""
    SELECT policy, label, rate_num, rate_den, rate_words, lower(days) AS since,
           upper(days) AS until
    FROM voucher_rate_days WHERE voucher_id = :voucher AND NOT isempty(days)
    ORDER BY policy, lower(days) NULLS FIRST
""")


@dataclass(frozen=True)
class RateDays:
    """The rate of a voucher under a version, from `since` until before `until`, and why."""

    policy: str
    rate: Fraction
    words: str  # of the clause; "" for its own rate
    since: date | None
    until: date | None


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


def earnings_of(
    db: Session,
    voucher: Voucher,
    of_project: Sequence[Cell],
    excluded_months: Collection[ContractMonth] | None = None,
) -> dict[date, Earnings]:
    """Return what each month of the voucher's project earns, before the cap, from these cells.

    `excluded_months` are the months that earn nothing; by default those that two persons excluded.
    """
    if excluded_months is None:
        excluded_months = _excluded_months(db, voucher)
    of_project = without(of_project, excluded_months)
    return earnings(of_project, *_terms(db, voucher, of_project))


def earned_by_contract(
    db: Session, voucher: Voucher, of_project: Sequence[Cell]
) -> dict[ContractMonth, Fraction]:
    """Return what each month of each contract has earned, before the cap, exact fen."""
    of_project = without(of_project, _excluded_months(db, voucher))
    parts = earnings_by_contract(of_project, *_terms(db, voucher, of_project))
    return {place: part.earned_fen for place, part in parts.items()}


def _excluded_months(db: Session, voucher: Voucher) -> set[ContractMonth]:
    return {exclusion.place for exclusion in exclusions(db, key(voucher))}


def share_of_cell(db: Session, cell: Cell) -> dict[str, Fraction]:
    """Return what the books rest on of a cell, by policy version, exact fen."""
    project = db.get_one(Contract, cell.contract).project_id
    spans = policies(db, [project]).get(project, [])
    payments = payments_into(db, [cell.contract]).get(cell.key, [])
    return matched_by_policy(cell, spans, payments)


def _terms(
    db: Session, voucher: Voucher, of_project: Sequence[Cell]
) -> tuple[Sequence[Span], Rates, dict[Key, list[Payment]], OtherSupport]:
    spans, rates = _versions(db, voucher)
    mixed = _mixed(of_project, spans)
    payments = payments_into(db, mixed) if mixed else {}
    support = {
        (contract, month): fen
        for (_, contract, month), fen in other_support(db, [voucher.project_id]).items()
    }
    return spans, rates, payments, support


def _mixed(of_project: Sequence[Cell], spans: Sequence[Span]) -> list[int]:
    """Return the contracts with cells whose days are under several versions."""
    return sorted({cell.contract for cell in of_project if is_mixed(cell, spans)})


def _versions(db: Session, voucher: Voucher) -> tuple[Sequence[Span], dict[str, Fraction]]:
    """Return the versions under which a voucher was opened, with their days and rates."""
    spans = policies(db, [voucher.project_id]).get(voucher.project_id, [])
    rows = db.execute(_RATES, {"voucher": voucher.id})
    return spans, {row.label: Fraction(row.rate_num, row.rate_den) for row in rows}


def rates_of(db: Session, voucher: Voucher) -> tuple[RateDays, ...]:
    """Return the rates of a voucher under each of its versions, by day."""
    return tuple(
        RateDays(
            row.policy,
            Fraction(row.rate_num, row.rate_den),
            row.rate_words,
            row.since,
            row.until,
        )
        for row in db.execute(_RATES, {"voucher": voucher.id})
    )


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
    project_id = key(project)
    voucher = db.exec(select(Voucher).where(Voucher.project_id == project_id)).one_or_none()
    if voucher is None:
        return None
    amounts = rights(db, voucher.book_id)
    memo = db.execute(_MEMO, {"voucher": voucher.id}).one_or_none()
    rates = rates_of(db, voucher)
    years = year_quotas(db, voucher, amounts.room)
    month_exclusions = exclusions(db, key(voucher))
    terms = EarningTerms(
        *_versions(db, voucher),
        amounts.room + amounts.entitlement,
        let_through(years),
        {exclusion.place for exclusion in month_exclusions},
    )
    days = project_days(db, project_id, beijing_day(now), terms)
    remaining = amounts.entitlement + amounts.available + amounts.reserved
    pace = _pace(days)
    return Quota(
        code=project.code,
        name=project.name,
        kind=project.kind,
        drill=project.drill,
        clause=voucher.clause,
        policy=voucher.policy,
        rate=terms.rate_on(beijing_day(now)) or rates[0].rate,
        cap_fen=-amounts.clause,
        rights=amounts,
        left_fen=remaining,
        cost_fen=memo.cost_fen if memo else 0,
        uncapped_fen=memo.uncapped_fen if memo else 0,
        cut_fen=memo.uncapped_fen - memo.target_fen if memo else 0,
        computed_at=memo.computed_at if memo else None,
        pace_fen=pace,
        runs_out=_runs_out(days, remaining, pace, beijing_day(now)),
        days=days,
        rates=rates,
        years=years,
        exclusions=month_exclusions,
    )


def project_days(
    db: Session, project: int, today: date, terms: EarningTerms | None = None
) -> tuple[Day, ...]:
    """Return every day with usage or cost up to today, oldest first.

    Without a voucher's terms nothing is earned.
    """
    by_day: dict[date, list[Item]] = {}
    for item in contract_lines.bill_items(db, [project], today):
        if not isinstance(item, Share):
            by_day.setdefault(item.usage.day, []).append(item)
        elif item.cost and item.day <= today:  # of the rest of a month's fee the books know already
            by_day.setdefault(item.day, []).append(item)
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
