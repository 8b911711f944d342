"""A bureau whose clerks work on one month: a server, people with tokens, commands and browsers."""

from typing import Any

from fastapi.testclient import TestClient

from tests.support.api.command_line import suanquan
from tests.support.api.html import attributes, parse
from tests.support.processes import Result
from tests.support.reconciliation import Desk


class Bureau:
    """The server, and a token for each who comes in; the other centre has no part in this month."""

    def __init__(self, url: str, app: Any, tokens: dict[str, str], desk: Desk) -> None:
        self.url, self.app, self.tokens, self.desk = url, app, tokens, desk

    def run(self, person: str, *arguments: str) -> Result:
        return suanquan(*arguments, SUANQUAN_URL=self.url, SUANQUAN_TOKEN=self.tokens[person])

    def says(self, person: str, *arguments: str) -> str:
        """What a command answers that must be done."""
        result = self.run(person, *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, person: str, *arguments: str) -> str:
        """Why a command was refused."""
        result = self.run(person, *arguments)
        assert (result.returncode, result.stdout) == (1, "")
        return result.stderr

    def confirm(self, proposal: str) -> None:
        """The approver confirms the decision that a command proposed, as it is."""
        number = proposal.rsplit(maxsplit=1)[-1]
        page = self.browser("approver").get(f"/decisions/{number}").text
        (digest,) = set(attributes(parse(page), "input[name=seen]", "value"))
        self.says("approver", "confirm", number, "--seen", digest)

    def browser(self, person: str) -> TestClient:
        headers = {"Accept": "text/html", "Authorization": f"Bearer {self.tokens[person]}"}
        return TestClient(self.app, headers=headers)
