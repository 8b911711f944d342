"""Read a list of cost documents, CSV or workbook: one row per line of a document.

The first row has the titles, in Chinese or as codes, in any order. Consecutive rows with one number
are one document: its own fields are in the first row, and may be repeated or empty below, but not
different. Faults are reported with row and column, of very many the first ones, and any fault
refuses the whole list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_fields import FIELDS, LINE_FIELDS, RawDocument, document_of
from ledger.documents.rules.document_file import BYTES_MAX
from ledger.errors import Finding
from ledger.formats.findings import bounded, finding
from ledger.formats.spreadsheets.reading import Row, read_rows

_OF_LINE = "line_"

COLUMNS: Mapping[str, str] = {
    "单据种类": "kind",
    "发票代码": "code",
    "单据号码": "number",
    "开票日期": "issued_on",
    "销售方代码": "seller_uscc",
    "销售方名称": "seller_name",
    "购买方代码": "buyer_uscc",
    "购买方名称": "buyer_name",
    "合计金额": "net",
    "合计税额": "tax",
    "价税合计": "gross",
    "大写": "words",
    "被红冲号码": "reverses",
    "红字确认单": "confirmation",
    "备注": "remark",
    "服务起始日": "since",
    "服务截止日": "until",
    "对账单号": "statement",
    "项目名称": "line_item",
    "单位": "line_unit",
    "数量": "line_quantity",
    "单价": "line_unit_price",
    "金额": "line_net",
    "税率": "line_tax_rate",
    "税额": "line_tax",
}
"""What each column holds; a line's own begin with `line_`, and the code itself is a name too."""

_REQUIRED = (
    *("kind", "number", "issued_on", "seller_uscc", "seller_name", "buyer_uscc", "buyer_name"),
    *("gross", "line_item", "line_net"),
)


def read_documents(content: bytes) -> tuple[list[Document], list[Finding]]:
    """Read the documents of a list, or all its faults."""
    if len(content) > BYTES_MAX:
        return [], [finding("file_too_large", "file", limit=BYTES_MAX)]
    rows, findings = read_rows(content)
    if findings:
        return [], findings
    columns, findings = _columns(rows[0])
    if findings:
        return [], findings
    if len(rows) == 1:
        return [], [finding("only_a_header", rows[0].where)]
    groups, findings = _groups(rows[1:], columns)
    documents = []
    for group in groups:
        document, faults = document_of(_raw_document(group, columns))
        findings += [*_contradictions(group, columns), *faults]
        if document is not None:
            documents.append(document)
    if not findings:
        return documents, []
    findings.sort(key=_row_of)
    return [], [*bounded(findings)]


@dataclass(frozen=True)
class _Columns:
    """The field of each column, and the list's title for it."""

    keys: tuple[str, ...]
    names: Mapping[str, str]

    def where(self, row: Row, key: str) -> str:
        """Return the name of a cell in findings."""
        return f"{row.where}: {self.names[key]}"


@dataclass(frozen=True)
class _Entry:
    """A row, and its texts by field."""

    row: Row
    texts: Mapping[str, str]


def _columns(header: Row) -> tuple[_Columns, list[Finding]]:
    keys = tuple(COLUMNS.get(name, name) for name in header.cells)
    titles, names = {*COLUMNS.values()}, dict(zip(keys, header.cells, strict=True))
    findings = []
    for n, (key, name) in enumerate(zip(keys, header.cells, strict=True)):
        if key and key not in titles:
            findings.append(finding("unknown_column", header.where, name=name))
        elif key and key in keys[:n]:
            findings.append(finding("column_twice", header.where, name=name))
    words = {key: name for name, key in COLUMNS.items()}
    absent = [words[key] for key in _REQUIRED if key not in names]
    findings += [finding("column_missing", header.where, name=name) for name in absent]
    return _Columns(keys, names), findings


def _groups(rows: Sequence[Row], columns: _Columns) -> tuple[list[list[_Entry]], list[Finding]]:
    """Group the rows by document; a number appears once, on each of its rows."""
    entries = [_entry(row, columns) for row in rows]
    groups = [list(group) for _, group in groupby(entries, key=lambda e: e.texts["number"])]
    findings: list[Finding] = []
    first: dict[tuple[str, str], Row] = {}
    for group in groups:
        row, texts = group[0].row, group[0].texts
        first_row = first.setdefault((texts.get("code", ""), texts["number"]), row)
        if first_row is not row and texts["number"]:
            findings.append(
                finding("duplicate", columns.where(row, "number"), first=first_row.where)
            )
    for entry in entries:
        beyond = [text for text in entry.row.cells[len(columns.keys) :] if text]
        if beyond or entry.texts.get(""):
            findings.append(finding("beyond_columns", entry.row.where))
    return groups, findings


def _entry(row: Row, columns: _Columns) -> _Entry:
    texts = dict.fromkeys(columns.names, "")
    for key, text in zip(columns.keys, row.cells, strict=False):
        texts[key] = texts[key] or text  # columns without a name share one place
    return _Entry(row, texts)


def _contradictions(group: Sequence[_Entry], columns: _Columns) -> Iterator[Finding]:
    """Report lower rows that contradict the first one."""
    above = group[0]
    for entry in group[1:]:
        for key in FIELDS:
            text = entry.texts.get(key, "")
            if text and text != above.texts[key]:
                where = columns.where(entry.row, key)
                yield finding("differs_above", where, above=above.row.where)


def _raw_document(group: Sequence[_Entry], columns: _Columns) -> RawDocument:
    top = group[0]
    places = {key: columns.where(top.row, key) for key in columns.names if key in FIELDS}
    places["lines"] = top.row.where
    places |= {f"line {n}": entry.row.where for n, entry in enumerate(group, start=1)}
    places |= {f"line: {key}": columns.names.get(_OF_LINE + key, key) for key in LINE_FIELDS}
    return RawDocument(
        source=DocumentSource.KEYED,
        values={key: top.texts.get(key, "") for key in FIELDS},
        lines=[
            {key: entry.texts.get(_OF_LINE + key, "") for key in LINE_FIELDS} for entry in group
        ],
        places=places,
    )


def _row_of(finding: Finding) -> int:
    """Return the row of a finding, to sort by; findings without a row come first."""
    number = finding.where.partition(":")[0].removeprefix("row ")
    return int(number) if number.isdigit() else 0
