"""Projects, contract lines and prices."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.registry.codes import (
    ControllerRole,
    EntryState,
    LineKind,
    Market,
    PriceUnit,
    ProjectKind,
    RegistrySection,
    RelationKind,
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
        RegistrySection: {
            RegistrySection.ORGANISATIONS: msgid("单位"),
            RegistrySection.CENTRES: msgid("智算中心"),
            RegistrySection.CLUSTERS: msgid("集群"),
            RegistrySection.BILLING: msgid("计费来源"),
            RegistrySection.WITNESSES: msgid("见证要求"),
            RegistrySection.GPUS: msgid("GPU 设备"),
            RegistrySection.CATALOGUE: msgid("型号目录"),
            RegistrySection.PROJECTS: msgid("项目"),
            RegistrySection.CONTRACTS: msgid("合同"),
            RegistrySection.PRICES: msgid("合同行"),
            RegistrySection.BINDINGS: msgid("绑定"),
            RegistrySection.RELATIONS: msgid("关系"),
            RegistrySection.NAMES: msgid("改名"),
            RegistrySection.CONTROLLERS: msgid("控制人"),
            RegistrySection.PRICE_BANDS: msgid("参考价"),
            RegistrySection.OTHER_SUPPORT: msgid("其他支持"),
            RegistrySection.ASSIGNMENTS: msgid("归入其他政策的合同"),
            RegistrySection.ACCOUNTS: msgid("收款账户"),
        },
        EntryState: {
            EntryState.IN_FORCE: msgid("现行"),
            EntryState.FUTURE: msgid("未到"),
            EntryState.ENDED: msgid("已到期"),
            EntryState.SUPERSEDED: msgid("已被取代"),
        },
        RelationKind: {
            RelationKind.SELLER: msgid("销售方"),
            RelationKind.BUYER: msgid("购买方"),
            RelationKind.PAYEE: msgid("收款方"),
            RelationKind.RELATED: msgid("关联方"),
        },
    }
)
