"""The server's own signature, under what a courier carries back to an agent.

The key is in the database (`ledger/migrations/sql/metering/36_couriers.sql`), the same for every
process of the server; it is read once.
"""

import base64
from functools import cached_property

from fastapi import Request
from nacl.signing import SigningKey
from sqlalchemy import Engine
from sqlmodel import Session

from ledger.metering.queries.agents import server_seed


class Signer:
    """Signs for the server on this database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def is_ready(self) -> bool:
        """Whether the key was read, so that signing waits for nothing."""
        return "_key" in vars(self)

    def prepare(self) -> None:
        """Read the key."""
        self._key  # noqa: B018 - it stays

    @cached_property
    def _key(self) -> SigningKey:
        with Session(self._engine) as db:
            return SigningKey(server_seed(db))

    @property
    def public_key(self) -> str:
        """The public half, in hex."""
        return self._key.verify_key.encode().hex()

    def sign(self, digest: bytes) -> str:
        """Base64 of the signature over a SHA-256."""
        return base64.b64encode(self._key.sign(digest).signature).decode()


def signer(request: Request) -> Signer:
    """The signer of this application."""
    of_app: Signer = request.app.state.signer
    return of_app
