"""Holds as a table of a command."""

from api.cli.answer import Column
from api.cli.values import MOMENT, NUMBER, coded
from api.language.i18n import msgid
from ledger.claims.codes import HoldKind
from ledger.people.codes import Role

HOLDS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("挂起"), "kind", coded(HoldKind)),
    Column(msgid("等谁"), "owner", coded(Role)),
    Column(msgid("理由"), "reason"),
    Column(msgid("自"), "opened_at", MOMENT),
    Column(msgid("期限"), "due"),
    Column(msgid("了结于"), "closed_at", MOMENT),
    Column(msgid("结果"), "outcome"),
)
