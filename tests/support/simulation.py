"""Agents for tests of the server: real keys, real wire, real bytes; only their GPUs are made up."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
import psycopg
from nacl.signing import SigningKey

from agents import wire
from agents.sightings import Sighting
from api.door.batch_decoder import read_batch, verify
from ledger.metering.steps.intake import Reporter, Submission

START = datetime(2026, 3, 1, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
USCC = "91640100MA7600001J"


def gpu_id(number: int) -> str:
    return f"GPU-00000000-0000-4000-8000-{number:012x}"


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def window(
    gpu: int, at: int, *parts: wire.Part, gaps: Sequence[wire.Gap] = (), model: str = "H100"
) -> wire.Window:
    """A minute of a GPU; with neither parts nor gaps it is held by `team-a` all the time."""
    if not parts and not gaps:
        parts = (held("team-a"),)
    return wire.Window(gpu_id(gpu), model, minute(at), 60_000, tuple(parts), tuple(gaps))


def held(
    name: str, from_ms: int = 0, to_ms: int = 60_000, util_ppm: int | None = None
) -> wire.Part:
    readings = None if util_ppm is None else wire.Readings(6, util_ppm)
    return wire.Part(wire.Static(name), from_ms, to_ms, readings=readings)


@dataclass
class Node:
    """An enrolled node with a spool: it numbers, chains and signs as agents do."""

    reporter: Reporter
    key: SigningKey = field(default_factory=SigningKey.generate)
    stream: UUID = field(default_factory=uuid4)
    number: int = 0
    head: str = ""
    sent: list[bytes] = field(default_factory=list)

    def batch(
        self,
        windows: Iterable[wire.Window],
        now: datetime = START,
        sightings: Iterable[Sighting] = (),
    ) -> bytes:
        """The next batch of the stream, as exact bytes."""
        self.number += 1
        body = msgspec.json.encode(
            wire.Batch(
                wire.VERSION,
                self.reporter.agent,
                self.stream,
                self.number,
                self.head,
                now,
                tuple(windows),
                tuple(sightings),
            )
        )
        self.head = sha256(body).hexdigest()
        self.sent.append(body)
        return body

    def signature(self, body: bytes) -> str:
        signature = self.key.sign(sha256(body).digest())
        return base64.b64encode(signature.signature).decode()

    def headers(self, body: bytes) -> dict[str, str]:
        return {
            wire.AGENT_HEADER: str(self.reporter.agent),
            wire.SIGNATURE_HEADER: self.signature(body),
            "Content-Type": "application/json",
        }

    def read(self, body: bytes) -> Submission:
        """The batch as the door reads it."""
        public = bytes(self.key.verify_key)
        digest = sha256(body).digest()
        signature = verify(public, digest, self.signature(body))
        return read_batch(body, digest, self.reporter, signature)


def place(
    owner: psycopg.Connection, *, gpus: int = 4, cluster: str = "c1", node: str = "n1"
) -> int:
    """A centre with a cluster and registered GPUs 0 … gpus-1 on one node; the cluster's id."""
    owner.execute(
        "INSERT INTO organisations (uscc, name) VALUES (%s, '测试单位') ON CONFLICT DO NOTHING",
        (USCC,),
    )
    owner.execute(
        "INSERT INTO centres (name, organisation_id) SELECT %s, id FROM organisations WHERE uscc"
        " = %s",
        (f"centre of {cluster}", USCC),
    )
    row = owner.execute(
        "INSERT INTO clusters (name, centre_id) SELECT %s, id FROM centres WHERE name = %s"
        " RETURNING id",
        (cluster, f"centre of {cluster}"),
    ).fetchone()
    assert row
    for number in range(gpus):
        owner.execute(
            "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, %s, %s)",
            (gpu_id(number), row[0], node, START),
        )
    return int(row[0])


def enrolled(
    owner: psycopg.Connection,
    cluster: int,
    *,
    cluster_name: str = "c1",
    node: str = "n1",
    source: str = "nvml",
    is_approved: bool = True,
) -> Node:
    """A node whose key the server knows."""
    node_key = Node(
        Reporter(uuid4(), cluster, cluster_name, node, source, START, EVER, is_approved)
    )
    owner.execute(
        "INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at, history_from,"
        " approved_at, approved_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            node_key.reporter.agent,
            cluster,
            node,
            source,
            bytes(node_key.key.verify_key),
            START,
            EVER,
            START if is_approved else None,
            "test" if is_approved else None,
        ),
    )
    return node_key
