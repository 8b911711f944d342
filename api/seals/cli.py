"""`suanquan seal ls`, `seal show`: heads as the server has them, for everybody."""

from base64 import b64decode
from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import path, write
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import MACHINE, Limit, Offset
from api.cli.values import MOMENT, NUMBER, coded
from api.language.i18n import gettext as _
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
    Column(msgid("时间戳"), "stamped_at", MOMENT),
)
SEAL = (
    *SEALS,
    Column(msgid("前一次"), "previous"),
    Column(msgid("签名密钥"), "key"),
    Column(msgid("签名"), "signature"),
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help=msgid("编号"))]
To = Annotated[Path | None, typer.Option(help=msgid("把封首写入文件，逐字节"))]
StampTo = Annotated[
    Path | None, typer.Option(help=msgid("把时间戳机构的回答写入文件（openssl ts -verify -in）"))
]


@seal.verb("ls", msgid("列出封存，从新到旧"))
def ls(*, limit: Limit = 100, offset: Offset = 0) -> Listing:
    """List seals, newest first."""
    view = ask("GET", "seals", query={"limit": limit, "offset": offset})
    return listing(SEALS, view, empty=msgid("还没有封存过。"))


@seal.verb("show", msgid("一次封存，封首可写入文件"))
def show(number: Number, *, to: To = None, stamp_to: StampTo = None) -> Answer:
    """One seal; its head goes into a file where one is named."""
    view = ask("GET", path("seals", str(number)))
    if to is not None:
        write(to, view["head"].encode())
    if stamp_to is not None:
        if view["stamp"] is None:
            raise Failure(_("第 {number} 次封存没有时间戳").format(number=number))
        write(stamp_to, b64decode(view["stamp"]))
    return record(SEAL, view)
