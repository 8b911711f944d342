"""What is told of seals; hashes and signatures in hexadecimal."""

from datetime import date, datetime

from api.door.schemas import ResponseModel
from ledger.seals.codes import Algorithm, SealKind


class SealRead(ResponseModel):
    """A seal: its head's hash, the one before, and who signed it."""

    number: int
    kind: SealKind
    month: date | None
    sealed_at: datetime
    algorithm: Algorithm
    rows: int
    hash: str
    previous: str | None
    key: str
    signature: str
    stamped_at: datetime | None


class SealHead(SealRead):
    """A seal with the text that is hashed and signed, and its time stamp (RFC 3161) in base64."""

    head: str
    stamp: str | None
