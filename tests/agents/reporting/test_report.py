"""The sending flow: by hand without sockets, killed at every step, and through a bad network."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import wire
from agents.errors import Refused, Unreachable
from agents.reporting import report as reporting
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import Sleep, drain, phase_s, report
from agents.reporting.server import Request, Response
from agents.reporting.spool import Spool
from tests.support.agents.mortal import in_a_process
from tests.support.agents.tiny_server import TinyServer, listening
from tests.support.agents.windows import NOON, window


@pytest.fixture
def identity(tmp_path: Path, server: TinyServer) -> Identity:
    return enrol(tmp_path / "identity", server.url, "code-1", "node-1")


@pytest.fixture
def spool(tmp_path: Path) -> Any:
    with Spool(tmp_path / "spool.db") as spool:
        yield spool


class Hand:
    """Drives the flow by hand: each answer is written out, each wait is noted."""

    def __init__(self, spool: Spool, identity: Identity) -> None:
        self.flow = report(spool, identity, lambda: NOON)
        self.waits: list[float] = []

    def request(self, response: Response | None = None) -> Request | None:
        """Give an answer; the next request, past waits and news, or None at the end."""
        try:
            step = self.flow.send(response)
            while not isinstance(step, Request):
                if isinstance(step, Sleep):
                    self.waits.append(step.seconds)
                step = self.flow.send(None)
        except StopIteration:
            return None
        return step


def head(request: Request | None) -> tuple[str, int]:
    assert request is not None
    batch = msgspec.json.decode(request.body, type=wire.Batch)
    return str(batch.stream), batch.number


def answer(request: Request | None, **changes: Any) -> Response:
    stream, number = head(request)
    fields = {"stream": stream, "number": number, "kept": 1, "known": 0, **changes}
    return Response(200, {}, msgspec.json.encode(fields))


def refusal(status: int, code: str, **more: Any) -> Response:
    return Response(status, {}, msgspec.json.encode({"code": code, "detail": "because", **more}))


def test_all_that_waits_is_sent_and_acknowledged(spool: Spool, identity: Identity) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    first = hand.request()
    assert first is not None
    assert first.path == "/api/v1/batches"
    assert first.headers[wire.AGENT_HEADER] == str(identity.agent)
    assert first.headers[wire.SIGNATURE_HEADER] == identity.sign(first.body)
    assert parsedate_to_datetime(first.headers["Date"]).tzinfo is not None
    assert spool.depth() == 1
    assert hand.request(answer(first)) is None
    assert (spool.depth(), hand.waits) == (0, [])


@pytest.mark.parametrize(
    "response",
    [
        None,
        Response(500, {}, b"oops"),
        Response(302, {}, b""),
        Response(200, {}, b"<html>sign in to the hotel's network</html>"),
        Response(404, {}, b""),
    ],
)
def test_what_is_no_answer_is_sent_again_with_longer_waits(
    spool: Spool, identity: Identity, response: Response | None
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    first = hand.request()
    for _ in range(20):
        assert hand.request(response) == first
    assert all(0.5 <= hand.waits[0] <= 1.0 for _ in hand.waits)
    assert hand.waits[5] > hand.waits[0]
    assert 150 <= hand.waits[-1] <= 300
    assert hand.request(answer(first)) is None


def test_an_answer_for_another_batch_is_none(spool: Spool, identity: Identity) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    first = hand.request()
    assert hand.request(answer(first, number=2)) == first
    assert hand.request(answer(first, stream=str(uuid4()))) == first
    assert spool.depth() == 1


@pytest.mark.parametrize(("header", "least"), [("7", 7), ("Thu, 01 Jan 2026 12:00:40 GMT", 40)])
def test_retry_after_is_honoured(
    spool: Spool, identity: Identity, header: str, least: float
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    hand.request()
    hand.request(Response(503, {"retry-after": header}, b""))
    assert hand.waits == [least]


@pytest.mark.parametrize("header", ["soon", "-5", "", "1e400", "٣"])
def test_a_strange_retry_after_is_an_ordinary_wait(
    spool: Spool, identity: Identity, header: str
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    hand.request()
    hand.request(Response(429, {"retry-after": header}, b""))
    assert hand.waits[0] <= 3


def test_a_fork_leaves_the_stream_and_says_the_windows_again(
    spool: Spool, identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    first = hand.request()
    second = hand.request(refusal(409, "fork"))
    assert head(second)[0] != head(first)[0]
    assert head(second)[1] == 1
    assert "FORK" in caplog.text
    assert hand.request(answer(second)) is None


def test_a_server_restored_from_a_backup_is_answered_from_the_spool(
    spool: Spool, identity: Identity
) -> None:
    hand = Hand(spool, identity)
    requests = []
    for minute in range(4):
        spool.add([window(minute)])
        hand = Hand(spool, identity)
        requests.append(hand.request())
        if minute < 3:
            assert hand.request(answer(requests[-1])) is None
    again = hand.request(refusal(409, "ahead", expected=2))
    for expected in requests[1:]:
        assert again == expected
        again = hand.request(answer(again))
    assert again is None


@pytest.mark.parametrize("expected", [0, 9])
def test_a_number_that_we_never_had_is_a_new_stream(
    spool: Spool, identity: Identity, expected: int
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    first = hand.request()
    second = hand.request(refusal(409, "ahead", expected=expected))
    assert head(second)[0] != head(first)[0]
    assert second is not None
    assert msgspec.json.decode(second.body, type=wire.Batch).windows == (window(0),)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed"),
        (401, "revoked"),
        (401, "unknown_agent"),
        (401, "bad_signature"),
        (403, ""),
        (413, ""),
        (422, ""),
    ],
)
def test_what_no_repetition_can_mend_stops_and_keeps_the_data(
    spool: Spool, identity: Identity, status: int, code: str
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    hand.request()
    with pytest.raises(Refused) as caught:
        hand.request(refusal(status, code))
    assert caught.value.code == (code or str(status))
    assert "because" in caught.value.zh
    assert "because" in caught.value.en
    assert spool.depth() == 1


def test_refused_items_are_logged_and_the_flow_goes_on(
    spool: Spool, identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add([window(0)])
    hand = Hand(spool, identity)
    item = {"index": 0, "reason": "unknown_gpu", "detail": "GPU-0"}
    assert hand.request(answer(hand.request(), kept=0, quarantined=[item])) is None
    assert "unknown_gpu" in caplog.text


def test_phases_are_spread_over_the_minute() -> None:
    phases = sorted(phase_s(uuid4()) for _ in range(2_000))
    assert 0 <= phases[0] < 1
    assert 59 < phases[-1] < 60
    assert max(later - phase for phase, later in pairwise(phases)) < 1


def test_drain_gives_up_when_told_to(spool: Spool, identity: Identity) -> None:
    spool.add([window(0)])
    with pytest.raises(Unreachable, match="took nothing"):
        drain(spool, identity, "http://127.0.0.1:9", give_up_after_s=0)
    assert spool.depth() == 1


# Killed at every step: the process dies by SIGKILL before its n-th statement, request or answer.


def test_killed_at_every_step_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    steps, survived = 0, False
    with listening(TinyServer()) as server:
        while not survived:
            steps += 1
            folder = tmp_path / str(steps)
            folder.mkdir()
            server.forget()
            survived = _killed_at(steps, folder, server)
    assert steps > 40  # it was killed at that many different places


def _killed_at(step: int, folder: Path, server: TinyServer) -> bool:
    read, write = os.pipe()

    def work(countdown: Callable[[], None]) -> None:
        with Spool(folder / "spool.db") as spool:
            spool.add([window(0), window(1)])
            os.write(write, b"0")
            identity = Identity.load(folder) or enrol(folder, server.url, "code-1", "node-1")
            drain(spool, identity, server.url)
            spool.add([window(2)])
            os.write(write, b"1")
            spool.add([window(3)])
            os.write(write, b"2")
            drain(spool, identity, server.url)

    def recover(countdown: Callable[[], None]) -> None:
        with Spool(folder / "spool.db") as spool:
            identity = Identity.load(folder) or enrol(folder, server.url, "code-1", "node-1")
            drain(spool, identity, server.url)

    survived = in_a_process(work, step)
    os.close(write)
    text = os.read(read, 10).decode()
    os.close(read)
    assert in_a_process(recover, -1)
    starts = {item.start for item in server.windows_kept()}
    promises = {"": set(), "0": {0, 1}, "01": {0, 1, 2}, "012": {0, 1, 2, 3}}[text]
    assert {NOON + timedelta(minutes=minute) for minute in promises} <= starts
    assert server.conflicts == 0
    assert len(server.keys) == 1
    assert set(server.statuses) <= {200, 201}
    return survived


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    plan=st.lists(st.sampled_from(["serve", "drop", "lose", "500", "503", "200"]), max_size=12),
    adds=st.lists(st.integers(1, 3), min_size=1, max_size=5),
)
def test_through_a_bad_network_everything_arrives_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plan: list[str],
    adds: list[int],
    server: TinyServer,
) -> None:
    folder = tmp_path / str(uuid4())
    folder.mkdir()
    monkeypatch.setattr(reporting, "_WAIT_MAX_S", 0.0)
    server.forget()
    with Spool(folder / "spool.db") as spool:
        identity = enrol(folder, server.url, "code-1", "node-1")
        server.plan = list(plan)
        answers: list[wire.Answer] = []
        minute = 0
        for count in adds:
            spool.add(window(minute + more) for more in range(count))
            minute += count
            drain(spool, identity, server.url, on_answer=answers.append)
        assert len(server.windows) == minute
        assert sum(item.kept for item in answers) == minute
        assert (server.conflicts, spool.depth()) == (0, 0)


def test_a_lost_spool_is_a_new_stream_and_nothing_is_kept_twice(
    tmp_path: Path, server: TinyServer, identity: Identity
) -> None:
    for name in ("first.db", "second.db"):
        with Spool(tmp_path / name) as spool:
            spool.add([window(0), window(1)])
            drain(spool, identity, server.url)
    assert (len(server.batches), len(server.windows), server.conflicts) == (2, 2, 0)


def test_a_copied_spool_forks_and_goes_on(
    tmp_path: Path, server: TinyServer, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_WAIT_MAX_S", 0.0)
    with Spool(tmp_path / "spool.db") as spool:
        spool.add([window(0)])
        drain(spool, identity, server.url)
    (tmp_path / "copy.db").write_bytes((tmp_path / "spool.db").read_bytes())
    for name, minute in (("spool.db", 1), ("copy.db", 2)):
        with Spool(tmp_path / name) as spool:
            spool.add([window(minute)])
            drain(spool, identity, server.url)
    assert 409 in server.statuses
    assert (len(server.windows), server.conflicts) == (3, 0)


def test_now_is_what_the_batch_says(spool: Spool, identity: Identity) -> None:
    spool.add([window(0)])
    request = Hand(spool, identity).request()
    assert request is not None
    batch = msgspec.json.decode(request.body, type=wire.Batch)
    assert batch.sent_at == NOON == datetime(2026, 1, 1, 12, tzinfo=UTC)
