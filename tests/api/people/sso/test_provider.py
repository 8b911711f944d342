"""Signing in at a real provider of identities: linked by oneself, ended on its word."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.people.sso.provider import Client, Provider
from tests.support.api.html import attribute, one, parse
from tests.support.api.logins import Person, accept, invite
from tests.support.api.town import Town
from tests.support.oidc.identities import CLIENT, SECRET, Place, free_place, identities, why_not
from tests.support.servers.serving import serving

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def place(town: Town) -> Iterator[Place]:
    """A town's server, and a provider that it knows."""
    with serving(town.app) as url:
        place = free_place(url)
        provider = Provider(Client(place.issuer, CLIENT, SECRET))
        town.app.state.provider = provider
        with identities(place):
            yield place


@pytest.fixture
def lisi(town: Town, place: Place) -> Person:
    """Somebody with a login; from then on it is now, as it is for the provider."""
    person = accept(town, invite(town))
    town.app.state.wall_clock = lambda: datetime.now(UTC)
    return person


Browse = Callable[[str], httpx2.Client]


@pytest.fixture
def browse(place: Place) -> Iterator[Browse]:
    """Makes browsers, each for a user who is this account of the provider."""
    with ExitStack() as stack:

        def browser(account: str) -> httpx2.Client:
            client = httpx2.Client(base_url=place.url, follow_redirects=True)
            client.cookies.set("account", account, domain="127.0.0.1")
            return stack.enter_context(client)

        yield browser


def link(client: httpx2.Client, lisi: Person) -> httpx2.Response:
    """Come in by the login, and link it with whom the provider names."""
    now = datetime.now(UTC)
    form = {"name": "lisi", "password": "Correct horse 1", "digits": lisi.digits(now)}
    assert client.post("/sign-in/password", data=form).status_code == 200
    page = client.post("/sessions/oidc", data={"code": lisi.recovery[0]})
    assert page.status_code == 200, page.text
    return client.get(attribute(one(parse(page.text), "section a"), "href"))


def test_a_login_is_linked_and_then_the_provider_lets_her_in(browse: Browse, lisi: Person) -> None:
    stranger = browse("lisi@city")
    refused = stranger.get("/sign-in/oidc")
    assert (refused.status_code, "还没有与这里的账号关联" in refused.text) == (403, True)
    page_after = link(browse("lisi@city"), lisi)
    assert (page_after.status_code, 'href="/sessions"' in page_after.text) == (200, True)
    client = browse("lisi@city")
    page = client.get("/sign-in/oidc", params={"next": "/rights"})
    assert attribute(one(parse(page.text), "section a"), "href") == "/rights"
    assert client.get("/rights").status_code == 200
    assert "lisi@city" in client.get("/sessions").text
    stranger = browse("wangwu@city")
    assert stranger.get("/sign-in/oidc").status_code == 403
    assert stranger.get("/rights").status_code == 401
    assert client.post("/sessions/oidc/end").status_code == 200
    assert browse("lisi@city").get("/sign-in/oidc").status_code == 403, "unlinked"


def test_the_provider_ends_what_it_opened(place: Place, browse: Browse, lisi: Person) -> None:
    link(browse("lisi@city"), lisi)
    client = browse("lisi@city")
    client.get("/sign-in/oidc")
    assert client.get("/rights").status_code == 200
    page = parse(client.get(f"{place.issuer}/session/end").text)
    form = {attribute(node, "name"): attribute(node, "value") for node in page.css("input")}
    client.post(f"{place.issuer}/session/end/confirm", data={**form, "logout": "yes"})
    assert client.get("/rights").status_code == 401, "signed out there, signed out here"


def test_an_answer_is_to_ones_own_question_and_once(browse: Browse, lisi: Person) -> None:
    link(browse("lisi@city"), lisi)
    client = browse("lisi@city")
    answers: list[str] = []
    client.event_hooks = {"request": [lambda request: answers.append(str(request.url))]}
    client.get("/sign-in/oidc")
    (callback,) = [url for url in answers if "/callback" in url]
    assert parse_qs(urlsplit(callback).query)["state"]
    thief = browse("nobody")
    assert thief.get(callback).status_code == 403, "another browser has no such errand"
    assert thief.get("/rights").status_code == 401
    assert client.get(callback).status_code == 403, "the errand is over"


def test_keys_are_fetched_again_when_a_token_names_another(
    place: Place, browse: Browse, town: Town
) -> None:
    """The provider is another process with other keys, and its address stays."""
    elsewhere = free_place(place.url)
    client = Client(elsewhere.issuer, CLIENT, SECRET)
    town.app.state.provider = Provider(client, keys_every_s=0.0)
    town.app.state.wall_clock = lambda: datetime.now(UTC)
    for _key in range(2):
        with identities(elsewhere):
            answer = browse("lisi@city").get("/sign-in/oidc")
            assert "还没有与这里的账号关联" in answer.text, "its token is believed"
