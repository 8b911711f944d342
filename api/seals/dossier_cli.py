"""`suanquan dossier`: everything of a claim, in one file that verifies itself."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.arguments import path, write
from api.cli.client import Client
from api.cli.commands import Commands
from api.cli.options import PAYMENT
from api.language.i18n import gettext as _
from api.language.i18n import msgid

app = Commands()

Number = Annotated[str, typer.Argument(metavar="CLAIM", help=msgid("申请编号"))]
To = Annotated[Path | None, typer.Option(help=msgid("写到哪个文件；不写就是申请编号.zip"))]


@app.verb(
    "dossier",
    msgid("一件申请的卷宗：申请、判定、原件、清单、回单与封存证明，一个文件"),
    panel=PAYMENT,
)
def dossier(number: Number, *, to: To = None) -> None:
    """Write a claim's dossier."""
    file = to or Path(f"{number}.zip")
    with Client() as client:
        write(file, client.fetch(path("claims", number, "dossier"), method="POST"))
    print(_("已写到 {file}").format(file=file))
