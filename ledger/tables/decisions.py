"""Decisions of two persons: one decides, another confirms what was decided."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ledger.tables.columns import identity, moment


class Decision(SQLModel, table=True):
    """What somebody decided about a subject, and the one answer of another person."""

    __tablename__ = "decisions"
    id: int | None = identity()
    kind: str
    subject: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    digest: str
    reason: str
    decided_by: str
    decided_at: datetime = moment()
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = moment(nullable=True)
    answered_digest: str | None = None
    answer_reason: str  # the database begins with ""
