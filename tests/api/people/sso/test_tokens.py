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
NOW = int(datetime.now(UTC).timestamp())
KEY, ANOTHER = (RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True) for _ in range(2))


def signed(claims: Claims, key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, key)


def unsigned(claims: Claims) -> str:
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
        self.token, self.shown, self.issuer = "", dict[str, list[str]](), ""

    def answer(self, path: str, body: str) -> Claims:
        if path == "/token":
            self.shown = parse_qs(body)
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


def come_back(town: Town, speaker: Speaker, say: Callable[[Claims], str], **answer: str) -> str:
    """Go to the provider and come back with its code; the page that one sees then."""
    browser = TestClient(town.app, follow_redirects=False, client=("10.0.0.3", 1))
    left = browser.get("/sign-in/oidc")
    question = {k: v[0] for k, v in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert question["code_challenge_method"] == "S256"
    claims = {
        "iss": speaker.issuer, "aud": CLIENT, "sub": "lisi@city", "nonce": question["nonce"],
        "iat": NOW, "exp": NOW + 3600,
    }  # fmt: skip
    speaker.token, speaker.shown = say(claims), {}
    params = {"code": "c", "state": question["state"], **answer}
    page = browser.get("/sign-in/oidc/callback", params=params)
    assert page.status_code == 403
    if speaker.shown:
        (verifier,) = speaker.shown["code_verifier"]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        assert digest.rstrip(b"=").decode() == question["code_challenge"]
    return page.text


BELIEVED = "还没有与这里的账号关联"
DOUBTED = "统一认证没有确认您的身份"


def test_a_right_token_is_believed_and_invites_nobody(town: Town, speaker: Speaker) -> None:
    assert BELIEVED in come_back(town, speaker, signed)
    assert BELIEVED in come_back(town, speaker, signed, iss=speaker.issuer)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"}, {"aud": None}, {"iss": "https://another"}, {"iss": None},
        {"nonce": "another"}, {"nonce": None}, {"exp": NOW - 3600}, {"exp": None},
        {"nbf": NOW + 3600}, {"iat": NOW + 3600}, {"azp": "another"}, {"sub": None}, {"sub": 7},
        {"sub": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_claim_is_not(town: Town, speaker: Speaker, change: Claims) -> None:
    def say(claims: Claims) -> str:
        return signed({k: v for k, v in (claims | change).items() if v is not None})

    assert DOUBTED in come_back(town, speaker, say)


@pytest.mark.parametrize(
    "say",
    [
        lambda claims: signed(claims, ANOTHER), unsigned, by_our_secret,
        lambda claims: signed(claims)[:-9] + "AAAAAAAAA", lambda _: "no token",
    ],
    ids=["another's key", "unsigned", "by our own secret", "changed", "none"],
)  # fmt: skip
def test_a_wrong_signature_is_not(
    town: Town, speaker: Speaker, say: Callable[[Claims], str]
) -> None:
    assert DOUBTED in come_back(town, speaker, say)


@pytest.mark.parametrize("answer", [{"iss": "https://another"}, {"error": "access_denied"}])
def test_another_s_answer_is_not_redeemed(
    town: Town, speaker: Speaker, answer: dict[str, str]
) -> None:
    assert DOUBTED in come_back(town, speaker, signed, **answer)
    assert not speaker.shown


def test_a_provider_under_another_s_name_is_not_asked(town: Town, speaker: Speaker) -> None:
    speaker.issuer = "https://another"
    page = TestClient(town.app, follow_redirects=False).get("/sign-in/oidc")
    assert (page.status_code, DOUBTED in page.text) == (403, True)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({"sub": None, "sid": "s"}, 200), ({"sub": None}, 400), ({"events": None}, 400),
        ({"events": {}}, 400), ({"nonce": "n"}, 400), ({"iat": NOW - LOGOUT_LASTS_S - 60}, 400),
        ({"aud": "another"}, 400), ({"iss": "https://another"}, 400), ({"exp": NOW - 3600}, 400),
    ],
    ids=str,
)  # fmt: skip
def test_a_logout_token_is_one(town: Town, speaker: Speaker, change: Claims, status: int) -> None:
    claims = {"iss": speaker.issuer, "aud": CLIENT, "sub": "lisi@city", "iat": NOW, "jti": "j"}
    claims |= {"events": {LOGOUT_EVENT: {}}, **change}
    token = signed({k: v for k, v in claims.items() if v is not None})
    answer = town.client.post("/sign-in/oidc/logout", data={"logout_token": token})
    assert answer.status_code == status
