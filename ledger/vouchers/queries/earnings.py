"""What vouchers earn of their projects' cells, before the cap, and by which terms.

The terms are read for any number of vouchers by a number of statements that does not depend on it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import text
from sqlmodel import Session

from ledger.charging.queries.cells import payments_into
from ledger.charging.queries.policies import policies
from ledger.charging.rules.cells import Cell, Key
from ledger.charging.rules.segments import Payment, Span
from ledger.postgres.columns import key
from ledger.registry.queries import other_support
from ledger.registry.tables import Contract
from ledger.vouchers.queries.exclusions import Exclusion, exclusions_of, without
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

_RATES = text("""
    SELECT voucher_id AS voucher, policy, label, rate_num, rate_den, rate_words,
           lower(days) AS since, upper(days) AS until
    FROM voucher_rate_days WHERE voucher_id = ANY(:vouchers) AND NOT isempty(days)
    ORDER BY voucher_id, policy, lower(days) NULLS FIRST
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
class Terms:
    """By what a voucher earns: its versions and their days, their rates, its excluded months.

    `support` is what other programmes pay of its project's costs.
    """

    spans: Sequence[Span]
    rates: Rates
    rate_days: tuple[RateDays, ...]
    exclusions: tuple[Exclusion, ...]
    support: OtherSupport

    @property
    def excluded_months(self) -> set[ContractMonth]:
        """The months of contracts that earn nothing."""
        return {exclusion.place for exclusion in self.exclusions}


def read_terms(db: Session, vouchers: Iterable[Voucher]) -> dict[int, Terms]:
    """Return the terms of each of these vouchers, by its key."""
    projects = {key(voucher): voucher.project_id for voucher in vouchers}
    spans = policies(db, list(projects.values()))
    exclusions = exclusions_of(db, list(projects))
    support: dict[int, dict[tuple[int | None, date], int]] = {}
    for (project, contract, month), fen in other_support(db, projects.values()).items():
        support.setdefault(project, {})[contract, month] = fen
    rates: dict[int, dict[str, Fraction]] = {}
    rate_days: dict[int, list[RateDays]] = {}
    for row in db.execute(_RATES, {"vouchers": list(projects)}):
        rate = Fraction(row.rate_num, row.rate_den)
        rates.setdefault(row.voucher, {})[row.label] = rate
        days = RateDays(row.policy, rate, row.rate_words, row.since, row.until)
        rate_days.setdefault(row.voucher, []).append(days)
    return {
        voucher: Terms(
            spans.get(project, []),
            rates.get(voucher, {}),
            tuple(rate_days.get(voucher, ())),
            exclusions.get(voucher, ()),
            support.get(project, {}),
        )
        for voucher, project in projects.items()
    }


def rates_of(db: Session, voucher: Voucher) -> tuple[RateDays, ...]:
    """Return the rates of a voucher under each of its versions, by day."""
    return read_terms(db, [voucher])[key(voucher)].rate_days


def earnings_of(
    db: Session,
    voucher: Voucher,
    of_project: Sequence[Cell],
    excluded_months: Collection[ContractMonth] | None = None,
) -> dict[date, Earnings]:
    """Return what each month of the voucher's project earns, before the cap, from these cells.

    `excluded_months` are the months that earn nothing; by default those that two persons excluded.
    """
    terms = read_terms(db, [voucher])[key(voucher)]
    no_months = terms.excluded_months if excluded_months is None else excluded_months
    of_project = without(of_project, no_months)
    payments = _mixed_payments(db, [(terms, of_project)])
    return earnings(of_project, terms.spans, terms.rates, payments, terms.support)


def earnings_of_projects(
    db: Session, of_projects: Sequence[tuple[Voucher, Sequence[Cell]]]
) -> dict[int, dict[date, Earnings]]:
    """Return the same of several vouchers, each with its project's cells, by the voucher's key."""
    parts, payments = _parts(db, of_projects)
    return {
        voucher: earnings(cells, of.spans, of.rates, payments, of.support)
        for voucher, of, cells in parts
    }


def earned_by_contract(
    db: Session, voucher: Voucher, of_project: Sequence[Cell]
) -> dict[ContractMonth, Fraction]:
    """Return what each month of each contract has earned, before the cap, exact fen."""
    return earned_by_contracts(db, [(voucher, of_project)])[key(voucher)]


def earned_by_contracts(
    db: Session, of_projects: Sequence[tuple[Voucher, Sequence[Cell]]]
) -> dict[int, dict[ContractMonth, Fraction]]:
    """Return the same of several vouchers, each with its project's cells, by the voucher's key."""
    parts, payments = _parts(db, of_projects)
    return {
        voucher: {
            place: part.earned_fen
            for place, part in earnings_by_contract(
                cells, of.spans, of.rates, payments, of.support
            ).items()
        }
        for voucher, of, cells in parts
    }


def _parts(
    db: Session, of_projects: Sequence[tuple[Voucher, Sequence[Cell]]]
) -> tuple[list[tuple[int, Terms, list[Cell]]], dict[Key, list[Payment]]]:
    """Return each voucher's terms and the cells that earn; and what documents pay into these."""
    terms = read_terms(db, [voucher for voucher, _ in of_projects])
    parts = [
        (key(voucher), terms[key(voucher)], without(cells, terms[key(voucher)].excluded_months))
        for voucher, cells in of_projects
    ]
    return parts, _mixed_payments(db, [(of, cells) for _, of, cells in parts])


def share_of_cell(db: Session, cell: Cell) -> dict[str, Fraction]:
    """Return what the books rest on of a cell, by policy version, exact fen."""
    project = db.get_one(Contract, cell.contract).project_id
    spans = policies(db, [project]).get(project, [])
    payments = payments_into(db, [cell.contract]).get(cell.key, [])
    return matched_by_policy(cell, spans, payments)


def _mixed_payments(
    db: Session, parts: Iterable[tuple[Terms, Iterable[Cell]]]
) -> dict[Key, list[Payment]]:
    """Return what documents pay into contracts with cells whose days are under several versions."""
    mixed = {c.contract for terms, cells in parts for c in cells if is_mixed(c, terms.spans)}
    return payments_into(db, sorted(mixed)) if mixed else {}
