"""The parts of archives, as they are registered."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, moment


class Archive(SQLModel, table=True):
    """A part of a month's archive; `manifest` is the text that is signed, byte for byte."""

    __tablename__ = "archives"
    month: date = Field(primary_key=True)
    part: int = Field(primary_key=True)
    place: str
    manifest: str
    signature: bytes
    seal: int = big()
    archived_at: datetime = moment()
    archived_by: str
