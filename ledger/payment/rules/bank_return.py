"""Read the bank's return file (回单): one row per payout that was paid or returned.

Columns are found by title, in any order, others are ignored: 流水号 (the bank's own reference),
清单号, 序号, 结果 (成功 or 退回), 金额 (yuan), 日期, and optionally 原因. All faults are reported
at once with their rows; `ledger/payment/rules/payment_list.py` decides what the rows mean for the
books.
"""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from ledger.errors import Finding
from ledger.formats.spreadsheets.reading import Row, read_rows
from ledger.formats.visible import is_seen
from ledger.payment.codes import LineResult
from ledger.payment.rules.payment_list import BankRow
from ledger.units import FEN_MAX, Fen, fen_from_yuan, without_commas

REFERENCE, LIST, LINE, RESULT, AMOUNT, DAY, REASON = (
    "流水号", "清单号", "序号", "结果", "金额", "日期", "原因",
)  # fmt: skip
COLUMNS = (REFERENCE, LIST, LINE, RESULT, AMOUNT, DAY)  # a reason need not be there
RESULTS: Mapping[str, LineResult] = MappingProxyType(
    {"成功": LineResult.PAID, "退回": LineResult.RETURNED}
)
TEXT_MAX = 200

_UNIT = re.compile(r"[(（]元[)）]$")
_LINE = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_DAY = re.compile(
    r"(\d{4})[-/.年]?(\d{2})[-/.月]?(\d{2})日?(?:[ T]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII
)


def read_return(content: bytes) -> tuple[list[BankRow], list[Finding]]:
    """Read the rows of a bank's file, or every fault of its form."""
    rows, findings = read_rows(content)
    if findings:
        return [], findings
    columns, findings = _columns(rows[0])
    if not findings and not rows[1:]:
        findings = [Finding("file", "empty_table")]
    if findings:
        return [], findings
    read = [_row(row, columns) for row in rows[1:]]
    faults = [fault for row in read if isinstance(row, list) for fault in row]
    return ([], faults) if faults else ([r for r in read if isinstance(r, BankRow)], [])


def _columns(titles: Row) -> tuple[dict[str, int], list[Finding]]:
    """Return the index of each column; 金额(元) is 金额."""
    findings: list[Finding] = []
    columns: dict[str, int] = {}
    for at, cell in enumerate(titles.cells):
        title = _UNIT.sub("", cell)
        if title in columns and title in (*COLUMNS, REASON):
            findings.append(Finding(titles.where, "column_twice", (("name", title),)))
        columns.setdefault(title, at)
    missing = [title for title in COLUMNS if title not in columns]
    findings += [Finding(titles.where, "column_missing", (("name", title),)) for title in missing]
    return columns, findings


def _row(row: Row, columns: Mapping[str, int]) -> BankRow | list[Finding]:
    cell = {title: row.cells[at] if at < len(row.cells) else "" for title, at in columns.items()}
    texts = [title for title in (REFERENCE, LIST) if not _is_text(cell[title])]
    findings = [Finding(row.where, "bad_cell", (("column", title),)) for title in texts]
    line = int(cell[LINE]) if _LINE.fullmatch(cell[LINE]) else None
    if line is None:
        findings.append(Finding(row.where, "bad_cell", (("column", LINE),)))
    result = RESULTS.get(cell[RESULT])
    if result is None:
        params = (("result", cell[RESULT]), ("known", "、".join(RESULTS)))
        findings.append(Finding(row.where, "unknown_result", params))
    fen, day = _fen(cell[AMOUNT]), _day(cell[DAY])
    if fen is None:
        findings.append(Finding(row.where, "bad_paid_amount", (("text", cell[AMOUNT]),)))
    if day is None:
        findings.append(Finding(row.where, "bad_cell", (("column", DAY),)))
    if findings or line is None or result is None or fen is None or day is None:
        return findings
    reason = cell.get(REASON, "")[:TEXT_MAX]
    return BankRow(row.where, cell[REFERENCE], cell[LIST], line, result, fen, day, reason)


def _is_text(cell: str) -> bool:
    return 0 < len(cell) <= TEXT_MAX and is_seen(cell)


def _fen(text: str) -> Fen | None:
    """Parse yuan above zero: `12345.60`, `12,345.60` or `¥12,345.60`."""
    try:
        fen = fen_from_yuan(without_commas(text.lstrip("¥￥").replace("，", ",")))
    except ValueError:
        return None
    return fen if 0 < fen <= FEN_MAX else None


def _day(text: str) -> date | None:
    """Parse 2026-11-23, 2026/11/23, 2026年11月23日 or 20261123."""
    match = _DAY.fullmatch(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
