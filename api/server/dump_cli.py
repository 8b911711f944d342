"""`suanquan db dump`, `db load`: the database's rows to a folder, and into an empty one.

For another major version of PostgreSQL, another machine, or a site whose database nobody may copy;
backups to a moment are `suanquan backup`.

They work on this machine itself, with the owner's login. Beside a running `suanquan up` its
database is used; an embedded one that does not run is started for the while, except with `--every`,
which waits for it: whoever runs beside a server must not take its place.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.commands import Commands
from api.cli.failures import Failure, database
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.server.machine_cli import db

if TYPE_CHECKING:
    from api.settings import Settings
    from ledger.postgres.database import Database

app = Commands()
WAIT_S = 60.0  # for a database that is away, with --every
KEY = msgid("密钥文件：32 个字节的 base64（head -c 32 /dev/urandom | base64）")


@db.verb("dump", msgid("把整个数据库转储到一个目录，任何新版本的 PostgreSQL 都能载入"))
def dump(
    place: Annotated[Path, typer.Argument(metavar="FOLDER", help=msgid("放转储的目录"))],
    *,
    key: Annotated[Path | None, typer.Option(help=KEY)] = None,
    keep: Annotated[int | None, typer.Option(min=1, help=msgid("只留最新几份"))] = None,
    every: Annotated[
        int | None, typer.Option(min=1, max=24, help=msgid("每隔几小时一份，直到停下"))
    ] = None,
) -> None:
    """Dump the whole database; with `--every`, again and again."""
    from api.settings import read_settings  # noqa: PLC0415 - loaded when it is used

    settings = read_settings()
    if every is None:
        _make(settings, place, key, keep, beside=False)
        return
    _repeat(settings, place, key, keep, every)


@db.verb("load", msgid("把一份转储载入空的数据库"))
def load(
    folder: Annotated[Path, typer.Argument(metavar="DUMP", help=msgid("一份转储的目录"))],
    *,
    key: Annotated[Path | None, typer.Option(help=KEY)] = None,
) -> None:
    """Check a dump and restore it into an empty database."""
    with database():
        from api.server.database import record_command  # noqa: PLC0415 - loaded when it is used
        from api.settings import read_settings  # noqa: PLC0415 - loaded when it is used
        from ledger.formats.sealing import read_key  # noqa: PLC0415
        from ledger.postgres.dump.restore import restore as run  # noqa: PLC0415

        with _reach(read_settings(), beside=False) as target:
            manifest = run(target, folder, key=read_key(key) if key else None)
            record_command(target, "command db load", "database", folder.name)
    rows = sum(manifest.rows.values())
    print(
        _("已载入 {made_at} 的转储：{tables} 张表，{rows} 行；请再运行 suanquan db upgrade").format(
            made_at=manifest.made_at, tables=len(manifest.rows), rows=rows
        )
    )


def _make(
    settings: "Settings", place: Path, key: Path | None, keep: int | None, *, beside: bool
) -> None:
    with database():
        from api.server.database import record_command  # noqa: PLC0415 - loaded when it is used
        from ledger.formats.sealing import read_key  # noqa: PLC0415
        from ledger.postgres.dump.make import make  # noqa: PLC0415

        with _reach(settings, beside=beside) as source:
            secret = read_key(key) if key else None
            folder = make(source, place, datetime.now(UTC), key=secret, keep=keep)
            record_command(source, "command db dump", "database", folder.name)
    print(_("转储已写入 {folder}").format(folder=folder), flush=True)


def _repeat(
    settings: "Settings", place: Path, key: Path | None, keep: int | None, every: int
) -> None:
    """Make one now and then each so many hours, until SIGTERM; trouble is said, and tried again."""
    from ledger.errors import LedgerError  # noqa: PLC0415 - loaded when it is used

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    wait_s = 0.0
    while not stopping.wait(wait_s):
        try:
            _make(settings, place, key, keep, beside=True)
            wait_s = every * 3600.0
        except LedgerError as error:
            from api.messages.sentences import sentence  # noqa: PLC0415

            print(sentence(error.code, error.params), file=sys.stderr, flush=True)
            wait_s = WAIT_S
        except Failure as failure:
            print(failure, file=sys.stderr, flush=True)
            wait_s = WAIT_S


@contextmanager
def _reach(settings: "Settings", *, beside: bool) -> Iterator["Database"]:
    from api.server.database import reach  # noqa: PLC0415 - loaded when it is used

    with reach(settings, may_start=not beside) as target:
        yield target
