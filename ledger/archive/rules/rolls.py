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
    roll: Roll

    @property
    def batches(self) -> int:
        """How many batches it has."""
        return self.last - self.first + 1

    @property
    def windows(self) -> int:
        """How many windows its batches have."""
        return sum(self.roll.counts) - self.batches

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        texts = sum(len(template) for template in self.roll.templates)
        return texts + len(self.roll.content) + len(self.signatures) + 24 * len(self.roll.bases)


def batches_of(kept: ArchivedRoll) -> Iterator[SealedBatch]:
    """Return the batches of a roll, in their order.

    Raises:
        ValueError: it is no roll.
    """
    if len(kept.signatures) != SIGNATURE * kept.batches:
        raise ValueError(kept.first)
    for place, batch in enumerate(open_roll(kept.roll, kept.previous, kept.batches)):
        yield SealedBatch(
            kept.seal, kept.stream, kept.first + place, batch.hash, batch.body,
            kept.signatures[SIGNATURE * place : SIGNATURE * (place + 1)], kept.agent,
            batch.received_at, batch.answer,
        )  # fmt: skip


def row_of(kept: ArchivedRoll, batches: Sequence[SealedBatch]) -> Sequence[Any]:
    """Return the columns of a roll as the database has them, but for its leaves."""
    roll = kept.roll
    hashes = kept.previous + b"".join(batch.hash for batch in batches)
    return (
        kept.stream, kept.first, kept.last, kept.seal, kept.agent, kept.since, kept.until, hashes,
        kept.signatures, roll.templates, roll.counts, roll.columns, roll.kinds, roll.bases,
        roll.steps, roll.widths, bytes(roll.content),
    )  # fmt: skip
