"""Export a payment list as CSV or XLSX, with mapped columns, total and digest.

Each treasury and bank wants its own columns: a mapping sets fields, order and titles; the default
is below. A text that begins like a formula gets an apostrophe. The digest at the end is the
confirmed one, so that later changes show.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from ledger.errors import Finding
from ledger.formats.capital_amounts import in_words
from ledger.formats.spreadsheets.export import harmless
from ledger.units import Fen

Columns = Sequence[tuple[str, str]]
"""Titles and the fields under them."""

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "line": "序号",
        "payee": "收款人",
        "uscc": "统一社会信用代码",
        "account": "收款账号",
        "bank": "开户行",
        "bank_code": "联行号",
        "yuan": "金额(元)",
        "words": "大写",
        "purpose": "用途",
        "months": "账期",
        "claim": "申请编号",
        "list": "清单号",
    }
)
DEFAULT: Columns = tuple(
    (FIELDS[field], field)
    for field in (
        "line",
        "payee",
        "account",
        "bank",
        "bank_code",
        "yuan",
        "words",
        "purpose",
        "months",
    )
)
TITLE_MAX = 100
_MAPPING = re.compile(r"([^=]{1,100})=\s*([a-z_]+)\s*")


def read_columns(lines: Sequence[str]) -> tuple[Columns, list[Finding]]:
    """Parse a mapping of lines `title=field`, with the faults of each line."""
    findings, columns = list[Finding](), list[tuple[str, str]]()
    for number, line in enumerate(lines, start=1):
        read = _MAPPING.fullmatch(line)
        title = read[1].strip() if read else ""
        if read is None or not title.isprintable() or not title:
            findings.append(Finding(f"line {number}", "bad_column", ()))
        elif read[2] not in FIELDS:
            params = (("field", read[2]), ("known", ", ".join(FIELDS)))
            findings.append(Finding(f"line {number}", "unknown_field", params))
        else:
            columns.append((title, read[2]))
    return columns or DEFAULT, findings


def as_csv(content: Mapping[str, Any], digest: str, columns: Columns = DEFAULT) -> bytes:
    """Write a list's content (`list_content`) as CSV: UTF-8 with a BOM, lines end in CRLF.

    Its lines may have the `months` of their claims, which are not part of what was confirmed.
    """
    out = io.StringIO(newline="")
    csv.writer(out).writerows(_table(content, digest, columns))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(
    content: Mapping[str, Any], digest: str, made_at: datetime, columns: Columns = DEFAULT
) -> bytes:
    """Write it as a workbook; amounts are numbers, everything else is text."""
    book = Workbook(write_only=True)
    book.properties.created = made_at.replace(tzinfo=None)
    sheet = book.create_sheet(harmless(content["number"]))
    fields = [field for _, field in columns]
    lines = _table(content, digest, columns)
    for at, row in enumerate(lines):
        body = 0 < at <= len(content["lines"])
        sheet.append(
            [_cell(sheet, v, f) for v, f in zip(row, fields, strict=False)] if body else row
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _table(content: Mapping[str, Any], digest: str, columns: Columns) -> list[list[str]]:
    lines = [
        [harmless(_field(content, line, field)) for _, field in columns]
        for line in content["lines"]
    ]
    total = ["合计", str(len(lines)), _decimal(content["total_fen"]), content["words"]]
    return [[harmless(title) for title, _ in columns], *lines, total, ["摘要", digest]]


def _field(content: Mapping[str, Any], line: Mapping[str, Any], field: str) -> str:
    worked_out = {
        "yuan": _decimal(line["fen"]),
        "words": in_words(line["fen"]),
        "purpose": f"算力券兑付 {line['claim']}",
        "list": content["number"],
        "months": " ".join(line.get("months", ())),
    }
    return worked_out[field] if field in worked_out else str(line[field])


def _decimal(fen: Fen) -> str:
    """Format `12345.60`, without separators, for programs."""
    return f"{fen // 100}.{fen % 100:02d}"


def _cell(sheet: WriteOnlyWorksheet, value: str, field: str) -> object:
    if field != "yuan":
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = Decimal(value)
    cell.number_format = "0.00"
    return cell
