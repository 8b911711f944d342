"""What a browser carries while its user is at the provider, sealed so that nobody else reads it.

The errand comes back with the answer and is used once. Its key is made of the client's secret, so
every server of a site can open it and none has to keep it.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

LASTS = timedelta(minutes=10)
SECRET_BYTES = 32


@dataclass(frozen=True)
class Errand:
    """Why somebody went to the provider.

    `login` is to be linked with whom the provider names; None: she signs in. `verifier` is PKCE's
    (RFC 7636).
    """

    state: str
    nonce: str
    verifier: str
    began: int  # seconds of Unix time
    next: str = ""
    login: int | None = None

    @property
    def challenge(self) -> str:
        """The SHA-256 of the verifier, as the provider is told it."""
        return _plain(sha256(self.verifier.encode()).digest())

    def is_answered_by(self, state: str, now: datetime) -> bool:
        """Whether an answer with this state is to this errand, and in time."""
        is_ours = compare_digest(self.state.encode(), state.encode())
        return is_ours and 0 <= now.timestamp() - self.began < LASTS.total_seconds()


def new_errand(now: datetime, *, next_page: str = "", login: int | None = None) -> Errand:
    """Begin an errand, with secrets of its own."""
    state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
    return Errand(state, nonce, verifier, int(now.timestamp()), next_page, login)


def seal(errand: Errand, secret: str) -> str:
    """Return an errand as a cookie carries it."""
    return _plain(_box(secret).encrypt(json.dumps(asdict(errand)).encode()))


def open_errand(sealed: str, secret: str) -> Errand | None:
    """Return the errand of a cookie; None if it is none that we sealed."""
    try:
        raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return Errand(**json.loads(_box(secret).decrypt(raw)))
    except (ValueError, TypeError, CryptoError):
        return None


def _box(secret: str) -> SecretBox:
    return SecretBox(sha256(b"suanquan sign-in errand\0" + secret.encode()).digest())


def _plain(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
