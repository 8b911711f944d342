"""Charges: what a project owes a centre for a month."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Numeric
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class Charge(SQLModel, table=True):
    """What a project owes a centre under one price for one Beijing month, rounded once, fen.

    One for each (contract, price, month, policy, model, mig_profile). Reserved and fixed lines
    have no one model; `promised_ms` is what a reserved one was to deliver.
    """

    __tablename__ = "charges"
    id: int | None = identity()
    contract_id: int = big()
    price_id: int = big()
    month: date
    policy: str
    model_id: int | None = big(nullable=True, default=None)
    mig_profile: str
    ms_num: Decimal = Field(sa_type=Numeric)
    ms_den: Decimal = Field(sa_type=Numeric)
    cost_fen: int = big()
    promised_ms: int | None = big(nullable=True, default=None)
    computed_at: datetime = moment()
