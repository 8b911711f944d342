"""An enrolled agent that means harm: its batch is answered, and nobody else is the worse for it."""

import json
import random
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
import psycopg
import pytest

from agents import wire
from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.simulation import START, Node, enrolled, gpu_id, minute, place

STATIC = {"kind": "static", "name": "team-a"}
PRIMES = [n for n in range(2, 11_000) if all(n % d for d in range(2, int(n**0.5) + 1))]


def part(**fields: object) -> dict[str, Any]:
    return {"holder": STATIC, "from_ms": 0, "to_ms": 60_000, **fields}


def a_window(**fields: object) -> dict[str, Any]:
    plain = {"gpu": gpu_id(0), "model": "H100", "start": minute(10).isoformat()}
    return {**plain, "window_ms": 60_000, "parts": [part()], **fields}


def mig(**fields: object) -> dict[str, Any]:
    return {"gi": 1, "ci": 0, "profile": "1g.10gb", "uuid": "MIG-1", "placement": [0, 1], **fields}


def cut(count: int, *shares: int) -> list[dict[str, Any]]:
    """The minute in `count` parts of a millisecond each, the last one longer."""
    ends = [*range(1, count), 60_000]
    dens = shares or (1,) * count
    return [part(from_ms=i, to_ms=ends[i], den=dens[i]) for i in range(count)]


def send(town: Town, *windows: Mapping[str, Any], **head: object) -> tuple[int, dict[str, Any]]:
    """The next batch of the first node, written by hand."""
    node: Node = town.nodes["mine"]
    node.number += 1
    says = {
        "version": wire.VERSION, "agent": str(node.reporter.agent), "stream": str(node.stream),
        "number": node.number, "previous": node.head, "sent_at": START.isoformat(),
        "windows": windows,
    }  # fmt: skip
    body = json.dumps(says | head).encode()
    node.head = sha256(body).hexdigest()
    answer = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
    return answer.status_code, answer.json()


def letters(count: int) -> str:
    """Four bytes each, and no two alike, so that nothing can be compressed."""
    return "".join(chr(random.Random(i).randrange(0x20000, 0x2A000)) for i in range(count))  # noqa: S311


@pytest.mark.parametrize(
    "bad",
    [
        a_window(**{"a\0b": 1}),
        a_window(parts=[part(mig=mig(uuid="a\0")), part(mig=mig(uuid="a\0"))]),
        a_window(model=letters(97)),
        a_window(parts=[part(mig=mig(profile=letters(33)))]),
        a_window(parts=[part(den=1_001)]),
        a_window(parts=cut(1_001)),
    ],
    ids=["NUL in a field's name", "NUL in a fault", "model", "profile", "share", "parts"],
)
def test_a_poisoned_window_is_refused_alone(town: Town, bad: dict[str, object]) -> None:
    status, answer = send(town, bad, a_window())
    assert (status, answer.get("kept")) == (200, 1), answer
    assert [item["index"] for item in answer["refused"]] == [0]


@pytest.mark.parametrize("source", ["nvml", "slurm"])
def test_the_longest_texts_can_be_kept(town: Town, owner: psycopg.Connection, source: str) -> None:
    texts = letters(wire.MODEL_MAX + 32 + 253 + 64 + 128)
    holder = {"kind": "static", "name": texts[128:381]}
    long = a_window(model=texts[:96], parts=[part(holder=holder, mig=mig(profile=texts[96:128]))])
    if source == "slurm":
        cluster = place(owner, gpus=0, cluster=texts[381:445])
        town.nodes["mine"] = enrolled(owner, cluster, source=source)
        long |= {"gpu": f"job/{texts[381:445]}/{texts[445:]}/999999/999999", "window_ms": 3_600_000}
        long |= {"start": START.isoformat(), "parts": [{**long["parts"][0], "to_ms": 3_600_000}]}
    status, answer = send(town, long)
    assert (status, answer.get("kept")) == (200, 1), answer


def test_odd_shares_spoil_nobodys_sums(town: Town) -> None:
    dens = [p for p in PRIMES if p <= wire.SHARE_MAX]
    assert send(town, a_window(parts=cut(len(dens), *dens)))[1]["kept"] == 1
    send(town, a_window(parts=cut(len(PRIMES), *PRIMES)))
    for path in ("/usage", "/projects/p-mine/days", "/findings?kind=unpriced"):
        answer = town.client.get(f"/api/v1{path}", headers=town.headers(Role.AUDITOR))
        assert answer.status_code == 200, (path, answer.text)


def test_a_window_wrong_at_every_instant_has_a_short_answer() -> None:
    shares = [wire.Mig(i, 0, "1g.10gb", f"MIG-{i}", (0, 1)) for i in range(100)]
    parts = tuple(wire.Part(wire.Static("a"), i, 60_000 - i, mig=m) for i, m in enumerate(shares))
    window = msgspec.convert(a_window(), wire.Window, strict=False)
    assert len(wire.faults(msgspec.structs.replace(window, parts=parts + parts))) <= wire.FAULTS_MAX


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_out_of_the_calendar_spoils_no_list(town: Town, sent_at: str) -> None:
    assert send(town, a_window(), sent_at=sent_at)[1].get("code") == "malformed"
    listed = town.client.get("/api/v1/agents", headers=town.headers(Role.SYSTEM_ADMIN))
    assert (listed.status_code, len(listed.json())) == (200, 2)
