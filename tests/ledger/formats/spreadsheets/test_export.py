"""Tables for spreadsheets: amounts are numbers, and no text is a formula."""

import csv
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from ledger.formats.spreadsheets.export import csv_file, harmless, xlsx_file

ROWS: list[list[str | Decimal]] = [
    ["合同", "金额"],
    ["=HYPERLINK(1)", Decimal("-1234.50")],
    ['K-1,"a"', Decimal("0.00")],
]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_a_csv_file_reads_back() -> None:
    content = csv_file(ROWS)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [
        ["合同", "金额"],
        ["'=HYPERLINK(1)", "-1234.50"],
        ['K-1,"a"', "0.00"],
    ]


def test_a_workbook_has_numbers_and_no_formula() -> None:
    sheet = load_workbook(io.BytesIO(xlsx_file(ROWS))).active
    assert sheet is not None
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]
    assert cells[1] == [("'=HYPERLINK(1)", "s"), (-1234.5, "n")]
    assert {kind for row in cells for _, kind in row} == {"s", "n"}


@pytest.mark.parametrize("text", ["a\x01b", "a\x0bb", "a\ud800b", "a\uffffb"])
def test_what_a_workbook_cannot_hold_is_replaced_and_the_rest_is_there(text: str) -> None:
    sheet = load_workbook(io.BytesIO(xlsx_file([[text, "c\td"]]))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == ["a\N{REPLACEMENT CHARACTER}b", "c\td"]
