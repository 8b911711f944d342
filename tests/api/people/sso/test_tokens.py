"""What a provider says is believed if it was said to us, now, in answer to this very question.

A provider that says anything, by HTTP on loopback: each token is right but for one thing.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from api.people.sso.provider import LOGOUT_EVENT, LOGOUT_LASTS_S, Client, Provider
from tests.support.api.town import Town
from tests.support.oidc.identities import CLIENT, SECRET

Claims = dict[str, Any]
MOMENTS = {"iat", "exp", "nbf"}
KEY, ANOTHER = (RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True) for _ in range(2))


def with_moments(claims: Claims) -> Claims:
    """The claims that are there; moments are so many seconds from now."""
    now = int(datetime.now(UTC).timestamp())
    present = {name: value for name, value in claims.items() if value is not None}
    return {name: now + v if name in MOMENTS else v for name, v in present.items()}


def sign(claims: Claims, key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, key)


def without_signature(claims: Claims) -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none"}, claims)
    )
    return f"{head}.{body}."


def by_our_secret(claims: Claims) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


class Speaker:
    """The provider: what it signed, and what it was shown for its code."""

    def __init__(self) -> None:
        self.token, self.code_form, self.issuer = "", dict[str, list[str]](), ""

    def answer(self, path: str, body: str) -> Claims:
        if path == "/token":
            self.code_form = parse_qs(body)
            return {"id_token": self.token}
        if path == "/jwks":
            return {"keys": [KEY.as_dict(private=False)]}
        places = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.issuer} | {k: f"{self.issuer}/{v}" for k, v in places.items()}


@pytest.fixture
def speaker(town: Town) -> Iterator[Speaker]:
    speaker = Speaker()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            content = json.dumps(speaker.answer(self.path, self.rfile.read(size).decode()))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content.encode())

        do_POST = do_GET  # noqa: N815 - the server asks for this name

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        speaker.issuer = f"http://127.0.0.1:{server.server_port}"
        town.app.state.provider = Provider(Client(speaker.issuer, CLIENT, SECRET))
        town.app.state.wall_clock = lambda: datetime.now(UTC)
        threading.Thread(target=server.serve_forever).start()
        yield speaker
        server.shutdown()


def come_back(
    town: Town,
    speaker: Speaker,
    say: Callable[[Claims], str] = sign,
    change: Claims | None = None,
    answer: Claims | None = None,
) -> str:
    """Go to the provider and come back with its code; the page that one sees then."""
    browser = TestClient(town.app, follow_redirects=False, client=("10.0.0.3", 1))
    redirect = browser.get("/sign-in/oidc")
    question = {k: v[0] for k, v in parse_qs(urlsplit(redirect.headers["location"]).query).items()}
    assert question["code_challenge_method"] == "S256"
    claims: Claims = {
        "iss": speaker.issuer, "aud": CLIENT, "sub": "lisi@city", "nonce": question["nonce"],
        "iat": 0, "exp": 3600,
    }  # fmt: skip
    speaker.token, speaker.code_form = say(with_moments(claims | (change or {}))), {}
    params = {"code": "c", "state": question["state"], **(answer or {})}
    page = browser.get("/sign-in/oidc/callback", params=params)
    assert page.status_code == 403
    if speaker.code_form:
        (verifier,) = speaker.code_form["code_verifier"]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        assert digest.rstrip(b"=").decode() == question["code_challenge"]
    return page.text


BELIEF = "还没有与这里的账号关联"
DOUBT = "统一认证没有确认您的身份"


def test_a_right_token_is_believed_and_invites_nobody(town: Town, speaker: Speaker) -> None:
    assert BELIEF in come_back(town, speaker)
    assert BELIEF in come_back(town, speaker, answer={"iss": speaker.issuer})


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"}, {"aud": None}, {"iss": "https://another"}, {"iss": None},
        {"nonce": "another"}, {"nonce": None}, {"exp": -3600}, {"exp": None},
        {"nbf": 3600}, {"iat": 3600}, {"azp": "another"}, {"sub": None}, {"sub": 7},
        {"sub": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_claim_is_not(town: Town, speaker: Speaker, change: Claims) -> None:
    assert DOUBT in come_back(town, speaker, change=change)


@pytest.mark.parametrize(
    "say",
    [
        lambda claims: sign(claims, ANOTHER), without_signature, by_our_secret,
        lambda claims: sign(claims)[:-9] + "AAAAAAAAA", lambda _: "no token",
    ],
    ids=["another's key", "unsigned", "by our own secret", "changed", "none"],
)  # fmt: skip
def test_a_wrong_signature_is_not(
    town: Town, speaker: Speaker, say: Callable[[Claims], str]
) -> None:
    assert DOUBT in come_back(town, speaker, say)


@pytest.mark.parametrize("answer", [{"iss": "https://another"}, {"error": "access_denied"}])
def test_another_s_answer_is_not_redeemed(town: Town, speaker: Speaker, answer: Claims) -> None:
    assert DOUBT in come_back(town, speaker, answer=answer)
    assert not speaker.code_form


def test_a_provider_under_another_s_name_is_not_asked(town: Town, speaker: Speaker) -> None:
    speaker.issuer = "https://another"
    page = TestClient(town.app, follow_redirects=False).get("/sign-in/oidc")
    assert (page.status_code, DOUBT in page.text) == (403, True)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({"sub": None, "sid": "s"}, 200), ({"sub": None}, 400), ({"events": None}, 400),
        ({"events": {}}, 400), ({"nonce": "n"}, 400), ({"iat": -LOGOUT_LASTS_S - 60}, 400),
        ({"aud": "another"}, 400), ({"iss": "https://another"}, 400), ({"exp": -3600}, 400),
    ],
    ids=str,
)  # fmt: skip
def test_a_logout_token_is_one(town: Town, speaker: Speaker, change: Claims, status: int) -> None:
    claims = {"iss": speaker.issuer, "aud": CLIENT, "sub": "lisi@city", "iat": 0, "jti": "j"}
    claims |= {"events": {LOGOUT_EVENT: {}}, **change}
    form = {"logout_token": sign(with_moments(claims))}
    answer = town.client.post("/sign-in/oidc/logout", data=form)
    assert answer.status_code == status
