"""`suanquan seal ls`, `seal show`: heads as the server has them, for everybody."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import path, write
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import MACHINE, Limit, Offset
from api.cli.values import MOMENT, NUMBER, coded
from api.language.i18n import msgid
from ledger.seals.codes import SealKind

app = Commands()
seal = Commands(msgid("封存记录"))
app.add_typer(seal, name="seal", rich_help_panel=MACHINE)

SEALS = (
    Column(msgid("编号"), "number", NUMBER),
    Column(msgid("种类"), "kind", coded(SealKind)),
    Column(msgid("账期"), lambda row: (row["month"] or "")[:7]),
    Column(msgid("时刻"), "sealed_at", MOMENT),
    Column(msgid("新封行数"), "rows", NUMBER),
    Column(msgid("封首摘要"), "hash"),
)
SEAL = (
    *SEALS,
    Column(msgid("前一次"), "previous"),
    Column(msgid("签名密钥"), "key"),
    Column(msgid("签名"), "signature"),
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help=msgid("编号"))]
To = Annotated[Path | None, typer.Option(help=msgid("把封首写入文件，逐字节"))]


@seal.verb("ls", msgid("列出封存，从新到旧"))
def ls(*, limit: Limit = 100, offset: Offset = 0) -> Listing:
    """List seals, newest first."""
    view = ask("GET", "seals", query={"limit": limit, "offset": offset})
    return listing(SEALS, view, empty=msgid("还没有封存过。"))


@seal.verb("show", msgid("一次封存，封首可写入文件"))
def show(number: Number, *, to: To = None) -> Answer:
    """One seal; its head goes into a file where one is named."""
    view = ask("GET", path("seals", str(number)))
    if to is not None:
        write(to, view["head"].encode())
    return record(SEAL, view)
