"""One-time codes by time (TOTP, RFC 6238), as every authenticator app makes them.

Six digits of HMAC-SHA-1 over the number of the half minute (RFC 4226): what the apps agree on. A
code is taken for half a minute more on either side, because clocks differ; who keeps the codes that
were used takes each once. Recovery codes stand in for an authenticator that is lost.
"""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
DRIFT = 1  # steps that a clock may be off
SECRET_BYTES = 20  # RFC 4226: 160 bits
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: 16 letters of base32, which nobody guesses


def new_secret() -> str:
    """Return a secret for an authenticator, as people type it: base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def read_secret(typed: str) -> bytes | None:
    """Return the bytes of a secret in base32; None if it is none, or too short to be one."""
    try:
        secret = base64.b32decode(plain_code(typed))
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def address(secret: str, name: str, issuer: str) -> str:
    """Return the `otpauth://` address by which an app takes the secret."""
    label = quote(f"{issuer}:{name}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"


def plain_code(typed: str) -> str:
    """Return a code or a secret without the spaces and dashes between its groups."""
    return "".join(typed.split()).replace("-", "").upper()


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226, 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(at: datetime) -> int:
    """Return the number of the half minute."""
    return int(at.timestamp()) // STEP_S


def match(secret: bytes, code: str, at: datetime) -> int | None:
    """Return the step, of those near a moment, whose code this is; None if it is of none."""
    now, found = step_of(at), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return codes that take the authenticator's place, each once: `ABCD-EFGH-IJKL-MNOP`."""
    plain = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in plain]
