"""Differences, what becomes of them, and the states of a month."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.reconciliation.codes import DifferenceCode, FallCause, Handling, MonthState, Treatment

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        DifferenceCode: {
            DifferenceCode.R01: msgid("重复发票"),
            DifferenceCode.R02: msgid("红冲或作废"),
            DifferenceCode.R03: msgid("购方不符"),
            DifferenceCode.R04: msgid("销方不符"),
            DifferenceCode.R05: msgid("付款不符"),
            DifferenceCode.R06: msgid("超出合同"),
            DifferenceCode.R07: msgid("用量不支持"),
            DifferenceCode.R08: msgid("产能不可能"),
            DifferenceCode.R09: msgid("单价异常"),
            DifferenceCode.R10: msgid("票面不平"),
            DifferenceCode.R11: msgid("品目不符"),
            DifferenceCode.R12: msgid("税率提示"),
            DifferenceCode.R13: msgid("关联方"),
            DifferenceCode.R14: msgid("期外"),
            DifferenceCode.R15: msgid("重复支持"),
            DifferenceCode.R16: msgid("缺件"),
            DifferenceCode.R17: msgid("少于计量"),
            DifferenceCode.R18: msgid("红字确认在途"),
            DifferenceCode.R19: msgid("计税口径不一"),
            DifferenceCode.R20: msgid("证据等级不足"),
        },
        Handling: {
            Handling.BLOCK: msgid("不得计入"),
            Handling.PERSON: msgid("须由人判断"),
            Handling.CUT: msgid("按计量截断"),
            Handling.EXCLUDE: msgid("剔除"),
            Handling.NOTE: msgid("仅提示"),
        },
        Treatment: {
            Treatment.EXCLUDE: msgid("剔除"),
            Treatment.NOTE: msgid("计入，仅记录"),
            Treatment.CARRY_OVER: msgid("结转"),
            Treatment.CLOSE: msgid("不再开票"),
        },
        FallCause: {
            FallCause.RED_DOCUMENT: msgid("红字发票冲回"),
            FallCause.DOCUMENT_MOVED: msgid("单据改了分配"),
            FallCause.PRICE: msgid("合同行重新登记"),
            FallCause.BINDING: msgid("归属重新登记"),
            FallCause.SOURCE: msgid("计费来源重新登记"),
            FallCause.WITNESSES: msgid("见证要求重新登记"),
            FallCause.CONTRADICTED: msgid("用量与见证相反"),
            FallCause.USAGE: msgid("用量更正"),
        },
        MonthState: {
            MonthState.OPEN: msgid("未对账"),
            MonthState.CHANGED: msgid("确认后有变动"),
            MonthState.DECIDED: msgid("已确认"),
        },
    }
)
