"""The server's side of the wire, small: enrolment, signatures, numbers, hashes, and lost answers.

It keeps the rules of the stream on a real socket and can be told to lose a request or its answer.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from agents import relay_words, sightings, wire
from agents.values import Aware, Count, Frozen, Text


@dataclass
class TinyServer:
    """The server's side of the wire. `plan` says what happens to the next requests."""

    codes: dict[str, tuple[str, UUID] | None] = field(default_factory=lambda: {"code-1": None})
    keys: dict[UUID, VerifyKey] = field(default_factory=dict)
    batches: dict[UUID, list[tuple[str, bytes]]] = field(default_factory=dict)  # hash, answer
    windows: dict[tuple[str, str], bytes] = field(default_factory=dict)
    sightings: dict[str, sightings.Sighting] = field(default_factory=dict)
    conflicts: int = 0
    plan: list[str] = field(default_factory=list)  # serve, drop, lose, or a status
    statuses: list[int] = field(default_factory=list)
    is_older: bool = False  # reads what the version before could
    unknown: str = ""  # a field that it does not know yet
    is_early: bool = False  # its clock stands before every window
    relays: list[relay_words.RelayState] = field(
        default_factory=list
    )  # as they told, batch by batch
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Begin anew on the same socket."""
        vars(self).update(vars(TinyServer(port=self.port)))

    def enrol(self, wish: wire.Enrol) -> tuple[int, Any]:
        if wish.code not in self.codes:
            return 403, {"code": "unknown_code", "detail": "no such code"}
        enrolment = self.codes[wish.code]
        if enrolment is not None and enrolment[0] != wish.public_key:
            return 409, {"code": "code_used", "detail": "the code was used by another key"}
        agent = uuid5(UUID(int=0), wish.public_key)
        self.codes[wish.code] = (wish.public_key, agent)
        self.keys[agent] = VerifyKey(bytes.fromhex(wish.public_key))
        return 201, wire.Enrolment(agent=agent, cluster="centre-1", node=wish.node)

    def take(self, body: bytes, agent: str, signature: str) -> tuple[int, Any]:
        key = self.keys.get(UUID(agent))
        if key is None:
            return 401, {"code": "unknown_agent", "detail": "who?"}
        try:
            key.verify(sha256(body).digest(), base64.b64decode(signature))
        except BadSignatureError:
            return 401, {"code": "bad_signature", "detail": "not yours"}
        batch = msgspec.json.decode(body, type=wire.Batch)
        batches = self.batches.setdefault(batch.stream, [])
        digest = sha256(body).hexdigest()
        if batch.number <= len(batches):
            earlier, answer = batches[batch.number - 1]
            if earlier != digest:
                return 409, {"code": "fork", "detail": "another batch has this number"}
            return 200, msgspec.Raw(answer)
        previous = batches[-1][0] if batches else ""
        if batch.number > len(batches) + 1:
            return 409, {"code": "ahead", "expected": len(batches) + 1}
        assert batch.previous == previous, "the chain is broken"
        answer = msgspec.json.encode(self._keep(batch))
        batches.append((digest, answer))
        return 200, msgspec.Raw(answer)

    def _keep(self, batch: wire.Batch) -> wire.Answer:
        if self.is_early:
            future = tuple(wire.Item(index, "future") for index, _ in enumerate(batch.windows))
            return wire.Answer(batch.stream, batch.number, 0, 0, quarantined=future)
        new_count = old_count = 0
        conflicts = []
        refused = []
        for index, window in enumerate(batch.windows):
            assert wire.faults(window) == []
            body = msgspec.json.encode(window)
            if self.unknown and f'"{self.unknown}":'.encode() in body:
                refused.append(wire.Item(index, "malformed", self.unknown))
                continue
            if self.is_older and (fault := older_fault(body)):
                refused.append(wire.Item(index, "malformed", fault))
                continue
            before = self.windows.setdefault((window.gpu, window.start.isoformat()), body)
            if before is body:
                new_count += 1
            elif before == body:
                old_count += 1
            else:
                conflicts.append(wire.Item(index, "conflict"))
                self.conflicts += 1
        for sighting in batch.sightings:
            assert sightings.faults(sighting) == []
            self.sightings[sightings.key(sighting)] = sighting
        new_count += len(batch.sightings)
        return wire.Answer(
            batch.stream, batch.number, new_count, old_count, tuple(conflicts), (), tuple(refused)
        )

    def windows_kept(self) -> list[wire.Window]:
        return [msgspec.json.decode(body, type=wire.Window) for body in self.windows.values()]


class Handler(BaseHTTPRequestHandler):
    server_rules: TinyServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, b"ok")

    def do_POST(self) -> None:
        rules = self.server_rules
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if header := self.headers[relay_words.RELAY_HEADER]:
            rules.relays.append(msgspec.json.decode(header, type=relay_words.RelayState))
        fate = rules.plan.pop(0) if rules.plan else "serve"
        if fate == "drop":
            self.close_connection = True
            return
        if fate.isdigit():
            self._answer(int(fate), b"<html>a proxy's page</html>")
            return
        if self.path == "/api/v1/agents":
            status, answer = rules.enrol(msgspec.json.decode(body, type=wire.Enrol))
        else:
            status, answer = rules.take(
                body, self.headers[wire.AGENT_HEADER], self.headers[wire.SIGNATURE_HEADER]
            )
        rules.statuses.append(status)
        if fate == "lose":
            self.close_connection = True
            return
        self._answer(status, msgspec.json.encode(answer))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status in (429, 503):
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def listening(rules: TinyServer) -> Iterator[TinyServer]:
    """Serve it on a free port of 127.0.0.1."""
    handler = type("TinyHandler", (Handler,), {"server_rules": rules})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    rules.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield rules
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# The wire of the version before Slurm's `user`: what a server of then could read.

Selector = Annotated[str, Meta(min_length=1, max_length=36)]


class OlderSlurm(Frozen, frozen=True, tag_field="kind", tag="slurm"):
    account: Text
    job: Text
    partition: Selector | None = None
    qos: Selector | None = None


class OlderPart(Frozen, frozen=True):
    holder: wire.Pod | OlderSlurm | wire.Static | wire.Unallocated | wire.Unattributed
    from_ms: Count
    to_ms: Count
    num: int = 1
    den: int = 1
    mig: wire.Mig | None = None
    readings: wire.Readings | None = None


class OlderWindow(Frozen, frozen=True):
    gpu: Text
    model: Text
    start: Aware
    window_ms: Count
    parts: tuple[OlderPart, ...]
    gaps: tuple[wire.Gap, ...] = ()
    vendor: Text = "nvidia"
    boot: str | None = None
    energy_mj: Count | None = None
    missing: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    flags: tuple[str, ...] = ()


_WINDOW = msgspec.json.Decoder(OlderWindow)


def older_fault(window: bytes) -> str:
    """What a server of then said of a window that it could not read; "" for any other."""
    try:
        _WINDOW.decode(window)
    except msgspec.DecodeError as error:
        return str(error)
    return ""
