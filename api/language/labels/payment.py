"""What the bank did, and why a claim is on no list."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.payment.codes import HoldReason, LineResult

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        LineResult: {
            LineResult.PAID: msgid("到账"),
            LineResult.RETURNED: msgid("银行退回"),
        },
        HoldReason: {
            HoldReason.WITHOUT_ACCOUNT: msgid("没有确认过的收款账户"),
            HoldReason.ACCOUNT_CHANGING: msgid("收款账户正在变更"),
            HoldReason.PAYABLE_GONE: msgid("可兑付的金额已不足"),
        },
    }
)
