"""What needs attention."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.desk.codes import FindingKind

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        FindingKind: {
            FindingKind.CONFLICTS: msgid("冲突"),
            FindingKind.FORKS: msgid("分叉"),
            FindingKind.QUARANTINE: msgid("隔离"),
            FindingKind.GAPS: msgid("空缺"),
            FindingKind.UNPROVED: msgid("容量未证实"),
            FindingKind.CORRECTIONS: msgid("待更正"),
            FindingKind.SILENT: msgid("静默"),
            FindingKind.UNOWNED: msgid("无主"),
            FindingKind.UNPRICED: msgid("无价格"),
        },
    }
)
