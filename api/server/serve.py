"""`suanquan serve`: the pages and the API alone, on a database that `db upgrade` has prepared.

For containers and several servers on one database. It holds the application's login and never the
owner's, writes nothing to disk, logs to standard error, and starts nothing beside itself. An outer
door serves its routes and no more: the rounds in the background are the others'.
"""

import uvicorn

from api.app import create_app, settle
from api.cli.failures import Failure
from api.door import logs
from api.language.i18n import gettext as _
from api.server import background
from api.server.connections import configuration
from api.server.listen import listen
from api.settings import Door, Settings
from ledger.postgres.database import check_revision, databases_from


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
    try:
        check_revision(engine)
        rounds = background.lifespan if settings.door is Door.ALL else None
        app = create_app(engine, settings, lifespan=rounds)
        settle()
        with listen(settings) as listener:
            uvicorn.Server(configuration(app)).run(sockets=[listener])
    finally:
        engine.dispose()
