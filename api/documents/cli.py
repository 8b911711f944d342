"""`suanquan invoice`: cost documents, handed in by file or by list, and found again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Block, Column, Listing, Pairs, Table, listing
from api.cli.arguments import content_of, fen_of, path
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import SUBSIDY, Limit, Offset, OfMonth, Proof, Reason, Yuan
from api.cli.render import render
from api.cli.values import MONEY, MONTH, NUMBER, PERSON, coded, label_of, money
from api.documents.key_cli import handed_in, key
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.people.subject import plain_subject
from ledger.documents.codes import (
    DocumentKind,
    DocumentState,
    LookupResult,
    SealOutcome,
    Verification,
)

app = Commands()
invoice = Commands(msgid("成本单据：发票与内部结算"))
app.add_typer(invoice, name="invoice", rich_help_panel=SUBSIDY)

Qr = Annotated[str | None, typer.Option(help=msgid("二维码的文字，用来核对"))]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("单据号码"))]
Seller = Annotated[str | None, typer.Option(help=msgid("销售方代码，同号时用"))]


STATES = ", ".join((*DocumentState, "unallocated"))


def _number(document: dict[str, Any]) -> str:
    return f"{document['code']}{document['number']}"


def _period(document: dict[str, Any]) -> str:
    if document["period_assumed"]:
        return label_of(DocumentState, DocumentState.PERIOD_UNKNOWN)
    beside = _("（票面文字所指不同）") if document["period_contradicts"] else ""
    return f"{document['since']} — {document['until']}{beside}"


DOCUMENTS = (
    Column(msgid("号码"), _number),
    Column(msgid("日期"), "issued_on"),
    Column(msgid("销售方"), "seller_name"),
    Column(msgid("购买方"), "buyer_name"),
    Column(msgid("价税合计"), "gross_fen", MONEY),
    Column(msgid("未税净额"), "worth_fen", MONEY),
    Column(msgid("已分配"), "allocated_fen", MONEY),
    Column(msgid("状态"), "state", coded(DocumentState)),
    Column(msgid("查验"), "verification", coded(Verification)),
)
DOCUMENT = (
    Column(msgid("号码"), _number),
    Column(msgid("种类"), "kind", coded(DocumentKind)),
    Column(msgid("开票日期"), "issued_on"),
    Column(msgid("销售方"), lambda d: f"{d['seller_name']} {d['seller_uscc']}"),
    Column(msgid("购买方"), lambda d: f"{d['buyer_name']} {d['buyer_uscc']}"),
    Column(msgid("金额"), "net_fen", MONEY),
    Column(msgid("税额"), "tax_fen", MONEY),
    Column(msgid("价税合计"), "gross_fen", MONEY),
    Column(msgid("服务期间"), _period),
    Column(msgid("对账单号"), "statement"),
    Column(msgid("红冲"), "reverses"),
    Column(msgid("状态"), "state", coded(DocumentState)),
    Column(msgid("查验"), "verification", coded(Verification)),
    Column(msgid("电子签章"), "seal", coded(SealOutcome)),
    Column(msgid("核对人"), "confirmed_by", PERSON),
    Column(msgid("交单人"), "received_by", PERSON),
    Column(msgid("原件 SHA-256"), "original"),
)
LINES = (
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("项目名称"), "item"),
    Column(msgid("数量"), "quantity", NUMBER),
    Column(msgid("单价"), "unit_price", NUMBER),
    Column(msgid("金额"), "net_fen", MONEY),
    Column(msgid("税率"), "tax_rate", NUMBER),
    Column(msgid("税额"), "tax_fen", MONEY),
)
LOOKUPS = (
    Column(msgid("查验结果"), "result", coded(LookupResult)),
    Column(msgid("查验日"), "looked_up_on"),
    Column(msgid("查验人"), "entered_by", PERSON),
    Column(msgid("说明"), "note"),
)
RECEIPTS = (
    Column(msgid("银行流水号"), "reference"),
    Column(msgid("付款人"), "payer"),
    Column(msgid("收款人"), "payee"),
    Column(msgid("付款日"), "paid_on"),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("已证明"), lambda r: _("是") if r["proves"] else _("否")),
)
PERIODS = (
    Column(msgid("服务起始日"), "since"),
    Column(msgid("服务截止日"), "until"),
    Column(msgid("理由"), "reason"),
    Column(msgid("写明者"), "stated_by", PERSON),
)
CONFIRMED = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("事项"), lambda d: plain_subject(d["subject"])),
    Column(msgid("确认者"), "answered_by", PERSON),
)
ALLOCATIONS = (
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("合同"), "contract"),
    Column(msgid("项目"), "project"),
    Column(msgid("账期"), "month", MONTH),
    Column(msgid("金额"), "fen", MONEY),
)


@invoice.verb("add", msgid("交发票文件，每个文件整份收下或整份拒收"))
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=msgid("XML 或 OFD"))],
    *,
    qr: Qr = None,
) -> Answer:
    """Hand in files, each wholly or not at all."""
    if qr is not None and len(files) > 1:
        raise Failure(_("--qr 只能配一个文件"))
    with Client() as client:
        outcomes = [_handed_in(client, file, qr) for file in files]
    refused = sum("refused" in outcome for outcome in outcomes)
    failure = Failure(_("拒收 {count} 个文件").format(count=refused)) if refused else None
    lines = [line for outcome in outcomes for line in handed_in(outcome)]
    return Answer(outcomes, lines, failure)


invoice.verb("key", msgid("对照原件录入，由第二人确认"))(key)


@invoice.verb("ls", msgid("单据一览"), other_name=False)
def ls(
    *,
    month: OfMonth = None,
    seller: Annotated[str | None, typer.Option(help=msgid("销售方代码或名称"))] = None,
    buyer: Annotated[str | None, typer.Option(help=msgid("购买方代码或名称"))] = None,
    state: Annotated[str | None, typer.Option(help=STATES)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List documents, newest first."""
    query = {
        "month": month, "seller": seller, "buyer": buyer, "state": state, "limit": limit,
        "offset": offset,
    }  # fmt: skip
    return listing(
        DOCUMENTS, ask("GET", "cost-documents", query=query), empty=msgid("没有成本单据")
    )


@invoice.verb("list", msgid("导入单据清单，全部或全不；不写文件则为单据一览"), other_name=False)
def list_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=msgid("清单，CSV 或 XLSX"))
    ] = None,
) -> Listing:
    """Import a list, all of it or nothing; without a file, list the documents."""
    if file is None:
        return ls()
    content = content_of(file)
    outcome = ask("POST", "cost-documents/list", query={"name": file.name}, content=content)
    count, decision = len(outcome["documents"]), outcome["decision"]
    if not count:
        text = _("清单里只有表头，没有单据")
        raise Failure(text)
    text = _("已收下 {count} 张单据，待另一人确认决定 {decision}")
    return Listing(outcome, [text.format(count=count, decision=decision)])


@invoice.verb("show", msgid("一张单据的全部"))
def show(number: Number, *, seller: Seller = None) -> Answer:
    """Show all about one document."""
    with Client() as client:
        document = client.ask("GET", _address(client, number, seller))
    return Answer(document, list(_whole(document)))


@invoice.verb("confirm", msgid("与原件逐张核对之后，以第二人身份确认；全部或全不"))
def confirm(
    numbers: Annotated[
        list[str], typer.Argument(metavar="NUMBER…", help=msgid("单据号码，可写多个"))
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=msgid("不再询问"))] = False,
    code: Proof = "",
) -> Listing:
    """Show the documents, ask, and confirm all of them or none."""
    with Client() as client:
        documents = [client.ask("GET", _address(client, number, None)) for number in numbers]
        if not yes:
            render(Listing(documents, [Table(DOCUMENTS, documents)]))
            typer.confirm(_("这些单据都与原件一致，确认？"), abort=True)
        digests = {
            d["decision"]: {"decision": d["decision"], "seen": d["digest"]}
            for d in documents
            if d["decision"] is not None
        }
        body = {"documents": list(digests.values()), "code": code}
        answer = client.ask("POST", "cost-documents/confirmations", body=body)
    return listing(CONFIRMED, answer)


@invoice.verb("lookup", msgid("登记税务平台的查验结果，附截图"))
def lookup(
    number: Number,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("查验截图"))],
    *,
    result: Annotated[str, typer.Option(help=", ".join(LookupResult))],
    on: Annotated[str, typer.Option(help=msgid("查验日"))],
    note: Annotated[str, typer.Option(help=msgid("说明"))] = "",
    seller: Seller = None,
) -> Answer:
    """Record what the tax platform said; by another person than who brought it, it stands."""
    query = {"result": result, "looked_up_on": on, "note": note}
    form = {"file": (file.name, content_of(file))}
    with Client() as client:
        address = f"{_address(client, number, seller)}/lookups"
        return _now(client.ask("POST", address, query=query, form=form))


@invoice.verb("period", msgid("写明票面没写的服务期"))
def period(
    number: Number,
    *,
    since: Annotated[str, typer.Option(help=msgid("服务起始日"))],
    until: Annotated[str, typer.Option(help=msgid("服务截止日"))],
    reason: Reason = "",
    seller: Seller = None,
) -> Answer:
    """State for which days a document is, both included."""
    body = {"since": since, "until": until, "reason": reason}
    with Client() as client:
        return _now(client.ask("POST", f"{_address(client, number, seller)}/period", body=body))


@invoice.verb("freeze", msgid("红字确认单在途，暂停分配"))
def freeze(
    number: Number,
    *,
    confirmation: Annotated[str, typer.Option(help=msgid("红字确认单编号"))],
    seller: Seller = None,
) -> Answer:
    """Freeze a document while a red confirmation is on its way."""
    with Client() as client:
        address = _address(client, number, seller)
        body = {"confirmation": confirmation}
        return _now(client.ask("POST", f"{address}/freeze", body=body))


@invoice.verb("receipt", msgid("登记付款凭证，对账时核对三流一致"))
def receipt(
    number: Number,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("付款凭证"))],
    *,
    reference: Annotated[str, typer.Option(help=msgid("银行流水号"))],
    payer: Annotated[str, typer.Option(help=msgid("付款人"))],
    payee: Annotated[str, typer.Option(help=msgid("收款人"))],
    yuan: Yuan,
    on: Annotated[str, typer.Option(help=msgid("付款日"))],
    seller: Seller = None,
) -> Answer:
    """Enter a document's proof of payment; the amount is with tax."""
    query = {"reference": reference, "payer": payer, "payee": payee, "paid_on": on}
    form = {"file": (file.name, content_of(file))}
    with Client() as client:
        address = f"{_address(client, number, seller)}/receipts"
        outcome = client.ask("POST", address, query=query | {"fen": fen_of(yuan)}, form=form)
    return _entered(outcome)


@invoice.verb("deduct", msgid("登记柜台抵扣：企业少付、由中心申请兑付的部分"))
def deduct(
    number: Number,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help=msgid("合同号"))],
    *,
    yuan: Yuan,
    seller: Seller = None,
) -> Answer:
    """State what was deducted of a document at the counter, with tax."""
    body = {"contract": contract, "fen": fen_of(yuan)}
    with Client() as client:
        address = f"{_address(client, number, seller)}/deductions"
        outcome = client.ask("POST", address, body=body)
    line = _("已登记抵扣 {id}：{fen}，待企业确认").format(
        id=outcome["id"], fen=money(outcome["fen"])
    )
    return Answer(outcome, [line])


@invoice.verb("receipt-check", msgid("看过原件，确认别人登记的付款凭证与之一致"))
def receipt_check(
    number: Number,
    *,
    reference: Annotated[str, typer.Option(help=msgid("银行流水号"))],
    seller: Seller = None,
    code: Proof = "",
) -> Answer:
    """Say that a receipt shows what another person keyed."""
    with Client() as client:
        address = f"{_address(client, number, seller)}/receipts/check"
        outcome = client.ask("POST", address, query={"reference": reference}, body={"code": code})
    return _entered(outcome)


@invoice.verb("lift", msgid("解除冻结"))
def lift(number: Number, *, seller: Seller = None) -> Answer:
    """Lift the freeze."""
    with Client() as client:
        return _now(client.ask("DELETE", f"{_address(client, number, seller)}/freeze"))


def _entered(receipt: dict[str, Any]) -> Answer:
    text = _("已登记 {reference} {fen}")
    lines = [text.format(reference=receipt["reference"], fen=money(receipt["fen"]))]
    if not receipt["proves"]:
        lines.append(_("文件里找不到录入的金额或流水号，待另一人看过"))
    return Answer(receipt, lines)


def _handed_in(client: Client, file: Path, qr: str | None) -> dict[str, Any]:
    """What became of a file; a fault that is not the file's own stops everything.

    Too large is the file's own: those beside it are taken or refused all the same.
    """
    query = {"name": file.name, "qr": qr}
    try:
        outcome = client.ask("POST", "cost-documents", query=query, content=content_of(file))
    except Failure as failure:
        if failure.code == "too_large":
            where = {"where": "file", "code": failure.code, "message": str(failure)}
            return {"file": str(file), "refused": [where]}
        if not failure.findings:
            raise
        return {"file": str(file), "refused": list(failure.findings)}
    return {"file": str(file), **outcome}


def _address(client: Client, number: str, seller: str | None) -> str:
    """Where the one document stands that has this number."""
    documents = client.ask("GET", "cost-documents", query={"number": number, "seller": seller})
    if not documents:
        raise Failure(_("没有号码为 {number} 的单据").format(number=number))
    if len(documents) > 1:
        lines = tuple(f"{_number(d)} {d['seller_uscc']}" for d in documents)
        raise Failure(_("不止一张，请连发票代码一起写，或用 --seller"), lines)
    return path("cost-documents", documents[0]["id"])


def _whole(document: dict[str, Any]) -> Iterator[Block]:
    yield Pairs(DOCUMENT, document)
    yield Table(LINES, document["lines"], msgid("没有行"))
    if document["receipts"]:
        yield Table(RECEIPTS, document["receipts"])
    if document["lookups"]:
        yield Table(LOOKUPS, document["lookups"])
    if document["stated_periods"]:
        yield Table(PERIODS, document["stated_periods"])
    if document["allocations"]:
        yield Table(ALLOCATIONS, document["allocations"])
    for red in document["reds"]:
        text = _("红字发票 {number} {gross}")
        yield text.format(number=red["number"], gross=money(red["gross_fen"]))


def _now(document: dict[str, Any]) -> Answer:
    state = label_of(DocumentState, document["state"])
    text = _("{number} 现为「{state}」")
    return Answer(document, [text.format(number=_number(document), state=state)])
