"""`suanquan pay return|refund|recover|year-end`: what the bank says, and what comes back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import content_of, fen_of
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import Code, Reason, Yuan
from api.cli.values import MOMENT, MONEY
from api.language.i18n import gettext as _
from api.language.i18n import msgid

app = Commands()

Indicator = Annotated[str, typer.Option("--indicator", help=msgid("指标编号"))]
Year = Annotated[int, typer.Option(help=msgid("年度"))]

BOOKED = (
    Column(msgid("入账笔数"), "rows"),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("已退还"), "returned_fen", MONEY),
)
RECOVERIES = (
    Column(msgid("案件"), "number"),
    Column(msgid("项目"), "project"),
    Column(msgid("应退"), "fen", MONEY),
    Column(msgid("尚欠"), "outstanding_fen", MONEY),
    Column(msgid("期限"), "pay_by"),
    Column(msgid("了结"), "closed_at", MOMENT),
)


@app.verb("return", msgid("导入银行回单，整份入账或整份拒收"))
def bank_return(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("银行回单，CSV 或 XLSX"))],
) -> Answer:
    """Book the bank's return, wholly or not at all."""
    content = content_of(file)
    booked = ask("POST", "bank-returns", query={"name": file.name}, content=content)
    empty = Failure(_("回单里只有表头，没有入账")) if not booked["rows"] else None
    return Answer(booked, record(BOOKED, booked).blocks, empty)


@app.verb("refund", msgid("登记退回的钱"))
def refund(
    project: Code,
    *,
    reference: Annotated[str, typer.Option(help=msgid("银行流水号"))],
    indicator: Indicator,
    year: Year,
    yuan: Yuan,
    on: Annotated[str, typer.Option(help=msgid("到账日，如 2026-11-23"))],
    reason: Reason = "",
) -> Answer:
    """Enter money that came back."""
    body = {
        "project": project, "reference": reference, "indicator": indicator, "year": year,
        "fen": fen_of(yuan), "on_day": on, "reason": reason,
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


def propose(path: str, body: dict[str, Any]) -> Listing:
    """Ask for a decision, and say what the second person has to confirm."""
    decision = ask("POST", path, body=body)
    text = _("{subject}：已提出，等另一人确认（{command}）\n摘要 {digest}")
    command = f"suanquan confirm {decision['id']}"
    values = {key: decision[key] for key in ("subject", "digest")}
    return Listing(decision, [text.format(command=command, **values)])
