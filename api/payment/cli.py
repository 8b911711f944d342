"""`suanquan pay`: indicators, the queue, lists, the bank's return, and what comes back.

What is decided here waits for another person: `suanquan decisions`, `suanquan confirm`.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.cli.arguments import content_of, fen_of
from api.cli.client import Client, Failure, say
from api.cli.options import Json
from api.cli.screen import as_json, beijing, called, money, pairs, person, table
from api.payment import return_cli as cli_payback
from api.payment.return_cli import Indicator, Reason, Year, Yuan, decide
from ledger.payment.codes import HoldReason

app = typer.Typer()
pay = typer.Typer(no_args_is_help=True, help="付款 / payment")
indicator = typer.Typer(no_args_is_help=True, help="预算指标 / budget indicators")
lists = typer.Typer(no_args_is_help=True, help="付款清单 / payment lists")
app.add_typer(pay, name="pay")
pay.add_typer(indicator, name="indicator")
pay.add_typer(lists, name="list")
pay.add_typer(cli_payback.app)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="编号 / number")]


@indicator.command("show")
def indicators(
    *,
    year: Annotated[int | None, typer.Option(help="年度 / year")] = None,
    json_: Json = False,
) -> None:
    """各指标的余额 / the indicators and their balances."""
    with Client() as client:
        told = client.ask("GET", "indicators", query={"year": year})
    if json_:
        as_json(told)
        return
    titles = say(
        "年度 编号 下达 可用 待确认 已列清单 已支付 已交回",
        "year number appropriated free proposed committed spent returned",
    ).split()
    sums = ("appropriated", "free", "proposed", "committed", "spent", "returned")
    rows = [[i["year"], i["number"], *(money(i[f"{s}_fen"]) for s in sums)] for i in told]
    table(titles, rows, right="rlrrrrrr")


@indicator.command("open")
def open_indicator(
    number: Number,
    *,
    year: Year,
    yuan: Yuan,
    project_name: Annotated[str, typer.Option(help="预算项目 / budget project")],
    fund_kind: Annotated[str, typer.Option(help="资金性质 / kind of fund")],
    classification: Annotated[str, typer.Option(help="功能分类科目编码 / classification code")],
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """登记一个新指标 / enter a new indicator."""
    wanted = {
        "number": number,
        "year": year,
        "fen": fen_of(yuan),
        "project_name": project_name,
        "fund_kind": fund_kind,
        "classification": classification,
        "reason": reason,
    }
    decide("indicators", wanted, json_)


@indicator.command("change")
def change_indicator(
    number: Number,
    *,
    year: Year,
    yuan: Annotated[str, typer.Option(help="增加的元数，压减写负数 / yuan more, or -less")],
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """追加或压减 / appropriate more, or cut."""
    wanted = {"fen": fen_of(yuan), "reason": reason}
    decide(f"indicators/{year}/{quote(number, safe='')}/changes", wanted, json_)


@pay.command()
def queue(*, json_: Json = False) -> None:
    """待付的申请，先批的在前 / what waits to be paid, oldest first."""
    with Client() as client:
        told = client.ask("GET", "payables")
    if json_:
        as_json(told)
        return
    short = say("等待资金", "waits for money")
    titles = say(
        "申请 项目 收款单位 应付 批准 资金", "claim project payee due approved money"
    ).split()
    rows = [
        [
            p["number"],
            p["project"],
            p["organisation"],
            money(p["due_fen"]),
            beijing(p["approved_at"]),
            called(HoldReason, p["held"]) or p["indicator"] or short,
        ]
        for p in told
    ]
    table(titles, rows, right="lllr")


@lists.command("show")
def show_list(
    number: Annotated[str | None, typer.Argument(metavar="NUMBER", help="清单号 / number")] = None,
    *,
    json_: Json = False,
) -> None:
    """清单一览，或一份清单 / the lists, or one of them."""
    with Client() as client:
        path = "payment-lists" + (f"/{quote(number, safe='')}" if number else "")
        told = client.ask("GET", path)
    if json_:
        as_json(told)
    elif number:
        _show_one(told)
    else:
        titles = say(
            "清单 指标 笔数 合计 已支付 已退回 编制 送出",
            "list indicator lines total paid returned made sent",
        ).split()
        table(titles, [_list(one) for one in told], right="llrrrr")


@lists.command("make")
def make_list(
    *,
    indicator: Indicator,
    year: Year,
    claim: Annotated[
        list[str] | None, typer.Option(help="申请编号，可多次；不写则按次序付到指标用完 / claim")
    ] = None,
    reason: Reason = "",
    json_: Json = False,
) -> None:
    """编制清单 / make a list: these claims, or as many as the money covers."""
    wanted = {"indicator": indicator, "year": year, "claims": claim or None, "reason": reason}
    decide("payment-lists", wanted, json_)


@pay.command()
def export(
    number: Number,
    file: Annotated[Path, typer.Argument(help="写到 .csv 或 .xlsx / write to .csv or .xlsx")],
    *,
    columns: Annotated[
        Path | None, typer.Option(help="列对照，每行「标题=字段」 / mapping, a title=field a line")
    ] = None,
) -> None:
    """导出清单 / export a list."""
    form = file.suffix.lower().lstrip(".")
    if form not in ("csv", "xlsx"):
        raise Failure(say("文件名须以 .csv 或 .xlsx 结尾", "the file's name ends in .csv or .xlsx"))
    mapped = content_of(columns).decode().splitlines() if columns else []
    with Client() as client:
        path = f"payment-lists/{quote(number, safe='')}/{form}"
        content = client.fetch(path, query={"column": [m for m in mapped if m.strip()]})
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Failure(say(f"写不了 {file}：{error.strerror}", f"cannot write {file}")) from error
    print(say(f"已写到 {file}", f"written to {file}"))


def _show_one(told: dict[str, Any]) -> None:
    pairs(
        [
            (say("清单", "list"), told["number"]),
            (say("指标", "indicator"), f"{told['year']} {told['indicator']}"),
            (say("合计", "total"), f"{money(told['total_fen'])} {told['words']}"),
            (say("摘要", "digest"), told["digest"]),
            (say("编制", "made by"), person(told["made_by"])),
            (say("送出", "sent"), beijing(told["sent_at"])),
        ]
    )
    titles = say(
        "序号 申请 收款人 收款账号 开户行 联行号 金额 已支付 已退回",
        "line claim payee account bank bank-code amount paid returned",
    ).split()
    texts = ("line", "claim", "payee", "account", "bank", "bank_code")
    sums = ("fen", "paid_fen", "returned_fen")
    rows = [[*(n[t] for t in texts), *(money(n[s]) for s in sums)] for n in told["lines"]]
    table(titles, rows, right="rlllllrrr")


def _list(one: dict[str, Any]) -> list[object]:
    return [
        one["number"],
        f"{one['year']} {one['indicator']}",
        one["lines"],
        *(money(one[key]) for key in ("total_fen", "paid_fen", "returned_fen")),
        beijing(one["made_at"]),
        beijing(one["sent_at"]),
    ]
