"""PgBouncer in transaction mode before an embedded PostgreSQL, with two connections for everybody.

So few, that whoever relied on something kept in a session would meet another's.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from ledger.postgres.binaries import server_account
from ledger.postgres.database import Database
from tests.support.postgres import open_folder

PATIENCE_S = 30
CONFIGURATION = """
[databases]
* = host={sockets}
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
unix_socket_dir = {folder}
listen_port = 6432
auth_type = scram-sha-256
auth_file = {folder}/users
logfile = {folder}/log
"""


@contextmanager
def pooler(database: Database) -> Iterator[Database]:
    """The same database, of which the application's URL leads through the pooler."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    url = sa.make_url(database.app_url)
    with open_folder() as folder:
        (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
        words = CONFIGURATION.format(sockets=url.query["host"], folder=folder)
        (folder / "ini").write_text(words)
        account = server_account()
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
        command = account.command(Path(program), "--quiet", str(folder / "ini"))
        app_url = url.set(query={"host": str(folder), "port": "6432"})
        with subprocess.Popen(command, cwd="/") as process:
            try:
                through = app_url.render_as_string(hide_password=False)
                _wait_for(through, process)
                yield Database(database.owner_url, through, is_pooled=True)
            finally:
                process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < patience:
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.02)
    raise AssertionError("pgbouncer does not answer")
