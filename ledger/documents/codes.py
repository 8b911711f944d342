"""Codes of cost documents. Their labels: `api/language/labels/documents.py`."""

from enum import StrEnum


class DocumentKind(StrEnum):
    """What kind of cost document it is."""

    DIGITAL_INVOICE = "digital_invoice"
    ELECTRONIC_INVOICE = "electronic_invoice"
    PAPER_INVOICE = "paper_invoice"
    INTERNAL_SETTLEMENT = "internal_settlement"
    OTHER = "other"


class DocumentSource(StrEnum):
    """How a cost document came in."""

    XML = "xml"
    OFD = "ofd"
    KEYED = "keyed"


class DocumentState(StrEnum):
    """Whether a document may be relied on."""

    STANDING = "standing"
    TO_CONFIRM = "to_confirm"
    FROZEN = "frozen"
    REFUSED = "refused"
    DROPPED = "dropped"
