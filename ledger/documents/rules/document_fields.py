"""Parse the texts of a cost document into values, whatever its source.

An XML file, a form and a row of a list name their fields differently and write days and money in
their own ways. Each reader only assigns texts to fields; they are parsed here by the same rules.
Faults keep the place of the text in the source.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.documents.codes import DocumentKind, DocumentSource
from ledger.documents.rules.cost_document import Document, Line, Party, faults
from ledger.documents.rules.remarks import reversal
from ledger.documents.rules.service_periods import Period, ServiceWords, service_of
from ledger.errors import Finding
from ledger.formats.field_parsers import FIRST_DAY, LAST_DAY
from ledger.formats.findings import finding
from ledger.units import Fen, fen_from_yuan

KIND_WORDS: Mapping[str, DocumentKind] = {
    "数电票": DocumentKind.DIGITAL_INVOICE,
    "增值税电子发票": DocumentKind.ELECTRONIC_INVOICE,
    "纸质发票": DocumentKind.PAPER_INVOICE,
    "校内结算": DocumentKind.INTERNAL_SETTLEMENT,
    "其他凭证": DocumentKind.OTHER,
}
REQUIRED = ("kind", "number", "issued_on", "seller_name", "buyer_name", "gross")
FIELDS = (
    *("kind", "code", "number", "issued_on"),
    *("seller_uscc", "seller_name", "buyer_uscc", "buyer_name"),
    *("net", "tax", "gross", "words", "reverses", "confirmation"),
    *("remark", "since", "until", "statement"),
)
LINE_FIELDS = ("item", "unit", "quantity", "unit_price", "net", "tax_rate", "tax")

_DAY = re.compile(
    r"(\d{4})(?:(?P<sep>[-/.])(\d{1,2})(?P=sep)(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))(?!\d)",
    re.ASCII,
)
_RATE = re.compile(r"(0(?:\.\d+)?)|(\d{1,2}(?:\.\d+)?)%", re.ASCII)
_NO_AMOUNT = ("", "*", "**", "***")  # of a line that is exempt from tax


@dataclass(frozen=True)
class RawDocument:
    """The fields as texts, "" if missing; `places` has their names in the source."""

    source: DocumentSource
    values: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]
    places: Mapping[str, str] = field(default_factory=dict)
    required: Sequence[str] = REQUIRED

    def place(self, where: str) -> str:
        """Return the place of a field in the source: `net`, `line 3`, `line 3: net`."""
        line, _, key = where.partition(": ")
        if not key:
            return self.places.get(line, line)
        return f"{self.places.get(line, line)}: {self.places.get(f'line: {key}', key)}"


def document_of(raw: RawDocument) -> tuple[Document | None, list[Finding]]:
    """Parse a document, with all its faults; None if a text cannot be parsed.

    Totals that need not be there are the sums of the lines. What a remark says (the service
    period, the statement, what a red invoice reverses) fills what no field says.
    """
    reader = _Reader(raw)
    document = reader.document()
    findings = reader.findings if document is None else faults(document)
    return document, [replace(fault, where=raw.place(fault.where)) for fault in findings]


def fen_of(text: str) -> Fen:
    """Parse `¥4,197.1700` as 419717; ValueError if it is no exact sum of fen."""
    plain = re.sub(r"[¥￥,，\s]", "", text)
    return fen_from_yuan(re.sub(r"(\.\d{2})0+$", r"\1", plain))


def day_of(text: str) -> date:
    """Parse `2024年05月28日`, `2026-03-30 10:11:12` or `20260330`; ValueError otherwise."""
    match = _DAY.match(text)
    rest = text[match.end() :] if match else ""
    if match is None or rest[:1] not in ("", " ", "T"):
        raise ValueError(text)
    year, month, number = (part for part in match.groups() if part and part.isdigit())
    day = date(int(year), int(month), int(number))
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(text)
    return day


def rate_of(text: str) -> str:
    """Normalise a tax rate: `0.06` and `6.00%` become `6%`; words stay as they are."""
    match = _RATE.fullmatch(text)
    if match is None:
        return text
    percent = match[2] or _times_100(match[1])
    return f"{percent.rstrip('0').rstrip('.') if '.' in percent else percent}%"


def _times_100(decimal: str) -> str:
    whole, _, places = decimal.partition(".")
    places = places.ljust(2, "0")
    return f"{int(whole + places[:2])}.{places[2:]}"


def _days_of(period: Period | None) -> tuple[date | None, date | None]:
    return (period.since, period.until) if period else (None, None)


class _Reader:
    """Parse field by field, and collect faults."""

    def __init__(self, raw: RawDocument) -> None:
        self.raw = raw
        self.values = {key: value.strip() for key, value in raw.values.items()}
        self.findings: list[Finding] = []

    def document(self) -> Document | None:
        """Return the document if every text could be parsed."""
        for key in self.raw.required:
            if not self._text(key):
                self.findings.append(finding("missing", key))
        kind, issued_on = self._kind(), self._day("issued_on")
        lines = tuple(self._line(n, line) for n, line in enumerate(self.raw.lines, start=1))
        net = self._money("net", sum(line.net_fen for line in lines))
        tax = self._money("tax", sum(line.tax_fen for line in lines))
        gross = self._money("gross", net + tax)
        blue, confirmation = reversal(self._text("remark")) if gross < 0 else (None, None)
        explicit = self._explicit_days()
        if self.findings or kind is None or issued_on is None:
            return None
        service = self._service(issued_on, [line.item for line in lines])
        since, until = explicit or _days_of(service.period)
        return Document(
            kind=kind,
            code=self._text("code"),
            number=self._text("number"),
            issued_on=issued_on,
            seller=Party(self._text("seller_uscc"), self._text("seller_name")),
            buyer=Party(self._text("buyer_uscc"), self._text("buyer_name")),
            lines=lines,
            net_fen=net,
            tax_fen=tax,
            gross_fen=gross,
            words=self._text("words"),
            reverses=self._text("reverses") or blue,
            confirmation=self._text("confirmation") or confirmation,
            remark=self._text("remark"),
            since=since,
            until=until,
            statement=self._text("statement") or service.statement,
            source=self.raw.source,
            contradicts=service.contradicts,
        )

    def _service(self, issued_on: date, items: list[str]) -> ServiceWords:
        return service_of(self._text("remark"), items, issued_on, self._text("statement") or None)

    def _explicit_days(self) -> tuple[date | None, date | None] | None:
        """Return the days that fields of their own say, with `missing` ones; None if none do."""
        if self._text("since") or self._text("until"):
            return self._day("since"), self._day("until")
        return None

    def _line(self, place: int, line: Mapping[str, str]) -> Line:
        texts = {key: line.get(key, "").strip() for key in LINE_FIELDS}
        where = f"line {place}: "
        return Line(
            item=texts["item"],
            unit=texts["unit"],
            quantity=texts["quantity"],
            unit_price=texts["unit_price"],
            net_fen=self._fen(where + "net", texts["net"]),
            tax_rate=rate_of(texts["tax_rate"]),
            tax_fen=0 if texts["tax"] in _NO_AMOUNT else self._fen(where + "tax", texts["tax"]),
        )

    def _kind(self) -> DocumentKind | None:
        word = self._text("kind")
        if word in KIND_WORDS:
            return KIND_WORDS[word]
        kinds: tuple[DocumentKind, ...] = tuple(DocumentKind)
        for kind in kinds:
            if kind == word:
                return kind
        if word:
            self.findings.append(
                finding("bad_choice", "kind", choices=", ".join((*KIND_WORDS, *kinds)))
            )
        return None

    def _day(self, key: str) -> date | None:
        text = self._text(key)
        if not text:
            return None
        try:
            return day_of(text)
        except ValueError:
            self.findings.append(finding("bad_day", key, first=FIRST_DAY, last=LAST_DAY))
            return None

    def _money(self, key: str, otherwise: Fen) -> Fen:
        return self._fen(key, self._text(key)) if self._text(key) else otherwise

    def _fen(self, where: str, text: str) -> Fen:
        try:
            return fen_of(text)
        except ValueError:
            self.findings.append(finding("bad_amount", where, text=text))
            return 0

    def _text(self, key: str) -> str:
        return self.values.get(key, "")
