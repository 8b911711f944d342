"""`suanquan up`, `serve`, `db`, `admin`: what works on this machine itself, not through the server.

Whoever may run them holds the database's password already. The server's libraries are loaded when
a command runs, so that the command line stays quick for everybody else.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.client import local_address
from api.cli.commands import Commands
from api.cli.failures import Exit, Failure, database
from api.cli.options import MACHINE
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.people.codes import Role

if TYPE_CHECKING:
    from api.settings import Settings
    from ledger.postgres.database import Database


class Duty(StrEnum):
    """The administrators, whom only the machine's owner makes."""

    SYSTEM_ADMIN = Role.SYSTEM_ADMIN
    SECURITY_ADMIN = Role.SECURITY_ADMIN
    AUDIT_ADMIN = Role.AUDIT_ADMIN


app = Commands()
admin = Commands(msgid("管理员"))
db = Commands(msgid("数据库"))
app.add_typer(admin, name="admin", rich_help_panel=MACHINE)
app.add_typer(db, name="db", rich_help_panel=MACHINE)


@contextmanager
def own_database() -> Iterator[tuple["Database", "Settings"]]:
    """This machine's database and what the environment says, for as long as the block lasts.

    Raises:
        Failure: it does not answer.
    """
    with database():
        from api.server.database import reach  # noqa: PLC0415 - loaded when it is used
        from api.settings import read_settings  # noqa: PLC0415

        settings = read_settings()
        with reach(settings) as target:
            yield target, settings


@app.verb("up", msgid("在本机启动全部服务"), panel=MACHINE)
def up(
    *,
    demo: Annotated[bool, typer.Option(help=msgid("空库时载入演示数据"))] = True,
    drill: Annotated[
        bool | None, typer.Option(help=msgid("虚构的人，谁打开网页都能扮演；不写则随演示"))
    ] = None,
    host: Annotated[str | None, typer.Option(help=msgid("监听的地址"))] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help=msgid("监听的端口，0 为任意空闲端口"))
    ] = None,
) -> None:
    """Start everything on this machine, until Ctrl-C or SIGTERM."""
    with database():
        from api.server.up import up as run  # noqa: PLC0415 - loaded when it is used
        from api.settings import read_settings  # noqa: PLC0415

        addresses = {"host": host, "port": port}
        changes = {name: value for name, value in addresses.items() if value is not None}
        try:
            settings = read_settings().model_copy(update=changes)
            run(settings, demo=demo, drill=demo if drill is None else drill)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None


@app.verb("serve", msgid("只提供网页与接口，用已升级的数据库"), panel=MACHINE)
def serve(
    *,
    door: Annotated[
        str | None,
        typer.Option(metavar="all|people|agents|outer", help=msgid("哪些地址，给谁")),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help=msgid("几个进程"))] = None,
) -> None:
    """Serve the pages and the API alone, until Ctrl-C or SIGTERM."""
    with database():
        from api.server.serve import serve as run  # noqa: PLC0415 - loaded when it is used
        from api.settings import read_settings  # noqa: PLC0415

        run(read_settings(door=door, workers=workers))


@admin.verb("create", msgid("管理员的令牌或邀请，只出现这一次"))
def create(
    person: Annotated[str, typer.Argument(metavar="NAME", help=msgid("姓名"))],
    *,
    role: Annotated[Duty, typer.Option(help=msgid("系统、安全或审计管理员"))] = Duty.SECURITY_ADMIN,
    invite: Annotated[
        bool, typer.Option("--invite", help=msgid("不给令牌，给本人设定账号的链接"))
    ] = False,
    file: Annotated[Path | None, typer.Option(help=msgid("写入只有自己可读的新文件"))] = None,
) -> None:
    """Make an administrator: a token, or a link to set up a login, shown this once."""
    if not person.strip():
        raise Failure(_("姓名不能为空"))
    with database():
        deliver = (lambda secret: _keep(file, secret)) if file else print
        _issue(person.strip(), role, deliver, invite=invite)
    if file:
        print(_("已写到 {file}").format(file=file), file=sys.stderr)


@db.verb("upgrade", msgid("把数据库结构与政策升到最新"))
def upgrade() -> None:
    """Bring the schema and the policies to the newest."""
    with database():
        from api.server.database import (  # noqa: PLC0415 - loaded when it is used
            reach,
            record_command,
            renew,
        )
        from api.settings import read_settings  # noqa: PLC0415

        settings = read_settings()
        with reach(settings) as engine:
            revision = renew(engine, settings)
            record_command(engine, "command db upgrade", "database", revision)
    print(_("数据库结构已是 {revision}").format(revision=revision))


@db.verb("distribute", msgid("把大表分布到 Citus 的各工作节点"))
def distribute(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=msgid("只看要执行的 SQL 和还缺什么"))
    ] = False,
) -> None:
    """Spread the large tables over the workers of a Citus cluster; again does what is left."""
    with database():
        from api.messages.sentences import (  # noqa: PLC0415 - loaded when it is used
            fault_lines,
            findings,
        )
        from api.server.database import reach, record_command  # noqa: PLC0415
        from api.settings import read_settings  # noqa: PLC0415
        from ledger.metering.rules.large_tables import LARGE_TABLES  # noqa: PLC0415
        from ledger.postgres import citus  # noqa: PLC0415

        with reach(read_settings()) as target, citus.alone(target) as owner:
            lacks = citus.lacks(owner, target, LARGE_TABLES)
            todo = citus.statements(owner, LARGE_TABLES)
            if dry_run:
                print("".join(f"{statement};\n" for statement in todo), end="")
            if lacks:
                wrong = _("还不能分布，什么都没有改动；缺的是：")
                raise Failure(wrong, fault_lines(findings(lacks)))
            if dry_run:
                return
            for statement in citus.spread(owner, todo):
                print(statement, flush=True)
            citus.try_as_application(target, list(LARGE_TABLES))
        record_command(target, "command db distribute", "database", " ".join(LARGE_TABLES))
    print(_("已分布：{tables}，应用以自己的登录读得到").format(tables=" ".join(LARGE_TABLES)))
    print(*(_(line) for line in _HELD_ON_SEVERAL), sep="\n")


_HELD_ON_SEVERAL = (
    msgid("到货、总量、账和封存都在协调节点，触发器与键照旧"),
    msgid("分布的表没有触发器：只有打包的函数（属主的）能写，应用只能读；键含分布列，全表唯一"),
    msgid(
        "打包先在协调节点提交，片刻之后在工作节点：要算钱的等它过去，只看的可能少看或重复看一分钟"
    ),
    msgid("转储的时候不打包，因为各台机器没有共同的一刻"),
)


def _issue(person: str, role: Duty, deliver: Callable[[str], object], *, invite: bool) -> None:
    """Make the token, and hand it or its invitation's link over before it counts.

    One that nobody got does not exist.
    """
    from sqlmodel import Session  # noqa: PLC0415 - loaded when it is used

    from api.server.database import machine_actor, reach  # noqa: PLC0415
    from api.settings import read_settings  # noqa: PLC0415
    from ledger.people.steps import credentials, events, invitations  # noqa: PLC0415
    from ledger.postgres.columns import key  # noqa: PLC0415
    from ledger.postgres.database import check_revision  # noqa: PLC0415

    settings, now = read_settings(), datetime.now(UTC)
    actor = machine_actor()
    with ExitStack() as stack:
        engine = stack.enter_context(reach(settings)).owner_engine()
        stack.callback(engine.dispose)
        check_revision(engine)
        session = stack.enter_context(Session(engine))
        secret = credentials.issue_token(
            session,
            role=role,
            person=person,
            actor=actor,
            now=now,
            expires_at=now + timedelta(days=settings.token_days),
        )
        token = key(credentials.token_of(session, secret))
        events.record_own(session, actor, "command admin create", "tokens", str(token))
        if invite:
            lasts = timedelta(hours=settings.invitation_hours)
            code = invitations.invite(session, token, actor, now, lasts)
            address = settings.url or local_address() or settings.address
            secret = f"{address}/invitation?code={code}"
        deliver(secret)
        session.commit()


def _keep(file: Path, secret: str) -> None:
    """Write the secret into a new file that nobody else may read."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as private:
            private.write(secret + "\n")
    except OSError as error:
        wrong = _("写不了 {file}：{why}").format(file=file, why=error.strerror)
        raise Failure(wrong) from error
