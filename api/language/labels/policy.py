"""The policy's results, conditions, caps and pools; the files that a claim needs."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.policy.codes import (
    CapPeriod,
    CapScope,
    ConditionState,
    FileRole,
    PoolRule,
    Result,
    RoundingUnit,
)

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        Result: {
            Result.ELIGIBLE: msgid("符合"),
            Result.INELIGIBLE: msgid("不符合"),
            Result.INSUFFICIENT: msgid("材料不足"),
            Result.JUDGEMENT: msgid("需人工认定"),
            Result.REJECTED: msgid("事实有误"),
        },
        ConditionState: {
            ConditionState.MET: msgid("满足"),
            ConditionState.UNMET: msgid("不满足"),
            ConditionState.JUDGEMENT: msgid("需人工认定"),
            ConditionState.OPEN: msgid("材料不足"),
            ConditionState.EXEMPT: msgid("不适用"),
        },
        CapScope: {
            CapScope.MODEL: msgid("每个模型"),
            CapScope.TEAM: msgid("每个团队"),
            CapScope.BUILDER: msgid("每个建设方"),
            CapScope.PERSON: msgid("每人"),
            CapScope.PROJECT: msgid("每个项目"),
            CapScope.ENTERPRISE: msgid("每个企业"),
            CapScope.PLATFORM: msgid("每个平台"),
            CapScope.SUPPLIER: msgid("每个供应商"),
            CapScope.PRODUCT: msgid("每个产品"),
            CapScope.SCENARIO: msgid("每个场景"),
            CapScope.SITE: msgid("每个基地"),
        },
        CapPeriod: {
            CapPeriod.LIFETIME: msgid("终身合计"),
            CapPeriod.ONCE: msgid("一次性"),
            CapPeriod.YEAR: msgid("每年"),
            CapPeriod.UNSTATED: msgid("原文未说期限"),
        },
        PoolRule: {
            PoolRule.PRO_RATA: msgid("按比例分"),
            PoolRule.FIRST_COME: msgid("先到先得"),
            PoolRule.RANKED: msgid("按名次"),
        },
        FileRole: {
            FileRole.APPLICATION: msgid("兑付申请表"),
            FileRole.COMMITMENT: msgid("承诺书"),
            FileRole.RECEIPT: msgid("付款凭证"),
            FileRole.ACCOUNT: msgid("收款账户证明"),
            FileRole.CONTRACT: msgid("合同文本"),
            FileRole.RESULT: msgid("成果材料"),
            FileRole.OTHER: msgid("其他材料"),
        },
        RoundingUnit: {
            RoundingUnit.FEN: msgid("分"),
            RoundingUnit.YUAN: msgid("元"),
            RoundingUnit.HUNDRED_YUAN: msgid("百元"),
            RoundingUnit.WAN: msgid("万元"),
        },
    }
)
