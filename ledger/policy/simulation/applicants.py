"""A register of applicants (名册): one row each, read as it streams, with all that is wrong told.

CSV with a header, JSON lines, or a JSON list. A row has the application's number, the facts, and if
it says so the clauses that it applies for. Money is integer fen under the fact's own name, or yuan
under the same name with `yuan` for `fen`; under a fact's Chinese name it is yuan. `12-1.` before a
name means that clause alone. A bad row is told with its line and the others go on; only a header
that names nothing known refuses the whole, because a fact that is misspelt would be silently lost.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from ledger.errors import Finding
from ledger.formats import json_rows
from ledger.formats.yaml_with_lines import shown
from ledger.policy.simulation.columns import Column, Columns
from ledger.units import fen_from_yuan

LINE_MAX = 1024 * 1024  # bytes of one row
_NUMBER_MAX = 64
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_LIST = re.compile(r"[\s,;、，；]+")
_NOTHING: Mapping[str, Mapping[str, object]] = MappingProxyType({})


class Applicant(NamedTuple):
    """An application: its facts, and those that hold for one clause alone.

    `clauses` are those that it applies for, None all of them; `rank` its place in a review.
    """

    number: str
    line: int
    facts: Mapping[str, object]
    clauses: frozenset[str] | None = None
    rank: int | None = None
    own: Mapping[str, Mapping[str, object]] = _NOTHING


class BadRow(NamedTuple):
    """A row that cannot be used, and all that is wrong with it."""

    line: int
    number: str
    faults: tuple[Finding, ...]


Row = Applicant | BadRow


def read(stream: BinaryIO, columns: Columns) -> tuple[Iterator[Row] | None, list[Finding]]:
    """The rows of a register one by one, or why it is none."""
    first = stream.readline(LINE_MAX)
    while first and not first.removeprefix(b"\xef\xbb\xbf").strip():
        first = stream.readline(LINE_MAX)
    first = first.removeprefix(b"\xef\xbb\xbf")
    if not first:
        return None, [Finding("line 1", "empty_table")]
    start = first.lstrip()[:1]
    if start == b"[":
        return _unique(_json(json_rows.of_list(first, stream), columns)), []
    if start == b"{":
        return _unique(_json(json_rows.of_lines(first, stream, LINE_MAX), columns)), []
    header, found = _header(first, columns)
    return (None, found) if found else (_unique(_csv(stream, header, columns)), [])


def _unique(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; a number that was there before is a fault of the later row."""
    seen: set[str] = set()
    for row in rows:
        if isinstance(row, Applicant):
            if row.number in seen:
                twice = Finding("number", "application_twice", (("number", row.number),))
                yield BadRow(row.line, row.number, (twice,))
                continue
            seen.add(row.number)
        yield row


def _header(first: bytes, columns: Columns) -> tuple[list[tuple[str, Column]], list[Finding]]:
    decode = _Decoder()
    try:
        names = [name.strip() for name in _cells(decode(first))]
    except ValueError:
        return [], [Finding("line 1", "not_a_register")]
    header, found, seen = [], [], dict[tuple[str | None, str], str]()
    for name in names:
        column = columns[name]
        if column is None:
            found.append(Finding("line 1", "unknown_column", (("name", shown(name)),)))
            continue
        where = (column.clause, column.name)
        if where in seen:
            found.append(Finding("line 1", "name_twice", (("name", shown(name)),)))
        seen[where] = name
        header.append((name, column))
    if not found and (None, "number") not in seen:
        found.append(Finding("line 1", "no_number_column"))
    return header, found


class _Decoder:
    """UTF-8 or GB18030, as the first line says that is not ASCII; ValueError for a line of neither.

    A line of the other encoding is no longer guessed at.
    """

    def __init__(self) -> None:
        self._encodings: tuple[str, ...] = ("utf-8", "gb18030")

    def __call__(self, line: bytes) -> str:
        if line.isascii():
            return line.decode()
        for encoding in self._encodings:
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                continue
            self._encodings = (encoding,)
            return text
        raise ValueError(line)


def _cells(text: str) -> list[str]:
    """One line is one row: an open quotation mark harms no other row. ValueError if it is open."""
    try:
        return next(csv.reader((text.rstrip("\r\n"),), strict=True), [])
    except csv.Error as error:
        raise ValueError(text) from error


def _csv(stream: BinaryIO, header: list[tuple[str, Column]], columns: Columns) -> Iterator[Row]:
    decode = _Decoder()
    line = 1
    while raw := stream.readline(LINE_MAX):
        line += 1
        if not raw.strip():
            continue
        if len(raw) == LINE_MAX and not raw.endswith(b"\n"):
            while (rest := stream.readline(LINE_MAX)) and not rest.endswith(b"\n"):
                pass
            yield BadRow(line, "", (Finding("row", "line_too_long"),))
            continue
        try:
            cells = _cells(decode(raw))
        except ValueError:
            yield BadRow(line, "", (Finding("row", "bad_row"),))
            continue
        if len(cells) != len(header):
            lengths = (("wanted", str(len(header))), ("given", str(len(cells))))
            yield BadRow(line, "", (Finding("row", "row_length", lengths),))
            continue
        yield _row(line, _from_cells(header, cells), columns)


Given = Iterator[tuple[str, Column | None, object]]


def _from_cells(header: list[tuple[str, Column]], cells: list[str]) -> Given:
    for (name, column), cell in zip(header, cells, strict=True):
        text = cell.strip()
        if text:
            try:
                yield name, column, column.read(text)
            except ValueError:
                yield name, None, Finding(name, "not_yuan")


def _json(rows: Iterable[tuple[int, object]], columns: Columns) -> Iterator[Row]:
    for line, written in rows:
        if isinstance(written, Finding):
            yield BadRow(line, "", (written,))
        elif not isinstance(written, dict):
            yield BadRow(line, "", (Finding("row", "not_json_object"),))
        else:
            yield _row(line, _from_object(written, columns), columns)


def _from_object(written: dict[str, Any], columns: Columns) -> Given:
    for name, value in written.items():
        column = columns[name]
        if column is None:
            about = (("name", shown(name)),)
            yield name, None, Finding(shown(name), "unknown_column", about)
        elif value is not None:
            try:
                fen = fen_from_yuan(value if isinstance(value, str) else "") if column.yuan else 0
            except ValueError:
                yield name, None, Finding(name, "not_yuan")
                continue
            yield name, column, fen if column.yuan else value


def _row(line: int, given: Given, columns: Columns) -> Row:
    ours: dict[str, object] = {}
    facts: dict[str, object] = {}
    own: dict[str, dict[str, object]] = {}
    faults: list[Finding] = []
    for name, column, value in given:
        if column is None:
            faults += [value] if isinstance(value, Finding) else []
            continue
        if column.fact is None:
            into = ours
        else:
            into = own.setdefault(column.clause, {}) if column.clause else facts
        if column.name in into:
            faults.append(Finding(shown(name), "name_twice", (("name", shown(name)),)))
        into[column.name] = value
    number, found = _number(ours.get("number"))
    clauses, more = _clauses(ours.get("clauses"), columns.clauses)
    rank, wrong = _rank(ours.get("rank"))
    faults += [*found, *more, *wrong]
    if faults:
        return BadRow(line, number, tuple(faults))
    return Applicant(number, line, facts, clauses, rank, own or _NOTHING)


def _number(written: object) -> tuple[str, list[Finding]]:
    if written is None:
        return "", [Finding("number", "missing")]
    text = str(written) if type(written) in (str, int) else ""
    if not 0 < len(text) <= _NUMBER_MAX or not text.isprintable():
        return "", [Finding("number", "bad_name", (("limit", str(_NUMBER_MAX)),))]
    return text, []


def _clauses(written: object, known: frozenset[str]) -> tuple[frozenset[str] | None, list[Finding]]:
    if written is None:
        return None, []
    names = _LIST.split(written.strip()) if isinstance(written, str) else written
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None, [Finding("clauses", "not_text")]
    strange = [name for name in names if name not in known]
    about = [Finding("clauses", "unknown_clause", (("name", shown(n)),)) for n in strange]
    return frozenset(names), about


def _rank(written: object) -> tuple[int | None, list[Finding]]:
    if isinstance(written, str) and _INTEGER.fullmatch(written):
        written = int(written)
    if written is None or (type(written) is int and written > 0):
        return written, []
    return None, [Finding("rank", "not_a_count", (("words", "名次"),))]
