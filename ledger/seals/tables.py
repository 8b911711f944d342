"""Seals: keys, heads, leaves, and the rows that wait for the next seal."""

from datetime import date, datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment


class SealKey(SQLModel, table=True):
    """A key of the bureau that signs seals; the private half is a file."""

    __tablename__ = "seal_keys"
    id: int | None = identity()
    public_key: bytes = Field(unique=True)
    registered_at: datetime = moment()
    registered_by: str


class Seal(SQLModel, table=True):
    """A head: `head` is the text that is hashed and signed, byte for byte."""

    __tablename__ = "seals"
    number: int = big(primary_key=True)
    kind: str
    month: date | None = None
    sealed_at: datetime = moment()
    algorithm: str
    previous: bytes | None = Field(default=None, unique=True)
    head: str
    hash: bytes = Field(unique=True)
    key_id: int = big()
    signature: bytes


class SealStamp(SQLModel, table=True):
    """What a time stamping authority answered about a head; `stamped_at` is its clock's."""

    __tablename__ = "seal_stamps"
    seal: int = big(primary_key=True)
    answer: bytes
    stamped_at: datetime = moment()
    recorded_at: datetime = moment()


class Certificate(SQLModel, table=True):
    """A certificate of metered use: `content` is signed byte for byte, `until` exclusive."""

    __tablename__ = "certificates"
    number: str = Field(primary_key=True)
    project_id: int = big()
    since: date
    until: date
    content: str
    hash: bytes = Field(unique=True)
    key_id: int = big()
    signature: bytes
    pdf: bytes
    issued_at: datetime = moment()
    issued_by: str


class SealedRow(SQLModel, table=True):
    """A leaf: a row that a seal took; `hash` None says that the row was gone by then."""

    __tablename__ = "sealed_rows"
    seal: int = big(primary_key=True)
    relation: str = Field(primary_key=True)
    key: str = Field(primary_key=True, sa_type=Text(collation="C"))
    hash: bytes | None
