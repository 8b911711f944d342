"""Projects, contract lines and prices."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.registry.codes import (
    ControllerRole,
    LineKind,
    Market,
    PriceUnit,
    ProjectKind,
    UnpricedReason,
)

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        ProjectKind: {
            ProjectKind.MODEL: msgid("大模型项目（第九条）"),
            ProjectKind.TEAM: msgid("人才团队（第十四条）"),
        },
        LineKind: {
            LineKind.METERED: msgid("按用量"),
            LineKind.RESERVED: msgid("包占"),
            LineKind.PACKAGE: msgid("套餐"),
            LineKind.FIXED: msgid("固定费"),
        },
        Market: {
            Market.ON_DEMAND: msgid("按需"),
            Market.SPOT: msgid("竞价"),
        },
        PriceUnit: {
            PriceUnit.GPU_HOUR: msgid("卡时"),
            PriceUnit.NODE_HOUR: msgid("机时"),
            PriceUnit.NODE_DAY: msgid("机日"),
            PriceUnit.NODE_MONTH: msgid("机月"),
            PriceUnit.MONTH: msgid("月"),
        },
        ControllerRole: {
            ControllerRole.LEGAL: msgid("法定代表人"),
            ControllerRole.ACTUAL: msgid("实际控制人"),
        },
        UnpricedReason: {
            UnpricedReason.UNKNOWN_MODEL: msgid("型号不在目录里"),
            UnpricedReason.NO_PRICE: msgid("当天没有价格"),
            UnpricedReason.TWO_CONTRACTS: msgid("几份合同都能计价，须由绑定写明合同"),
        },
    }
)
