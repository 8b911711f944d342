"""What waits in the relay goes to the server, oldest first, one parcel at a time.

| the server                              | the relay                                            |
|-----------------------------------------|------------------------------------------------------|
| answers a batch: 200, 400, 401, 409 …   | keeps the answer for the node                        |
| 429, 503                                | waits as long as it says                             |
| 429, this agent's share of the day      | waits so long with its batches, others go on         |
| any other answer, a proxy's page too    | waits with this agent's batches, others go on        |
| gives none                              | waits with all, longer each time, up to 30 s         |

Nothing leaves the queue without the server's own word. Each batch takes along what else waits.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from agents import relay_words, wire
from agents.errors import AgentError
from agents.parcels import Parcel
from agents.relay.queue import Queue
from agents.reporting.report import BATCH_PATH, retry_after_s
from agents.reporting.server import Request, Response, Server, problem

_REFUSALS = (400, 401, 403, 409, 413, 422)
_WAIT_MAX_S = 30.0
_RETRY_AFTER_MAX_S = 300.0
_IDLE_S = 5.0
_FRESH_S = 5.0  # so long is the node's `Date` its clock now
_TIMEOUT_S = 10.0
_WAYS_MAX = 10_000  # agents
_log = logging.getLogger(__name__)


def is_word(response: Response | None) -> bool:
    """Return whether this is the server's own answer to a batch, no proxy's or portal's page."""
    if response is None:
        return False
    if response.status == 200:  # noqa: PLR2004
        try:
            msgspec.json.decode(response.body, type=wire.Answer)
        except msgspec.DecodeError:
            return False
        return True
    return response.status in _REFUSALS and problem(response).code != ""


def request_of(parcel: Parcel, date: str = "", state: str = "") -> Request:
    """Build the request that the node made; `date` is its clock, if that is still true.

    `state` is the relay's own word beside it (`relay_words.RelayState`).
    """
    headers = {wire.AGENT_HEADER: parcel.agent, wire.SIGNATURE_HEADER: parcel.signature}
    beside = {"Date": date, relay_words.RELAY_HEADER: state}
    return Request(BATCH_PATH, parcel.body, headers | {k: v for k, v in beside.items() if v})


class Forwarder:
    """The thread that empties the queue. `url` is the server's; without one it does nothing.

    `name` is what the server calls this relay, `relay` tells it from others of the name; the server
    is told nothing of a relay without them.
    """

    def __init__(
        self,
        queue: Queue,
        url: str | None,
        name: str = "",
        relay: UUID | None = None,
        *,
        wait_max_s: float = _WAIT_MAX_S,
    ) -> None:
        self._queue, self._url, self._wait_max_s = queue, url, wait_max_s
        self._name, self._relay = name, relay
        self._behind: dict[
            str, tuple[tuple[relay_words.RelayQueue, ...], float]
        ] = {}  # by agent: when
        self._lock = threading.Lock()
        self._work = threading.Event()  # something came, or we are to stop
        self._watchers: dict[str, tuple[threading.Event, str]] = {}
        self._failures: dict[str, tuple[int, float]] = {}  # of an agent: how often, until when
        self._line_failures = 0
        self.fault = "" if url else "no_server"
        self.forwarded = 0
        self.refused = 0

    @property
    def is_up(self) -> bool:
        """Return whether the newest attempt reached the server."""
        return not self.fault

    def watch(self, parcel: Parcel, date: str) -> threading.Event:
        """Return an event that is set once the server answered; its node waits. See `leave`."""
        event = threading.Event()
        with self._lock:
            self._watchers[parcel.key] = event, date
        return event

    def leave(self, parcel: Parcel) -> None:
        """Wait for this parcel no more."""
        with self._lock:
            self._watchers.pop(parcel.key, None)

    def hear(self, agent: str, word: str) -> None:
        """Remember which relays this agent's batches came through, and what they said."""
        try:
            state = msgspec.json.decode(word, type=relay_words.RelayState) if word else None
        except msgspec.DecodeError:
            state = None
        with self._lock:
            self._behind.pop(agent, None)
            if state is not None:
                way = (
                    msgspec.convert(state, relay_words.RelayQueue, from_attributes=True),
                    *state.behind,
                )
                self._behind[agent] = way[: relay_words.RELAYS_BEHIND_MAX], time.monotonic()
            if len(self._behind) > _WAYS_MAX:
                del self._behind[next(iter(self._behind))]  # the one not heard for the longest

    def wake(self) -> None:
        """Look into the queue now."""
        self._work.set()

    def run(self, stopping: threading.Event) -> None:
        """Forward until `stopping` is set; `wake` afterwards."""
        if self._url is None:
            return
        with Server(self._url, timeout_s=_TIMEOUT_S) as server:
            while not stopping.is_set():
                try:
                    wait_s = self.step(server)
                except AgentError as error:  # the disk, not the line
                    _log.error("%s", error)
                    wait_s = _IDLE_S
                if self._line_failures:  # a node that calls does not hurry a line that is down
                    stopping.wait(wait_s)
                elif wait_s:
                    self._work.wait(wait_s)
                self._work.clear()

    def step(self, server: Server) -> float:
        """Forward one parcel; return the seconds to wait then."""
        now = time.monotonic()
        away = {agent for agent, (_, until) in self._failures.items() if until > now}
        item = self._queue.next_parcel(away)
        if item is None:
            rest = (until - now for _, until in self._failures.values() if until > now)
            return min(_IDLE_S, *rest, _IDLE_S)
        parcel, age_s = item
        with self._lock:
            _, date = self._watchers.get(parcel.key, (None, ""))
        request = request_of(parcel, date if age_s < _FRESH_S else "", self._state(parcel))
        response = server.post(request)
        if response is None:
            return self._line_is_down(server.fault)
        if response.status in (429, 503):
            asked_s = retry_after_s(response.headers.get("retry-after", ""), datetime.now(UTC))
            asked_s = min(asked_s, _RETRY_AFTER_MAX_S)
            if problem(response).code == wire.SHARE_SPENT:
                return self._pause(parcel.agent, wire.SHARE_SPENT, asked_s)
            return max(self._line_is_down(f"HTTP {response.status}"), asked_s)
        if not is_word(response):
            return self._pause(parcel.agent, f"HTTP {response.status}")
        self._line_failures, self.fault = 0, ""
        self._failures.pop(parcel.agent, None)
        self._queue.answer(parcel.key, response.status, response.body)
        if response.status == 200:  # noqa: PLR2004
            self.forwarded += 1
        else:
            self.refused += 1
            _log.warning(
                "the server refuses a batch of %s: %s", parcel.agent, problem(response).code
            )
        with self._lock:
            event, _ = self._watchers.get(parcel.key, (None, ""))
        if event is not None:
            event.set()
        return 0.0

    def _state(self, parcel: Parcel) -> str:
        """Return what waits besides this parcel, as the server is told it."""
        if not self._name:
            return ""
        figures = self._queue.figures(but_not=parcel.key)
        state = relay_words.RelayState(
            self._name,
            figures.parcels,
            int(figures.oldest_s),
            figures.used_bytes,
            self._queue.bytes_max,
            self._relay,
            behind=self._heard_of(parcel.agent),
        )
        return msgspec.json.encode(state).decode()

    def _heard_of(self, agent: str) -> tuple[relay_words.RelayQueue, ...]:
        with self._lock:
            way, heard = self._behind.get(agent, ((), 0.0))
        since_s = int(time.monotonic() - heard)
        return tuple(msgspec.structs.replace(q, age_s=q.age_s + since_s) for q in way)

    def _line_is_down(self, why: str) -> float:
        self._line_failures += 1
        if not self.fault:
            _log.warning("the server takes nothing: %s", why)
        self.fault = why
        return float(min(self._wait_max_s, 2.0 ** min(self._line_failures - 1, 16)))

    def _pause(self, agent: str, why: str, at_least_s: float = 0.0) -> float:
        """Wait with this agent alone: it may be its batch that the server stumbles over."""
        count, _ = self._failures.get(agent, (0, 0.0))
        wait_s = max(at_least_s, min(self._wait_max_s, 2.0 ** min(count, 16)))
        self._failures[agent] = count + 1, time.monotonic() + wait_s
        _log.warning("a batch of %s has no answer: %s", agent, why)
        self.fault = why
        return 0.0
