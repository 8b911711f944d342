"""What a base backup says about itself: a signed JSON, written when all of it is in the store.

It lies in a folder of its own:

    bases/20261130T183000Z/base.sealed     the files of the server, as pg_basebackup's tar
    bases/20261130T183000Z/manifest.json   last
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Protocol

from ledger.errors import Unusable

FOLDER = "bases"
FORMAT = 1


class Signer(Protocol):
    """Either key of a store."""

    def is_ours(self, content: bytes, signature: bytes) -> bool:
        """Return whether the server signed a content."""


@dataclass(frozen=True)
class Base:
    """A whole base backup.

    Attributes:
        number: the moment after which it is called.
        system: PostgreSQL's number of the server.
        timeline: the one it is on.
        start: the place in the WAL from which recovery begins.
        end: the one up to which it goes at least.
        ended_at: by the server's clock; no earlier moment can be recovered from it.
        postgres: the major version.
        segment: bytes of a WAL segment.
        program: the version of ours that made it.
        database: its name.
        admin, owner: the roles of the server's first superuser and of the database's owner.
        size: bytes of its object.
    """

    number: str
    system: str
    timeline: int
    start: int
    end: int
    ended_at: str
    postgres: int
    segment: int
    program: str
    database: str
    admin: str
    owner: str
    size: int
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """Return the first moment that can be recovered."""
        return datetime.fromisoformat(self.ended_at)

    @property
    def content(self) -> str:
        """Return the name of its object."""
        return f"{folder_of(self.number)}/base.sealed"

    def manifest(self, sign: "SignFunction") -> bytes:
        """Return its manifest."""
        signature = base64.b64encode(sign(self._bytes())).decode()
        return json.dumps({"base": asdict(self), "signature": signature}, indent=1).encode()

    def _bytes(self) -> bytes:
        return b"suanquan-base-1\n" + json.dumps(asdict(self), sort_keys=True).encode()


class SignFunction(Protocol):
    """What signs a content."""

    def __call__(self, content: bytes, /) -> bytes:
        """Return the signature."""


def number_at(now: datetime) -> str:
    """Return how a base that begins now is called."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def folder_of(number: str) -> str:
    """Return the folder of a base."""
    return f"{FOLDER}/{number}"


def manifest_of(number: str) -> str:
    """Return the name of a base's manifest."""
    return f"{folder_of(number)}/manifest.json"


def read_base(number: str, content: bytes, key: Signer) -> Base:
    """Return the base that a manifest says.

    Raises:
        Unusable: it is no manifest of ours (`backup_broken`), of another format
            (`backup_format`), or not signed by our server (`backup_forged`).
    """
    name = manifest_of(number)
    try:
        text = json.loads(content)
        base = Base(**text["base"])
        base.moment  # noqa: B018 - a moment, or it is broken
        signature = base64.b64decode(text["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Unusable("backup_broken", name=name, detail=str(error)) from error
    if base.format != FORMAT:
        raise Unusable("backup_format", name=name, have=base.format, want=FORMAT)
    if base.number != number or not key.is_ours(base._bytes(), signature):  # noqa: SLF001 - ours
        raise Unusable("backup_forged", name=name)
    return base
