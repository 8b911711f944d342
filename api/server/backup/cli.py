"""`suanquan backup …` and `restore`: on this machine, beside a server or not.

They copy the server by a login of its own, which may replicate and read no table. What they did
stands in the event log; a restoration says so in the log of what was restored.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, Pairs, listing, record
from api.cli.commands import Commands
from api.cli.failures import Failure, database
from api.cli.options import MACHINE
from api.cli.values import MOMENT, NUMBER, YES
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.server.machine_cli import own_database
from ledger.units import BEIJING

if TYPE_CHECKING:
    from api.settings import Settings
    from ledger.backup.rules.bases import Signer
    from ledger.backup.rules.plan import Reach

app = Commands()
backup = Commands(msgid("备份"))
app.add_typer(backup, name="backup", rich_help_panel=MACHINE)

BASES = (
    Column(msgid("备份"), "number"),
    Column(msgid("最早恢复到"), "first", MOMENT),
    Column(msgid("最晚恢复到"), "last", MOMENT),
    Column(msgid("字节"), "bytes", NUMBER),
    Column(msgid("PostgreSQL"), "postgres", NUMBER),
    Column(msgid("程序"), "program"),
)
KEYS = (
    Column(msgid("写密钥（留在服务器上）"), "write"),
    Column(msgid("读密钥（另存，不要留在服务器上）"), "read"),
)
REMOVAL = (
    Column(msgid("删去的备份"), "bases", NUMBER),
    Column(msgid("删去的文件"), "objects", NUMBER),
)
RESTORED = (
    Column(msgid("备份"), "number"),
    Column(msgid("恢复到"), "moment", MOMENT),
    Column(msgid("数据在"), "data"),
)
FINDINGS = (
    Column(msgid("备份"), "base"),
    Column(msgid("恢复到"), "moment", MOMENT),
    Column(msgid("最后一次封存"), "seal", NUMBER),
    Column(msgid("核对的行"), "rows", NUMBER),
    Column(msgid("重算的分录"), "entries", NUMBER),
    Column(msgid("不符"), "faults", NUMBER),
    Column(msgid("在另一块盘或另一台机器"), "is_apart", YES),
)
Report = Annotated[Path | None, typer.Option(help=msgid("把报告写成这个 JSON 文件"))]
Key = Annotated[Path, typer.Option(help=msgid("读密钥的文件"))]
MaybeKey = Annotated[
    Path | None, typer.Option(help=msgid("读密钥的文件；不写就用这台服务器的写密钥"))
]
From = Annotated[
    str | None,
    typer.Option("--from", help=msgid("备份在哪里；不写就是 SUANQUAN_BACKUP")),
]
To = Annotated[
    str | None,
    typer.Option("--to", help=msgid("恢复到哪一刻，如 2026-11-30T18:30；不写就是能到的最后")),
]
Into = Annotated[
    Path | None,
    typer.Option(help=msgid("恢复成这个新文件夹里的 cluster，给自己的 PostgreSQL 用")),
]
NewKey = Annotated[Path, typer.Argument(help=msgid("读密钥写到哪个新文件"))]


@backup.verb("keys", msgid("建立一对密钥：写密钥留在服务器，读密钥另存"))
def keys(file: NewKey) -> Answer:
    """Make the two keys of a store, each in a new file."""
    from api.settings import read_settings  # noqa: PLC0415 - loaded when it is used
    from ledger.backup.steps.key_files import make_key_files  # noqa: PLC0415

    write = read_settings().backup_write_key
    write.parent.mkdir(parents=True, exist_ok=True)
    make_key_files(write, file)
    return record(KEYS, {"write": str(write), "read": str(file)})


@backup.verb("now", msgid("立即做一份全量备份，并存下此刻为止的 WAL"))
def now() -> Answer:
    """Make a base backup, and store the WAL up to now."""
    with own_database() as (target, settings):
        from api.server.backup import rounds  # noqa: PLC0415 - loaded when it is used
        from api.server.database import machine_actor  # noqa: PLC0415
        from ledger.backup.rules.plan import Reach  # noqa: PLC0415

        engine = target.engine(pool_size=1)
        try:
            base = rounds.back_up(engine, settings, actor=machine_actor(), act="command backup now")
            rounds.wal_round(engine, settings)
        finally:
            engine.dispose()
    return record(BASES, _view(Reach(base, ())))


@backup.verb("ls", msgid("列出备份，各能恢复到哪一段时间"))
def ls(*, key: MaybeKey = None, source: From = None) -> Listing:
    """List the whole base backups, and which moments each reaches."""
    from api.server.backup import place  # noqa: PLC0415 - loaded when it is used
    from api.settings import read_settings  # noqa: PLC0415
    from ledger.backup.steps.catalogue import reaches  # noqa: PLC0415

    settings = read_settings()
    rows = reaches(place.store_of(settings, source), _signer(settings, key))
    return listing(BASES, [*map(_view, rows)], empty=msgid("还没有备份。"))


@backup.verb("prune", msgid("删去保留期以前的备份和没有备份需要的 WAL"))
def prune() -> Answer:
    """Remove what the retention of the settings no longer needs."""
    with own_database() as (target, settings):
        from api.server.backup import place  # noqa: PLC0415 - loaded when it is used
        from api.server.database import record_command  # noqa: PLC0415
        from ledger.backup.steps.catalogue import prune as run  # noqa: PLC0415

        count = run(
            place.source_url(settings), place.store_of(settings), _signer(settings, None),
            datetime.now(UTC), place.retention_of(settings),
        )  # fmt: skip
        record_command(target, "command backup prune", "backups", str(count.bases))
    return record(REMOVAL, {"bases": count.bases, "objects": count.objects})


@backup.verb("drill", msgid("恢复演练：恢复到临时的库，核验、检查守护、与现在对照，写报告"))
def drill(*, key: Key, to: To = None, report: Report = None) -> Answer:
    """Try a restoration: recover, verify, check the guarantees; write down what was found."""
    moment = moment_of(to) if to else None
    with own_database() as (target, settings):
        from api.server.backup.rounds import drill as run  # noqa: PLC0415 - loaded when it is used
        from api.server.database import machine_actor  # noqa: PLC0415

        engine = target.engine(pool_size=1)
        try:
            findings = run(
                engine, settings.model_copy(update={"backup_read_key": key}), moment,
                actor=machine_actor(), act="command backup drill",
            )  # fmt: skip
        finally:
            engine.dispose()
    view = asdict(findings)
    if report is not None:
        _write(report, view)
    wrong = _("{count} 处不符").format(count=findings.faults)
    failure = Failure(wrong) if findings.faults else None
    return Answer(view, [Pairs(FINDINGS, view)], failure)


def _write(file: Path, view: dict[str, Any]) -> None:
    try:
        file.write_text(json.dumps(view, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        wrong = _("写不了 {file}：{why}").format(file=file, why=error.strerror)
        raise Failure(wrong) from error


@app.verb("restore", msgid("从备份恢复到一个时刻：空的数据目录，或一个新文件夹"), panel=MACHINE)
def restore(*, key: Key, to: To = None, source: From = None, into: Into = None) -> Answer:
    """Recover a moment into the empty data folder, or into a new folder."""
    moment = moment_of(to) if to else None
    with database():
        from api.server.backup import place  # noqa: PLC0415 - loaded when it is used
        from api.server.backup.restore import restore as run  # noqa: PLC0415
        from api.settings import read_settings  # noqa: PLC0415
        from ledger.backup.rules.plan import plan  # noqa: PLC0415
        from ledger.backup.steps.catalogue import reaches  # noqa: PLC0415
        from ledger.backup.steps.key_files import load_read_key  # noqa: PLC0415

        settings, secret = read_settings(), load_read_key(key)
        store = place.store_of(settings, source)
        choice = plan(reaches(store, secret), moment)
        cluster = run(settings, store, secret, choice, into)
    row = {
        "number": choice.base.number,
        "moment": (choice.moment or choice.last).isoformat(),
        "data": str(cluster),
    }
    return record(RESTORED, row)


def moment_of(text: str) -> datetime:
    """Return a moment as people write it: without an offset it is Beijing's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        wrong = _("时刻应如 2026-11-30T18:30，此处为 {text}").format(text=text)
        raise Failure(wrong) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def _view(reach: "Reach") -> dict[str, Any]:
    base = reach.base
    return {
        "number": base.number,
        "first": base.ended_at,
        "last": reach.last.isoformat(),
        "bytes": base.size,
        "postgres": base.postgres,
        "program": base.program,
    }


def _signer(settings: "Settings", key: Path | None) -> "Signer":
    from ledger.backup.steps import key_files  # noqa: PLC0415 - loaded when it is used

    if key is not None:
        return key_files.load_read_key(key)
    return key_files.load_write_key(settings.backup_write_key)
