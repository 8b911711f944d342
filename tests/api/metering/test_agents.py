"""The page of agents: a code is made and shown once, an agent is ended, and others only look."""

import csv
import io
from typing import Any

from nacl.signing import SigningKey

from ledger.people.codes import Role
from tests.support.api import html
from tests.support.api.html import attribute, one, parse, texts
from tests.support.api.town import Town

OPERATOR = Role.OPERATOR


def read(town: Town, role: Role = OPERATOR) -> str:
    return str(town.client.get("/agents", headers=town.headers(role)).text)


def act(town: Town, path: str, **fields: str) -> Any:
    headers = town.headers(OPERATOR)
    return town.client.post(path, data=fields, headers=headers, follow_redirects=False)


def ends(text: str) -> dict[str, str]:
    """The address that ends each agent, by its node."""
    return {
        html.text(one(row, "th")): attribute(one(row, "form"), "action")
        for row in parse(text).css("tbody tr")
        if row.css("form")
    }


def test_a_code_is_shown_once_and_is_gone_when_it_is_used(town: Town) -> None:
    answer = act(town, "/agents/codes", cluster="c-mine", source="nvml")
    (code,) = texts(parse(answer.text), "section.card > p > code")
    page = read(town)
    assert code not in page
    assert texts(parse(page), "#codes tbody th") == ["c-mine"]
    listed = town.client.get("/api/v1/enrolment-codes", headers=town.headers(OPERATOR)).json()
    assert [(row["cluster"], row["source"]) for row in listed] == [("c-mine", "nvml")]
    key = SigningKey.generate().verify_key.encode().hex()
    wish = {"code": code, "public_key": key, "node": "n9"}
    assert town.client.post("/api/v1/agents", json=wish).status_code == 201
    page = read(town)
    assert texts(parse(page), "#codes tbody th") == []
    assert "n9" in ends(page)


def test_another_centres_code_is_not_listed(town: Town) -> None:
    wish = {"cluster": "c-theirs", "source": "nvml"}
    headers = town.headers(Role.SYSTEM_ADMIN)
    assert town.client.post("/agents/codes", data=wish, headers=headers).status_code == 200
    assert texts(parse(read(town)), "#codes tbody th") == []
    assert texts(parse(read(town, Role.SYSTEM_ADMIN)), "#codes tbody th") == ["c-theirs"]


def test_the_list_is_taken_away_as_a_spreadsheet(town: Town) -> None:
    """Each takes what she sees: an operator the agents of her centre."""

    def nodes(role: Role) -> list[str]:
        answer = town.client.get("/api/v1/agents.csv", headers=town.headers(role))
        rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        return sorted(row["节点"] for row in rows)

    assert nodes(OPERATOR) == ["n-mine"]
    assert nodes(Role.SYSTEM_ADMIN) == ["n-mine", "n-theirs"]
    links = [attribute(link, "href") for link in parse(read(town)).css("main p a")]
    assert links[:2] == ["/api/v1/agents.xlsx", "/api/v1/agents.csv"]
    for link in links[:2]:
        answer = town.client.get(link, headers=town.headers(OPERATOR))
        assert (answer.status_code, bool(answer.content)) == (200, True)


def test_an_ended_agent_stands_among_the_ended(town: Town) -> None:
    assert act(town, ends(read(town))["n-mine"]).status_code == 303
    page = read(town)
    assert "n-mine" not in ends(page)
    assert texts(parse(page), "details.card tbody th") == ["n-mine"]


def test_who_does_not_tend_agents_only_reads_them(town: Town) -> None:
    text = read(town, Role.CLERK)
    assert ends(text) == {}
    assert parse(text).css("#codes") == []
    assert "n-mine" in texts(parse(text), "tbody th")
