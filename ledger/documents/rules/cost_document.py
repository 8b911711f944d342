"""A cost document (成本单据), and the checks of a document by itself.

An invoice or a university's internal settlement, from XML, OFD or keyed by hand: every reader
produces these values, and the same checks apply. Lines add up to the totals, net and tax to the
gross sum, the amount in words agrees, both parties' codes are possible, the number belongs to the
year. Places are the fields as keyed: `net`, `seller_uscc`, `line 3`. Whether a document fits a
contract or a charge is checked by reconciliation (R01–R20).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.documents.codes import DocumentKind, DocumentSource
from ledger.errors import Finding
from ledger.formats.capital_amounts import from_words
from ledger.formats.findings import finding
from ledger.formats.uscc import uscc_fault
from ledger.formats.visible import is_seen
from ledger.units import FEN_MAX, Fen, yuan

LINES_MAX = 2_000
TEXT_MAX = 2_000

_IDENTIFIERS = ("code", "number", "reverses", "confirmation", "statement")
_DIGITAL = re.compile(r"\d{20}", re.ASCII)
_OLD_CODE = re.compile(r"\d{10}|\d{12}", re.ASCII)
_OLD_NUMBER = re.compile(r"\d{8}", re.ASCII)


@dataclass(frozen=True)
class Party:
    """A seller or a buyer, as the document names it."""

    uscc: str
    name: str


@dataclass(frozen=True)
class Line:
    """A line; amounts in fen, other fields as printed."""

    item: str  # *信息技术服务*算力服务费
    unit: str
    quantity: str
    unit_price: str  # 11 to 15 decimals are common
    net_fen: Fen  # without tax; negative on a discount line
    tax_rate: str  # `6%`, `免税`, `***`
    tax_fen: Fen


@dataclass(frozen=True)
class Document:
    """A cost document; amounts in fen, negative on a red one; both days are included."""

    kind: DocumentKind
    code: str  # of older invoices: 发票代码
    number: str
    issued_on: date
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    net_fen: Fen
    tax_fen: Fen
    gross_fen: Fen
    words: str  # 价税合计（大写） as printed; "" where none is
    reverses: str | None  # a red one: the number of the blue one
    confirmation: str | None  # a red one: 红字发票信息确认单编号
    remark: str
    since: date | None  # the service period, where the document says it
    until: date | None
    statement: str | None  # 对账单号
    source: DocumentSource
    contradicts: bool = False  # the statement's month is not that of the words beside it


def faults(document: Document) -> list[Finding]:
    """Return all faults of a document by itself."""
    checks = (_texts, _numbers, _parties, _amounts, _totals, _words, _red, _period)
    return [finding for check in checks for finding in check(document)]


def _texts(document: Document) -> Iterator[Finding]:
    """Check that texts have no control characters and are not too long."""
    texts = {
        "code": document.code,
        "number": document.number,
        "seller_name": document.seller.name,
        "buyer_name": document.buyer.name,
        "words": document.words,
        "reverses": document.reverses or "",
        "confirmation": document.confirmation or "",
        "statement": document.statement or "",
        "remark": re.sub(r"[\n\r\t]", " ", document.remark),
    }
    for place, line in enumerate(document.lines, start=1):
        columns = (line.item, line.unit, line.quantity, line.unit_price, line.tax_rate)
        texts[f"line {place}"] = " ".join(columns)
    for where, text in texts.items():
        names_something = where in _IDENTIFIERS
        if not (is_seen(text) if names_something else text.isprintable()):
            yield finding("bad_character", where)
        if len(text) > TEXT_MAX:
            yield finding("text_too_long", where, limit=TEXT_MAX)


def _numbers(document: Document) -> Iterator[Finding]:
    """Check the number: 20 digits of which two are the year, or code and 8 digits."""
    number, code = document.number, document.code
    if document.kind == "digital_invoice":
        if code or not _DIGITAL.fullmatch(number):
            yield finding("digital_number", "number", number=code + number)
        elif int(number[:2]) != document.issued_on.year % 100:
            yield finding("number_year", "number", year=number[:2], issued=document.issued_on)
    elif document.kind in ("electronic_invoice", "paper_invoice"):
        if not _OLD_CODE.fullmatch(code):
            yield finding("invoice_code", "code", code=code)
        if not _OLD_NUMBER.fullmatch(number):
            yield finding("invoice_number", "number", number=number)
    elif not number.strip():
        yield finding("missing", "number")


def _parties(document: Document) -> Iterator[Finding]:
    for where, party in (("seller", document.seller), ("buyer", document.buyer)):
        if not party.uscc:
            yield finding("missing", f"{where}_uscc")
        elif wrong := uscc_fault(party.uscc):
            yield finding(f"uscc_{wrong}", f"{where}_uscc", uscc=party.uscc)
        if not party.name.strip():
            yield finding("missing", f"{where}_name")


def _amounts(document: Document) -> Iterator[Finding]:
    """Check that amounts fit the books, and that there are lines."""
    sums = {"net": document.net_fen, "tax": document.tax_fen, "gross": document.gross_fen}
    for where, fen in sums.items():
        if abs(fen) > FEN_MAX:
            yield finding("amount_too_large", where)
    for place, line in enumerate(document.lines, start=1):
        if abs(line.net_fen) > FEN_MAX or abs(line.tax_fen) > FEN_MAX:
            yield finding("amount_too_large", f"line {place}")
        if not line.item.strip():
            yield finding("missing", f"line {place}: item")
    if not document.lines:
        yield finding("no_lines", "lines")
    if len(document.lines) > LINES_MAX:
        yield finding("too_many_lines", "lines", limit=LINES_MAX)
    if document.gross_fen == 0:
        yield finding("zero_document", "gross")
    if document.kind == "internal_settlement" and document.tax_fen:
        yield finding("settlement_taxed", "tax", tax=yuan(document.tax_fen))


def _totals(document: Document) -> Iterator[Finding]:
    """Check that lines add up to the totals, and net and tax to the gross sum, to the fen."""
    net, tax, gross = document.net_fen, document.tax_fen, document.gross_fen
    if document.lines:
        if (net_sum := sum(line.net_fen for line in document.lines)) != net:
            yield finding("net_not_sum", "net", added=yuan(net_sum), total=yuan(net))
        if (net_sum := sum(line.tax_fen for line in document.lines)) != tax:
            yield finding("tax_not_sum", "tax", added=yuan(net_sum), total=yuan(tax))
    if net + tax != gross:
        yield finding("gross_not_sum", "gross", net=yuan(net), tax=yuan(tax), gross=yuan(gross))
    if any(fen * gross < 0 for fen in (net, tax)):
        yield finding("mixed_signs", "gross")


def _words(document: Document) -> Iterator[Finding]:
    if not document.words:
        return
    try:
        fen = from_words(document.words)
    except ValueError:
        yield finding("words_unreadable", "words", words=document.words)
        return
    if fen != document.gross_fen:
        gross = yuan(document.gross_fen)
        yield finding("words_differ", "words", words=document.words, gross=gross)


def _red(document: Document) -> Iterator[Finding]:
    """Check that a red document is negative and names its blue one, and a blue one neither."""
    if document.gross_fen < 0 and not document.reverses:
        yield finding("red_without_blue", "reverses")
    if document.gross_fen > 0 and document.reverses:
        yield finding("blue_reverses", "reverses", number=document.reverses)
    if document.reverses and document.reverses == document.number:
        yield finding("reverses_itself", "reverses")


def _period(document: Document) -> Iterator[Finding]:
    since, until = document.since, document.until
    if (since is None) != (until is None):
        yield finding("missing", "since" if since is None else "until")
    elif since and until and until < since:
        yield finding("reversed_days", "until", since=since)
