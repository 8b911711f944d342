"""The row of a batch as it was sealed, made again from what the archive keeps of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from ledger.seals.rules.heads import Head
from ledger.seals.rules.outside.away import AwayRow, leaf_hash, tree_of

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
)


class SealedBatch(NamedTuple):
    """A batch as it came, and the seal in which its leaf stands; `answer` is JSON's text."""

    seal: int
    stream: UUID
    number: int
    hash: bytes
    body: bytes
    signature: bytes
    agent: UUID
    received_at: datetime
    answer: str


def away_row(batch: SealedBatch, heads: Mapping[int, Head], leaf: bytes) -> AwayRow:
    """Return a batch as seals read it, in the columns of its seal, and the leaf that sealed it.

    Raises:
        KeyError, ValueError: its seal has no such rows, or columns that the archive does not keep.
    """
    line = row_line(batch, tree_of(heads[batch.seal]).columns)
    return AwayRow(batch.seal, row_key(batch).encode(), line, leaf)


def leaf_of(batch: SealedBatch, heads: Mapping[int, Head]) -> bytes:
    """Return the hash of a batch's row, as its seal took it.

    Raises:
        KeyError, ValueError: as `away_row` does.
    """
    return leaf_hash(away_row(batch, heads, b""), heads[batch.seal])


def row_line(batch: SealedBatch, columns: Sequence[str]) -> bytes:
    """Return the line that COPY wrote for a batch (`ledger/seals/rules/form.py`).

    Args:
        batch: the batch.
        columns: `name:type`, as the seal's head has them.

    Raises:
        ValueError: a column is none that the archive keeps.
    """
    values = {
        "stream": str(batch.stream),
        "number": str(batch.number),
        "hash": _bytes(batch.hash),
        "signature": _bytes(batch.signature),
        "agent_id": str(batch.agent),
        "received_at": _moment(batch.received_at),
        "answer": batch.answer.translate(_ESCAPES),
        "bytes": _bytes(batch.body),
    }
    names = [column.partition(":")[0] for column in columns]
    if unknown := [name for name in names if name not in values]:
        raise ValueError(f"no column {unknown[0]}")
    return ("\t".join(values[name] for name in names) + "\n").encode()


def row_key(batch: SealedBatch) -> str:
    """Return the key of a batch's row, as its leaf names it."""
    return f'["{batch.stream}", {batch.number}]'


def _bytes(value: bytes) -> str:
    return "\\\\x" + value.hex()


def _moment(moment: datetime) -> str:
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return f"{text.rstrip('0') if '.' in text else text}+00"
