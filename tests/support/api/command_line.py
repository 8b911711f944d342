"""The command line in this process or in one of its own, against a server on this machine."""

import json
import os
import re
import subprocess
import sys
from typing import Any

from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.processes import Result, run_here

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def environment(**variables: str) -> dict[str, str]:
    """These variables of ours and no others, for a reader of English."""
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("SUANQUAN_", "LC_", "LANG"))
    }
    return inherited | {"LANG": "en_GB.UTF-8", "PYTHONUTF8": "1"} | variables


def process(*arguments: str, **variables: str) -> Result:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "api.command_line", *arguments],
        env=environment(**variables), capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def suanquan(*arguments: str, **variables: str) -> Result:
    """The command in this process."""
    return run_here(arguments, environment(**variables))


class Desk:
    """Somebody's place of work: where the server is, and the token to come in with."""

    def __init__(self, url: str, town: Town) -> None:
        self.url, self.town = url, town

    def run(self, role: Role, *arguments: str, **environment: str) -> Result:
        token = self.town.tokens[role]
        return suanquan(*arguments, SUANQUAN_URL=self.url, SUANQUAN_TOKEN=token, **environment)

    def ask(self, role: Role, *arguments: str) -> Any:
        result = self.run(role, *arguments, "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)
