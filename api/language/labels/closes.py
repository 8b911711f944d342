"""Closes, and what is carried."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.closes.codes import CloseKind, OpenKind

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
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
