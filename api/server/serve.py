"""`suanquan serve`: the pages and the API alone, on a database that `db upgrade` has prepared.

For containers and several servers on one database. It holds the application's login and never the
owner's, logs to standard error, and starts nothing but more of itself (`--workers`), which write
nothing to disk but what `/metrics` adds up. A door for agents or from outside serves its routes and
no more: the rounds in the background are the others', and of several workers the first one's.
"""

import signal
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from api.app import create_app, settle
from api.cli.failures import Failure
from api.door import logs
from api.language.i18n import gettext as _
from api.server import background
from api.server.connections import configuration
from api.server.listen import listen
from api.server.workers import counters
from api.server.workers.process import Orders, stand_back
from api.server.workers.supervisor import Supervisor
from api.settings import Door, Settings
from ledger.postgres.database import check_revision, databases_from

WITH_ROUNDS = frozenset({Door.ALL, Door.PEOPLE})


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        Failure: no database is named.
        Unusable: the database cannot be reached, or has another schema than this program.
    """
    if settings.database_url is None:
        raise Failure(_("serve 需要 SUANQUAN_DATABASE_URL；用内置数据库请运行 suanquan up"))
    logs.configure()
    is_pooled = settings.database_pooled
    engine = databases_from(settings.database_url, None, is_pooled=is_pooled).engine()
    if settings.door is Door.AGENTS:
        stand_back()
    try:
        check_revision(engine)
        with listen(settings) as listener:
            if (settings.workers or 1) > 1:
                engine.dispose()
                _serve_by_workers(settings, settings.database_url, listener)
                return
            rounds = background.lifespan if settings.door in WITH_ROUNDS else None
            app = create_app(engine, settings, lifespan=rounds)
            settle(app)
            uvicorn.Server(configuration(app)).run(sockets=[listener])
    finally:
        engine.dispose()


def _serve_by_workers(settings: Settings, database: str, listener: socket.socket) -> None:
    supervisor = Supervisor()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    with TemporaryDirectory(prefix="suanquan-") as name:
        folder = Path(name)
        counters.prepare(folder)
        for order in worker_orders(settings, database, folder, listener):
            supervisor.add(order)
        supervisor.run()


def worker_orders(
    settings: Settings, database: str, folder: Path, listener: socket.socket
) -> list[Orders]:
    """What each worker of a server is to be: all alike, but for the rounds in the background."""
    values = settings.model_dump(mode="json")
    return [
        Orders(
            number, database, values, str(folder),
            rounds=number == 1 and settings.door in WITH_ROUNDS, listener=listener.fileno(),
        )
        for number in range(1, (settings.workers or 1) + 1)
    ]  # fmt: skip
