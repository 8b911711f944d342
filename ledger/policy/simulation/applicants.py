"""Read a register of applicants (名册) as a stream, one row each.

CSV with a header, JSON lines, or a JSON list. A row has the application's number, the facts, and
optionally the clauses applied for. Money is integer fen under the fact's own name, or yuan under
the same name with `yuan` for `fen`; under a fact's Chinese name it is yuan. A prefix `12-1.` limits
a fact to that clause. A bad row is reported with its line and the others go on; an unknown header
refuses the whole file, because a misspelt fact would silently be lost.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from ledger.errors import Finding
from ledger.formats.findings import printable
from ledger.formats.json import rows as json_rows
from ledger.policy.simulation.columns import Column, Columns
from ledger.units import fen_from_yuan

LINE_MAX = 1024 * 1024  # bytes of one row
_NUMBER_MAX = 64
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_LIST = re.compile(r"[\s,;、，；]+")
_NO_FACTS: Mapping[str, Mapping[str, object]] = MappingProxyType({})


class Applicant(NamedTuple):
    """An application: its facts, and those for a single clause.

    `clauses` are those that it applies for, None all of them; `rank` its place in a review.
    """

    number: str
    line: int
    facts: Mapping[str, object]
    clauses: frozenset[str] | None = None
    rank: int | None = None
    own: Mapping[str, Mapping[str, object]] = _NO_FACTS


class BadRow(NamedTuple):
    """A row that cannot be used, and all its faults."""

    line: int
    number: str
    faults: tuple[Finding, ...]


Row = Applicant | BadRow


def read(stream: BinaryIO, columns: Columns) -> tuple[Iterator[Row] | None, list[Finding]]:
    """Read the rows of a register one by one, or return why it is none."""
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
    header, findings = _header(first, columns)
    return (None, findings) if findings else (_unique(_csv(stream, header, columns)), [])


def _unique(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows; a repeated number is a fault of the later row."""
    numbers: set[str] = set()
    for row in rows:
        if isinstance(row, Applicant):
            if row.number in numbers:
                twice = Finding("number", "application_twice", (("number", row.number),))
                yield BadRow(row.line, row.number, (twice,))
                continue
            numbers.add(row.number)
        yield row


def _header(first: bytes, columns: Columns) -> tuple[list[tuple[str, Column]], list[Finding]]:
    decode = _Decoder()
    try:
        names = [name.strip() for name in _cells(decode(first))]
    except ValueError:
        return [], [Finding("line 1", "not_a_register")]
    header, findings, titles = [], [], dict[tuple[str | None, str], str]()
    for name in names:
        column = columns[name]
        if column is None:
            findings.append(Finding("line 1", "unknown_column", (("name", printable(name)),)))
            continue
        where = (column.clause, column.name)
        if where in titles:
            findings.append(Finding("line 1", "name_twice", (("name", printable(name)),)))
        titles[where] = name
        header.append((name, column))
    if not findings and (None, "number") not in titles:
        findings.append(Finding("line 1", "no_number_column"))
    return header, findings


class _Decoder:
    """Decode UTF-8 or GB18030, as the first non-ASCII line decides; else ValueError.

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
    """Split one line; ValueError if a quotation mark stays open."""
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


Cells = Iterator[tuple[str, Column | None, object]]


def _from_cells(header: list[tuple[str, Column]], cells: list[str]) -> Cells:
    for (name, column), cell in zip(header, cells, strict=True):
        text = cell.strip()
        if text:
            try:
                yield name, column, column.read(text)
            except ValueError:
                yield name, None, Finding(name, "not_yuan")


def _json(rows: Iterable[tuple[int, object]], columns: Columns) -> Iterator[Row]:
    for line, item in rows:
        if isinstance(item, Finding):
            yield BadRow(line, "", (item,))
        elif not isinstance(item, dict):
            yield BadRow(line, "", (Finding("row", "not_json_object"),))
        else:
            yield _row(line, _from_object(item, columns), columns)


def _from_object(item: dict[str, Any], columns: Columns) -> Cells:
    for name, value in item.items():
        column = columns[name]
        if column is None:
            about = (("name", printable(name)),)
            yield name, None, Finding(printable(name), "unknown_column", about)
        elif value is not None:
            try:
                fen = fen_from_yuan(value if isinstance(value, str) else "") if column.yuan else 0
            except ValueError:
                yield name, None, Finding(name, "not_yuan")
                continue
            yield name, column, fen if column.yuan else value


def _row(line: int, cells: Cells, columns: Columns) -> Row:
    own_columns: dict[str, object] = {}
    facts: dict[str, object] = {}
    own: dict[str, dict[str, object]] = {}
    faults: list[Finding] = []
    for name, column, value in cells:
        if column is None:
            faults += [value] if isinstance(value, Finding) else []
            continue
        if column.fact is None:
            into = own_columns
        else:
            into = own.setdefault(column.clause, {}) if column.clause else facts
        if column.name in into:
            faults.append(Finding(printable(name), "name_twice", (("name", printable(name)),)))
        into[column.name] = value
    number, findings = _number(own_columns.get("number"))
    clauses, more = _clauses(own_columns.get("clauses"), columns.clauses)
    rank, wrong = _rank(own_columns.get("rank"))
    faults += [*findings, *more, *wrong]
    if faults:
        return BadRow(line, number, tuple(faults))
    return Applicant(number, line, facts, clauses, rank, own or _NO_FACTS)


def _number(value: object) -> tuple[str, list[Finding]]:
    if value is None:
        return "", [Finding("number", "missing")]
    text = str(value) if type(value) in (str, int) else ""
    if not 0 < len(text) <= _NUMBER_MAX or not text.isprintable():
        return "", [Finding("number", "bad_name", (("limit", str(_NUMBER_MAX)),))]
    return text, []


def _clauses(value: object, ids: frozenset[str]) -> tuple[frozenset[str] | None, list[Finding]]:
    if value is None:
        return None, []
    names = _LIST.split(value.strip()) if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None, [Finding("clauses", "not_text")]
    strange = [name for name in names if name not in ids]
    about = [Finding("clauses", "unknown_clause", (("name", printable(n)),)) for n in strange]
    return frozenset(names), about


def _rank(value: object) -> tuple[int | None, list[Finding]]:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if value is None or (type(value) is int and value > 0):
        return value, []
    return None, [Finding("rank", "not_a_count", (("words", "名次"),))]
