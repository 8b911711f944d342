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
    PERIOD_UNKNOWN = "period_unknown"
    FROZEN = "frozen"
    REFUSED = "refused"
    DROPPED = "dropped"


class Verification(StrEnum):
    """By what a document is believed."""

    UNVERIFIED = "unverified"
    COMPARED = "compared"  # 已核对: a second person has compared it with its original
    SEALED = "sealed"  # 已验章: a trusted authority vouches for its electronic seal
    LOOKED_UP = "looked_up"  # 已查验: the tax bureau's platform knows it


class SealOutcome(StrEnum):
    """What came out of checking the electronic seal of a file."""

    HOLDS = "holds"
    MISSING = "missing"
    NO_ROOTS = "no_roots"
    UNKNOWN = "unknown"
    UNCOVERED = "uncovered"
    UNTRUSTED = "untrusted"
    BROKEN = "broken"  # such a file is refused


class LookupResult(StrEnum):
    """What the tax bureau's platform said of a document (查验)."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    VOID = "void"
