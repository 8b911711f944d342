"""Write tables for spreadsheets; no text of theirs is read as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REPLACED = "\N{REPLACEMENT CHARACTER}"

Rows = Iterable[Sequence[str | Decimal]]
"""Texts, and amounts in yuan."""


def harmless(text: str) -> str:
    """Escape a text that a spreadsheet would read as a formula, also in full width."""
    return f"'{text}" if text.lstrip(" \N{IDEOGRAPHIC SPACE}").startswith(_FORMULA) else text


def unescape(text: str) -> str:
    """Return the text that `harmless` made this of."""
    rest = text.removeprefix("'")
    return rest if rest != text and harmless(rest) == text else text


def csv_file(rows: Rows) -> bytes:
    """Write rows as CSV: UTF-8 with a BOM, lines end in CRLF."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [value if isinstance(value, Decimal) else harmless(value) for value in row] for row in rows
    )
    return out.getvalue().encode("utf-8-sig")


def xlsx_file(rows: Rows) -> bytes:
    """Write rows as a workbook of one sheet; amounts are numbers, everything else is text."""
    return xlsx_book({"Sheet": rows})


def xlsx_book(sheets: Mapping[str, Rows]) -> bytes:
    """Write a workbook of these sheets, by their titles; cells as `xlsx_file` has them.

    Characters that a workbook cannot hold, as somebody may have sent them in an address, are
    replaced by one that says so.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - the base install has no spreadsheets
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet)
                if isinstance(value, Decimal):
                    cell.value, cell.number_format = value, "0.00"
                else:
                    cell.value = _NOT_IN_XML.sub(_REPLACED, harmless(value))
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
