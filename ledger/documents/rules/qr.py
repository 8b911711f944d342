"""Read the QR code of an invoice, to check what was keyed.

`01,32,,26427000000316294884,100.76,20260330,,5F98` is version, type, code, number, amount, day,
check code and four hexadecimal digits; a 数电票 has neither code nor check code. The amount is with
tax (价税合计) for a 数电票, without tax for older kinds. It has no names, and anyone can print one:
it reveals typing errors, and proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.documents.codes import DocumentKind
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_fields import day_of, fen_of
from ledger.errors import Finding
from ledger.formats.findings import finding
from ledger.units import Fen, yuan

KINDS: Mapping[str, DocumentKind] = {
    "01": DocumentKind.PAPER_INVOICE,  # 增值税专用发票
    "04": DocumentKind.PAPER_INVOICE,  # 增值税普通发票
    "11": DocumentKind.PAPER_INVOICE,  # 卷式
    "08": DocumentKind.ELECTRONIC_INVOICE,  # 增值税电子专用发票
    "10": DocumentKind.ELECTRONIC_INVOICE,  # 增值税电子普通发票
    "31": DocumentKind.DIGITAL_INVOICE,  # 电子发票（增值税专用发票）
    "32": DocumentKind.DIGITAL_INVOICE,  # 电子发票（普通发票）
}
_FIELDS = 7  # at least: version, type, code, number, amount, day, check code
_VERSION = "01"


@dataclass(frozen=True)
class Qr:
    """The fields of a QR code; the amount in fen, with tax for a 数电票."""

    kind: DocumentKind
    code: str
    number: str
    fen: Fen
    issued_on: date


def read_qr(text: str) -> tuple[Qr | None, list[Finding]]:
    """Parse the scanned text; None and the fault if it is not an invoice's."""
    fields = [field.strip() for field in text.strip().split(",")]
    if len(fields) < _FIELDS or fields[0] != _VERSION:
        return None, [finding("not_qr", "qr")]
    if fields[1] not in KINDS:
        return None, [finding("qr_type", "qr", type=fields[1])]
    try:
        fen, day = fen_of(fields[4]), day_of(fields[5])
    except ValueError:
        return None, [finding("not_qr", "qr")]
    return Qr(KINDS[fields[1]], fields[2], fields[3], fen, day), []


def agrees(qr: Qr, document: Document) -> list[Finding]:
    """Report where the QR code differs from the document."""
    digital = qr.kind == "digital_invoice"
    amount = ("gross", document.gross_fen) if digital else ("net", document.net_fen)
    pairs = {
        "kind": (qr.kind, document.kind),
        "code": (qr.code, document.code),
        "number": (qr.number, document.number),
        amount[0]: (yuan(qr.fen), yuan(amount[1])),
        "issued_on": (qr.issued_on, document.issued_on),
    }
    return [
        finding("qr_differs", where, qr=in_code, document=in_document)
        for where, (in_code, in_document) in pairs.items()
        if in_code != in_document
    ]
