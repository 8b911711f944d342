"""A roll as it is archived: without what follows from the rest, and back."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ledger.archive.rules.rows import SealedBatch
from ledger.metering.rules.open_rolls import open_roll
from ledger.metering.rules.rolls import Roll

HASH, SIGNATURE = 32, 64
"""Bytes of a hash, and of a signature."""


class ArchivedRoll(NamedTuple):
    """What the archive keeps of a roll: `batch_rolls` (07_batches) but for hashes and leaves.

    `previous` is the hash of the batch before the first; `since` and `until` are when the first and
    the last of its batches were received.
    """

    stream: UUID
    first: int
    last: int
    seal: int
    agent: UUID
    since: datetime
    until: datetime
    previous: bytes
    signatures: bytes
    columns: Roll

    @property
    def batches(self) -> int:
        """How many batches it has."""
        return self.last - self.first + 1

    @property
    def windows(self) -> int:
        """How many windows its batches have."""
        return sum(self.columns.counts) - self.batches

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        texts = sum(len(template) for template in self.columns.templates)
        return (
            texts + len(self.columns.content) + len(self.signatures) + 24 * len(self.columns.bases)
        )


def batches_of(roll: ArchivedRoll) -> Iterator[SealedBatch]:
    """Return the batches of a roll, in their order.

    Raises:
        ValueError: it is no roll.
    """
    if len(roll.signatures) != SIGNATURE * roll.batches:
        raise ValueError(roll.first)
    for place, batch in enumerate(open_roll(roll.columns, roll.previous, roll.batches)):
        yield SealedBatch(
            roll.seal, roll.stream, roll.first + place, batch.hash, batch.body,
            roll.signatures[SIGNATURE * place : SIGNATURE * (place + 1)], roll.agent,
            batch.received_at, batch.answer,
        )  # fmt: skip


def row_of(roll: ArchivedRoll, batches: Sequence[SealedBatch]) -> Sequence[Any]:
    """Return the columns of a roll as the database has them, but for its leaves."""
    columns = roll.columns
    hashes = roll.previous + b"".join(batch.hash for batch in batches)
    return (
        roll.stream, roll.first, roll.last, roll.seal, roll.agent, roll.since, roll.until, hashes,
        roll.signatures, columns.templates, columns.counts, columns.columns, columns.kinds,
        columns.bases, columns.steps, columns.widths, bytes(columns.content),
    )  # fmt: skip
