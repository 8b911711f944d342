"""The server's public key: receipts that a courier brings are believed by it, and by nothing else.

A node learns it when it enrols, from the same answer as its own id, and keeps it in its data
folder. SUANQUAN_SERVER_KEY (hex; `suanquan agent server-key` tells it) goes before that: for a
relay, which enrols nowhere, and for a node that was enrolled before servers had a key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from agents.errors import CourierError, SettingsError

VARIABLE = "SUANQUAN_SERVER_KEY"
_NAME = "server.key"
_HEX = re.compile("[0-9a-f]{64}")


def keep(folder: Path, key: str) -> None:
    """Keep what the server said at enrolment; an older server says nothing, and nothing changes."""
    if not _HEX.fullmatch(key):
        return
    draft = folder / (_NAME + ".new")
    with draft.open("w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _NAME)


def read(folder: Path, environ: Mapping[str, str]) -> VerifyKey:
    """Return the key to check receipts with. Raises CourierError if it is not known here."""
    text = environ.get(VARIABLE, "").strip().lower()
    if text and not _HEX.fullmatch(text):
        raise SettingsError(
            f"{VARIABLE} 应为 64 位十六进制数（suanquan agent server-key）",
            f"{VARIABLE} must be 64 hex digits (suanquan agent server-key)",
        )
    if not text:
        try:
            text = (folder / _NAME).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
    if not _HEX.fullmatch(text):
        raise CourierError(
            f"这里不知道服务器的公钥，无法核对回执：请设 {VARIABLE}（suanquan agent server-key）",
            "the server's public key is not known here, so no receipt can be checked: "
            f"set {VARIABLE} (suanquan agent server-key)",
        )
    return VerifyKey(bytes.fromhex(text))


def is_signed(key: VerifyKey, digest: bytes, signature: str) -> bool:
    """Return whether the server signed this SHA-256."""
    try:
        key.verify(digest, base64.b64decode(signature, validate=True))
    except (BadSignatureError, binascii.Error, ValueError):
        return False
    return True
