"""Statements: who answers, and how."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.statements.codes import AnswerState, LineAnswer, Party

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        Party: {
            Party.CENTRE: msgid("智算中心"),
            Party.BUILDER: msgid("模型企业"),
        },
        LineAnswer: {
            LineAnswer.CONFIRMED: msgid("确认"),
            LineAnswer.CONTESTED: msgid("有出入"),
        },
        AnswerState: {
            AnswerState.CONFIRMED: msgid("已确认"),
            AnswerState.CONTESTED: msgid("有出入"),
            AnswerState.OPEN: msgid("未答完"),
        },
    }
)
