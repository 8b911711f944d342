"""`suanquan pay`: indicators, the queue, lists, and their files for the bank.

What is decided here waits for another person: `suanquan decisions`, `suanquan confirm`.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, Pairs, Table, listing
from api.cli.arguments import content_of, fen_of, path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import PAYMENT, Reason, Yuan
from api.cli.values import MOMENT, MONEY, NUMBER, PERSON, WORDS, label_of, money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.payment import return_cli
from api.payment.return_cli import Indicator, Year, propose
from ledger.payment.codes import HoldReason

app = Commands()
pay = Commands(msgid("付款"))
indicator = Commands(msgid("预算指标"))
lists = Commands(msgid("付款清单"))
app.add_typer(pay, name="pay", rich_help_panel=PAYMENT)
pay.add_typer(indicator, name="indicator")
pay.add_typer(lists, name="list")
pay.add_typer(return_cli.app)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("编号"))]


def _money(payable: dict[str, Any]) -> str:
    """The indicator that pays, or what is in the way."""
    reason = payable["held"]
    if reason:
        return label_of(HoldReason, reason)
    parts = " + ".join(f"{name} {money(fen)}" for name, fen in payable["parts"].items())
    return payable["indicator"] or parts or _("等待资金")


INDICATORS = (
    Column(msgid("年度"), "year", NUMBER),
    Column(msgid("编号"), "number"),
    Column(msgid("下达"), "appropriated_fen", MONEY),
    Column(msgid("可用"), "free_fen", MONEY),
    Column(msgid("待确认"), "proposed_fen", MONEY),
    Column(msgid("已列清单"), "committed_fen", MONEY),
    Column(msgid("已支付"), "spent_fen", MONEY),
    Column(msgid("已交回"), "returned_fen", MONEY),
)
SHARES = (
    Column(msgid("谁付"), "bearer"),
    Column(msgid("指标"), lambda row: f"{row['year']} {row['number']}"),
    Column(msgid("分担"), lambda row: f"{row['weight']}/{row['whole']}"),
)
QUEUE = (
    Column(msgid("申请编号"), "number"),
    Column(msgid("项目"), "project"),
    Column(msgid("账期"), "months", WORDS),
    Column(msgid("收款单位"), "organisation"),
    Column(msgid("应付"), "due_fen", MONEY),
    Column(msgid("批准"), "approved_at", MOMENT),
    Column(msgid("资金"), _money),
)
LISTS = (
    Column(msgid("清单"), "number"),
    Column(msgid("指标"), lambda row: f"{row['year']} {row['indicator']}"),
    Column(msgid("账期"), "months", WORDS),
    Column(msgid("笔数"), "lines", NUMBER),
    Column(msgid("合计"), "total_fen", MONEY),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("银行退回"), "returned_fen", MONEY),
    Column(msgid("编制"), "made_at", MOMENT),
    Column(msgid("送出"), "sent_at", MOMENT),
)
LIST = (
    Column(msgid("清单"), "number"),
    Column(msgid("指标"), lambda row: f"{row['year']} {row['indicator']}"),
    Column(msgid("合计"), lambda row: f"{money(row['total_fen'])} {row['words']}"),
    Column(msgid("摘要"), "digest"),
    Column(msgid("编制"), "made_by", PERSON),
    Column(msgid("送出"), "sent_at", MOMENT),
)
LINES = (
    Column(msgid("序号"), "line", NUMBER),
    Column(msgid("申请编号"), "claim"),
    Column(msgid("账期"), lambda line: ", ".join(line["months"])),
    Column(msgid("收款人"), "payee"),
    Column(msgid("收款账号"), "account"),
    Column(msgid("开户行"), "bank"),
    Column(msgid("联行号"), "bank_code"),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("银行退回"), "returned_fen", MONEY),
)


@indicator.verb("ls", msgid("各指标的余额"))
def indicators(*, year: Annotated[int | None, typer.Option(help=msgid("年度"))] = None) -> Listing:
    """List the indicators and their balances."""
    return listing(
        INDICATORS, ask("GET", "indicators", query={"year": year}), empty=msgid("没有预算指标")
    )


@indicator.verb("open", msgid("登记一个新指标"))
def open_indicator(
    number: Number,
    *,
    year: Year,
    yuan: Yuan,
    project_name: Annotated[str, typer.Option(help=msgid("预算项目"))],
    fund_kind: Annotated[str, typer.Option(help=msgid("资金性质"))],
    classification: Annotated[str, typer.Option(help=msgid("功能分类科目编码"))],
    reason: Reason = "",
) -> Answer:
    """Enter a new indicator."""
    body = {
        "number": number, "year": year, "fen": fen_of(yuan), "project_name": project_name,
        "fund_kind": fund_kind, "classification": classification, "reason": reason,
    }  # fmt: skip
    return propose("indicators", body)


@indicator.verb("change", msgid("追加或压减"))
def change_indicator(
    number: Number,
    *,
    year: Year,
    yuan: Annotated[str, typer.Option(help=msgid("增加的元数，压减写负数"))],
    reason: Reason = "",
) -> Answer:
    """Appropriate more, or cut."""
    body = {"fen": fen_of(yuan), "reason": reason}
    return propose(path("indicators", year, number, "changes"), body)


@indicator.verb("share", msgid("市区分担：每件申请各付几成"))
def share(
    shares: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHO=YEAR/NUMBER:WEIGHT", help=msgid("如市=2026/Z1:70；或列出")),
    ] = None,
    *,
    reason: Reason = "",
) -> Listing:
    """List the shares, or propose who bears which."""
    if not shares:
        return listing(SHARES, ask("GET", "indicator-shares"), empty=msgid("没有分担"))
    return propose("indicator-shares", {"shares": list(map(_share, shares)), "reason": reason})


def _share(text: str) -> dict[str, Any]:
    """A share as it is written: 市=2026/Z1:70."""
    read = re.fullmatch(r"([^=]+)=(\d{4})/(.+):(\d{1,7})", text)
    if read is None:
        raise Failure(_("分担写作 谁=年度/指标编号:权数，如 市=2026/Z1:70"))
    bearer, year, number, weight = read.groups()
    return {"bearer": bearer, "number": number, "year": int(year), "weight": int(weight)}


@pay.verb("queue", msgid("待付的申请，先批的在前"))
def queue() -> Listing:
    """List what waits to be paid, oldest first."""
    return listing(QUEUE, ask("GET", "payables"), empty=msgid("没有待付款的申请"))


@lists.verb("ls", msgid("各付款清单"))
def payment_lists() -> Listing:
    """List the payment lists."""
    return listing(LISTS, ask("GET", "payment-lists"), empty=msgid("没有付款清单"))


@lists.verb("show", msgid("一份清单"))
def show_list(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("清单号"))],
) -> Listing:
    """Show a payment list with its lines."""
    payment_list = ask("GET", path("payment-lists", number))
    return Listing(payment_list, [Pairs(LIST, payment_list), Table(LINES, payment_list["lines"])])


@lists.verb("make", msgid("编制清单"))
def make_list(
    *,
    indicator: Indicator,
    year: Year,
    claim: Annotated[
        list[str] | None,
        typer.Option(help=msgid("申请编号，可多次；不写则按次序付到指标用完")),
    ] = None,
    divide: Annotated[
        bool, typer.Option("--divide", help=msgid("不够付的最后一件拆开付，余下的等别的指标"))
    ] = False,
    reason: Reason = "",
) -> Answer:
    """Make a list of these claims, or of as many as the money covers."""
    body = {"indicator": indicator, "year": year, "claims": claim or None, "divide": divide}
    body["reason"] = reason
    return propose("payment-lists", body)


@pay.verb("export", msgid("导出清单"))
def export(
    number: Number,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到 .csv 或 .xlsx"))],
    *,
    columns: Annotated[Path | None, typer.Option(help=msgid("列对照，每行「标题=字段」"))] = None,
) -> None:
    """Write a list to a file for the bank."""
    form = file.suffix.lower().lstrip(".")
    if form not in ("csv", "xlsx"):
        raise Failure(_("文件名须以 .csv 或 .xlsx 结尾"))
    titles = content_of(columns).decode().splitlines() if columns else []
    query = {"column": [title for title in titles if title.strip()]}
    with Client() as client:
        write(file, client.fetch(path("payment-lists", number, form), query=query))
    print(_("已写到 {file}").format(file=file))
