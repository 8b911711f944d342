"""Send what waits in the spool to the server, one batch at a time.

The protocol itself (`report`) is a generator that touches no socket and no clock: it yields a
request or a wait and receives the response. So a test can try every order of crashes, lost answers
and refusals. `drain` runs it until the spool is empty; a node's own thread
(agents/commands/reporter.py) calls `drain` every minute.

| the server answers                 | the flow                                               |
|------------------------------------|--------------------------------------------------------|
| 200, for this stream and number    | acknowledges, goes on with the next batch; what it     |
|                                    | refused is told again in an hour                       |
| 202, a relay has these bytes       | keeps the batch, goes on; asks again once all are sent |
| 409 fork                           | leaves the stream, sends its windows in a new one      |
| 409 ahead, expected n              | sends from n again; a new stream if n is gone          |
| 400, 401, 403, 413, 422            | stops with Refused; everything stays in the spool      |
| 429, 503 with Retry-After          | waits that long: too much at once, or for today        |
| anything else, or nothing          | waits longer each time, up to five minutes             |
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from uuid import UUID

import msgspec

from agents import relay_words, wire
from agents.errors import Refused, Unreachable
from agents.reporting.identity import Identity
from agents.reporting.server import Request, Response, Server, problem
from agents.reporting.spool import Spool

BATCH_PATH = "/api/v1/batches"
_WAIT_MAX_S = 300.0
_RETRY_AFTER_MAX_S = 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for this many seconds."""

    seconds: float
    why: str


Flow = Generator[Request | Sleep | wire.Answer, Response | None, None]


def report(spool: Spool, identity: Identity, now: Callable[[], datetime]) -> Flow:
    """Send everything in the spool, then end.

    Yields a Request (send back its Response, or None when no answer came), a Sleep, and the
    server's Answer for each accepted batch, which is kept until the flow goes on. Raises
    Refused where repeating would not help.
    """
    failures = 0
    while True:
        body = spool.next_batch(identity.agent, now())
        is_asked_again = body is None  # nothing is new: has the server answered the relay?
        if body is None and (body := spool.oldest_relayed()) is None:
            if spool.tell_again(identity.agent, now()):
                continue
            return
        head = msgspec.json.decode(body, type=_Head)
        response = yield _request(identity, body, now())
        if _is_relayed(response, body):
            if is_asked_again:
                return
            spool.relay_has(head.number)
            failures = 0
            continue
        answer = _read_answer(response, head)
        if answer is not None:
            failures = 0
            _log_answer(answer)
            yield answer
            spool.acknowledge(head.number, refused(answer), now_ms=wire.start_ms(now()))
            if answer.refused:
                _log.warning("%d refused records are kept and told again", spool.refused())
            continue
        if response is not None:
            resume(spool, response, head.stream, head.number)
        failures += 1
        yield Sleep(_wait_s(identity.agent, failures, response, now()), _reason(response))


def drain(
    spool: Spool,
    identity: Identity,
    url: str,
    *,
    give_up_after_s: float | None = None,
    on_answer: Callable[[wire.Answer], None] | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Send everything in the spool to the server at `url`.

    Raises Unreachable after `give_up_after_s` seconds without an accepted batch (None: never), and
    Refused.
    """
    patience = time.monotonic()
    flow = report(spool, identity, lambda: datetime.now(UTC))
    response: Response | None = None
    with Server(url) as server:
        while True:
            try:
                step = flow.send(response)
            except StopIteration:
                return
            response = None
            match step:
                case Request():
                    response = server.post(step)
                case wire.Answer():
                    patience = time.monotonic()
                    if on_answer is not None:
                        on_answer(step)
                case Sleep():
                    why = server.fault if step.why == _NO_ANSWER else step.why
                    waited_s = time.monotonic() - patience
                    if give_up_after_s is not None and waited_s + step.seconds > give_up_after_s:
                        raise Unreachable(
                            f"服务器 {url} 一直没有收下数据（{why}）；数据仍在上报队列中",
                            f"{url} took nothing ({why}); what waits is still in the spool",
                        )
                    _log.warning("sending again in %.0f s: %s", step.seconds, why)
                    wait(step.seconds)


def refused(answer: wire.Answer) -> set[int]:
    """Return the indexes of the records that the server refused."""
    return {item.index for item in answer.refused}


def phase_s(agent: UUID) -> float:
    """Return the second of the minute at which this agent sends, spread over agents by their id."""
    return _spread(agent, 0) * 60


class _Head(msgspec.Struct):
    """The two fields of a batch that the flow needs."""

    stream: UUID
    number: int


_NO_ANSWER = "no answer"


def _request(identity: Identity, body: bytes, now: datetime) -> Request:
    """Build the signed request. `Date` is this node's clock now; the batch has its own time."""
    return Request(
        BATCH_PATH,
        body,
        {
            wire.AGENT_HEADER: str(identity.agent),
            wire.SIGNATURE_HEADER: identity.sign(body),
            "Date": format_datetime(now.astimezone(UTC), usegmt=True),
        },
    )


def _read_answer(response: Response | None, head: _Head) -> wire.Answer | None:
    """Return the server's answer to this very batch; None for anything else (a proxy's page)."""
    if response is None or response.status != 200:  # noqa: PLR2004
        return None
    try:
        answer = msgspec.json.decode(response.body, type=wire.Answer)
    except msgspec.DecodeError:
        return None
    return answer if (answer.stream, answer.number) == (head.stream, head.number) else None


def _is_relayed(response: Response | None, body: bytes) -> bool:
    """Return whether a relay says that it has these very bytes."""
    if response is None or response.status != 202:  # noqa: PLR2004
        return False
    try:
        relayed = msgspec.json.decode(response.body, type=relay_words.Relayed)
    except msgspec.DecodeError:
        return False
    return relayed.relayed == hashlib.sha256(body).hexdigest()


def resume(spool: Spool, response: Response, stream: UUID, number: int) -> None:
    """Repair the stream after a 409; raise Refused where repeating would not help."""
    refusal = problem(response)
    if response.status == 409 and refusal.code == "fork":  # noqa: PLR2004
        _log.error("FORK: the server has another batch %d of stream %s", number, stream)
        spool.new_stream(number)
    elif response.status == 409 and refusal.code == "ahead":  # noqa: PLR2004
        if spool.rewind(refusal.expected):
            _log.error("the server lost batches: sending from %d again", refusal.expected)
        else:
            _log.error("the server lost batches that are not here any more: a new stream")
            spool.new_stream(min(refusal.expected, number))
    elif response.status in (400, 401, 403, 413, 422):
        code = refusal.code or str(response.status)
        raise Refused(
            f"服务器拒收第 {number} 批（{code}）：{refusal.detail}；数据仍在上报队列中",
            f"the server refuses batch {number} ({code}): {refusal.detail}; the spool keeps it",
            code,
        )


def _reason(response: Response | None) -> str:
    return _NO_ANSWER if response is None else f"HTTP {response.status} {problem(response).code}"


def _wait_s(agent: UUID, failures: int, response: Response | None, now: datetime) -> float:
    """Double from one second; wait for half to all of it, spread over agents by their id."""
    usual = min(_WAIT_MAX_S, 2.0 ** min(failures - 1, 16)) * (1 + _spread(agent, failures)) / 2
    if response is not None and response.status in (429, 503):
        return max(usual, retry_after_s(response.headers.get("retry-after", ""), now))
    return usual


def retry_after_s(value: str, now: datetime) -> float:
    """Parse Retry-After, seconds or a date (RFC 9110, 10.2.3); 0 for anything else."""
    try:
        seconds = (
            float(value)
            if value.isdigit()
            else (parsedate_to_datetime(value) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), _RETRY_AFTER_MAX_S)


def _spread(agent: UUID, turn: int) -> float:
    """Return a number from 0 to 1 that depends on nothing but the agent's id and `turn`."""
    digest = hashlib.sha256(agent.bytes + turn.to_bytes(8, "big")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _log_answer(answer: wire.Answer) -> None:
    """Log one line for each reason: the number of windows, and the first of them in full."""
    by_reason: dict[str, list[wire.Item]] = {}
    for item in (*answer.conflicts, *answer.quarantined, *answer.refused):
        by_reason.setdefault(item.reason, []).append(item)
    if future := by_reason.pop("future", []):  # they count by themselves once they are past
        _log.info("batch %d: %d records wait until their time is over", answer.number, len(future))
    for reason, items in by_reason.items():
        first = items[0]
        _log.error(
            "batch %d: %d windows set aside (%s), first item %d: %s",
            answer.number,
            len(items),
            reason,
            first.index,
            first.detail,
        )
