"""The states of a voucher."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.vouchers.codes import VersionState, VoucherState

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        VersionState: {
            VersionState.INCOMPLETE: msgid("缺日期或有待定问题"),
            VersionState.KNOWN: msgid("未定为可付"),
            VersionState.PROPOSED: msgid("待另一人确认"),
            VersionState.PAYABLE: msgid("已定为可付"),
        },
        VoucherState: {
            VoucherState.ABSENT: msgid("未发券"),
            VoucherState.USED_UP: msgid("已用完"),
            VoucherState.NOT_STARTED: msgid("未开始"),
            VoucherState.RUNNING_OUT: msgid("将用完"),
            VoucherState.STALE: msgid("久无数据"),
            VoucherState.IN_USE: msgid("使用中"),
        },
    }
)
