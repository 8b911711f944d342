"""`suanquan certificate`: certify what a project used, as a page."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Column, record
from api.cli.arguments import path, write
from api.cli.client import Client
from api.cli.commands import Commands
from api.cli.options import PAYMENT, Code
from api.language.i18n import msgid

app = Commands()

CERTIFICATE = (
    Column(msgid("编号"), "number"),
    Column(msgid("校验码"), "code"),
    Column(msgid("账期"), lambda row: f"{row['since']} — {row['until']}"),
    Column(msgid("文件"), "file"),
)
FirstMonth = Annotated[str, typer.Argument(metavar="MONTH", help=msgid("第一个账期，如 2026-01"))]
LastMonth = Annotated[str, typer.Argument(metavar="MONTH", help=msgid("最后一个账期，至多十二个"))]
To = Annotated[Path | None, typer.Option(help=msgid("写到哪个 PDF 文件；不写就是证明编号.pdf"))]


@app.verb(
    "certificate", msgid("算力计量证明：一个项目几个账期的用量，签名的一页 PDF"), panel=PAYMENT
)
def certificate(code: Code, since: FirstMonth, until: LastMonth, *, to: To = None) -> Answer:
    """Certify a project's use, and write the page."""
    with Client() as client:
        body = {"since": since, "until": until}
        view = client.ask("POST", path("projects", code, "certificates"), body=body)
        file = to or Path(f"{view['number']}.pdf")
        address = path("certificates", view["number"], "certificate.pdf")
        write(file, client.fetch(address, query={"code": view["code"]}))
    return record(CERTIFICATE, {**view, "file": str(file)})
