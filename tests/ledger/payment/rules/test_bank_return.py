"""Reading the bank's file, in whatever form it comes."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from ledger.payment.codes import LineResult
from ledger.payment.rules.bank_return import read_return
from ledger.payment.rules.payment_list import BankRow

HEAD = "流水号,清单号,序号,结果,金额,日期,原因"
GOOD = 'T1,ZF-2026-0001,1,成功,"12,345.60",2026-11-23,'
WANTED = BankRow(
    "row 2", "T1", "ZF-2026-0001", 1, LineResult.PAID, 1_234_560, date(2026, 11, 23), ""
)


def workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    assert book.active
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_the_encodings_of_banks(encoding: str) -> None:
    assert read_return(f"{HEAD}\r\n{GOOD}\r\n".encode(encoding)) == ([WANTED], [])


def test_a_workbook_with_numbers_and_days() -> None:
    head: list[object] = [*HEAD.replace("金额", "金额(元)").split(",")]
    rows, findings = read_return(
        workbook(
            head,
            ["T1", "ZF-2026-0001", 1, "成功", 12345.6, date(2026, 11, 23), None],
            [None] * 7,
            ["T2", "ZF-2026-0001", "2", "退回", "0.01", "20261123", "户名不符"],
        )
    )
    assert not findings
    assert rows[0] == WANTED
    assert (rows[1].where, rows[1].fen, rows[1].reason) == ("row 4", 1, "户名不符")


def test_columns_in_any_order_and_others_beside_them() -> None:
    file = (
        "日期,备用,金额,结果,序号,清单号,流水号\n2026年11月23日,x,¥12345.60,成功,1,ZF-2026-0001,T1"
    )
    assert read_return(file.encode()) == ([WANTED], [])


def test_every_wrong_cell_is_told_with_its_row() -> None:
    lines = [
        HEAD,
        GOOD,
        ",ZF-2026-0001,1,成功,1,2026-11-23,",
        "T3,,0,处理中,1.005,2026-02-30,",
        "T4,ZF-2026-0001,1,成功,0,2026-11-23,",
        "T5,ZF-2026-0001,1,成功,-1,2026-11-23,",
        "T6,ZF-2026-0001",
        'T7,ZF-2026-0001,1,成功,"1,00",2026-11-23,',
        'T8,ZF-2026-0001,1,成功,"1234,567.00",2026-11-23,',
        "T9,ZF-2026-0001,1,成功,1，2，3.00,2026-11-23,",
    ]
    rows, findings = read_return("\n".join(lines).encode())
    assert rows == []
    assert [(finding.where, finding.code) for finding in findings] == [
        ("row 3", "bad_cell"),
        ("row 4", "bad_cell"),
        ("row 4", "bad_cell"),
        ("row 4", "unknown_result"),
        ("row 4", "bad_paid_amount"),
        ("row 4", "bad_cell"),
        ("row 5", "bad_paid_amount"),
        ("row 6", "bad_paid_amount"),
        ("row 7", "bad_cell"),
        ("row 7", "unknown_result"),
        ("row 7", "bad_paid_amount"),
        ("row 7", "bad_cell"),
        ("row 8", "bad_paid_amount"),
        ("row 9", "bad_paid_amount"),
        ("row 10", "bad_paid_amount"),
    ]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", ["empty_table"]),
        (HEAD.encode(), ["empty_table"]),
        (b"\xff\xfe\xfd", ["not_a_table"]),
        (b"a\0b", ["not_a_table"]),
        ("流水号,流水号,清单号,序号,金额,日期".encode(), ["column_twice", "column_missing"]),
    ],
)
def test_what_is_no_return_file_is_one_error(content: bytes, codes: list[str]) -> None:
    rows, findings = read_return(content)
    assert (rows, [finding.code for finding in findings]) == ([], codes)


def test_a_broken_workbook_is_told_so() -> None:
    whole = workbook([*HEAD.split(",")])
    assert [finding.where for finding in read_return(whole[: len(whole) // 2])[1]] == ["file"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "not a workbook")
    assert [finding.code for finding in read_return(out.getvalue())[1]] == ["not_a_table"]
