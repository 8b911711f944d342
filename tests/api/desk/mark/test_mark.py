"""The mark goes when everything is there, and says until then what is lacking."""

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.desk.mark.routes import SafeguardRead
from ledger.desk.codes import Safeguard
from ledger.desk.queries import mark
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, texts
from tests.support.api.logins import accept, invite
from tests.support.api.town import Town
from tests.support.backup.restorations import record_findings

WORDS = "演练，不得用于拨付"


def lacks(town: Town) -> dict[Safeguard, list[str]]:
    """What is not there yet."""
    answer = town.client.get("/api/v1/mark", headers=town.headers(Role.BUILDER))
    rows = [SafeguardRead.model_validate(row) for row in answer.json()]
    assert [row.safeguard for row in rows] == list(Safeguard)
    return {row.safeguard: row.lacks for row in rows if not row.is_there}


def see(client: TestClient, town: Town, role: Role | None = None) -> str:
    town.app.state.mark = (float("-inf"), True)  # what it was a while ago
    return client.get("/", headers=town.headers(role)).text


def test_a_new_town_lacks_nearly_all(town: Town) -> None:
    present = set(Safeguard) - set(lacks(town))
    assert present == {Safeguard.ADMINISTRATORS}
    names = lacks(town)[Safeguard.SECOND_FACTOR]
    assert {"某clerk", "某approver", "某securityadmin", "另一名安全管理员"} <= set(names)
    assert "某builder" not in names
    assert WORDS in see(town.client, town)


def test_who_has_an_authenticator_and_who_is_gone_are_not_lacking(
    town: Town, owner: psycopg.Connection
) -> None:
    invitation = invite(town, "finance", "丁")
    assert "丁" not in lacks(town)[Safeguard.SECOND_FACTOR], "she waits"
    town.confirm(invitation["id"])
    assert "丁" in lacks(town)[Safeguard.SECOND_FACTOR]
    accept(town, invitation)
    assert "丁" not in lacks(town)[Safeguard.SECOND_FACTOR]
    owner.execute("UPDATE tokens SET revoked_at = now() WHERE role = 'auditadmin'")
    assert lacks(town)[Safeguard.ADMINISTRATORS] == ["auditadmin"]


@pytest.mark.parametrize(
    ("changes", "is_there"), [({"faults": 1}, False), ({"is_apart": False}, False), ({}, True)]
)
def test_a_backup_elsewhere_was_restored_without_a_fault(
    town: Town, engine: sa.Engine, changes: dict[str, object], *, is_there: bool
) -> None:
    assert Safeguard.BACKUP in lacks(town)
    record_findings(engine, **changes)
    assert (Safeguard.BACKUP not in lacks(town)) is is_there


def test_the_page_and_the_command_say_it(desk: Desk) -> None:
    town = desk.town
    page = town.client.get("/mark", headers=town.headers(Role.SYSTEM_ADMIN))
    rows = texts(parse(page.text), "tbody th")
    assert len(rows) == len(Safeguard)
    assert "某clerk" in page.text
    assert "suanquan backup drill" in page.text
    assert 'href="/mark"' in see(town.client, town, Role.CLERK)
    answer = desk.ask(Role.AUDITOR, "mark")
    assert {row["safeguard"] for row in answer if not row["is_there"]} == set(lacks(town))


def test_the_mark_goes_when_nothing_is_lacking(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [mark.Check(safeguard, is_there=True) for safeguard in Safeguard]
    monkeypatch.setattr(mark, "checks", lambda *_: whole)
    assert WORDS not in see(town.client, town)
    monkeypatch.setattr(
        mark, "checks", lambda *_: [*whole[1:], mark.Check(whole[0].safeguard, is_there=False)]
    )
    assert WORDS in see(town.client, town)
