"""What needs attention, and what is carried as a month is closed."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.closes.codes import CloseKind, OpenKind
from ledger.desk.codes import FindingKind, InventoryState, ReportTable, Safeguard

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
        Safeguard: {
            Safeguard.NO_DRILL: msgid("不是演练：没有虚构的人、项目、中心"),
            Safeguard.ADMINISTRATORS: msgid("三名管理员"),
            Safeguard.SECOND_FACTOR: msgid("管理员、经办、审批、财务都有验证器"),
            Safeguard.SEALING: msgid("封存过"),
            Safeguard.BACKUP: msgid("异机备份恢复过一次"),
            Safeguard.POLICY: msgid("有日期、问题都已裁定、两人定为可付的政策版本"),
        },
        ReportTable: {
            ReportTable.CONTRACTS: msgid("各合同"),
            ReportTable.DOCUMENTS: msgid("单据行"),
            ReportTable.TREATMENTS: msgid("已确认的处理"),
            ReportTable.CLAIMS: msgid("申请与付款"),
        },
        CloseKind: {
            CloseKind.USAGE: msgid("结用量"),
            CloseKind.BOOKS: msgid("结账"),
        },
        OpenKind: {
            OpenKind.UNPRICED: msgid("没有价格的用量"),
            OpenKind.QUARANTINE: msgid("隔离的窗口"),
            OpenKind.MONTH: msgid("没有对账的合同账期"),
            OpenKind.FALL: msgid("待调减"),
            OpenKind.CLEARING: msgid("没有轧平的清算"),
            OpenKind.DECISION: msgid("没有答复的决定"),
            OpenKind.CLAIM: msgid("没有付清的申请"),
            OpenKind.RECOVERY: msgid("应追缴"),
            OpenKind.YEAR_END: msgid("没有年终结转的指标"),
        },
    }
)
