"""What each code is called: the only place where a code has its words.

The codes are the StrEnums of `ledger/<room>/codes.py`; a module here for each room has their labels
in Chinese, `locale/en.po` has the English. Pages, commands, the API and messages all ask `label`.
"""

from enum import StrEnum

from api.language.i18n import gettext as _
from api.language.labels import (
    charging,
    claims,
    desk,
    documents,
    metering,
    payment,
    people,
    policy,
    postgres,
    reconciliation,
    registry,
    seals,
    statements,
    vouchers,
)

LABELS = {
    kind: words
    for room in (
        people, registry, metering, charging, documents, statements, reconciliation, policy,
        vouchers, claims, payment, desk, seals, postgres,
    )
    for kind, words in room.LABELS.items()
}  # fmt: skip


def label(member: StrEnum) -> str:
    """A code in the reader's language."""
    return _(LABELS[type(member)][member])


def labels(kind: type[StrEnum]) -> dict[str, str]:
    """All codes of a kind with their labels, in the order of the enum: what a form may offer."""
    return {member.value: label(member) for member in kind}


def label_of(kind: type[StrEnum], code: str) -> str:
    """The label of a code that came as text; a code that is not of this kind stays as it is."""
    try:
        return label(kind(code))
    except ValueError:
        return code
