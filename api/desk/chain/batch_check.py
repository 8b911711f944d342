"""Check a stored batch again: its signature over its bytes, and its windows as they stand."""

import base64
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Row
from sqlmodel import Session

from api.door.batch_decoder import verify, windows_of
from ledger.errors import Refused
from ledger.metering.queries.batches import stored_windows


@dataclass(frozen=True)
class BatchCheck:
    """What the bytes say today: of `gpus`, from the first start of their windows to the last."""

    sha256: str
    is_signed: bool
    windows: int
    stored: int
    altered: int
    gpus: list[str]
    span: tuple[datetime, datetime] | None


def check_batch(db: Session, batch: Row[Any]) -> BatchCheck:
    """Check the bytes of a batch (`ledger.metering.queries.batches.batch`) from the beginning."""
    digest = sha256(batch.bytes).digest()
    windows = {(w.gpu, w.start): w.body for w in windows_of(batch.bytes)}
    starts = sorted(start for _, start in windows)
    span = (starts[0], starts[-1]) if starts else None
    gpus = sorted({gpu for gpu, _ in windows})
    stored = stored_windows(db, batch.stream, batch.number, gpus, span) if span else []
    altered = sum(not _same(windows.get((row.gpu, row.start)), row.body) for row in stored)
    return BatchCheck(
        digest.hex(), _is_signed(batch, digest), len(windows), len(stored), altered, gpus, span
    )


def _is_signed(batch: Row[Any], digest: bytes) -> bool:
    """Whether the agent's key made this signature of these bytes."""
    if digest != batch.hash:
        return False
    try:
        verify(batch.public_key, digest, base64.b64encode(batch.signature).decode())
    except Refused:
        return False
    return True


def _same(sent: bytes | None, stored: Any) -> bool:  # noqa: ANN401 - JSON as the database has it
    return sent is not None and msgspec.json.decode(sent) == stored
