"""The forwarder: what the server says to one agent holds up no other."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from agents import wire
from agents.parcels import Parcel
from agents.relay.forwarder import Forwarder
from agents.relay.queue import Queue
from agents.reporting.server import Request, Response, Server

SIGNATURE = base64.b64encode(bytes(64)).decode()
SPENT, MODEST = str(UUID(int=1)), str(UUID(int=2))


class OneIsSpent(Server):
    """A server that takes no more of one agent today."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def post(self, request: Request) -> Response:
        agent = request.headers[wire.AGENT_HEADER]
        self.asked.append(agent)
        if agent == SPENT:
            body = json.dumps({"code": wire.SHARE_SPENT}).encode()
            return Response(429, {"retry-after": "600"}, body)
        answer = {"stream": str(UUID(int=3)), "number": 1, "kept": 1, "known": 0}
        return Response(200, {}, json.dumps(answer).encode())


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "relay.db")
    yield queue
    queue.close()


def test_an_agent_whose_share_is_spent_waits_alone(queue: Queue) -> None:
    for number, agent in enumerate((SPENT, MODEST, SPENT, MODEST)):
        queue.add(Parcel(agent, SIGNATURE, bytes([number])))
    forwarder, server = Forwarder(queue, "http://127.0.0.1:1"), OneIsSpent()
    for _ in range(4):
        forwarder.step(server)
    assert server.asked == [SPENT, MODEST, MODEST]
    assert [parcel.agent for parcel in queue.backlog()] == [SPENT, SPENT]
