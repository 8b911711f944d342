"""`suanquan db check`: try to break each guarantee of the database, and say what held.

For an inspector: guarantee, the mechanism that holds it, as whom it was tried, and what came of it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.cli.answer import Answer, Column, Pairs, Table
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.values import NUMBER, coded, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.server.machine_cli import db, own_database
from ledger.postgres.codes import Guarantee, MechanismKind, Outcome, TriedAs

if TYPE_CHECKING:
    from ledger.postgres.guarantees.check import Proof

app = Commands()

SUMS = (
    Column(msgid("守住"), "held", NUMBER),
    Column(msgid("没有守住"), "broken", NUMBER),
    Column(msgid("演练的库不设"), "not_here", NUMBER),
    Column(msgid("没有试成"), "untried", NUMBER),
)


def _mechanism(row: Mapping[str, Any]) -> str:
    """`触发器 keep（decisions）`."""
    mechanism = row["mechanism"]
    words = f"{label_of(MechanismKind, mechanism['kind'])} {mechanism['name']}"
    return f"{words}（{mechanism['table']}）" if mechanism["table"] else words


FINDINGS = (
    Column(msgid("守护"), "guarantee", coded(Guarantee)),
    Column(msgid("由什么守"), _mechanism),
    Column(msgid("试的身份"), "tried_as", coded(TriedAs)),
    Column(msgid("结果"), "outcome", coded(Outcome)),
    Column(msgid("数据库的答复"), "answer"),
)


@db.verb("check", msgid("逐项试着破坏数据库的守护，再全部撤回：哪一项没有守住"))
def check() -> Answer:
    """Prove each guarantee by trying to break it; exit with 1 where one does not hold."""
    findings = _check()
    counts = {outcome.value: 0 for outcome in Outcome}
    for finding in findings:
        counts[finding.outcome] += 1
    rows = [asdict(finding) for finding in findings]
    wrong = counts[Outcome.BROKEN] + counts[Outcome.UNTRIED]
    failure = Failure(_("{count} 项没有守住").format(count=wrong)) if wrong else None
    return Answer(
        {**counts, "findings": rows}, [Table(FINDINGS, rows), Pairs(SUMS, counts)], failure
    )


def _check() -> "list[Proof]":
    with own_database() as (target, _settings):
        from api.server.database import record_command  # noqa: PLC0415 - loaded when it is used
        from ledger.postgres.database import check_revision  # noqa: PLC0415
        from ledger.postgres.guarantees.check import check as run  # noqa: PLC0415
        from ledger.postgres.guarantees.check import is_broken  # noqa: PLC0415

        check_revision(target.owner_engine())
        findings = run(target)
        result = Outcome.BROKEN if is_broken(findings) else Outcome.HELD
        record_command(target, "command db check", "database", result)
    return findings
