"""People of a town who come in by a name, a password and an authenticator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient

from ledger.people.codes import Role
from ledger.people.rules.one_time_codes import code_at, read_secret, step_of
from tests.support.api.html import attribute, one, parse, texts
from tests.support.api.town import NOW, Town

PASSWORD, OTHER = "Correct horse 1", "Another horse 2"


@dataclass
class Person:
    """Somebody with a login, her authenticator, and what she was given once."""

    town: Town
    client: TestClient
    invitation: dict[str, Any]
    secret: str
    recovery: list[str]

    def digits(self, at: datetime = NOW) -> str:
        """What her authenticator shows."""
        return digits_of(self.secret, at)

    def enter(
        self,
        client: TestClient,
        at: datetime = NOW,
        *,
        password: str = PASSWORD,
        digits: str | None = None,
    ) -> int:
        """Sign in at this moment; the status that answers."""
        self.town.app.state.wall_clock = lambda: at
        digits = self.digits(at) if digits is None else digits
        form = {"name": "lisi", "password": password, "digits": digits}
        return client.post("/sign-in/password", data=form).status_code


def digits_of(secret: str, at: datetime = NOW) -> str:
    kept = read_secret(secret)
    assert kept
    return code_at(kept, step_of(at))


def minute(number: int) -> datetime:
    """So many minutes later: a code that was used once is not taken again."""
    return NOW + timedelta(minutes=number)


def browser(town: Town, address: str = "10.0.0.7") -> TestClient:
    return TestClient(town.app, follow_redirects=False, client=(address, 1))


def invite(town: Town, role: str = "auditor", person: str = "李四", **scope: str) -> dict[str, Any]:
    answer = town.client.post(
        "/api/v1/invitations",
        json={"role": role, "person": person, **scope},
        headers=town.headers(Role.SECURITY_ADMIN),
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def code_of(invitation: dict[str, Any]) -> str:
    query = urlsplit(str(invitation["path"])).query
    return parse_qs(query)["code"][0]


def secret_on(client: TestClient, invitation: dict[str, Any]) -> str:
    """The secret that the form of an invitation shows."""
    page = parse(client.get(invitation["path"]).text)
    return attribute(one(page, "input[name=authenticator]"), "value")


def form_of(invitation: dict[str, Any], secret: str, **change: str) -> dict[str, str]:
    """The form of an invitation, filled in well but for these fields."""
    good = {
        "code": code_of(invitation), "name": "lisi", "password": PASSWORD, "again": PASSWORD,
        "authenticator": secret, "digits": digits_of(secret),
    }  # fmt: skip
    return good | change


def accept(town: Town, invitation: dict[str, Any], **change: str) -> Person:
    """Set up a login by an invitation."""
    client = browser(town)
    secret = secret_on(client, invitation)
    answer = client.post("/invitation", data=form_of(invitation, secret, **change))
    assert answer.status_code == 200, answer.text
    return Person(town, client, invitation, secret, texts(parse(answer.text), "ol code"))
