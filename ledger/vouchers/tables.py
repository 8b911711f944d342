"""Vouchers (算力券): the clauses that cap them, the charges they draw on, their accruals."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import Days, big, days, identity, moment


class Clause(SQLModel, table=True):
    """A clause of a policy version that issues vouchers; written by the owner from its file."""

    __tablename__ = "clauses"
    policy: str = Field(primary_key=True)
    clause: str = Field(primary_key=True)
    digest: str
    rate_num: int = big()
    rate_den: int = big()
    cap_fen: int = big()
    year_cap_fen: int | None = big(nullable=True, default=None)
    publication_days: int | None = None
    effective: Days | None = days(nullable=True)
    complete: bool


class ClauseRate(SQLModel, table=True):
    """A rate of a clause for those who meet its conditions; written by the owner from its file."""

    __tablename__ = "clause_rates"
    policy: str = Field(primary_key=True)
    clause: str = Field(primary_key=True)
    place: int = Field(primary_key=True)
    rate_num: int = big()
    rate_den: int = big()
    words: str


class PayableVersion(SQLModel, table=True):
    """A policy version that two persons made payable, as it was read then."""

    __tablename__ = "payable_versions"
    decision_id: int = big(primary_key=True)
    policy: str


class Voucher(SQLModel, table=True):
    """One for each (clause, cap scope), for life: 09-1 per model, 14-1 per team."""

    __tablename__ = "vouchers"
    id: int | None = identity()
    book_id: int = big(default=None)
    project_id: int = big()
    policy: str
    clause: str
    cap_scope: str
    face_fen: int = big()
    facts: dict[str, Any] = Field(sa_type=JSONB)
    valid: Days = days()
    opened_at: datetime = moment()
    opened_by: str


class VoucherVersion(SQLModel, table=True):
    """A version of its clause under which a voucher was opened, the first one included."""

    __tablename__ = "voucher_versions"
    voucher_id: int = big(primary_key=True)
    policy: str = Field(primary_key=True)
    clause: str
    rate_num: int = big()
    rate_den: int = big()
    rate_words: str
    opened_at: datetime = moment()
    opened_by: str


class VoucherRate(SQLModel, table=True):
    """Another rate that two persons gave a voucher under a version, from a Beijing day on."""

    __tablename__ = "voucher_rates"
    decision_id: int = big(primary_key=True)
    voucher_id: int = big()
    policy: str
    since: date
    rate_num: int = big()
    rate_den: int = big()
    rate_words: str


class PolicyEnd(SQLModel, table=True):
    """The end that two persons gave an open policy version: its first day out of force."""

    __tablename__ = "policy_ends"
    decision_id: int = big(primary_key=True)
    policy: str
    until: date


class ExcludedMonth(SQLModel, table=True):
    """A month of a contract that earns nothing until two persons readmit it, decided by two."""

    __tablename__ = "excluded_months"
    decision_id: int = big(primary_key=True)
    voucher_id: int = big()
    contract_id: int = big()
    month: date
    readmission_id: int | None = big(nullable=True, default=None)


class YearCap(SQLModel, table=True):
    """A voucher's cap for each calendar year from one on, decided by two; None: no such cap."""

    __tablename__ = "year_caps"
    decision_id: int = big(primary_key=True)
    voucher_id: int = big()
    since: int = Field(sa_type=SmallInteger)
    cap_fen: int | None = big(nullable=True)


class Pool(SQLModel, table=True):
    """A budget line of a year that the vouchers of some clauses share (年度资金池)."""

    __tablename__ = "pools"
    id: int | None = identity()
    book_id: int = big()
    year: int = Field(sa_type=SmallInteger)
    number: str
    decision_id: int = big()


class PoolClause(SQLModel, table=True):
    """A clause whose vouchers share a pool of a year."""

    __tablename__ = "pool_clauses"
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    clause: str = Field(primary_key=True)
    pool_id: int = big()


class VoucherYear(SQLModel, table=True):
    """A calendar year of a voucher, and the book from which what it recognises is drawn."""

    __tablename__ = "voucher_years"
    voucher_id: int = big(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    book_id: int = big(default=None)


class YearWait(SQLModel, table=True):
    """Fen of a voucher's year that were recognised and wait for money of its pool, by number."""

    __tablename__ = "year_waits"
    id: int | None = identity()
    voucher_id: int = big()
    year: int = Field(sa_type=SmallInteger)
    fen: int = big()
    since: datetime = moment()


class Accrual(SQLModel, table=True):
    """Memo: what the charges earn before the cap, and what the cap lets through, fen.

    `months`: of each month its `cost_fen` and `matched_fen`, and what they earn before the cap,
    as exact fractions of a fen: `earned_fen`, and `uncapped_fen` with the provisional part.
    """

    __tablename__ = "accruals"
    id: int | None = identity()
    voucher_id: int = big()
    posting_id: int | None = big(nullable=True, default=None)
    cost_fen: int = big()
    uncapped_fen: int = big()
    target_fen: int = big()
    earned_fen: int = big()
    months: dict[str, dict[str, int | str]] = Field(sa_type=JSONB)
    computed_at: datetime = moment()


class Reservation(SQLModel, table=True):
    """A part of a voucher held back for an approved plan until a day, fen."""

    __tablename__ = "reservations"
    id: int | None = identity()
    voucher_id: int = big()
    fen: int = big()
    plan: str
    until: date
    reserved_at: datetime = moment()
    reserved_by: str
    released_at: datetime | None = moment(nullable=True)
    released_by: str | None = None
