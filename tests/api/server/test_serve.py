"""`suanquan serve`: the application's login alone, on a database that was prepared before."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api.settings import read_settings
from ledger.errors import Unusable
from ledger.postgres.database import Database
from tests.support.postgres import Server
from tests.support.processes import SUANQUAN, until


@pytest.fixture
def empty(postgres: Server) -> Iterator[Database]:
    """A database without a schema."""
    name = f"serve_{next(postgres.numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def variables(empty: Database, tmp_path: Path) -> dict[str, str]:
    """What a container has: secrets in files, and no secret in the environment."""
    for name, url in {"app": empty.app_url, "owner": empty.owner_url}.items():
        (tmp_path / name).write_text(url + "\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    return rest | {
        "LC_ALL": "en",
        "SUANQUAN_DATA": str(tmp_path / "none"),
        "SUANQUAN_PORT": str(port),
        "SUANQUAN_DATABASE_URL_FILE": str(tmp_path / "app"),
    }


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SUANQUAN, *words],
        env=variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_it_waits_for_the_upgrade_and_then_serves_without_the_owner(
    variables: dict[str, str], tmp_path: Path
) -> None:
    early = run("serve", **variables)
    assert early.returncode == 1
    assert "suanquan db upgrade" in early.stderr.splitlines()[-1]
    owner = {"SUANQUAN_DATABASE_OWNER_URL_FILE": str(tmp_path / "owner")}
    upgrade = run("db", "upgrade", **variables, **owner)
    assert upgrade.returncode == 0, upgrade.stderr
    url = f"http://127.0.0.1:{variables['SUANQUAN_PORT']}"
    with subprocess.Popen([*SUANQUAN, "serve"], env=variables, stderr=subprocess.DEVNULL) as server:
        until("an answer", lambda: answers(f"{url}/healthz"))
        assert httpx2.get(f"{url}/readyz").text == "ok\n"
        server.terminate()
        assert server.wait(30) in (0, -signal.SIGTERM)
    assert not (tmp_path / "none").exists()  # it writes nothing


def test_without_a_database_it_says_what_it_needs(variables: dict[str, str]) -> None:
    del variables["SUANQUAN_DATABASE_URL_FILE"]
    result = run("serve", **variables)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "SUANQUAN_DATABASE_URL" in line


@pytest.mark.parametrize(
    ("command", "door", "word"),
    [("up", "outer", "SUANQUAN_DOOR=outer"), ("serve", "inner", "SUANQUAN_DOOR")],
)
def test_a_part_of_a_server_is_served_and_has_a_name(
    command: str, door: str, word: str, variables: dict[str, str]
) -> None:
    result = run(command, **variables, SUANQUAN_DOOR=door)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert word in line


@pytest.mark.parametrize(
    ("content", "also", "word"),
    [(None, "", "No such file"), (b" \n", "", "is empty"), (b"\xff", "", "utf-8"),
     (b"postgresql:///a", "postgresql:///b", "is set too")],
)  # fmt: skip
def test_a_wrong_file_is_one_clear_error(
    content: bytes | None, also: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SUANQUAN_DATABASE_URL", also)
    monkeypatch.setenv("SUANQUAN_DATABASE_URL_FILE", str(file))
    with pytest.raises(Unusable, match="SUANQUAN_DATABASE_URL_FILE") as caught:
        read_settings()
    assert word in str(caught.value.params["detail"])


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.HTTPError:
        return False
