"""Write the texts of many batches as columns: what repeats once, numbers beside one another.

Batches of one stream say the same again and again, but for a few numbers. So their texts are cut
into pieces (a batch's envelope, each of its windows), and a piece into a *template* and the numbers
in it. Pieces of one template stand together, and each number of a template is a *column*: constant
ones go back into the template, even steps need no bytes, and the others are offsets of as few bytes
as the greatest of them needs. PostgreSQL reads it (`roll_pieces`, 07_batches), so SQL can ask for
what stands in a batch, and the database itself compares a roll with the batches that it is made of.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import gcd
from typing import NamedTuple
from uuid import UUID

import msgspec

PLACES = 1_001
"""Pieces of a batch: its envelope, then up to 1,000 windows (`agents.wire.WINDOWS_MAX`)."""

NUMBER, SECOND, MICROSECOND, HASH = "n", "s", "u", "h"
"""Kinds of columns: a number, a moment to the second or microsecond, the hash of a batch before."""

END = "\x01"
"""Between the parts of an envelope: nothing that is JSON holds it as it is."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TOKEN = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<fraction>\.\d{6})?Z)"
    r"|(?P<hash>(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f]))"
    r"|(?P<number>(?<![\w.+-])(?:0|[1-9]\d{0,17})(?![\w.-]))",
    re.ASCII,
)


BYTES_MAX = 4 * 1024 * 1024
"""Of the batches of a roll: as many as are opened within some tens of milliseconds."""


class Span(NamedTuple):
    """Batches of a stream, from the first number to the last."""

    stream: UUID
    first: int
    last: int


class Candidate(NamedTuple):
    """A batch that may be packed with others that its seal took; without a seal it may not."""

    number: int
    size: int
    seal: int | None


class Said(NamedTuple):
    """A batch to be packed: `received_us` is its moment in microseconds of 1970."""

    number: int
    body: bytes
    hash: bytes
    signature: bytes
    public_key: bytes
    received_us: int
    answer: str


@dataclass
class Roll:
    """Columns of a roll, as `pack_batches` takes them.

    Of each template its text, how often it occurs and how many columns it has; of each column its
    kind, and base, step and width: a value is `base + step × n`, where n is its place among those
    of its template if the width is 0, else the number that stands in `content`. The first column of
    a template is where its pieces stand (`PLACES` to a batch).
    """

    templates: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    kinds: str = ""
    bases: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    content: bytearray = field(default_factory=bytearray)

    def add(self, kind: str, values: Sequence[int]) -> None:
        """Add a column."""
        base, step, width = min(values), 0, 0
        differences = {after - before for before, after in pairwise(values)}
        if len(differences) <= 1:
            base, step = values[0], next(iter(differences), 0)
        else:
            step = gcd(*(value - base for value in values))
            offsets = [(value - base) // step for value in values]
            width = (max(offsets).bit_length() + 7) // 8
            self.content += b"".join(offset.to_bytes(width, "big") for offset in offsets)
        self.kinds += kind
        self.bases.append(base)
        self.steps.append(step)
        self.widths.append(width)


class Unpackable(Exception):
    """A batch is not written as agents write it; it stays as it is."""


class _Windows(msgspec.Struct):
    windows: list[msgspec.Raw]


class _Previous(msgspec.Struct):
    previous: str


@dataclass
class _Pieces:
    """The pieces of one skeleton: where each stands, and the tokens of each."""

    places: list[int] = field(default_factory=list)
    tokens: list[list["_Token"]] = field(default_factory=list)


class _Token(NamedTuple):
    kind: str
    value: int
    word: str


def spans(stream: UUID, candidates: Iterable[Candidate]) -> list[Span]:
    """Return the spans that make rolls: of one seal, without a hole, no more than a roll holds."""
    result: list[Span] = []
    before, size = None, 0
    for candidate in candidates:
        follows = before and candidate[::2] == (before.number + 1, before.seal)
        size = size + candidate.size if follows else candidate.size
        if candidate.seal is not None:
            if follows and size <= BYTES_MAX:
                result[-1] = result[-1]._replace(last=candidate.number)
            else:
                result.append(Span(stream, candidate.number, candidate.number))
                size = candidate.size
        before = candidate
    return result


def previous_of(body: bytes) -> bytes:
    """Return the hash of the batch before, as a batch names it; zeros, where it names none.

    Raises:
        Unpackable: it is not written as agents write it.
    """
    try:
        previous = bytes.fromhex(msgspec.json.decode(body, type=_Previous).previous)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Unpackable from error
    return previous.ljust(32, b"\0")


def roll_of(batches: Sequence[Said], previous: bytes) -> Roll:
    """Return the roll of consecutive batches.

    Args:
        batches: in their order.
        previous: the hash that the first one names; zeros, where it names none.

    Raises:
        Unpackable: one of them cannot stand in a roll.
    """
    hashes = {h.hex(): place for place, h in enumerate([previous, *(b.hash for b in batches)])}
    groups: dict[tuple[tuple[str, ...], str], _Pieces] = {}
    for place, piece in _pieces(batches):
        skeleton, tokens = _split(piece, hashes)
        kinds = "".join(token.kind for token in tokens)
        group = groups.setdefault((skeleton, kinds), _Pieces())
        group.places.append(place)
        group.tokens.append(tokens)
    roll = Roll()
    for (skeleton, _), group in groups.items():
        _write(roll, skeleton, group)
    return roll


def _write(roll: Roll, skeleton: tuple[str, ...], group: _Pieces) -> None:
    """Write a template with its columns; a token that is always the same is part of its text."""
    roll.add(NUMBER, group.places)
    columns, text = 1, _literal(skeleton[0])
    for tokens, literal in zip(zip(*group.tokens, strict=True), skeleton[1:], strict=True):
        if all(token.value == tokens[0].value for token in tokens):
            text += tokens[0].word
        else:
            roll.add(tokens[0].kind, [token.value for token in tokens])
            columns += 1
            text += "%s"
        text += _literal(literal)
    roll.templates.append(text)
    roll.counts.append(len(group.places))
    roll.columns.append(columns)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _pieces(batches: Sequence[Said]) -> Iterable[tuple[int, str]]:
    for index, batch in enumerate(batches):
        head, windows, tail = _cut(batch.body)
        envelope = END.join([head, tail, str(batch.received_us), batch.answer])
        for place, piece in enumerate([envelope, *windows]):
            yield index * PLACES + place, piece


def _cut(body: bytes) -> tuple[str, list[str], str]:
    """What stands before the windows of a batch, each window, and what stands behind them."""
    try:
        windows = [bytes(raw) for raw in msgspec.json.decode(body, type=_Windows).windows]
        joined = b",".join(windows)
        start = body.index(b'"windows":[' + joined + b"]") + len(b'"windows":[')
        texts = [window.decode() for window in windows]
        head, tail = body[:start].decode(), body[start + len(joined) :].decode()
    except (ValueError, msgspec.MsgspecError) as error:
        raise Unpackable from error
    if len(windows) >= PLACES or b"\0" in body or END.encode() in body:
        raise Unpackable
    return head, texts, tail


def _split(piece: str, hashes: dict[str, int]) -> tuple[tuple[str, ...], list[_Token]]:
    """Split a piece into what stands around its tokens, and the tokens."""
    tokens: list[_Token] = []
    skeleton: list[str] = []
    end = 0
    for match in _TOKEN.finditer(piece):
        token = _token(match, hashes)
        if token is not None:
            skeleton.append(piece[end : match.start()])
            end = match.end()
            tokens.append(token)
    skeleton.append(piece[end:])
    return tuple(skeleton), tokens


def _token(match: re.Match[str], hashes: dict[str, int]) -> _Token | None:
    word = match[0]
    if match["number"]:
        return _Token(NUMBER, int(word), word)
    if match["hash"]:
        return _Token(HASH, hashes[word], word) if word in hashes else None
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    kind = MICROSECOND if match["fraction"] else SECOND
    return _Token(kind, (moment - _EPOCH) // _MICROSECOND, word)
