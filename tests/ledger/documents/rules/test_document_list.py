from datetime import date

import pytest

from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_list import COLUMNS, read_documents
from ledger.formats.findings import FINDINGS_MAX
from tests.support.invoices import BLUE, BUYER, NUMBER, SELLER, workbook

HEADER = [
    *("单据种类", "单据号码", "开票日期", "销售方代码", "销售方名称", "购买方代码", "购买方名称"),
    *("价税合计", "服务起始日", "服务截止日", "项目名称", "金额", "税率", "税额"),
]
ABOUT = ["数电票", NUMBER, "2026-10-31", SELLER, "中心", BUYER, "企业"]
WHOLE = [*ABOUT, "212.00", "2026-10-01", "2026-10-31", "*信息技术服务*算力", "100.00", "6%", "6.00"]
SECOND = ["", NUMBER, *[""] * 8, "*信息技术服务*存储", "100", "6%", "6"]
OTHER = ["校内结算", "校财12号", *WHOLE[2:7], "50", "", "", "算力", "50", "", ""]


def csv(*rows: list[str]) -> str:
    return "\r\n".join(",".join(row) for row in rows) + "\r\n"


def read(content: bytes) -> list[Document]:
    documents, findings = read_documents(content)
    assert findings == []
    return documents


def faults_of(*rows: list[str]) -> list[tuple[str, str]]:
    documents, findings = read_documents(csv(*rows).encode())
    assert documents == []
    return [(f.where, f.code) for f in findings]


def with_cell(row: list[str], column: str, text: str) -> list[str]:
    return [text if name == column else before for name, before in zip(HEADER, row, strict=True)]


TEXT = csv(HEADER, WHOLE, SECOND, OTHER)
FILES = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "GB18030": TEXT.encode("gb18030"),
    "a workbook": workbook(HEADER, WHOLE, [cell or None for cell in SECOND], OTHER),
}


@pytest.mark.parametrize("kind", FILES)
def test_rows_of_one_number_are_one_document(kind: str) -> None:
    first, second = read(FILES[kind])
    assert (first.kind, first.number, first.source) == ("digital_invoice", NUMBER, "keyed")
    assert (first.net_fen, first.tax_fen, first.gross_fen) == (20000, 1200, 21200)
    assert [line.item for line in first.lines] == ["*信息技术服务*算力", "*信息技术服务*存储"]
    assert (first.since, first.until) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (second.kind, second.number, second.gross_fen) == (
        "internal_settlement",
        "校财12号",
        5000,
    )


def test_columns_by_code_in_any_order() -> None:
    codes = [COLUMNS[name] for name in HEADER]
    turned = [row[::-1] for row in (codes, WHOLE, SECOND)]
    assert read(csv(*turned).encode()) == read(csv(HEADER, WHOLE, SECOND).encode())


def test_cells_of_a_workbook_may_be_dates_and_numbers() -> None:
    row: list[object] = [*WHOLE]
    row[2], row[7], row[11], row[13] = date(2026, 10, 31), 106, 100.0, 6.0
    (document,) = read(workbook(HEADER, row))
    assert (document.issued_on, document.gross_fen) == (date(2026, 10, 31), 10600)


def test_a_number_that_the_workbook_has_rounded_is_refused() -> None:
    row: list[object] = [*WHOLE]
    row[1] = int(NUMBER)
    _, findings = read_documents(workbook(HEADER, row))
    assert [(f.where, f.code) for f in findings] == [("row 2: B", "not_kept_exactly")]


def test_formulas_are_refused() -> None:
    _, findings = read_documents(workbook(HEADER, [*WHOLE[:7], "=100+6", *WHOLE[8:]]))
    assert [(f.where, f.code) for f in findings] == [("row 2: H", "formula")]


@pytest.mark.parametrize(
    ("column", "text", "faults"),
    [
        ("单据号码", "", [("row 2: 单据号码", "missing")]),
        ("单据种类", "收据", [("row 2: 单据种类", "bad_choice")]),
        ("开票日期", "昨天", [("row 2: 开票日期", "bad_day")]),
        ("销售方代码", SELLER[:-1], [("row 2: 销售方代码", "uscc_length")]),
        ("购买方名称", "", [("row 2: 购买方名称", "missing")]),
        ("价税合计", "212.01", [("row 2: 价税合计", "gross_not_sum")]),
        ("项目名称", "", [("row 2: 项目名称", "missing")]),
        ("金额", "一百", [("row 2: 金额", "bad_amount")]),
    ],
)
def test_a_fault_names_its_row_and_column(
    column: str, text: str, faults: list[tuple[str, str]]
) -> None:
    first = with_cell(with_cell(WHOLE, "价税合计", "106"), column, text)
    assert faults_of(HEADER, first) == faults


def test_the_lower_rows_do_not_contradict_the_first() -> None:
    again = with_cell(with_cell(SECOND, "价税合计", "212.00"), "购买方名称", "别家")
    assert faults_of(HEADER, WHOLE, again) == [("row 3: 购买方名称", "differs_above")]


def test_a_fault_of_a_lower_row_is_told_there() -> None:
    assert faults_of(HEADER, WHOLE, with_cell(SECOND, "金额", "1O0")) == [
        ("row 3: 金额", "bad_amount")
    ]


def test_a_number_stands_in_one_place() -> None:
    whole = with_cell(WHOLE, "价税合计", "106")
    _, findings = read_documents(csv(HEADER, whole, OTHER, whole).encode())
    assert [(f.where, f.code, f.params) for f in findings] == [
        ("row 4: 单据号码", "duplicate", (("first", "row 2"),))
    ]


def test_every_fault_of_a_list_in_the_order_of_its_rows() -> None:
    assert faults_of(
        HEADER, with_cell(WHOLE, "价税合计", "x"), SECOND, with_cell(OTHER, "金额", "y")
    ) == [
        ("row 2: 价税合计", "bad_amount"),
        ("row 4: 金额", "bad_amount"),
    ]


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([HEADER], [("row 1", "only_a_header")]),
        ([[*HEADER, "备用"], WHOLE], [("row 1", "unknown_column")]),
        ([[*HEADER, "税额"], [*WHOLE, "6.00"]], [("row 1", "column_twice")]),
        ([HEADER[1:], WHOLE[1:]], [("row 1", "column_missing")]),
        ([HEADER, [*with_cell(WHOLE, "价税合计", "106"), "多"]], [("row 2", "beyond_columns")]),
        ([], [("file", "empty_table")]),
    ],
)
def test_lists_that_are_none(rows: list[list[str]], faults: list[tuple[str, str]]) -> None:
    assert faults_of(*rows) == faults


def test_a_million_columns_are_one_fault_at_once() -> None:
    assert faults_of(["x"] * 1_000_000) == [("row 1", "too_many_columns")]
    assert faults_of(HEADER, [*WHOLE, *[""] * 300]) == faults_of(
        HEADER, WHOLE
    )  # empty ones are none
    assert faults_of(HEADER, [*WHOLE, *["多"] * 300]) == [("row 2", "too_many_columns")]


def test_ninety_thousand_faulty_rows_are_two_hundred_faults() -> None:
    rows = [
        with_cell(with_cell(WHOLE, "价税合计", "x"), "单据号码", f"26642{n:015}")
        for n in range(90_000)
    ]
    faults = faults_of(HEADER, *rows)
    assert faults[0] == ("row 2: 价税合计", "bad_amount")
    assert (len(faults), faults[-1]) == (FINDINGS_MAX + 1, ("file", "more_faults"))


def test_a_red_one_in_a_list() -> None:
    header = [*HEADER, "被红冲号码"]
    row = [*ABOUT, "-106", "", "", "*信息技术服务*算力", "-100", "6%", "-6", BLUE]
    (document,) = read(csv(header, row).encode())
    assert (document.gross_fen, document.reverses) == (-10600, BLUE)
