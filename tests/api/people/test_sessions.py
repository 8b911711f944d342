"""Browsers come in by a session: what it opens, what ends it, and what nobody can do with it."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.door.middleware import DEVICE_COOKIE, SESSION_COOKIE
from api.settings import Settings
from ledger.people.codes import Role
from tests.support.api.html import parse
from tests.support.api.town import NOW, Town


@pytest.fixture
def admin(town: Town) -> dict[str, str]:
    return town.headers(Role.SECURITY_ADMIN)


def later(town: Town, by: timedelta) -> None:
    town.app.state.wall_clock = lambda: NOW + by


def browser(town: Town, role: Role) -> TestClient:
    """A browser of its own, signed in."""
    client = TestClient(town.app, raise_server_exceptions=False, follow_redirects=False)
    assert client.post("/sign-in", data={"token": town.tokens[role]}).status_code == 303
    return client


def signed_in(town: Town, role: Role) -> str:
    answer = town.client.post("/sign-in", data={"token": town.tokens[role]})
    assert answer.status_code == 303
    return next(
        cookie
        for cookie in answer.headers.get_list("set-cookie")
        if cookie.startswith(SESSION_COOKIE)
    )


def test_a_browser_signs_in_looks_and_signs_out(town: Town) -> None:
    assert town.client.get("/projects").status_code == 401
    cookie = signed_in(town, Role.AUDITOR)
    for word in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={8 * 3600}"):
        assert word in cookie
    assert "Secure" not in cookie  # by plain http on this machine it would never come back
    assert town.tokens[Role.AUDITOR] not in cookie
    assert town.client.get("/projects").status_code == 200
    assert town.client.get("/api/v1/projects").status_code == 200
    secret = town.client.cookies[SESSION_COOKIE]
    assert town.client.post("/sign-out").status_code == 303
    town.client.cookies.set(SESSION_COOKIE, secret)  # kept by somebody
    assert town.client.get("/projects").status_code == 401


def test_by_https_the_cookie_is_secure(town: Town) -> None:
    town.app.state.settings = Settings(url="https://suanquan.example.cn")
    assert "Secure" in signed_in(town, Role.AUDITOR)


def test_a_session_ends_by_itself(town: Town) -> None:
    signed_in(town, Role.AUDITOR)
    for minutes in (14, 28):
        later(town, timedelta(minutes=minutes))
        assert town.client.get("/projects").status_code == 200
    later(town, timedelta(minutes=43))
    assert town.client.get("/projects").status_code == 401
    assert town.client.get("/").status_code == 200  # and is a visit without one


def test_a_session_ends_with_its_token(town: Town, admin: dict[str, str]) -> None:
    signed_in(town, Role.AUDITOR)
    tokens = town.client.get("/api/v1/tokens", headers=admin).json()
    number = next(token["id"] for token in tokens if token["role"] == "auditor")
    town.client.delete(f"/api/v1/tokens/{number}", headers=admin)
    assert town.client.get("/projects").status_code == 401


def test_a_session_changes_nothing_by_the_api(town: Town) -> None:
    """A browser sends its cookie wherever it is led; a program sends its token on purpose."""
    signed_in(town, Role.SECURITY_ADMIN)
    assert town.client.get("/api/v1/tokens").status_code == 200
    for path in ("accruals", "tokens", "enrolment-codes", "registry", "quarantine/release"):
        answer = town.client.post(f"/api/v1/{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "no_credential"), path
    assert town.client.delete("/api/v1/tokens/1").status_code == 401


def test_a_token_goes_before_a_session(town: Town) -> None:
    signed_in(town, Role.SECURITY_ADMIN)
    assert town.client.get("/api/v1/tokens", headers=town.headers(Role.BUILDER)).status_code == 403


def test_signing_in_takes_a_good_token(town: Town, admin: dict[str, str]) -> None:
    for token in ("", "sq_wrong", town.tokens[Role.CLERK] + "x", "\x00"):
        answer = town.client.post("/sign-in", data={"token": token})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_planted_session_is_worth_nothing_after_sign_in(town: Town) -> None:
    """Who gives a victim a cookie beforehand does not come in with her."""
    planted = browser(town, Role.AUDITOR).cookies[SESSION_COOKIE]
    for cookie in (planted, "A" * 43):
        victim = TestClient(town.app, follow_redirects=False)
        victim.cookies.set(SESSION_COOKIE, cookie)
        victim.post("/sign-in", data={"token": town.tokens[Role.CLERK]})
        intruder = TestClient(town.app, follow_redirects=False)
        intruder.cookies.set(SESSION_COOKIE, cookie)
        assert intruder.get("/projects").status_code == 401


def test_a_browser_keeps_its_device_and_invents_none(town: Town) -> None:
    client = browser(town, Role.AUDITOR)
    device = client.cookies[DEVICE_COOKIE]
    client.post("/sign-out")
    client.post("/sign-in", data={"token": town.tokens[Role.AUDITOR]})
    assert client.cookies[DEVICE_COOKIE] == device
    crooked = {"Cookie": f"{DEVICE_COOKIE}=<script>"}
    stranger = TestClient(town.app, follow_redirects=False)
    stranger.post("/sign-in", data={"token": town.tokens[Role.AUDITOR]}, headers=crooked)
    assert re.fullmatch(r"[\w-]{43}", stranger.cookies[DEVICE_COOKIE])


def test_ones_own_sessions_are_seen_and_ended(town: Town) -> None:
    first, second = browser(town, Role.AUDITOR), browser(town, Role.AUDITOR)
    page = parse(first.get("/sessions").text)
    forms = [form.attributes["action"] for form in page.css("form[action^='/sessions/']")]
    assert len(forms) == 2, "the other one, and all others"
    assert first.post(str(forms[0])).status_code == 303
    assert second.get("/projects").status_code == 401
    assert first.get("/projects").status_code == 200
    third = browser(town, Role.AUDITOR)
    assert first.post("/sessions/end-others").status_code == 303
    assert third.get("/projects").status_code == 401
    assert first.get("/projects").status_code == 200


def test_nobody_sees_or_ends_the_sessions_of_another(town: Town) -> None:
    browser(town, Role.AUDITOR)
    clerk = browser(town, Role.CLERK)
    (own,) = clerk.get("/api/v1/sessions").json()
    for number in (own["id"] - 1, 999):
        assert clerk.post(f"/sessions/{number}/end").status_code == 404
        answer = town.client.delete(f"/api/v1/sessions/{number}", headers=town.headers(Role.CLERK))
        assert (answer.status_code, answer.json()["code"]) == (404, "session")
    answer = town.client.delete(f"/api/v1/sessions/{own['id']}", headers=town.headers(Role.CLERK))
    assert answer.status_code == 204
    assert clerk.get("/projects").status_code == 401


@pytest.mark.parametrize("path", ["/sessions/1/end", "/sessions/end-others", "/sign-out"])
def test_no_other_site_ends_a_session(town: Town, path: str) -> None:
    client = browser(town, Role.AUDITOR)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert client.get("/projects").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "address"), [("", "10.9.9.9"), ("10.9.9.9", "1.2.3.4"), ("10.9.0.0/16", "1.2.3.4")]
)
def test_only_a_named_proxy_says_from_where_somebody_comes(
    town: Town, proxies: str, address: str
) -> None:
    app = create_app(town.app.state.engine, Settings(proxies=proxies))
    app.state.wall_clock = town.app.state.wall_clock
    client = TestClient(app, follow_redirects=False, client=("10.9.9.9", 50_000))
    forged = {"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}
    client.post("/sign-in", data={"token": town.tokens[Role.AUDITOR]}, headers=forged)
    (row,) = client.get("/api/v1/sessions").json()
    assert row["address"] == address


def test_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="proxies"):
        Settings(proxies="*")
