"""Each route does what its description says, and refuses what that does not allow, by schemathesis.

It makes requests from the description of the API, right ones and wrong ones, and holds each answer
to it: its code, its headers, its content; and no request ends in an error of the server. In short
it asks some rooms of the table of cases alone; the long form asks every route, with requests drawn
at random and one after another, as each role.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.servers.serving import serving

CONFIG = Path(__file__).with_name("schemathesis.toml")
PROGRAM = Path(sys.executable).with_name("schemathesis")
SOME_ROOMS = r"/api/v1/(usage|evaluations|enrolment-codes|incidents|reconciliations)$"


def ask(town: Town, role: Role, folder: Path, *words: str) -> None:
    with serving(town.app) as url:
        run = subprocess.run(
            [
                str(PROGRAM), "--config-file", str(CONFIG), "--no-color", "run",
                f"{url}/openapi.json", "--header", f"Authorization: Bearer {town.tokens[role]}",
                "--checks", "all", "--seed", "1", "--warnings", "off", *words,
            ],
            cwd=folder, env={**os.environ, "HOME": str(folder)},
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_some_rooms_answer_as_they_are_described(town: Town, tmp_path: Path) -> None:
    ask(town, Role.CLERK, tmp_path, "--phases", "coverage", "--include-path-regex", SOME_ROOMS)


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", list(Role))
def test_every_route_answers_as_it_is_described(town: Town, role: Role, tmp_path: Path) -> None:
    ask(town, role, tmp_path, "--max-examples", "10")
