"""`suanquan up`: everything on one machine, started in order and stopped the other way round.

PostgreSQL (our own, unless SUANQUAN_DATABASE_URL names one), the newest schema, the policies, the
first administrators' tokens, the people of a drill, the web server, and beside it one program that
brings usage: the node agent where this machine has NVIDIA's driver, a made-up centre where it has
none and nothing is registered yet. Where there are two processors, the agents' connections are
answered by a process of their own (`api/server/workers/handover.py`). Everything is one process
tree: Ctrl-C or SIGTERM ends all of it, in order, and a kill -9 of this process takes the others
along.
"""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer
import uvicorn

from api.app import create_app, settle
from api.cli.client import CLOCK_FILE, SERVER_FILE, TOKENS_FOLDER
from api.cli.failures import Failure
from api.door import logs
from api.language.i18n import gettext as _
from api.server import background, first_people
from api.server.companion_process import Beside
from api.server.connections import configuration
from api.server.database import by_url, renew
from api.server.first_people import write_secret
from api.server.listen import listen
from api.server.log_file import LogFile
from api.server.workers.beside import AgentsWorkers
from api.settings import MIB, Door, Settings
from ledger.people.steps.links import LASTS
from ledger.postgres.database import Database
from ledger.postgres.embedded import Embedded

LOG_FILE = "server.log"
LOCK_FILE = "up.lock"


def up(settings: Settings, *, demo: bool, drill: bool) -> None:
    """Start everything and return when it was stopped.

    Args:
        settings: what the environment says.
        demo: whether an empty database gets the made-up centre.
        drill: whether there are made-up people, whom whoever opens the pages may play.

    Raises:
        Failure: the data folder or the port is in use, or this is to be a part of a server.
        Unusable: the database cannot be used.
    """
    if settings.door is not Door.ALL:
        raise Failure(
            _("SUANQUAN_DOOR={door} 只用于 serve；up 是全部服务").format(door=settings.door)
        )
    stop = _Stop()
    with ExitStack() as stack:
        stack.enter_context(_alone(settings.data))
        listener = stack.enter_context(listen(settings))
        database = stack.enter_context(_database(settings))
        log = stack.enter_context(_log(settings))
        if drill and settings.drill_clock is None:
            settings = settings.model_copy(update={"drill_clock": secrets.token_urlsafe(24)})
            stack.enter_context(_drill_clock(settings.data / CLOCK_FILE, settings.drill_clock))
        settings = settings.model_copy(update={"seal_key": settings.bureau_key})
        code = prepare(database, settings, drill=drill)
        engine = database.engine()
        stack.callback(engine.dispose)
        address = _address(listener)
        stack.enter_context(_announce(settings.data / SERVER_FILE, address))
        beside = Beside(engine, settings.data, demo=demo, drill=drill)
        workers = stack.enter_context(_agents_workers(settings, database.app_url, log))
        app = create_app(engine, settings, background.lifespan, workers.counters, workers.counts)
        config = configuration(app, protocol=workers.protocol)
        server = _Server(config, lambda: _ready(settings, address, code, beside), beside.stop)
        stop.server = server
        settle(app)
        server.run(sockets=[listener])


def prepare(database: Database, settings: Settings, *, drill: bool) -> str | None:
    """Bring about the newest schema, the policies and the first people.

    Returns:
        The secret of a link that signs the security administrator in once.
    """
    renew(database, settings)
    owner, now = database.owner_engine(), datetime.now(UTC)
    first_people.first_administrators(owner, settings, now)
    if drill:
        first_people.drill_people(owner, settings, now)
    return first_people.first_link(owner, settings, now)


class _Stop:
    """What a signal does: it ends the start-up at once, and a running server in good order."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        if self.server is None:
            raise KeyboardInterrupt
        self.server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn, told when it answers, and stopped after what runs beside it."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], first: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._first = ready, first

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: they must also end PostgreSQL, which uvicorn does not know."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, after what runs beside us has ended."""
        await asyncio.to_thread(self._first)
        await super().shutdown(sockets)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Take the data folder; a second `suanquan up` on it is refused.

    A folder that was made here and holds nothing in the end goes again.
    """
    is_new = not data.exists()
    try:
        if is_new:
            data.mkdir(parents=True)
            data.chmod(0o711)  # PostgreSQL's account passes through; what lies here is 0600
        handle = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        why = error.strerror
        raise Failure(_("数据目录 {data} 不可用：{why}").format(data=data, why=why)) from error
    with os.fdopen(handle, "r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = lock.read().strip() or "?"
            raise Failure(
                _("数据目录 {data} 已有 suanquan up 在使用（进程 {holder}）").format(
                    data=data, holder=holder
                )
            ) from error
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            if is_new and [path.name for path in data.iterdir()] == [LOCK_FILE]:
                (data / LOCK_FILE).unlink()
                data.rmdir()


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    if settings.database_url is not None:
        yield by_url(settings)
        return
    with Embedded(settings.postgres) as embedded:
        yield Database(owner_url=embedded.owner_url, app_url=embedded.app_url)


@contextmanager
def _log(settings: Settings) -> Iterator[LogFile]:
    """The log, for as long as we run."""
    size = settings.log_mib * MIB
    with closing(LogFile(settings.data / LOG_FILE, size, settings.log_days)) as stream:
        logs.configure(stream)
        yield stream


@contextmanager
def _agents_workers(settings: Settings, database: str, log: LogFile) -> Iterator[AgentsWorkers]:
    """The processes for agents, for as long as we run: of all that answer, one is ours."""
    count = (settings.workers or min(2, len(os.sched_getaffinity(0)))) - 1
    with AgentsWorkers.running(count, settings, database, log.take) as workers:
        yield workers


@contextmanager
def _announce(path: Path, address: str) -> Iterator[None]:
    """Where commands on this machine find us, for as long as we run."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    write_secret(draft, json.dumps({"url": address, "pid": os.getpid()}))
    draft.replace(path)
    yield
    path.unlink(missing_ok=True)


@contextmanager
def _drill_clock(path: Path, secret: str | None) -> Iterator[None]:
    """The demo's clock, for commands on this machine, for as long as we run."""
    path.unlink(missing_ok=True)
    write_secret(path, secret or "")
    yield
    path.unlink(missing_ok=True)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only shown
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _ready(settings: Settings, address: str, code: str | None, beside: Beside) -> None:
    beside.start()
    tokens, log = settings.data / TOKENS_FOLDER, settings.data / LOG_FILE
    typer.echo(_("算券已就绪：{address}").format(address=address))
    if code:
        link, minutes = f"{address}/sign-in/once?code={code}", LASTS // timedelta(minutes=1)
        typer.echo(_("  登录：{link}").format(link=link))
        typer.echo(_("  （只能用一次，{minutes} 分钟内）").format(minutes=minutes))
    if tokens.exists():
        typer.echo(_("  令牌：在 {tokens} 中，各归各人").format(tokens=tokens))
    else:
        again = "suanquan admin create"
        typer.echo(_("  令牌：{again} 姓名，可发新令牌").format(again=again))
    if settings.database_url is None and settings.data.resolve() not in settings.postgres.parents:
        where = settings.postgres
        typer.echo(_("  数据库：{where}").format(where=where))
    typer.echo(_("  日志：{log}").format(log=log))
    typer.echo(_("  停止：Ctrl-C"))
