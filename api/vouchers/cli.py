"""Commands about vouchers: open one, change its cap, let it lapse, reserve a part of it."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.client import Client, say
from api.cli.screen import as_json, money, table
from ledger.units import fen_from_yuan

app = typer.Typer()
voucher = typer.Typer(no_args_is_help=True, help="算力券 / vouchers")
app.add_typer(voucher, name="voucher")

Json = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="项目编号 / project code")]
Reason = Annotated[str, typer.Option(help="理由 / reason")]
Yuan = Annotated[str, typer.Option(help="元，如 5000000.00 / yuan")]


@voucher.command("open")
def open_voucher(
    code: Code,
    *,
    clause: Annotated[str, typer.Option(help="条款，如 09-1 / clause")],
    policy: Annotated[str, typer.Option(help="政策版本 / policy version")],
    fact: Annotated[
        list[str] | None, typer.Option(help="事实 k=v，可多次 / fact, repeatable")
    ] = None,
    json_: Json = False,
) -> None:
    """按条款认定资格并开券 / decide eligibility and open a voucher."""
    wanted = {"clause": clause, "policy": policy, "facts": dict(read_fact(f) for f in fact or [])}
    with Client() as client:
        told = client.ask("POST", f"projects/{quote(code, safe='')}/voucher", body=wanted)
    if json_:
        as_json(told)
    else:
        cap = money(told["cap_fen"])
        print(
            say(
                f"{code} 已按 {told['policy']} 第 {told['clause']} 条开券，上限 {cap}",
                f"{code} has a voucher by {told['policy']} clause {told['clause']}, cap {cap}",
            )
        )


@voucher.command()
def cap(code: Code, *, yuan: Yuan, reason: Reason, json_: Json = False) -> None:
    """调整上限，须另一人确认 / change the cap; another person confirms it."""
    _decide(code, "cap", {"cap_fen": _fen(yuan), "reason": reason}, json_=json_)


@voucher.command()
def lapse(code: Code, *, reason: Reason, json_: Json = False) -> None:
    """剩余额度失效，须另一人确认 / let the rest lapse; another person confirms it."""
    _decide(code, "lapse", {"reason": reason}, json_=json_)


@voucher.command()
def reserve(
    code: Code,
    *,
    yuan: Yuan,
    plan: Annotated[str, typer.Option(help="用途 / plan")],
    until: Annotated[str, typer.Option(help="至此日止，如 2026-12-31 / to the end of this day")],
    json_: Json = False,
) -> None:
    """预留一部分额度 / reserve a part of the voucher."""
    wanted = {"fen": _fen(yuan), "plan": plan, "until": until}
    with Client() as client:
        told = client.ask("POST", f"projects/{quote(code, safe='')}/reservations", body=wanted)
    if json_:
        as_json(told)
    else:
        number, fen = told["id"], money(told["fen"])
        print(
            say(
                f"预留 {number}：{fen}，至 {told['until']} 止",
                f"reservation {number}: {fen} to the end of {told['until']}",
            )
        )


@voucher.command()
def reservations(code: Code, *, json_: Json = False) -> None:
    """现有的预留 / the reservations that stand."""
    with Client() as client:
        told = client.ask("GET", f"projects/{quote(code, safe='')}/reservations")
    if json_:
        as_json(told)
        return
    titles = say("编号 金额 未用 至 用途", "number amount unused until plan").split()
    rows = [[r["id"], money(r["fen"]), money(r["left_fen"]), r["until"], r["plan"]] for r in told]
    table(titles, rows, right="rrr")


@voucher.command()
def release(
    code: Code,
    number: Annotated[int, typer.Argument(help="预留编号 / number of the reservation")],
    *,
    json_: Json = False,
) -> None:
    """解除预留，未用部分退回可用 / release a reservation."""
    with Client() as client:
        path = f"projects/{quote(code, safe='')}/reservations/{number}"
        told = client.ask("DELETE", path)
    if json_:
        as_json(told)
    else:
        fen = money(told["released_fen"])
        print(say(f"退回可用 {fen}", f"{fen} are available again"))


def _decide(code: str, what: str, wanted: dict[str, Any], *, json_: bool) -> None:
    with Client() as client:
        told = client.ask("POST", f"projects/{quote(code, safe='')}/{what}", body=wanted)
    if json_:
        as_json(told)
    else:
        number = told["id"]
        print(
            say(
                f"待另一人确认：suanquan confirm {number}",
                f"another person confirms it: suanquan confirm {number}",
            )
        )


def _fen(yuan: str) -> int:
    try:
        return fen_from_yuan(yuan)
    except ValueError as error:
        raise typer.BadParameter(
            say(f"应为至多两位小数的金额：{yuan}", f"not a sum of money: {yuan}")
        ) from error


def read_fact(given: str) -> tuple[str, Any]:
    """`beds=3` → an integer, `local=true` → a boolean, anything else → a text."""
    name, equals, value = given.partition("=")
    if not (name and equals):
        raise typer.BadParameter(say(f"应写成 名称=值：{given}", f"write name=value: {given}"))
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return name, read if isinstance(read, (bool, int)) else value
