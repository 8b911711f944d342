"""A list as a file: its columns, its foot, and no formulas."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from ledger.formats.digest import digest
from ledger.formats.spreadsheets.export import harmless
from ledger.payment.rules.list_export import DEFAULT, as_csv, as_xlsx, read_columns
from ledger.payment.rules.payment_list import Payout, list_content

MADE = datetime(2026, 11, 23, 4, tzinfo=UTC)


def content(payee: str = "甲公司") -> dict[str, Any]:
    lines = [
        Payout(
            1, "SQ-1", payee, "91640100MA7600001J", "宁夏银行", "313871000007", "6222020", 123_456
        ),
        Payout(2, "SQ-2", "乙公司", "91640100MA7600001J", "工商银行", "102871000007", "0012", 5),
    ]
    return list_content("ZF-2026-0001", "Z1", 2026, lines)


def rows_of(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def test_a_list_as_csv_with_its_total_and_digest() -> None:
    fields = content()
    head, first, second, total, foot = rows_of(as_csv(fields, digest(fields)))
    assert head == [
        "序号",
        "收款人",
        "收款账号",
        "开户行",
        "联行号",
        "金额(元)",
        "大写",
        "用途",
        "账期",
    ]
    assert first[:7] == [
        "1", "甲公司", "6222020", "宁夏银行", "313871000007", "1234.56",
        "壹仟贰佰叁拾肆元伍角陆分",
    ]  # fmt: skip
    assert first[7] == "算力券兑付 SQ-1"
    assert (second[2], second[5]) == ("0012", "0.05")
    assert total == ["合计", "2", "1234.61", fields["words"]]
    assert foot == ["摘要", digest(fields)]


def test_the_workbook_says_the_same_and_its_amounts_are_numbers() -> None:
    fields = content()
    sheet = load_workbook(io.BytesIO(as_xlsx(fields, digest(fields), MADE))).active
    assert sheet
    cells = [[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    as_text = [[t for t in row if t] for row in rows_of(as_csv(fields, digest(fields)))]
    assert [str(c) for c in cells[1]] == as_text[1]
    assert (cells[1][5], cells[1][2], cells[2][2]) == (1234.56, "6222020", "0012")
    assert [cells[0], *cells[3:]] == [as_text[0], *as_text[3:]]


@pytest.mark.parametrize(
    "payee",
    [
        *("=1+1", "+1", "-1", "@sum", "\tx", "\rx"),
        *("＝1+1", "＋1", "－1", "＠sum", " =1"),
    ],
)
def test_a_name_computes_nothing_in_the_readers_spreadsheet(payee: str) -> None:
    fields = content(payee)
    assert rows_of(as_csv(fields, digest(fields)))[1][1] == f"'{payee}"
    sheet = load_workbook(io.BytesIO(as_xlsx(fields, digest(fields), MADE))).active
    assert sheet
    cell = sheet.cell(2, 2)
    assert (cell.data_type, str(cell.value)[0]) == ("s", "'")
    assert harmless("甲=乙") == "甲=乙"


def test_a_mapping_renames_and_reorders() -> None:
    columns, findings = read_columns(["金额=yuan", "收方 = payee"])
    assert findings == []
    head, first, *_ = rows_of(as_csv(content(), "d", columns))
    assert (head, first) == (["金额", "收方"], ["1234.56", "甲公司"])


def test_a_wrong_mapping_is_told_line_by_line() -> None:
    _, findings = read_columns(["金额", "收方=payee", "密码=secret", "=合计=line"])
    assert [(finding.where, finding.code) for finding in findings] == [
        ("line 1", "bad_column"),
        ("line 3", "unknown_field"),
        ("line 4", "bad_column"),
    ]
    assert read_columns([]) == (DEFAULT, [])


def test_each_line_has_the_months_of_its_claim() -> None:
    fields = content()
    months: tuple[list[str], ...] = (["2026-03", "2026-04"], [])
    lines = [{**line, "months": m} for line, m in zip(fields["lines"], months, strict=True)]
    digest_before = digest(fields)
    rows = rows_of(as_csv({**fields, "lines": lines}, digest_before))
    assert [row[8] for row in rows[:3]] == ["账期", "2026-03 2026-04", ""]
    assert rows[-1] == ["摘要", digest_before]  # months are not part of what was confirmed
