"""Closes: what a month came to, and what was open, as it was closed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, moment


class Close(SQLModel, table=True):
    """A month whose usage, or whose books, are closed; append-only.

    `figures` are what it came to, under their `digest`; `items` what was open and is carried.
    Books are closed by a decision of two persons.
    """

    __tablename__ = "closes"
    kind: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    closed_at: datetime = moment()
    closed_by: str
    decision_id: int | None = big(nullable=True, default=None)
    figures: dict[str, Any] = Field(sa_type=JSONB)
    items: list[dict[str, Any]] = Field(sa_type=JSONB)
    digest: str
