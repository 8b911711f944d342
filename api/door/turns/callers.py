"""Who is calling, as far as a request's head says: before its body is read and its turn comes.

This opens nothing: a route asks for itself who may do what. It settles whose body is read at all,
and whose share a request takes: a person's (with all her tokens and sessions), a program's, an
agent's at its address, or that of everybody unknown at an address. A caller that was found is
remembered for a minute, one that was not is looked up again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.requests import Request

from agents.wire import AGENT_HEADER
from api.door.middleware import DEVICE_COOKIE, SESSION_COOKIE
from api.door.route_table import API
from api.door.turns.shares import Shares
from ledger.metering.queries.agents import is_enrolled
from ledger.people.queries import identity_by_secret, is_device

BATCHES = f"{API}/batches"
KEPT_S = 60.0
KEPT_MAX = 10_000


class Kind(StrEnum):
    """What a caller is."""

    PERSON = "person"
    PROGRAM = "program"
    AGENT = "agent"
    STRANGER = "stranger"


class Caller(NamedTuple):
    """A caller; `key` tells callers apart."""

    kind: Kind
    key: str

    @property
    def is_known(self) -> bool:
        """Whether anything about it was found in our books."""
        return self.kind is not Kind.STRANGER


@dataclass(frozen=True)
class Sign:
    """What a request shows of its caller: an agent's number, or the SHA-256 of a secret.

    An agent's number is no secret, so it counts where the body is signed and nowhere else.
    """

    agent: UUID | None
    hash: bytes | None

    @classmethod
    def by(cls, request: Request) -> "Sign | None":
        """What this one shows; None: nothing."""
        headers: Mapping[str, str] = request.headers
        if (agent := headers.get(AGENT_HEADER)) and request.scope["path"] == BATCHES:
            try:
                return cls(UUID(agent), None)
            except ValueError:
                return None
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            secret = request.cookies.get(SESSION_COOKIE, "")
        return cls(None, sha256(secret.encode()).digest()) if secret else None


class Callers:
    """The callers of one application, found in its database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._memory: dict[Sign, tuple[float, Caller]] = {}
        self._lookups = Shares(1, 1)  # so many connections are kept for it

    def remembered(self, request: Request) -> Caller | None:
        """The caller, where no look-up is needed."""
        sign = Sign.by(request)
        if sign is None:
            return stranger(request)
        until, caller = self._memory.get(sign, (0.0, None))
        return _at(caller, request) if caller and until > time.monotonic() else None

    async def of(self, request: Request) -> Caller:
        """The caller. Where nobody can be looked up, no body is taken: the error passes."""
        if caller := self.remembered(request):
            return caller
        sign = Sign.by(request)
        if sign is None:
            return stranger(request)
        try:
            async with self._lookups.hold(address(request)):
                caller = await run_in_threadpool(self._look_up, sign)
        except SQLAlchemyError:
            if has_body(request):
                raise
            caller = None  # what needs no database is answered without one
        if caller is None:
            return stranger(request)
        if len(self._memory) >= KEPT_MAX:
            self._memory.clear()
        self._memory[sign] = (time.monotonic() + KEPT_S, caller)
        return _at(caller, request)

    async def device(self, request: Request) -> str | None:
        """The browser that asks, if somebody signed in there before; None: nobody, or unknown."""
        secret = request.cookies.get(DEVICE_COOKIE)
        if not secret:
            return None
        secret_hash = sha256(secret.encode()).digest()
        try:
            async with self._lookups.hold(address(request)):
                is_known = await run_in_threadpool(self._is_device, secret_hash)
        except SQLAlchemyError:
            return None
        return f"device:{secret_hash.hex()}" if is_known else None

    def _is_device(self, secret_hash: bytes) -> bool:
        with Session(self._engine) as db:
            return is_device(db, secret_hash)

    def _look_up(self, sign: Sign) -> Caller | None:
        with Session(self._engine) as db:
            if sign.agent is not None:
                is_agent = is_enrolled(db, sign.agent)
                return Caller(Kind.AGENT, f"agent:{sign.agent}") if is_agent else None
            identity = identity_by_secret(db, sign.hash or b"")
        if identity is None:
            return None
        kind = Kind.PROGRAM if identity.service else Kind.PERSON
        return Caller(kind, f"person:{identity.id}")


def stranger(request: Request) -> Caller:
    """Everybody unknown at an address."""
    return Caller(Kind.STRANGER, f"at:{address(request)}")


def has_body(request: Request) -> bool:
    """Whether a request says that a body follows."""
    return "transfer-encoding" in request.headers or "content-length" in request.headers


def address(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else "-"


def _at(caller: Caller, request: Request) -> Caller:
    """An agent's number is no secret: who borrows it takes nothing from where the agent is."""
    if caller.kind is Kind.AGENT:
        return Caller(caller.kind, f"{caller.key}@{address(request)}")
    return caller
