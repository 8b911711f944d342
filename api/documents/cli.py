"""`suanquan invoice`: cost documents, handed in by file, by hand or by list, and found again."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.arguments import content_of, fen_of
from api.cli.client import Client, Failure, say
from api.cli.options import Json
from api.cli.screen import as_json, called, money, pairs, table
from ledger.documents.codes import DocumentKind, DocumentState

app = typer.Typer()
invoice = typer.Typer(no_args_is_help=True, help="成本单据：发票与内部结算 / cost documents")
app.add_typer(invoice, name="invoice")

Qr = Annotated[str | None, typer.Option(help="二维码的文字，用来核对 / the QR code's text")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="单据号码 / document number")]
Seller = Annotated[
    str | None, typer.Option(help="销售方代码，同号时用 / seller's code, where two share a number")
]
LINE = ("item", "net", "tax", "tax_rate", "unit", "quantity", "unit_price")


@invoice.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="XML 或 OFD / XML or OFD")],
    *,
    qr: Qr = None,
    json_: Json = False,
) -> None:
    """交发票文件，每个文件整份收下或整份拒收 / hand in files, each wholly or not at all."""
    if qr is not None and len(files) > 1:
        raise Failure(say("--qr 只能配一个文件", "--qr is for one file"))
    with Client() as client:
        outcomes = [_outcome(client, file, qr) for file in files]
    if json_:
        as_json(outcomes)
    else:
        for outcome in outcomes:
            _tell(outcome)
    if any("refused" in outcome for outcome in outcomes):
        raise typer.Exit(1)


@invoice.command()
def key(
    file: Annotated[Path, typer.Argument(help="扫描件或原件 / the scan")],
    *,
    kind: Annotated[str, typer.Option(help=", ".join(DocumentKind))],
    number: Annotated[str, typer.Option(help="号码 / number")],
    issued_on: Annotated[str, typer.Option(help="开票日期 / day of issue: 2026-11-01")],
    seller_uscc: Annotated[str, typer.Option(help="销售方代码 / seller's code")],
    seller_name: Annotated[str, typer.Option(help="销售方名称 / seller's name")],
    buyer_uscc: Annotated[str, typer.Option(help="购买方代码 / buyer's code")],
    buyer_name: Annotated[str, typer.Option(help="购买方名称 / buyer's name")],
    gross: Annotated[str, typer.Option(help="价税合计，元 / total with tax, yuan")],
    line: Annotated[
        list[str],
        typer.Option(help="项目|金额|税额|税率|单位|数量|单价，可多次 / " + "|".join(LINE)),
    ],
    code: Annotated[str | None, typer.Option(help="发票代码 / code")] = None,
    net: Annotated[str | None, typer.Option(help="合计金额 / total without tax")] = None,
    tax: Annotated[str | None, typer.Option(help="合计税额 / total tax")] = None,
    words: Annotated[str | None, typer.Option(help="大写 / total in words")] = None,
    reverses: Annotated[str | None, typer.Option(help="被红冲号码 / what it reverses")] = None,
    confirmation: Annotated[str | None, typer.Option(help="红字确认单 / confirmation")] = None,
    since: Annotated[str | None, typer.Option(help="服务起始日 / first day of service")] = None,
    until: Annotated[str | None, typer.Option(help="服务截止日 / last day of service")] = None,
    statement: Annotated[str | None, typer.Option(help="对账单号 / statement")] = None,
    remark: Annotated[str | None, typer.Option(help="备注 / remark")] = None,
    qr: Qr = None,
    json_: Json = False,
) -> None:
    """对照原件录入，由第二人确认 / key a document; a second person confirms it."""
    said = {
        "kind": kind, "code": code, "number": number, "issued_on": issued_on,
        "seller_uscc": seller_uscc, "seller_name": seller_name, "buyer_uscc": buyer_uscc,
        "buyer_name": buyer_name, "net": net, "tax": tax, "gross": gross, "words": words,
        "reverses": reverses, "confirmation": confirmation, "since": since, "until": until,
        "statement": statement, "remark": remark, "lines": [_line(text) for text in line],
    }  # fmt: skip
    form = {
        "document": (None, json.dumps(said, ensure_ascii=False)),
        "file": (file.name, content_of(file)),
    }
    with Client() as client:
        told = client.ask("POST", "cost-documents/keyed", query={"qr": qr}, form=form)
    if json_:
        as_json(told)
    else:
        _tell({"file": str(file), **told})


@invoice.command("list")
def add_list(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX / CSV or XLSX")], *, json_: Json = False
) -> None:
    """导入单据清单，全部收下或全部拒收 / import a list, all of it or nothing."""
    with Client() as client:
        query = {"name": file.name}
        told = client.ask("POST", "cost-documents/list", query=query, content=content_of(file))
    if json_:
        as_json(told)
        return
    count, decision = len(told["documents"]), told["decision"]
    print(
        say(
            f"已收下 {count} 张单据，待另一人确认决定 {decision}",
            f"{count} documents taken; another person has to confirm decision {decision}",
        )
    )


@invoice.command()
def ls(
    *,
    month: Annotated[str | None, typer.Option(help="服务月份，如 2026-11 / of service")] = None,
    seller: Annotated[str | None, typer.Option(help="销售方代码或名称 / seller")] = None,
    buyer: Annotated[str | None, typer.Option(help="购买方代码或名称 / buyer")] = None,
    state: Annotated[
        str | None, typer.Option(help=", ".join((*DocumentState, "unallocated")))
    ] = None,
    limit: Annotated[int, typer.Option(help="最多几条 / at most")] = 100,
    offset: Annotated[int, typer.Option(help="跳过几条 / skip")] = 0,
    json_: Json = False,
) -> None:
    """单据一览，新的在前 / documents, newest first."""
    with Client() as client:
        query = {
            "month": month, "seller": seller, "buyer": buyer, "state": state, "limit": limit,
            "offset": offset,
        }  # fmt: skip
        told = client.ask("GET", "cost-documents", query=query)
    if json_:
        as_json(told)
        return
    titles = say(
        "号码 日期 销售方 购买方 价税合计 未税净额 已分配 状态",
        "number issued seller buyer total net-of-red allocated state",
    ).split()
    table(titles, [_row(d) for d in told], right="llllrrrl")


@invoice.command()
def show(number: Number, *, seller: Seller = None, json_: Json = False) -> None:
    """一张单据的全部 / all about one document."""
    with Client() as client:
        told = client.ask("GET", f"cost-documents/{_find(client, number, seller)}")
    if json_:
        as_json(told)
    else:
        _show(told)


@invoice.command()
def freeze(
    number: Number,
    *,
    confirmation: Annotated[str, typer.Option(help="红字确认单编号 / red confirmation")],
    seller: Seller = None,
    json_: Json = False,
) -> None:
    """红字确认单在途，暂停分配 / freeze while a red confirmation is on its way."""
    with Client() as client:
        path = f"cost-documents/{_find(client, number, seller)}/freeze"
        told = client.ask("POST", path, body={"confirmation": confirmation})
    _after(told, json_)


@invoice.command()
def receipt(
    number: Number,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="付款凭证 / the proof of payment")],
    *,
    reference: Annotated[str, typer.Option(help="银行流水号 / the bank's reference")],
    payer: Annotated[str, typer.Option(help="付款人 / payer")],
    payee: Annotated[str, typer.Option(help="收款人 / payee")],
    yuan: Annotated[str, typer.Option(help="金额，含税 / amount, tax included")],
    on: Annotated[str, typer.Option(help="付款日 / day of payment")],
    seller: Seller = None,
    json_: Json = False,
) -> None:
    """登记付款凭证，对账时核对三流一致 / a document's proof of payment."""
    query = {"reference": reference, "payer": payer, "payee": payee, "paid_on": on}
    with Client() as client:
        told = client.ask(
            "POST",
            f"cost-documents/{_find(client, number, seller)}/receipts",
            query=query | {"fen": fen_of(yuan)},
            form={"file": (file.name, content_of(file))},
        )
    if json_:
        as_json(told)
    else:
        print(say("已登记", "entered"), told["reference"], money(told["fen"]))


@invoice.command()
def lift(number: Number, *, seller: Seller = None, json_: Json = False) -> None:
    """解除冻结 / lift the freeze."""
    with Client() as client:
        told = client.ask("DELETE", f"cost-documents/{_find(client, number, seller)}/freeze")
    _after(told, json_)


def _outcome(client: Client, file: Path, qr: str | None) -> dict[str, Any]:
    """What became of a file; a fault that is not the file's own stops everything.

    Too large is the file's own: those beside it are taken or refused all the same.
    """
    query = {"name": file.name, "qr": qr}
    try:
        told = client.ask("POST", "cost-documents", query=query, content=content_of(file))
    except Failure as failure:
        if failure.code == "too_large":
            where = {"where": "file", "code": failure.code, "message": str(failure)}
            return {"file": str(file), "refused": [where]}
        if not failure.findings:
            raise
        return {"file": str(file), "refused": list(failure.findings)}
    return {"file": str(file), **told}


def _tell(outcome: dict[str, Any]) -> None:
    file = outcome["file"]
    for fault in outcome.get("refused", ()):
        where = say(f"{file}：拒收，{fault['where']}", f"{file}: refused, {fault['where']}")
        print(f"{where}: {fault['message']}")
    words = {"taken": say("已收下", "taken"), "unchanged": say("原已收下", "already there")}
    for document in outcome.get("documents", ()):
        said = f"{words[document['outcome']]} {document['code']}{document['number']}"
        print(say(f"{file}：{said}", f"{file}: {said}"))
    if outcome.get("decision"):
        number = outcome["decision"]
        print(say(f"待另一人确认决定 {number}", f"another person has to confirm decision {number}"))


def _find(client: Client, number: str, seller: str | None) -> int:
    """The key of the one document that has this number."""
    told = client.ask("GET", "cost-documents", query={"number": number, "seller": seller})
    if not told:
        raise Failure(say(f"没有号码为 {number} 的单据", f"there is no document {number}"))
    if len(told) > 1:
        lines = tuple(f"{d['code']}{d['number']} {d['seller_uscc']}" for d in told)
        raise Failure(
            say(
                "不止一张，请连发票代码一起写，或用 --seller", "several: add the code, or --seller"
            ),
            lines,
        )
    return int(told[0]["id"])


def _line(text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) > len(LINE):
        raise typer.BadParameter(say(f"多了一栏：{text}", f"one column too many: {text}"))
    return dict(zip(LINE, parts, strict=False))


def _row(d: dict[str, Any]) -> list[object]:
    parties = (d["issued_on"], d["seller_name"], d["buyer_name"])
    figures = (money(d["gross_fen"]), money(d["worth_fen"]), money(d["allocated_fen"]))
    return [d["code"] + d["number"], *parties, *figures, called(DocumentState, d["state"])]


def _show(d: dict[str, Any]) -> None:
    assumed = say("（推定）", " (assumed)") if d["period_assumed"] else ""
    pairs(
        [
            (say("号码", "number"), d["code"] + d["number"]),
            (say("种类", "kind"), called(DocumentKind, d["kind"])),
            (say("开票日期", "issued on"), d["issued_on"]),
            (say("销售方", "seller"), f"{d['seller_name']} {d['seller_uscc']}"),
            (say("购买方", "buyer"), f"{d['buyer_name']} {d['buyer_uscc']}"),
            (say("金额", "without tax"), money(d["net_fen"])),
            (say("税额", "tax"), money(d["tax_fen"])),
            (say("价税合计", "total"), money(d["gross_fen"])),
            (say("服务期间", "service"), f"{d['since']} — {d['until']}{assumed}"),
            (say("对账单", "statement"), d["statement"]),
            (say("红冲", "reverses"), d["reverses"]),
            (say("状态", "state"), called(DocumentState, d["state"])),
            (say("交单人", "brought by"), d["received_by"]),
            (say("原件 SHA-256", "original, SHA-256"), d["original"]),
        ]
    )
    titles = say("行 项目 数量 单价 金额 税率 税额", "line item quantity price net rate tax")
    keys = ("line", "item", "quantity", "unit_price")
    rows = [
        [*(x[k] for k in keys), money(x["net_fen"]), x["tax_rate"], money(x["tax_fen"])]
        for x in d["lines"]
    ]
    table(titles.split(), rows, right="rlrrrrr")
    if d["allocations"]:
        keys = ("line", "contract", "project", "month")
        shares = [[*(a[k] for k in keys), money(a["fen"])] for a in d["allocations"]]
        titles = say("行 合同 项目 账期 金额", "line contract project month amount")
        table(titles.split(), shares, right="rlllr")
    for red in d["reds"]:
        amount = f"{red['number']} {money(red['gross_fen'])}"
        print(say(f"红字发票 {amount}", f"red invoice {amount}"))


def _after(told: dict[str, Any], json_: bool) -> None:
    if json_:
        as_json(told)
        return
    number, state = told["code"] + told["number"], called(DocumentState, told["state"])
    print(say(f"{number} 现为「{state}」", f"{number} is {state}"))
