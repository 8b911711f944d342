"""`suanquan audit`: a sample of claims; the books and the sealed vouchers of a period, as files."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Column, record
from api.cli.arguments import write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.values import NUMBER
from api.desk.chain.cli import audit
from api.language.i18n import gettext as _
from api.language.i18n import msgid

app = Commands()  # its verbs stand beside those of the chain, under `audit`

SAMPLE = (
    Column(msgid("种子"), "seed"),
    Column(msgid("从几件里抽"), "population", NUMBER),
    Column(msgid("抽到的申请"), lambda row: "、".join(row["claims"]) or "—"),
)
FirstMonth = Annotated[str, typer.Argument(metavar="MONTH", help=msgid("第一个账期，如 2026-01"))]
LastMonth = Annotated[str, typer.Argument(metavar="MONTH", help=msgid("最后一个账期，至多十二个"))]
File = Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到哪个文件"))]
Seed = Annotated[str, typer.Option(help=msgid("种子；不写就生成一个并写明，同一种子抽到同样的"))]
Count = Annotated[int, typer.Option(min=1, max=1_000, help=msgid("抽几件"))]


@audit.verb("sample", msgid("随机抽取申请；同一种子抽到同样的"))
def sample(*, count: Count, seed: Seed = "") -> Answer:
    """Draw claims at random."""
    query = {"count": count, **({"seed": seed} if seed else {})}
    return record(SAMPLE, ask("GET", "audit/sample", query=query))


@audit.verb("books", msgid("一段账期的科目、凭证、余额、往来单位：CSV 与 XML，字段按 GB/T 24589.1"))
def books(since: FirstMonth, until: LastMonth, file: File) -> None:
    """Write the books of a period."""
    _fetch("books", since, until, file)


@audit.verb("vouchers", msgid("电子会计档案：一段账期已封存的凭证、原件、目录与摘要"))
def vouchers(since: FirstMonth, until: LastMonth, file: File) -> None:
    """Write the sealed vouchers of a period, with their originals."""
    _fetch("vouchers", since, until, file)


def _fetch(which: str, since: str, until: str, file: Path) -> None:
    with Client() as client:
        query = {"since": since, "until": until}
        write(file, client.fetch(f"audit/{which}.zip", query=query))
    print(_("已写到 {file}").format(file=file))
