"""The server of the last release, or commit while there is none, on the schema of this program.

While servers are changed one by one the older ones go on serving on what the upgrade has left.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import httpx2
import psycopg
import pytest

from ledger.postgres.database import Database
from tests.support.paths import ROOT
from tests.support.processes import until
from tests.support.simulation import enrolled, place, window

PARTS = ("agents", "api", "ledger", "pyproject.toml")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The program of the last tag, else of the last commit, unpacked."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone: there is no program before this one to be had")
    tags = subprocess.run(
        [git, "tag", "--list", "v*", "--sort=-version:refname", "--merged"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    command = [git, "archive", tags[0] if tags else "HEAD", *PARTS]
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


def test_the_program_before_serves_on_this_schema(
    before: Path, database: Database, owner: psycopg.Connection
) -> None:
    node = enrolled(owner, place(owner))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    variables = rest | {
        "PYTHONPATH": str(before),
        "SUANQUAN_PORT": url.rpartition(":")[2],
        "SUANQUAN_DATABASE_URL": database.app_url,
    }
    command = [sys.executable, "-m", "api.command_line", "serve"]
    with subprocess.Popen(command, cwd=before, env=variables, stderr=subprocess.DEVNULL) as server:
        try:
            until("an answer", lambda: server.poll() is not None or ready(url))
            body = node.batch([window(0, 0)])
            answer = httpx2.post(f"{url}/api/v1/batches", content=body, headers=node.headers(body))
            assert answer.status_code == 200, answer.text
            assert httpx2.get(f"{url}/publications").status_code == 200
        finally:
            server.terminate()
    assert owner.execute("SELECT count(*) FROM batches").fetchone() == (1,)


def ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=30).status_code == 200
    except httpx2.HTTPError:
        return False
