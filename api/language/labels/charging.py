"""Parts of a contract month's cost."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.charging.codes import Part

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        Part: {
            Part.COMPUTE: msgid("算力"),
            Part.PACKAGE: msgid("预付包"),
            Part.FEE: msgid("非算力费用"),
        },
    }
)
