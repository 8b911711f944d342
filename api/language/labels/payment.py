"""What the bank did, and why a claim is on no list."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.payment.codes import HoldReason, LineResult, RowState, Ruling

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        LineResult: {
            LineResult.PAID: msgid("到账"),
            LineResult.RETURNED: msgid("银行退回"),
        },
        RowState: {
            RowState.BOOKED: msgid("已入账"),
            RowState.OPEN: msgid("等两人判定"),
            RowState.ACCEPTED: msgid("判定属实"),
            RowState.REJECTED: msgid("判定不实"),
            RowState.UNDONE: msgid("已撤销"),
        },
        Ruling: {
            Ruling.ACCEPT: msgid("属实，账随银行"),
            Ruling.REJECT: msgid("不实，账不动"),
            Ruling.UNDO: msgid("撤销已入账的成功"),
        },
        HoldReason: {
            HoldReason.WITHOUT_ACCOUNT: msgid("没有确认过的收款账户"),
            HoldReason.ACCOUNT_CHANGING: msgid("收款账户正在变更"),
            HoldReason.PAYABLE_GONE: msgid("可兑付的金额已不足"),
            HoldReason.CLAIM_HELD: msgid("申请挂起了，等了结"),
            HoldReason.BANK_CONTRADICTION: msgid("银行回单有矛盾，等两人判定"),
        },
    }
)
