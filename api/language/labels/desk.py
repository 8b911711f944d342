"""What needs attention."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.desk.codes import FindingKind, InventoryState, ReportTable

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
        InventoryState: {
            InventoryState.NEW: msgid("新的 GPU"),
            InventoryState.MOVED: msgid("换了地方"),
            InventoryState.SEEN_TWICE: msgid("两处同时上报"),
            InventoryState.OTHER_CENTRE: msgid("登记在别的中心"),
            InventoryState.AFTER_RETIREMENT: msgid("退役之后还在上报"),
            InventoryState.BEFORE_REGISTRATION: msgid("早于登记的日期"),
            InventoryState.SILENT: msgid("已登记，没有上报"),
            InventoryState.UNKNOWN_MODEL: msgid("型号不在目录里"),
            InventoryState.OTHER_MODEL: msgid("型号变了"),
            InventoryState.MIG_ON: msgid("切了 MIG，切片不在目录里"),
        },
        ReportTable: {
            ReportTable.CONTRACTS: msgid("各合同"),
            ReportTable.DOCUMENTS: msgid("单据行"),
            ReportTable.TREATMENTS: msgid("已确认的处理"),
            ReportTable.CLAIMS: msgid("申请与付款"),
        },
    }
)
