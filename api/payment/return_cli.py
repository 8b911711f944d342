"""`suanquan pay return|refund|recover|year-end`: what the bank says, and what comes back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import content_of, fen_of, path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import Code, Proof, Reason, Yuan
from api.cli.values import MOMENT, MONEY, NUMBER, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.payment.codes import LineResult, Ruling

app = Commands()

Indicator = Annotated[str, typer.Option("--indicator", help=msgid("指标编号"))]
Year = Annotated[int, typer.Option(help=msgid("年度"))]

BOOKED = (
    Column(msgid("入账笔数"), "rows"),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("等两人判定"), "waiting", NUMBER),
    Column(msgid("其金额"), "waiting_fen", MONEY),
    Column(msgid("早已收到"), "repeats", NUMBER),
)
ROWS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("流水号"), "reference"),
    Column(msgid("清单"), "list"),
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("申请编号"), "claim"),
    Column(msgid("结果"), lambda row: label_of(LineResult, row["result"])),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("日期"), "on_day"),
    Column(msgid("这一行已到账"), "line_paid_fen", MONEY),
    Column(msgid("未回音"), "line_open_fen", MONEY),
)
RECOVERIES = (
    Column(msgid("案件"), "number"),
    Column(msgid("项目"), "project"),
    Column(msgid("应退"), "fen", MONEY),
    Column(msgid("尚欠"), "outstanding_fen", MONEY),
    Column(msgid("期限"), "pay_by"),
    Column(msgid("了结"), "closed_at", MOMENT),
)


@app.verb("return", msgid("导入银行回单：成功的入账，有矛盾的等两人判定"))
def bank_return(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("银行回单，CSV 或 XLSX"))],
    *,
    code: Proof = "",
) -> Answer:
    """Take in the bank's file, with what differs from its lists."""
    parts = {"file": (file.name, content_of(file)), "code": (None, code)}
    booked = ask("POST", "bank-returns", form=parts)
    notes = [note["message"] for note in booked["notes"]]
    return Answer(booked, [*record(BOOKED, booked).blocks, *notes])


@app.verb("rows", msgid("有矛盾、等两人判定的回单行"))
def rows() -> Listing:
    """List the bank's rows that wait for two persons."""
    return listing(ROWS, ask("GET", "bank-rows"), empty=msgid("没有等判定的回单行"))


@app.verb("rule", msgid("判定一行回单，由另一人确认"))
def rule(
    row: Annotated[int, typer.Argument(metavar="ID", help=msgid("回单行的编号"))],
    ruling: Annotated[
        Ruling,
        typer.Argument(metavar="accept|reject|undo", help=msgid("属实、不实，或撤销已入账的成功")),
    ],
    *,
    recalled: Annotated[
        bool, typer.Option("--recalled", help=msgid("银行已书面答复此申请别的未付行不再付"))
    ] = False,
    reason: Reason,
) -> Answer:
    """Propose what a bank's row means."""
    body = {"ruling": ruling, "recalled": recalled, "reason": reason}
    return propose(path("bank-rows", row, "rulings"), body)


@app.verb("refund", msgid("登记退回的钱"))
def refund(
    project: Code,
    *,
    reference: Annotated[str, typer.Option(help=msgid("银行流水号"))],
    indicator: Indicator,
    year: Year,
    yuan: Yuan,
    total: Annotated[
        str | None, typer.Option(help=msgid("这笔汇款的总额，元；一笔还几笔欠款时写"))
    ] = None,
    debt: Annotated[
        str | None, typer.Option(help=msgid("其中还此项目欠款的，元；不是全部欠款时写"))
    ] = None,
    on: Annotated[str, typer.Option(help=msgid("到账日，如 2026-11-23"))],
    reason: Reason = "",
) -> Answer:
    """Enter money that came back."""
    body = {
        "project": project, "reference": reference, "indicator": indicator, "year": year,
        "fen": fen_of(yuan), "total_fen": None if total is None else fen_of(total),
        "debt_fen": None if debt is None else fen_of(debt), "on_day": on, "reason": reason,
    }  # fmt: skip
    return propose("refunds", body)


@app.verb("recover", msgid("追缴：列出案件，或立案"))
def recover(
    project: Annotated[
        str | None, typer.Argument(metavar="CODE", help=msgid("项目编号；不写则列出案件"))
    ] = None,
    *,
    until: Annotated[str | None, typer.Option(help=msgid("期限，如 2026-12-31"))] = None,
    reason: Reason = "",
    fraud: Annotated[bool, typer.Option("--fraud", help=msgid("作假，退回后作废"))] = False,
) -> Listing:
    """List the cases of recovery, or open one."""
    if project is None:
        return listing(RECOVERIES, ask("GET", "recoveries"), empty=msgid("没有追缴"))
    if until is None or not reason:
        raise Failure(_("立案须写 --until 和 --reason"))
    body = {"project": project, "pay_by": until, "reason": reason, "fraud": fraud}
    return propose("recoveries", body)


@app.verb("year-end", msgid("年末结转"))
def year_end(
    *,
    indicator: Indicator,
    year: Year,
    new_indicator: Annotated[str, typer.Option(help=msgid("新年度的指标"))],
    new_year: Annotated[int, typer.Option(help=msgid("新年度"))],
    recalled: Annotated[
        bool, typer.Option("--recalled", help=msgid("银行已书面答复未付的不再付"))
    ] = False,
    reason: Reason = "",
) -> Answer:
    """End an indicator's year."""
    body = {
        "indicator": indicator, "year": year, "new_indicator": new_indicator,
        "new_year": new_year, "recalled": recalled, "reason": reason,
    }  # fmt: skip
    return propose("year-end", body)


def propose(where: str, body: dict[str, Any]) -> Listing:
    """Ask for a decision, and say what the second person has to confirm."""
    decision = ask("POST", where, body=body)
    text = _("{subject}：已提出，等另一人确认（{command}）\n摘要 {digest}")
    command = f"suanquan confirm {decision['id']}"
    values = {key: decision[key] for key in ("subject", "digest")}
    return Listing(decision, [text.format(command=command, **values)])
