"""A cluster whose truth is known, the real witness at a fake API server, and the real ledger.

Time is simulated: `Watched` is the clock, the event that asks the witness to stop, and the API
server's transport. The witness's own `Watcher` and `View` run on it in one thread. Nodes meter what
a test says they do. Two witnesses are needed, so that only what agrees or waits counts; `judge` is
the oracle: it compares what the ledger says of each stretch with what ran in truth.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from kubernetes.client.exceptions import ApiException
from sqlmodel import Session
from urllib3.exceptions import ProtocolError

from agents.witness.view import View
from agents.witness.watch import Ask, Watcher
from ledger.metering.codes import WitnessVerdict
from ledger.metering.queries.witnesses.evidence import Piece, pieces
from tests.support.agents.fake_api_server import FakeApiServer, Thing, finished_pod, pod, running
from tests.support.faults.fault_site import Verdict
from tests.support.simulation import START, minute
from tests.support.witness.reports import TWO_NEEDED
from tests.support.witness.town import MARCH, WitnessedTown, part

EDGE = timedelta(minutes=1)
EDGE_MS = 60_000
BOOKMARK_S = 60.0
GONE = 410


class Killed(BaseException):
    """The witness's process is killed."""


@dataclass(frozen=True)
class Run:
    """In truth this pod held this GPU in these minutes."""

    gpu: int
    pod: str
    uid: str
    low: int
    high: int


@dataclass
class Watched:
    """The cluster: its API server, its clock, its witness, and what is true."""

    site: WitnessedTown
    api: FakeApiServer = field(default_factory=FakeApiServer)
    now: datetime = START
    end: datetime = START
    truth: list[Run] = field(default_factory=list)
    plan: list[tuple[int, Callable[[], object]]] = field(default_factory=list)  # minute, act
    status: int | None = None  # what the API server answers instead; 0: nothing
    is_cut_off: bool = False  # the witness cannot reach the ledger
    _queue: list[Any] = field(default_factory=list)
    _view: View = field(init=False)

    def __post_init__(self) -> None:
        self.site.town.register(TWO_NEEDED)

    # What happens.

    def at(self, when: int, act: Callable[[], object]) -> None:
        """Something happens at this minute."""
        self.plan.append((when, act))
        self.plan.sort(key=lambda item: item[0])

    def run_pod(self, gpu: int, name: str, low: int, high: int, uid: str = "") -> None:
        """A pod runs in truth, and the API server tells it."""
        uid = uid or f"uid-{name}"
        self.truth.append(Run(gpu, name, uid, low, high))
        facts: dict[str, Any] = {"node": "n1", "uid": uid}
        start, end = (f"{minute(at):%Y-%m-%dT%H:%M:%SZ}" for at in (low, high))
        self.at(low, lambda: self.api.put("pods", running(name, start, **facts)))
        self.at(high, lambda: self.api.put("pods", finished_pod(name, start, end, **facts)))

    def put_waiting(self, name: str) -> None:
        """The API server knows a pod that does not start."""
        self.api.put("pods", pod(name, node="n1"))

    def meter(self, gpu: int, name: str, low: int, high: int, uid: str = "") -> None:
        """The node says that a pod held a GPU in these minutes."""
        self.site.run(gpu, range(low, high), part(name, uid or f"uid-{name}"))

    def answer(self, status: int | None, low: int, high: int) -> None:
        """The API server answers so in these minutes, and ends what it was telling."""
        self.at(low, lambda: setattr(self, "status", status))
        self.at(high, lambda: setattr(self, "status", None))

    def witness(self, until: int, *, killed_at: int | None = None, back_at: int = 0) -> None:
        """The witness watches until this minute; killed, it begins anew at another."""
        self.end = minute(until)
        if killed_at is not None:
            self.at(killed_at, self._die)
        while self.now < self.end:
            self._view = View([], lambda: self.now)
            self._view.expect("pods")
            try:
                Watcher("pods", cast("Ask", self._ask), self._view, cast("Any", self)).run()
            except Killed:
                self._pass_until(minute(back_at))
        self._report()

    def _die(self) -> None:
        raise Killed

    # The clock, and the event that asks to stop.

    def is_set(self) -> bool:
        return self.now >= self.end

    def wait(self, seconds: float) -> bool:
        self._pass_until(self.now + timedelta(seconds=seconds))
        return self.is_set()

    def _pass_until(self, moment: datetime) -> None:
        moment = min(moment, self.end)
        while self.plan and minute(self.plan[0][0]) <= moment:
            when, act = self.plan.pop(0)
            self.now = max(self.now, minute(when))
            act()
        self.now = moment

    # The API server, as the witness's client sees it.

    def _ask(self, **query: Any) -> Any:
        self._report()
        self._refuse()
        if not query.get("watch"):
            _, page = self.api.page("pods", {"limit": str(query["limit"])})
            return _Answer(json.dumps(page).encode())
        version = int(query["resource_version"])
        if version < self.api.compacted:
            raise ApiException(status=GONE, reason="Gone")
        return _Answer(b"", self._events(version))

    def _events(self, version: int) -> Iterator[bytes]:
        while not self.is_set():
            self._refuse()
            if version < self.api.compacted:
                status = {"code": GONE, "message": "too old resource version"}
                yield _line("ERROR", status)
                return
            fresh = [event for event in self.api.events if event[0] > version]
            for number, _, kind, thing in fresh:
                version = number
                yield _line(kind, thing)
            if not fresh:
                yield _line("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})
                self._report()
                self._pass_until(self.now + timedelta(seconds=BOOKMARK_S))

    def _refuse(self) -> None:
        if self.status == 0:
            raise ProtocolError("connection refused")
        if self.status is not None:
            raise ApiException(status=self.status, reason="not now")

    def _report(self) -> None:
        self._queue += self._view.take()
        if self._queue and not self.is_cut_off:
            self.site.say(*self._queue)
            self._queue = []

    # The oracle.

    def judge(self) -> Verdict:
        """Compare each stretch with the truth; raise where the ledger says what is not so."""
        self.site.minutes()  # a round of charges
        with Session(self.site.engine) as db, db.begin():
            own = pieces(db, self.site.town.cluster, MARCH)
        verdict = Verdict(true=sum((run.high - run.low) * 60_000 for run in self.truth))
        for piece in own:
            self._compare(piece)
            if piece.counts:
                verdict.counted += piece.length_ms
            else:
                verdict.gaps[str(piece.verdict)] += piece.length_ms
                verdict.hidden += self._true_ms(piece)
        beyond = verdict.counted + verdict.hidden - verdict.true  # at edges
        assert 0 <= beyond <= len(self.truth) * EDGE_MS
        verdict.hidden -= beyond
        assert self.site.parts() * 60_000 == verdict.counted
        return verdict

    def _spans(self, piece: Piece) -> list[tuple[datetime, datetime]]:
        runs = [r for r in self.truth if (r.pod, r.uid) == (piece.pod, piece.uid)]
        return [(minute(r.low), minute(r.high)) for r in runs]

    def _true_ms(self, piece: Piece) -> int:
        """How much of a stretch its pod ran, in truth."""
        pairs = [(max(a, piece.low), min(b, piece.high)) for a, b in self._spans(piece)]
        return sum((b - a) // timedelta(milliseconds=1) for a, b in pairs if a < b)

    def _compare(self, piece: Piece) -> None:
        spans = self._spans(piece)
        if piece.verdict is WitnessVerdict.AGREEING:
            assert any(low - EDGE <= piece.low and piece.high <= high + EDGE for low, high in spans)
        if piece.verdict is WitnessVerdict.CONTRADICTING:
            assert not any(low < piece.high and piece.low < high for low, high in spans)


class _Answer:
    """An answer of the client's, whole or in lines."""

    def __init__(self, body: bytes, lines: Iterator[bytes] | None = None) -> None:
        self._body, self._lines = body, lines or iter(())

    def read(self) -> bytes:
        return self._body

    def stream(self, amt: int) -> Iterator[bytes]:
        del amt
        return self._lines

    def close(self) -> None:
        pass

    def release_conn(self) -> None:
        pass


def _line(event: str, thing: Thing) -> bytes:
    return json.dumps({"type": event, "object": thing}).encode() + b"\n"
