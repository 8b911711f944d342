"""`suanquan archive month`, `ls`, `check`: on this machine's database, beside a server or not."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.answer import Answer, Block, Column, Listing, Pairs, Table, listing
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import MACHINE
from api.cli.values import MOMENT, NUMBER
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.server.machine_cli import own_database
from api.server.seals.cli import FAULTS, first_day

if TYPE_CHECKING:
    from ledger.archive.tables import Archive

app = Commands()
archive = Commands(msgid("归档"))
app.add_typer(archive, name="archive", rich_help_panel=MACHINE)

PARTS = (
    Column(msgid("账期"), "month"),
    Column(msgid("部分"), "part", NUMBER),
    Column(msgid("批次"), "batches", NUMBER),
    Column(msgid("窗口"), "windows", NUMBER),
    Column(msgid("字节"), "bytes", NUMBER),
    Column(msgid("封存"), "seal", NUMBER),
    Column(msgid("时刻"), "archived_at", MOMENT),
    Column(msgid("文件"), "file"),
    Column(msgid("在哪里"), "place"),
)
TALLY = (
    Column(msgid("批次"), "batches", NUMBER),
    Column(msgid("不符"), "faulty", NUMBER),
)
Month = Annotated[str, typer.Argument(help=msgid("账期，如 2026-09"))]
To = Annotated[
    str | None, typer.Option(help=msgid("文件夹或 s3://桶/前缀；不写就是 SUANQUAN_ARCHIVE"))
]


@archive.verb("month", msgid("把已月末封存的一个月的证据移到归档里，逐份写入、读回、核对"))
def month(of: Month, *, to: To = None) -> Listing:
    """Archive a month, part by part; what was archived before stays as it is."""
    with own_database() as (target, settings):
        from api.server.archive.rounds import archive_month  # noqa: PLC0415 - when it is used
        from api.server.database import machine_actor  # noqa: PLC0415

        engine = target.engine(pool_size=2)
        try:
            parts = archive_month(
                engine, settings, first_day(of), to=to, actor=machine_actor(),
                now=datetime.now(UTC),
            )  # fmt: skip
        finally:
            engine.dispose()
        views = [*map(_view, parts)]
    return listing(PARTS, views, empty=msgid("这个月没有可归档的证据，或都已归档。"))


@archive.verb("ls", msgid("列出归档的各部分：账期、文件、依据哪一次封存"))
def ls() -> Listing:
    """List the parts that were archived."""
    with own_database() as (target, _settings):
        import psycopg  # noqa: PLC0415 - loaded when it is used

        from ledger.archive.queries.parts import parts  # noqa: PLC0415

        with psycopg.connect(target.app_url) as connection:
            views = [*map(_view, parts(connection))]
    return listing(PARTS, views, empty=msgid("还没有归档过。"))


@archive.verb("check", msgid("核验归档的文件：清单、签名、每个批次的字节和采集端的签名"))
def check() -> Answer:
    """Hold the files to their manifests, and every batch to its leaf and signature."""
    with own_database() as (target, _settings):
        import psycopg  # noqa: PLC0415 - loaded when it is used

        from api.server.archive.rounds import check_archives  # noqa: PLC0415

        with psycopg.connect(target.app_url) as connection:
            tally = check_archives(connection)
    faults = [
        {"relation": f.relation, "key": f.key, "seal": f.seal, "code": f.code.value}
        for f in tally.faults
    ]
    counts = {"batches": tally.rows, "faulty": len(faults)}
    failure = Failure(_("{count} 处不符").format(count=len(faults))) if faults else None
    blocks: list[Block] = [Pairs(TALLY, counts)]
    if faults:
        blocks.append(Table(FAULTS, faults))
    return Answer({**counts, "faults": faults}, blocks, failure)


def _view(part: "Archive") -> dict[str, object]:
    from ledger.archive.rules.manifests import read_manifest  # noqa: PLC0415 - when it is used

    manifest = read_manifest(part.manifest)
    return {
        "month": f"{part.month:%Y-%m}",
        "part": part.part,
        "batches": manifest.batches,
        "windows": manifest.windows,
        "bytes": manifest.bytes,
        "seal": part.seal,
        "archived_at": part.archived_at.isoformat(),
        "file": manifest.file,
        "place": part.place.partition("?")[0],
    }
