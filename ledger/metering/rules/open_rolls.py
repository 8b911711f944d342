"""Read a roll again, without a database: its batches, byte for byte, and their hashes.

What `rolls.py` wrote; PostgreSQL reads it too (`open_roll`, 07_batches). Here the hashes need not
be known: a batch names the one before by its hash, so they follow one from the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate, repeat
from typing import NamedTuple

from ledger.metering.rules.rolls import END, HASH, MICROSECOND, NUMBER, PLACES, SECOND, Roll

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {NUMBER, SECOND, MICROSECOND, HASH}
_WIDTHS = {*range(9)}


class OpenedBatch(NamedTuple):
    """A batch as it came; `hash` is the SHA-256 of `body`, `answer` the text of its answer."""

    body: bytes
    hash: bytes
    received_at: datetime
    answer: str


@dataclass(frozen=True)
class _Piece:
    """A template, the kinds of its places and what stands there."""

    template: str
    kinds: str
    values: tuple[int, ...]

    def text(self, hashes: Sequence[bytes]) -> str:
        words = (
            _word(kind, value, hashes) for kind, value in zip(self.kinds, self.values, strict=True)
        )
        return self.template % tuple(words)


def open_roll(roll: Roll, previous: bytes, count: int) -> Iterator[OpenedBatch]:
    """Return the batches of a roll, in their order.

    Args:
        roll: its columns.
        previous: the hash that the first one names; zeros, where it names none.
        count: how many batches it has.

    Raises:
        ValueError: it is not what `roll_of` makes.
    """
    _refuse_unfit(roll, count)
    try:
        of_batch: list[list[tuple[int, _Piece]]] = [[] for _ in range(count)]
        for place, piece in _pieces(roll):
            of_batch[place // PLACES].append((place, piece))
        hashes = [previous]
        for pieces in of_batch:
            envelope, *windows = (piece.text(hashes) for _, piece in sorted(pieces, key=_place))
            head, tail, received_us, answer = envelope.split(END)
            body = f"{head}{','.join(windows)}{tail}".encode()
            hashes.append(sha256(body).digest())
            received_at = _EPOCH + timedelta(microseconds=int(received_us))
            yield OpenedBatch(body, hashes[-1], received_at, answer)
    except (IndexError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _refuse_unfit(roll: Roll, count: int) -> None:
    """Refuse a roll whose parts do not fit together, before anything is made of them."""
    of_columns = {len(roll.kinds), len(roll.bases), len(roll.steps), len(roll.widths)}
    of_templates = {len(roll.templates), len(roll.counts), len(roll.columns)}
    if (
        of_columns != {sum(roll.columns)}
        or len(of_templates) > 1
        or min(roll.columns, default=1) < 1
    ):
        raise ValueError("columns that are not those of its templates")
    if not set(roll.widths) <= _WIDTHS or not set(roll.kinds) <= _KINDS:
        raise ValueError("columns of no kind or width that there is")
    if min(roll.counts, default=0) < 0 or sum(roll.counts) > count * PLACES:
        raise ValueError("more pieces than its batches hold")
    if len(roll.content) != sum(count * width for count, width in column_sizes(roll)):
        raise ValueError("content that is not as long as its columns")
    for template in roll.templates:
        if "%" in template.replace("%%", "").replace("%s", ""):
            raise ValueError("a template with other places than those for words")


def _place(placed: tuple[int, _Piece]) -> int:
    return placed[0]


def _pieces(roll: Roll) -> Iterator[tuple[int, _Piece]]:
    columns, at = iter(_columns(roll)), 0
    for template, own_columns in zip(roll.templates, roll.columns, strict=True):
        places, *of_places = (next(columns) for _ in range(own_columns))
        kinds = roll.kinds[at + 1 : at + own_columns]
        at += own_columns
        all_values = zip(*of_places, strict=True) if of_places else repeat(())
        for place, values in zip(places, all_values, strict=False):
            yield place, _Piece(template, kinds, values)


def column_sizes(roll: Roll) -> list[tuple[int, int]]:
    """Return of each column how many values it has, and how many bytes each takes."""
    counts = [
        count
        for count, columns in zip(roll.counts, roll.columns, strict=True)
        for _ in range(columns)
    ]
    return [*zip(counts, roll.widths, strict=True)]


def _columns(roll: Roll) -> Iterator[list[int]]:
    """Return the values of each column."""
    sizes = column_sizes(roll)
    starts = accumulate((count * width for count, width in sizes), initial=0)
    content = bytes(roll.content)
    for (count, width), start, base, step in zip(
        sizes,
        starts,
        roll.bases,
        roll.steps,
        strict=False,  # there is one start more
    ):
        offsets = (
            (int.from_bytes(content[at : at + width], "big") for at in
             range(start, start + count * width, width))
            if width else range(count)
        )  # fmt: skip
        yield [base + step * offset for offset in offsets]


def _word(kind: str, value: int, hashes: Sequence[bytes]) -> str:
    if kind == NUMBER:
        return str(value)
    if kind == HASH:
        if value < 0:
            raise IndexError("a hash before the first")
        return hashes[value].hex()
    moment = (_EPOCH + timedelta(microseconds=value)).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='seconds' if kind == SECOND else 'microseconds')}Z"
