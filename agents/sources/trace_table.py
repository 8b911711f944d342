"""A trace as a CSV table: its header and rows, and what is wrong with them."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

BYTES_MAX = 2**30  # of an unpacked file

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"

Columns = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the file; `row` counts lines from 1, which is the header."""

    row: int
    column: str
    zh: str
    en: str


def unpack(content: bytes) -> bytes | Fault:
    """Return the text's bytes of a file that may be packed by gzip."""
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            text = file.read(BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        return Fault(1, "", f"gzip 已损坏：{error}", f"its gzip is damaged: {error}")
    if len(text) > BYTES_MAX:
        return Fault(1, "", "解开后超过 1 GiB", "is larger than 1 GiB when unpacked")
    return text


def read_table(
    content: bytes,
    columns: Columns,
    read: Callable[[int, Columns, list[str]], tuple[_T, list[Fault]]],
    optional: Sequence[str] = (),
) -> tuple[list[_T], list[Fault]]:
    """Return what `read` makes of each row (line, columns, cells), and all faults."""
    if content.startswith(_BOM):
        fault = Fault(
            1,
            columns[0],
            "文件以 BOM 开头：请另存为不带 BOM 的 UTF-8",
            "the file begins with a BOM: save it as UTF-8 without BOM",
        )
        return [], [fault]
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        return [], [Fault(row, "", "不是 UTF-8 文本", "this is not UTF-8 text")]
    if not text.strip():
        return [], [Fault(1, "", "文件是空的", "the file is empty")]
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    items: list[_T] = []
    faults: list[Fault] = []
    try:
        header = next(table, [])
        columns = (*columns, *(name for name in optional if name in header))
        faults += _header_faults(header, columns)
        if faults:
            return [], faults
        for values in table:
            if values:  # skip empty lines, such as the last one
                item, its_faults = read(table.line_num, columns, values)
                items.append(item)
                faults += its_faults
    except csv.Error as error:
        detail = str(error)
        faults.append(Fault(table.line_num, "", f"不是 CSV：{detail}", f"this is no CSV: {detail}"))
    return items, faults


def count_fault(number: int, columns: Columns, values: Sequence[str]) -> Fault:
    """Return the fault of a row that has another number of cells than its header."""
    count, length = len(values), len(columns)
    return Fault(
        number, "", f"有 {count} 格，应有 {length} 格", f"has {count} cells, must have {length}"
    )


def _header_faults(header: list[str], columns: tuple[str, ...]) -> Iterator[Fault]:
    text = ",".join(columns)
    for name in columns:
        if name not in header:
            yield Fault(1, name, f"缺少此列，应为 {text}", f"is missing, must be {text}")
    for name in dict.fromkeys(header):
        if name not in columns:
            yield Fault(1, name, f"多余的列，应为 {text}", f"is one too many, must be {text}")
    if sorted(header) == sorted(columns) and tuple(header) != columns:
        name = next(name for name, column in zip(header, columns, strict=True) if name != column)
        yield Fault(1, name, f"列的次序不对，应为 {text}", f"is out of order, must be {text}")
    for name in columns:
        if header.count(name) > 1:
            yield Fault(1, name, "此列重复", "stands there twice")
