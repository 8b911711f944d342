"""The provider of identities, as we ask it: OpenID Connect, authorisation code with PKCE.

Its addresses are found by discovery and its keys are fetched when a token names one that we do not
have, so it may change them at any time. What it says is believed by its signature alone, and only
if it was said to us, now, in answer to this very question (`nonce`).
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.people.sso.errands import Errand
from api.settings import Settings, is_safe

TIMEOUT_S = 5.0
KNOWN_S = 3600.0  # how long its addresses are believed
KEYS_EVERY_S = 30.0  # how often, at most, keys are fetched again for a token that names others
LEEWAY_S = 60  # how far clocks may be apart
LOGOUT_LASTS_S = 300
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512"]

log = structlog.get_logger("suanquan.sso")


class Unbelievable(Exception):
    """The provider did not answer, or what it says is not to be believed; the text is for logs."""


@dataclass(frozen=True)
class Client:
    """How the provider knows us, and where it is."""

    issuer: str
    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Claims:
    """Whom the provider names: `subject` is hers for good, `sid` the provider's session.

    A logout token may name a session alone: its subject is "" then.
    """

    subject: str
    sid: str | None


class Provider:
    """One provider; threads share it."""

    def __init__(self, client: Client, *, keys_every_s: float = KEYS_EVERY_S) -> None:
        self.client, self._keys_every_s = client, keys_every_s
        self._lock = threading.Lock()
        self._places: tuple[float, Mapping[str, Any]] = (-KNOWN_S, MappingProxyType({}))
        self._keys: tuple[float, KeySet | None] = (-KEYS_EVERY_S, None)

    def address(self, errand: Errand, callback: str) -> str:
        """Return where to send the browser with an errand."""
        query = {
            "response_type": "code", "client_id": self.client.id, "redirect_uri": callback,
            "scope": "openid", "state": errand.state, "nonce": errand.nonce,
            "code_challenge": errand.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = self._place("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def redeem(self, code: str, errand: Errand, callback: str, now: datetime) -> Claims:
        """Return whom the provider names for a code that it gave.

        Raises:
            Unbelievable: it takes the code for none, or its token is not good.
        """
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": callback,
            "code_verifier": errand.verifier,
        }  # fmt: skip
        auth = (quote(self.client.id, safe=""), quote(self.client.secret, safe=""))
        answer = self._ask("POST", self._place("token_endpoint"), data=form, auth=auth)
        claims = self._read(answer.get("id_token"), now)
        if claims.get("nonce") != errand.nonce:
            raise Unbelievable("nonce")
        who = _claims(claims)
        if not who.subject or claims.get("azp", self.client.id) != self.client.id:
            raise Unbelievable("subject")
        return who

    def logged_out(self, token: str, now: datetime) -> Claims:
        """Return whose sessions end, by a logout token (OpenID Connect Back-Channel Logout 1.0).

        Raises:
            Unbelievable: it is none of the provider's, or an old one.
        """
        claims = self._read(token, now)
        events = claims.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
            raise Unbelievable("no logout token")
        if not isinstance(claims.get("iat"), int):
            raise Unbelievable("iat")
        if claims["iat"] + LOGOUT_LASTS_S < now.timestamp():
            raise Unbelievable("old")
        who = _claims(claims)
        if not who.subject and who.sid is None:
            raise Unbelievable("nobody")
        return who

    def _read(self, token: object, now: datetime) -> dict[str, Any]:
        """The claims of a token that the provider signed for us, and that is good now."""
        if not isinstance(token, str):
            raise Unbelievable("no token")
        try:
            claims = self._decode(token).claims
            registry = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()), leeway=LEEWAY_S,
                iss={"essential": True, "value": self.client.issuer},
                aud={"essential": True, "value": self.client.id},
                exp={"essential": "nonce" in claims},
            )  # fmt: skip
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise Unbelievable(f"token: {error}") from error
        return dict(claims)

    def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):  # perhaps it has other keys by now
            keys = self._key_set(again=True)
            return jwt.decode(token, keys, algorithms=ALGORITHMS)

    def _key_set(self, *, again: bool = False) -> KeySet:
        with self._lock:
            since, keys = self._keys
        is_due = time.monotonic() - since >= self._keys_every_s
        if keys is None or (again and is_due):
            keys = KeySet.import_key_set(self._ask("GET", self._place("jwks_uri")))  # type: ignore[arg-type]
            with self._lock:
                self._keys = (time.monotonic(), keys)
        return keys

    def _place(self, name: str) -> str:
        """An address of the provider, by discovery."""
        with self._lock:
            since, places = self._places
        if time.monotonic() - since >= KNOWN_S:
            url = f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
            places = self._ask("GET", url)
            if places.get("issuer") != self.client.issuer:
                raise Unbelievable(f"issuer: {places.get('issuer')}")
            with self._lock:
                self._places = (time.monotonic(), places)
        place = places.get(name)
        if not isinstance(place, str) or not is_safe(place):
            raise Unbelievable(f"{name}: {place}")
        return place

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            answer = httpx2.request(method, url, timeout=TIMEOUT_S, **more)
            content = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unbelievable(f"{url}: {error}") from error
        if not answer.is_success or not isinstance(content, dict):
            raise Unbelievable(f"{url}: {answer.status_code} {str(content)[:200]}")
        return content


def provider_from(settings: Settings) -> Provider | None:
    """Return the site's provider; None if it has none."""
    issuer, client, secret = (
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret,
    )  # fmt: skip
    if issuer is None or client is None or secret is None:
        return None
    return Provider(Client(issuer, client, secret))


def _claims(claims: Mapping[str, Any]) -> Claims:
    subject, sid = (claims.get(name) for name in ("sub", "sid"))
    return Claims(
        subject if isinstance(subject, str) else "",
        sid if isinstance(sid, str) and sid else None,
    )
