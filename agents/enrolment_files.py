"""Enrolment without a line: a node's request goes by courier, and the server's answer comes back.

Both files have the form of a courier's file (agents/parcels.py). The one-time code is in neither:
node and server know its SHA-256, and with that as a secret each seals what it says. So whoever
carries the files, or finds one, can enrol no key but this node's, cannot give the node another
server's key, and learns no code.

    suanquan-enrolment-request   code_id, public_key, node, seal
    suanquan-enrolment-answer    code_id, agent, cluster, node, server_key, seal

`code_id` is the SHA-256 of the code's SHA-256: it names the code. It needs the standard library
alone: the people's command line reads it too.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeVar

from agents import parcels

REQUEST = "suanquan-enrolment-request"
ANSWER = "suanquan-enrolment-answer"
_HEX = re.compile("[0-9a-f]{64}")
_NAME_MAX = 253


def code_hash(code: str) -> bytes:
    """Return the SHA-256 of a code, ignoring case, dashes and spaces, as the server keeps it."""
    return sha256("".join(code.split()).replace("-", "").upper().encode()).digest()


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What is sealed with the code's SHA-256."""

    code_id: str
    seal: str

    def sealed(self, hash_of_code: bytes) -> Self:
        """Return it with its seal."""
        return replace(self, seal=self._seal(hash_of_code))

    def is_sealed(self, hash_of_code: bytes) -> bool:
        """Return whether somebody sealed it who knows the code."""
        return hmac.compare_digest(self.seal, self._seal(hash_of_code))

    def record(self) -> dict[str, Any]:
        """Return it as an item of a courier's file."""
        return asdict(self)

    def _seal(self, hash_of_code: bytes) -> str:
        facts = {"of": type(self).__name__, **asdict(self), "seal": ""}
        words = json.dumps(facts, sort_keys=True).encode()
        return hmac.new(hash_of_code, words, sha256).hexdigest()

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """Read an item. Raises ValueError, TypeError."""
        item = cls(**record)
        for name, value in asdict(item).items():
            if not isinstance(value, str) or not 0 < len(value) <= _NAME_MAX:
                raise ValueError(name)
            if name in ("code_id", "seal", "public_key", "server_key") and not _HEX.fullmatch(
                value
            ):
                raise ValueError(name)
        return item


@dataclass(frozen=True, slots=True)
class EnrolmentRequest(_Sealed):
    """A node asks to be enrolled with its public key (Ed25519, hex)."""

    public_key: str
    node: str

    @classmethod
    def of(cls, code: str, public_key: str, node: str) -> Self:
        """Make the request of who has this code."""
        hash_of_code = code_hash(code)
        return cls(code_id(hash_of_code), "", public_key, node).sealed(hash_of_code)


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer(_Sealed):
    """The server enrolled the node, and tells its own public key (Ed25519, hex)."""

    agent: str
    cluster: str
    node: str
    server_key: str


def code_id(hash_of_code: bytes) -> str:
    """Return the name of a code, by which nobody finds the code."""
    return sha256(hash_of_code).hexdigest()


def read_request(path: Path) -> EnrolmentRequest:
    """Read a node's request. Raises FileFault, OSError."""
    return _only(path, REQUEST, EnrolmentRequest)


def read_answer(path: Path) -> EnrolmentAnswer:
    """Read the server's answer. Raises FileFault, OSError."""
    return _only(path, ANSWER, EnrolmentAnswer)


_Kind = TypeVar("_Kind", bound=_Sealed)


def _only(path: Path, name: str, kind: type[_Kind]) -> _Kind:
    items = list(parcels.read_file(path, name, kind.read))
    if len(items) != 1:
        raise parcels.FileFault("unreadable_line", 2)
    return items[0]
