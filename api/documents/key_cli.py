"""`suanquan invoice key`: a document typed from its scan; and what became of a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer
from api.cli.arguments import content_of
from api.cli.client import ask
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.documents.codes import DocumentKind

LINE = ("item", "net", "tax", "tax_rate", "unit", "quantity", "unit_price")


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("扫描件或原件"))],
    *,
    kind: Annotated[str, typer.Option(help=", ".join(DocumentKind))],
    number: Annotated[str, typer.Option(help=msgid("号码"))],
    issued_on: Annotated[str, typer.Option(help=msgid("开票日期，如 2026-11-01"))],
    seller_uscc: Annotated[str, typer.Option(help=msgid("销售方代码"))],
    seller_name: Annotated[str, typer.Option(help=msgid("销售方名称"))],
    buyer_uscc: Annotated[str, typer.Option(help=msgid("购买方代码"))],
    buyer_name: Annotated[str, typer.Option(help=msgid("购买方名称"))],
    gross: Annotated[str, typer.Option(help=msgid("价税合计，元"))],
    line: Annotated[
        list[str], typer.Option(help=msgid("项目|金额|税额|税率|单位|数量|单价，可多次"))
    ],
    code: Annotated[str | None, typer.Option(help=msgid("发票代码"))] = None,
    net: Annotated[str | None, typer.Option(help=msgid("合计金额"))] = None,
    tax: Annotated[str | None, typer.Option(help=msgid("合计税额"))] = None,
    words: Annotated[str | None, typer.Option(help=msgid("大写"))] = None,
    reverses: Annotated[str | None, typer.Option(help=msgid("被红冲号码"))] = None,
    confirmation: Annotated[str | None, typer.Option(help=msgid("红字确认单编号"))] = None,
    since: Annotated[str | None, typer.Option(help=msgid("服务起始日"))] = None,
    until: Annotated[str | None, typer.Option(help=msgid("服务截止日"))] = None,
    statement: Annotated[str | None, typer.Option(help=msgid("对账单号"))] = None,
    remark: Annotated[str | None, typer.Option(help=msgid("备注"))] = None,
    qr: Annotated[str | None, typer.Option(help=msgid("二维码的文字，用来核对"))] = None,
) -> Answer:
    """Key a document; a second person confirms it."""
    document = {
        "kind": kind, "code": code, "number": number, "issued_on": issued_on,
        "seller_uscc": seller_uscc, "seller_name": seller_name, "buyer_uscc": buyer_uscc,
        "buyer_name": buyer_name, "net": net, "tax": tax, "gross": gross, "words": words,
        "reverses": reverses, "confirmation": confirmation, "since": since, "until": until,
        "statement": statement, "remark": remark, "lines": [_line(text) for text in line],
    }  # fmt: skip
    form = {
        "document": (None, json.dumps(document, ensure_ascii=False)),
        "file": (file.name, content_of(file)),
    }
    outcome = ask("POST", "cost-documents/keyed", query={"qr": qr}, form=form)
    return Answer(outcome, list(handed_in({"file": str(file), **outcome})))


def handed_in(outcome: dict[str, Any]) -> Iterator[str]:
    """What became of a file, line by line."""
    from api.messages.sentences import place  # noqa: PLC0415 - loaded when it is used

    file = outcome["file"]
    for fault in outcome.get("refused", ()):
        whole = fault["where"] == Path(file).name  # of the file, and of no place in it
        text = _("{file}：拒收，{message}") if whole else _("{file}：拒收，{where}: {message}")
        yield text.format(file=file, where=place(fault["where"]), message=fault["message"])
    texts = {"taken": _("{file}：已收下 {number}"), "unchanged": _("{file}：原已收下 {number}")}
    for document in outcome.get("documents", ()):
        number = f"{document['code']}{document['number']}"
        yield texts[document["outcome"]].format(file=file, number=number)
    if outcome.get("decision"):
        yield _("待另一人确认决定 {number}").format(number=outcome["decision"])


def _line(text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split("|")]
    if len(parts) > len(LINE):
        raise typer.BadParameter(_("多了一栏：{text}").format(text=text))
    return dict(zip(LINE, parts, strict=False))
