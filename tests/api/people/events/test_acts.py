"""Each act and each thing of the event log has words, in both languages; no raw code shows."""

import ast
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from sqlmodel import Session

from api.app import ROUTERS
from api.door.events.record import thing_of
from api.door.route_table import API, SAFE
from api.language.i18n import speaking
from api.people.events.acts import ACTS, NOUNS, act_words, noun_words, nouns_of
from ledger.people.codes import Role
from ledger.people.steps.events import record_own
from tests.support.api.html import parse
from tests.support.api.town import Town
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

CHINESE = re.compile(r"[\u3400-\u9fff]")
RAW = re.compile(r"[a-z]+_[a-z_]+|[a-z]+-[a-z]+|/|\b(GET|POST|DELETE|round|command)\b|[a-z]+admin")
OWN = re.compile(r"(?:round|command) [a-z ]+")


def routes() -> Iterator[tuple[str, str]]:
    """Every method with the path that it is recorded with."""
    for prefix, router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, prefix + route.path) for method in route.methods or ())


def own_acts() -> set[str]:
    """The acts of rounds and commands, as the source writes them."""
    return {
        node.value
        for path in ROOT.glob("api/server/**/*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and OWN.fullmatch(node.value)
    }


def test_every_act_has_words_and_no_words_are_without_an_act() -> None:
    acts = {f"{m} {path.removeprefix(API)}" for m, path in routes() if m not in SAFE} | own_acts()
    assert acts == set(ACTS)


def test_everything_that_is_acted_on_has_words() -> None:
    nouns = {thing_of(path, ())[0] for _, path in routes()} - {""}
    assert nouns <= set(NOUNS)
    assert {"quarantine", "accruals", "seals", "tokens", "database", "backups"} <= set(NOUNS)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_words_are_the_readers(language: str) -> None:
    with speaking(language):
        acts = {act: act_words(act) for act in [*ACTS, "GET /api/v1/claims", "POST -"]}
        nouns = {noun: noun_words(noun) for noun in NOUNS}
        for word in [*acts.values(), *nouns.values()]:
            assert bool(CHINESE.search(word)) == (language == "zh-CN"), word
        assert act_words("POST /api/v1/claims") == act_words("POST /redemptions")
        assert all(noun in nouns_of(word) for noun, word in nouns.items())


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_shows_no_raw_code(town: Town, engine: sa.Engine, language: str) -> None:
    """Acts, refusals, a stranger's guess, a round and a command."""
    for role in (Role.SECURITY_ADMIN, Role.CLERK, Role.AUDITOR):
        headers = town.headers(role)
        for path in ("/api/v1/tokens", "/api/v1/projects/p-mine/cap", "/api/v1/claims", "/pools"):
            town.client.post(path, json={"role": "auditor", "person": "新来"}, headers=headers)
        town.client.get("/people", headers=headers)
    town.client.post("/sign-in", data={"token": "sq_guess"})
    with Session(engine) as db, db.begin():
        record_own(db, "server", "round seal", "seals", "1")
        record_own(db, "machine:root", "command backup now", "backups", "suanquan")
    page = town.client.get("/events", headers=town.headers(Role.AUDIT_ADMIN, language)).text
    rows = [[cell.text() for cell in row.css("td")] for row in parse(page).css("tbody tr")]
    assert len(rows) > 10
    for _name, _address, act, thing, outcome in rows:
        for text in (act, thing.rpartition(" ")[0], outcome):
            assert not RAW.search(text), (act, thing, outcome)
    assert any("root" in row[0] for row in rows)


def test_a_thing_is_found_by_its_word(town: Town) -> None:
    wish = {"role": "auditor", "person": "新来"}
    town.client.post("/api/v1/tokens", json=wish, headers=town.headers(Role.SECURITY_ADMIN))
    headers = town.headers(Role.AUDIT_ADMIN)
    (event,) = town.client.get("/api/v1/events?noun=令牌", headers=headers).json()
    assert event["act_name"] == "签发令牌"
    assert event["thing"] == f"令牌 {event['number']}"
    assert event["actor_name"] == "某securityadmin（安全管理员）"
    assert town.client.get("/api/v1/events?noun=tokens", headers=headers).json() == [event]
