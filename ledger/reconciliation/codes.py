"""Codes of reconciliation. Their labels: `api/language/labels/reconciliation.py`."""

from enum import StrEnum


class DifferenceCode(StrEnum):
    """What does not fit; R01 to R16 are the domain's table, the others ours."""

    R01 = "R01"
    R02 = "R02"
    R03 = "R03"
    R04 = "R04"
    R05 = "R05"
    R06 = "R06"
    R07 = "R07"
    R08 = "R08"
    R09 = "R09"
    R10 = "R10"
    R11 = "R11"
    R12 = "R12"
    R13 = "R13"
    R14 = "R14"
    R15 = "R15"
    R16 = "R16"
    R17 = "R17"
    R18 = "R18"
    R19 = "R19"
    R20 = "R20"


class Handling(StrEnum):
    """What becomes of a difference unless a person says otherwise."""

    BLOCK = "block"
    PERSON = "person"
    CUT = "cut"
    EXCLUDE = "exclude"
    NOTE = "note"


class Treatment(StrEnum):
    """What is decided of a difference."""

    EXCLUDE = "exclude"
    NOTE = "note"
    CARRY_OVER = "carry_over"
    CLOSE = "close"


class MonthState(StrEnum):
    """Whether a contract's month is reconciled."""

    OPEN = "open"
    CHANGED = "changed"
    DECIDED = "decided"


class FallCause(StrEnum):
    """Why less of a decided month counts than two persons decided."""

    RED_DOCUMENT = "red_document"
    DOCUMENT_MOVED = "document_moved"
    PRICE = "price"
    BINDING = "binding"
    SOURCE = "source"  # another billing source of the cluster
    WITNESSES = "witnesses"  # another number of witnesses that the cluster needs
    CONTRADICTED = "contradicted"  # a witness contradicts use, or two persons ruled it out
    USAGE = "usage"  # late or corrected usage, or what draws on a package before it
