"""`suanquan pay return|refund|recover|year-end`: what the bank says, and what comes back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments import content_of, fen_of
from api.cli.client import Client, Failure, say
from api.cli.options import Json
from api.cli.screen import as_json, beijing, money, pairs, table

app = typer.Typer()

Indicator = Annotated[str, typer.Option("--indicator", help="指标编号 / indicator's number")]
Year = Annotated[int, typer.Option(help="年度 / year")]
Yuan = Annotated[str, typer.Option(help="金额，元 / amount in yuan")]
Reason = Annotated[str, typer.Option(help="理由 / reason")]
Project = Annotated[str, typer.Argument(metavar="CODE", help="项目编号 / project code")]


@app.command("return")
def bank_return(
    file: Annotated[Path, typer.Argument(help="银行回单，CSV 或 XLSX / the bank's file")],
    *,
    json_: Json = False,
) -> None:
    """导入银行回单，整份入账或整份拒收 / book the bank's return, wholly or not at all."""
    content = content_of(file)
    with Client() as client:
        told = client.ask("POST", "bank-returns", query={"name": file.name}, content=content)
    if json_:
        as_json(told)
        return
    pairs(
        [
            (say("入账笔数", "rows booked"), told["rows"]),
            (say("已支付", "paid"), money(told["paid_fen"])),
            (say("已退回", "returned"), money(told["returned_fen"])),
        ]
    )


@app.command()
def refund(
    project: Project,
    *,
    reference: Annotated[str, typer.Option(help="银行流水号 / the bank's reference")],
    indicator: Indicator,
    year: Year,
    yuan: Yuan,
    on: Annotated[str, typer.Option(help="到账日 / day: 2026-11-23")],
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """登记退回的钱 / enter money that came back."""
    wanted = {
        "project": project,
        "reference": reference,
        "indicator": indicator,
        "year": year,
        "fen": fen_of(yuan),
        "on_day": on,
        "reason": reason,
    }
    decide("refunds", wanted, json_)


@app.command()
def recover(
    project: Annotated[
        str | None, typer.Argument(metavar="CODE", help="项目编号；不写则列出案件 / project code")
    ] = None,
    *,
    until: Annotated[str | None, typer.Option(help="期限 / pay by: 2026-12-31")] = None,
    reason: Reason = "",
    fraud: Annotated[bool, typer.Option("--fraud", help="作假，退回后作废 / fraud")] = False,
    json_: Json = False,
) -> None:
    """追缴：列出案件，或立案 / recovery: the cases, or open one."""
    if project is not None:
        if until is None or not reason:
            raise Failure(say("立案须写 --until 和 --reason", "a case takes --until and --reason"))
        wanted = {"project": project, "pay_by": until, "reason": reason, "fraud": fraud}
        decide("recoveries", wanted, json_)
        return
    with Client() as client:
        told = client.ask("GET", "recoveries")
    if json_:
        as_json(told)
        return
    titles = say(
        "案件 项目 应退 尚欠 期限 了结", "case project amount outstanding by closed"
    ).split()
    rows = [
        [
            r["number"],
            r["project"],
            money(r["fen"]),
            money(r["outstanding_fen"]),
            r["pay_by"],
            beijing(r["closed_at"]),
        ]
        for r in told
    ]
    table(titles, rows, right="llrr")


@app.command("year-end")
def year_end(
    *,
    indicator: Indicator,
    year: Year,
    new_indicator: Annotated[str, typer.Option(help="新年度的指标 / the new year's indicator")],
    new_year: Annotated[int, typer.Option(help="新年度 / the new year")],
    recalled: Annotated[
        bool,
        typer.Option("--recalled", help="银行已书面答复未付的不再付 / the bank pays no open line"),
    ] = False,
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """年末结转 / end an indicator's year."""
    wanted = {
        "indicator": indicator,
        "year": year,
        "new_indicator": new_indicator,
        "new_year": new_year,
        "recalled": recalled,
        "reason": reason,
    }
    decide("year-end", wanted, json_)


def decide(path: str, wanted: dict[str, Any], json_: bool) -> None:
    """Ask for a decision, and say what the second person has to confirm."""
    with Client() as client:
        told = client.ask("POST", path, body=wanted)
    if json_:
        as_json(told)
        return
    number, subject = told["id"], told["subject"]
    print(
        say(
            f"{subject}：已提出，等另一人确认（suanquan confirm {number}）",
            f"{subject}: waits for another person (suanquan confirm {number})",
        )
    )
    print(say(f"摘要 {told['digest']}", f"digest {told['digest']}"))
