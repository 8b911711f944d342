"""`suanquan statement`: state a month, read statements, confirm or contest their lines."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, Pairs, Table, listing
from api.cli.arguments import path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.options import SUBSIDY, Month, OfMonth, Reason
from api.cli.values import HOURS, MONEY, MONTH, NUMBER, coded, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.registry.codes import LineKind
from ledger.statements.codes import AnswerState

app = Commands()
statement = Commands(msgid("对账单"))
app.add_typer(statement, name="statement", rich_help_panel=SUBSIDY)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("对账单号"))]
Lines = Annotated[list[int] | None, typer.Option("--line", help=msgid("只对这一行，可多次"))]

STATEMENTS = (
    Column(msgid("对账单号"), "number"),
    Column(msgid("合同"), "contract"),
    Column(msgid("智算中心"), "centre"),
    Column(msgid("项目"), "project"),
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("版次"), "revision", NUMBER),
    Column(msgid("费用"), "total_fen", MONEY),
    Column(msgid("中心"), "centre_says", coded(AnswerState)),
    Column(msgid("企业"), "builder_says", coded(AnswerState)),
)
STATEMENT = (
    Column(msgid("对账单号"), lambda s: s["number"] or _("预览")),
    Column(msgid("合同"), "contract"),
    Column(msgid("智算中心"), "centre"),
    Column(msgid("项目"), "project"),
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("费用（不含税）"), "total_fen", MONEY),
    Column(msgid("已由新版取代"), "superseded_by"),
)


def _selects(line: dict[str, Any]) -> str | None:
    return " ".join(filter(None, (line["partition"], line["qos"], line["market"]))) or None


def _word(party: str, line: dict[str, Any]) -> str | None:
    """A party's word on a line, and why it contests it."""
    if (answer := line[party]) is None:
        return None
    word, why = label_of(AnswerState, answer["answer"]), answer["reason"]
    return _("{word}：{why}").format(word=word, why=why) if why else word


LINES = (
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("种类"), "kind", coded(LineKind)),
    Column(msgid("名称"), "name"),
    Column(msgid("型号"), "model"),
    Column(msgid("切片"), "mig_profile"),
    Column(msgid("条件"), _selects),
    Column(msgid("政策"), "policy"),
    Column(msgid("卡时"), "device_ms", HOURS),
    Column(msgid("应交付"), "promised_ms", HOURS),
    Column(msgid("费用"), "cost_fen", MONEY),
    Column(msgid("证据"), "grade"),
    Column(msgid("空缺"), "gap_ms", HOURS),
    Column(msgid("中心"), lambda line: _word("centre", line)),
    Column(msgid("企业"), lambda line: _word("builder", line)),
)


@statement.verb("issue", msgid("出具一个月的对账单"))
def issue(
    month: Month,
    *,
    contract: Annotated[str | None, typer.Option(help=msgid("只这一份合同"))] = None,
    preview: Annotated[bool, typer.Option(help=msgid("只看，不留存"))] = False,
) -> Listing:
    """State a month, of all contracts or of one."""
    body = {"month": month, "contract": contract, "preview": preview}
    statements = ask("POST", "statements", body=body)
    return (
        Listing(statements, _whole(statements[0])) if preview else listing(STATEMENTS, statements)
    )


@statement.verb("ls", msgid("对账单一览"))
def ls(
    *,
    month: OfMonth = None,
    contract: Annotated[str | None, typer.Option(help=msgid("合同号"))] = None,
    superseded: Annotated[bool, typer.Option(help=msgid("包括旧版"))] = False,
) -> Listing:
    """List the statements, newest month first."""
    query = {"month": month, "contract": contract, "superseded": "true" if superseded else None}
    return listing(STATEMENTS, ask("GET", "statements", query=query), empty=msgid("没有对账单"))


@statement.verb("show", msgid("一份对账单的各行"))
def show(
    number: Number,
    *,
    file: Annotated[Path | None, typer.Option("--csv", help=msgid("存为 CSV 文件"))] = None,
) -> Answer:
    """Show a statement line by line, or write it to a file."""
    with Client() as client:
        if file is None:
            record = client.ask("GET", path("statements", number))
            return Answer(record, _whole(record))
        write(file, client.fetch(path("statements", f"{number}.csv")))
    return Answer({"file": str(file)}, [_("已写到 {file}").format(file=file)])


@statement.verb("confirm", msgid("确认对账单，或其中几行"))
def confirm(number: Number, *, line: Lines = None) -> Answer:
    """Confirm a statement, or some of its lines."""
    return _send_answer(number, line, "confirmed", "")


@statement.verb("contest", msgid("对账单有出入"))
def contest(number: Number, *, reason: Reason, line: Lines = None) -> Answer:
    """Contest a statement, or some of its lines."""
    return _send_answer(number, line, "contested", reason)


def _send_answer(number: str, lines: list[int] | None, word: str, reason: str) -> Answer:
    body = {"lines": lines or "all", "answer": word, "reason": reason}
    record = ask("POST", path("statements", number, "answers"), body=body)
    return Answer(record, _whole(record))


def _whole(record: dict[str, Any]) -> list[Pairs | Table]:
    return [Pairs(STATEMENT, record), Table(LINES, record["lines"])]
