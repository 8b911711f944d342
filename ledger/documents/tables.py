"""Cost documents (成本单据): invoices and internal settlements, lines, originals."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Computed, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from ledger.postgres.columns import big, identity, moment

_STANDS = "confirmed_at IS NOT NULL OR vouched_by IS NOT NULL"
_PROVES = "coalesce(amount_found AND reference_found, false) OR checked_at IS NOT NULL"


class Original(SQLModel, table=True):
    """A file, identified by the SHA-256 of its content."""

    __tablename__ = "originals"
    hash: str = Field(primary_key=True)
    name: str
    media: str
    content: bytes = Field(sa_type=LargeBinary)
    received_at: datetime = moment()
    received_by: str


class CostDocument(SQLModel, table=True):
    """A cost document; fen, negative for a red one; days are included."""

    __tablename__ = "cost_documents"
    id: int | None = identity()
    kind: str
    code: str = ""
    number: str
    issued_on: date
    seller_uscc: str
    seller_name: str
    buyer_uscc: str
    buyer_name: str
    net_fen: int = big()
    tax_fen: int = big()
    gross_fen: int = big()
    since: date
    until: date
    period_assumed: bool = False
    period_contradicts: bool = False
    statement: str | None = None
    reverses_id: int | None = big(nullable=True, default=None)
    confirmation: str | None = None
    remark: str = ""
    source: str
    original: str
    received_at: datetime = moment()
    received_by: str
    decision_id: int | None = big(nullable=True, default=None)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = moment(nullable=True)
    seal: str = "missing"
    seal_name: str | None = None
    sealed_at: datetime | None = moment(nullable=True)
    vouched_by: str | None = None
    stands: bool = Field(sa_column=Column(Boolean, Computed(_STANDS), nullable=False))
    dropped_at: datetime | None = moment(nullable=True)


class TrustedCertificate(SQLModel, table=True):
    """An authority that is believed to certify the seals of invoices; the owner writes it."""

    __tablename__ = "trusted_certificates"
    fingerprint: str = Field(primary_key=True)
    name: str
    encoded: bytes = Field(sa_type=LargeBinary)
    trusted_since: datetime = moment()
    trusted_until: datetime | None = moment(nullable=True)


class DocumentLine(SQLModel, table=True):
    """A line of a cost document; `net_fen` is without tax."""

    __tablename__ = "document_lines"
    document_id: int = big(primary_key=True)
    line: int = Field(primary_key=True, sa_type=SmallInteger)
    item: str
    unit: str = ""
    quantity: str = ""
    unit_price: str = ""
    net_fen: int = big()
    tax_rate: str = ""
    tax_fen: int = big()


class Freeze(SQLModel, table=True):
    """An invoice frozen by a pending red confirmation (R18)."""

    __tablename__ = "freezes"
    id: int | None = identity()
    document_id: int = big()
    confirmation: str
    frozen_at: datetime = moment()
    frozen_by: str
    lifted_at: datetime | None = moment(nullable=True)
    lifted_by: str | None = None


class Receipt(SQLModel, table=True):
    """A proof of payment of a document (付款凭证), gross, under its bank's reference."""

    __tablename__ = "receipts"
    reference: str = Field(primary_key=True)
    document_id: int = big()
    payer: str
    payee: str
    fen: int = big()
    paid_on: date
    original: str
    amount_found: bool | None = None
    reference_found: bool | None = None
    entered_at: datetime = moment()
    entered_by: str
    checked_by: str | None = None
    checked_at: datetime | None = moment(nullable=True)
    proves: bool = Field(sa_column=Column(Boolean, Computed(_PROVES), nullable=False))


class Deduction(SQLModel, table=True):
    """What a builder paid a centre for a document by its voucher (柜台抵扣); fen with tax."""

    __tablename__ = "deductions"
    id: int | None = identity()
    document_id: int = big()
    contract_id: int = big()
    fen: int = big()
    held_fen: int = big()
    fall_decision_id: int | None = big(nullable=True)
    stated_at: datetime = moment()
    stated_by: str
    confirmed_at: datetime | None = moment(nullable=True)
    confirmed_by: str | None = None
    consent_decision_id: int | None = big(nullable=True)


class Lookup(SQLModel, table=True):
    """What the tax bureau's platform said of a document (查验), with the picture of that."""

    __tablename__ = "lookups"
    id: int | None = identity()
    document_id: int = big()
    result: str
    looked_up_on: date
    original: str
    note: str = ""
    entered_at: datetime = moment()
    entered_by: str


class StatedPeriod(SQLModel, table=True):
    """The service period of a document that says none, as a clerk stated it; days are included."""

    __tablename__ = "stated_periods"
    id: int | None = identity()
    document_id: int = big()
    since: date
    until: date
    reason: str
    stated_at: datetime = moment()
    stated_by: str
