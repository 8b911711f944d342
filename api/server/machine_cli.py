"""Commands that work on this machine, not through the server: the first administrator, the schema.

Whoever may run them holds the database's password already. The server's libraries are loaded when
a command runs, so that the command line stays quick for everybody else.
"""

import getpass
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.cli.client import Failure, say
from api.cli.failures import failures

app = typer.Typer()
admin = typer.Typer(no_args_is_help=True, help="管理员 / administrators")
db = typer.Typer(no_args_is_help=True, help="数据库 / the database")
app.add_typer(admin, name="admin")
app.add_typer(db, name="db")


@admin.command()
def create(
    person: Annotated[str, typer.Argument(metavar="NAME", help="姓名 / whose token it is")],
    *,
    file: Annotated[
        Path | None, typer.Option(help="写入只有自己可读的新文件 / into a new file of mode 0600")
    ] = None,
) -> None:
    """管理员令牌，只出现这一次 / an administrator's token, shown this once."""
    if not person.strip():
        raise Failure(say("姓名不能为空", "a name is wanted"))
    with failures():
        _issue(person.strip(), (lambda secret: _keep(file, secret)) if file else print)
    if file:
        print(say(f"令牌已写入 {file}", f"the token is in {file}"), file=sys.stderr)


@db.command()
def upgrade() -> None:
    """把数据库结构与政策升到最新 / bring the schema and the policies to the newest."""
    with failures():
        from api.server.database import reach, renew  # noqa: PLC0415 - loaded when it is used
        from api.settings import read_settings  # noqa: PLC0415

        with reach(read_settings()) as database:
            revision = renew(database)
    print(say(f"数据库结构已是 {revision}", f"the schema is at {revision}"))


def _issue(person: str, deliver: Callable[[str], object]) -> None:
    """Make the token, and hand it over before it counts: one that nobody got does not exist."""
    from sqlmodel import Session  # noqa: PLC0415 - loaded when it is used

    from api.server.database import reach  # noqa: PLC0415
    from api.settings import read_settings  # noqa: PLC0415
    from ledger.people.codes import Role  # noqa: PLC0415
    from ledger.people.steps.credentials import issue_token  # noqa: PLC0415
    from ledger.postgres.database import check_revision  # noqa: PLC0415

    with ExitStack() as stack:
        engine = stack.enter_context(reach(read_settings())).engine()
        stack.callback(engine.dispose)
        check_revision(engine)
        session = stack.enter_context(Session(engine))
        secret = issue_token(
            session,
            role=Role.ADMINISTRATOR,
            person=person,
            actor=f"machine:{getpass.getuser()}",
            now=datetime.now(UTC),
        )
        deliver(secret)
        session.commit()


def _keep(file: Path, secret: str) -> None:
    """Write the secret into a new file that nobody else may read."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as private:
            private.write(secret + "\n")
    except OSError as error:
        raise Failure(
            say(f"写不了 {file}：{error.strerror}", f"cannot write {file}: {error.strerror}")
        ) from error
