"""Read the objects of a JSON file one by one, as a list or one per line, in constant memory.

A duplicate name or a number of thousands of digits is a fault of its own object. After a syntax
error in a list the rest cannot be separated: the objects before it are kept, and one finding says
that the rest was not read.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ledger.errors import Finding
from ledger.formats.findings import printable

_CHUNK = 64 * 1024
_OBJECT_MAX = 1024 * 1024  # characters of one object
_DIGITS_MAX = 40
_SPACE = " \t\r\n"
_REST = Finding("row", "rest_unread")


def of_lines(first: bytes, stream: BinaryIO, limit: int) -> Iterator[tuple[int, object]]:
    """Yield each line's number and its value, or a finding."""
    line, raw = 1, first
    while raw:
        if len(raw) >= limit and not raw.endswith(b"\n"):
            while (raw := stream.readline(limit)) and not raw.endswith(b"\n"):
                pass
            yield line, Finding("row", "line_too_long")
        elif raw.strip():
            yield line, _parse_line(raw)
        line, raw = line + 1, stream.readline(limit)


def of_list(first: bytes, stream: BinaryIO) -> Iterator[tuple[int, object]]:
    """Yield the line of each item and the item, or a finding."""
    text = _Text(first, stream)
    text.take()  # the bracket
    while (mark := text.peek()) not in ("]", ""):
        line = text.line
        try:
            item = text.item()
        except (ValueError, RecursionError):
            break
        yield line, item
        if text.peek() == ",":
            text.take()
        elif text.peek() != "]":
            break
    mark = text.peek()
    if mark == "]":
        text.take()
    if mark != "]" or text.peek():
        yield text.line, _REST


class _Text:
    """The unread part of a list."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._stream, self._at_end = stream, False
        self._rest, self._at, self.line = "", 0, 1
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)
        try:
            self._rest = self._decode(first)
        except UnicodeDecodeError:
            self._at_end = True

    def peek(self) -> str:
        """Return the next character that is not a space; empty at the end."""
        while True:
            while self._at < len(self._rest):
                character = self._rest[self._at]
                if character not in _SPACE:
                    return character
                self.take()
            if not self._more():
                return ""

    def take(self) -> None:
        """Skip one character."""
        self.line += self._rest[self._at : self._at + 1] == "\n"
        self._at += 1

    def item(self) -> Any:  # noqa: ANN401 - whatever was written
        """Return the next item; ValueError if there is none."""
        while True:
            try:
                item, end = self._decoder.raw_decode(self._rest, self._at)
            except json.JSONDecodeError:
                if len(self._rest) - self._at > _OBJECT_MAX or not self._more():
                    raise
            else:
                self.line += self._rest.count("\n", self._at, end)
                self._at = end
                return item

    def _more(self) -> bool:
        if self._at_end:
            return False
        raw = self._stream.read(_CHUNK)
        try:
            read = self._decode(raw, final=not raw)
        except UnicodeDecodeError:
            raw, read = b"", ""
        self._at_end = not raw
        self._rest, self._at = self._rest[self._at :] + read, 0
        return bool(raw)


def _parse_line(raw: bytes) -> object:
    try:
        return json.loads(raw.decode(), object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        return Finding("row", "not_json", (("problem", error.msg),))
    except (UnicodeDecodeError, RecursionError):
        return Finding("row", "bad_row")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Finding:
    """Build an object, or a finding if it has a name twice."""
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    return Finding("row", "name_twice", (("name", printable(twice)),))


def _integer(digits: str) -> int:
    """Parse an integer; digits beyond the limit are cut, as it is too large anyway."""
    return int(digits[:_DIGITS_MAX])
