"""Three doors behind nginx, as docs/doors/tls.md says it: real processes, TLS, trusted proxies."""

import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2
import psycopg
import pytest
from sqlmodel import Session

from api.door.limits import GUESSES
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from tests.support.people import FAR
from tests.support.postgres import TEMPLATE, Server, open_folder
from tests.support.processes import SUANQUAN, until
from tests.support.servers.nginx import (
    HOST,
    PROGRAM,
    blocks,
    free_port,
    make_certificate,
    nginx,
    visitor,
    with_changes,
)
from tests.support.simulation import Node, enrolled, place

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed (nginx-light)")

DOORS = ("people", "agents", "outer")
ELSEWHERE = "127.0.0.2"  # a visitor of another address, and no proxy that anybody trusts
FORGED = {"X-Forwarded-For": "6.6.6.6"}


@dataclass
class Zone:
    """The doors behind nginx: ports of the processes, and those of nginx before them."""

    doors: dict[str, int]
    inner: int
    outer: int
    plain: int
    trust: ssl.SSLContext
    node: Node
    owner_url: str
    tokens: dict[Role, str] = field(default_factory=dict)

    def visit(self, port: int, address: str = "127.0.0.1") -> httpx2.Client:
        return visitor(self.trust, port, address)

    def direct(self, door: str, address: str = "127.0.0.1") -> httpx2.Client:
        """Past nginx, as somebody on the same network could."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.doors[door]}", timeout=60,
            transport=httpx2.HTTPTransport(local_address=address),
        )  # fmt: skip

    def bearer(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


@pytest.fixture(scope="module")
def zone(servers: Callable[[str], Server]) -> Iterator[Zone]:
    server = servers("embedded")
    name = f"zone_{next(server.numbers)}"
    with ExitStack() as stack:
        database = server.create(name, TEMPLATE)
        stack.callback(server.drop, name)
        folder = stack.enter_context(open_folder())
        trust = make_certificate(folder)
        doors = {door: free_port() for door in DOORS}
        inner, outer, plain = free_port(), free_port(), free_port()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            node = enrolled(owner, place(owner))
        running = Zone(doors, inner, outer, plain, trust, node, database.owner_url)
        _let_in(running, database)
        for door, port in doors.items():
            stack.enter_context(_serving(database, door, port, folder / f"{door}.log"))
        for door, port in doors.items():
            until(door, partial(_is_ready, port))
        stack.enter_context(nginx(folder, _servers(running, folder)))
        yield running


def _servers(zone: Zone, folder: Path) -> str:
    """Two servers of the page: before the inner doors, and before the outer one."""
    whole, split = blocks()
    only = "    location / { proxy_pass http://127.0.0.1:8321; }\n"
    paths = {
        "/etc/ssl/suanquan/fullchain.pem": folder / "certificate.pem",
        "/etc/ssl/suanquan/key.pem": folder / "key.pem",
    }
    doors = {"127.0.0.1:8321": f"127.0.0.1:{zone.doors['people']}",
             "127.0.0.1:8322": f"127.0.0.1:{zone.doors['agents']}"}  # fmt: skip
    inside = with_changes(whole, {only: split, **paths})
    inside = with_changes(inside, {**doors, "443": zone.inner, "listen 80": f"listen {zone.plain}"})
    outside = with_changes(whole, {**paths, "127.0.0.1:8321": f"127.0.0.1:{zone.doors['outer']}",
                              "443": zone.outer, "listen 80": f"listen {free_port()}"})  # fmt: skip
    return re.sub(r"listen (\d+)", r"listen 127.0.0.1:\1", inside + outside)


def _let_in(zone: Zone, database: Database) -> None:
    engine = database.owner_engine()
    with Session(engine) as db, db.begin():
        for role in (Role.CLERK, Role.OPERATOR, Role.AUDIT_ADMIN):
            zone.tokens[role] = issue_token(
                db, role=role, person=f"某{role}", centre=1 if role is Role.OPERATOR else None,
                actor="machine:test", now=datetime.now(UTC), expires_at=FAR,
            )  # fmt: skip
    engine.dispose()


@contextmanager
def _serving(database: Database, door: str, port: int, log: Path) -> Iterator[None]:
    rest = {k: v for k, v in os.environ.items() if not k.startswith("SUANQUAN_")}
    variables = {
        "SUANQUAN_DATABASE_URL": database.app_url, "SUANQUAN_PORT": str(port),
        "SUANQUAN_URL": f"https://{HOST}", "SUANQUAN_PROXIES": "127.0.0.1",
    }  # fmt: skip
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*SUANQUAN, "serve", "--door", door], env=rest | variables, stderr=stream
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx2.HTTPError:
        return False


def test_it_speaks_tls_and_says_so_in_headers(zone: Zone) -> None:
    plain = httpx2.get(f"http://127.0.0.1:{zone.plain}/desk?x=1", headers={"Host": HOST})
    assert (plain.status_code, plain.headers["location"]) == (301, f"https://{HOST}/desk?x=1")
    with zone.visit(zone.inner) as client:
        answer = client.get("/sign-in")
        assert answer.status_code == 200
        assert answer.headers.get_list("strict-transport-security") == [
            answer.headers["strict-transport-security"]
        ]
        assert answer.headers["server"] == "nginx", "without its number"
        signed_in = client.post("/sign-in", data={"token": zone.tokens[Role.CLERK]})
        assert signed_in.status_code == 303
        assert "Secure" in signed_in.headers["set-cookie"]
        assert client.get("/desk").status_code == 200
        too_large = client.post("/api/v1/cost-documents", content=b"x" * (22 << 20))
        assert too_large.status_code == 413
    old = ("-connect", f"127.0.0.1:{zone.inner}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    handshake = subprocess.run(
        ["openssl", "s_client", *old], input="", capture_output=True, encoding="utf-8", check=False
    )
    assert "alert protocol version" in handshake.stderr


def test_an_address_is_the_visitors_and_not_what_he_writes(zone: Zone) -> None:
    """By nginx and past it, and however he varies it, his guesses are one count."""
    with zone.visit(zone.inner, ELSEWHERE) as client:
        client.post("/sign-in", data={"token": zone.tokens[Role.CLERK]}, headers=FORGED)
    with zone.direct("people", ELSEWHERE) as client:
        client.post("/sign-in", data={"token": zone.tokens[Role.OPERATOR]}, headers=FORGED)
    with psycopg.connect(zone.owner_url) as owner:
        addresses = owner.execute("SELECT DISTINCT address FROM sessions").fetchall()
    assert ("6.6.6.6",) not in addresses
    assert (ELSEWHERE,) in addresses
    statuses = []
    with zone.visit(zone.inner, "127.0.0.3") as client:
        for number in range(GUESSES.amount + 1):
            forged = {"X-Forwarded-For": f"6.6.6.{number}"}
            wrong = client.post("/sign-in", data={"token": f"sq_{number:043}"}, headers=forged)
            statuses.append(wrong.status_code)
    assert statuses[0] in (401, 403, 422)
    assert statuses[-1] == 429
    with zone.visit(zone.inner, ELSEWHERE) as client:
        answer = client.post("/sign-in", data={"token": zone.tokens[Role.CLERK]})
        assert answer.status_code == 303, "nobody else waits"


def test_each_address_comes_to_its_door(zone: Zone) -> None:
    clerk, operator = zone.bearer(Role.CLERK), zone.bearer(Role.OPERATOR)
    body = zone.node.batch([])
    with zone.visit(zone.inner) as client:
        answer = client.post("/api/v1/batches", content=body, headers=zone.node.headers(body))
        assert answer.status_code == 200, answer.text
        assert "Suanquan-Receipt" in answer.headers
        assert client.get("/api/v1/agents", headers=clerk).status_code == 200
        unknown = client.post("/api/v1/agents", json={"code": "x" * 43, "public_key": "00" * 32,
                                                     "node": "n1"})  # fmt: skip
        assert unknown.status_code == 403, "the agents' door has read it"
    for door, path in (("people", "/api/v1/batches"), ("agents", "/api/v1/projects")):
        with zone.direct(door) as client:
            method = "POST" if door == "people" else "GET"
            assert client.request(method, path, headers=clerk).status_code == 421
    with zone.visit(zone.outer) as client:
        assert client.get("/api/v1/projects", headers=clerk).status_code == 403
        assert client.get("/api/v1/decisions", headers=operator).status_code == 404
        assert client.get("/api/v1/registry/contracts", headers=operator).status_code == 200
        client.post("/sign-in", data={"token": zone.tokens[Role.CLERK]})
        assert client.get("/centre").status_code == 401, "her session is none here"
        assert client.get("/publications").status_code == 200
