"""A node whose truth is known to the millisecond, the real agent on it, and a server to report to.

`Site` is a node with two GPUs and a clock that the test drives. It writes down who holds which
device, whatever the agent sees of it. `Life` is one process of the agent: the real meter, spool,
identity and sending flow. `judge` is the oracle: it compares what the server kept with the truth,
millisecond by millisecond, and counts what was used, what was said to be used, and what is a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from agents import wire
from agents.commands.health import Health
from agents.commands.node import Sampler
from agents.commands.reporter import open_spool
from agents.holders.source import Holders
from agents.observations import (
    Driver,
    HolderShare,
    Holdings,
    Instant,
    Look,
    Looks,
    NodeLook,
    Reading,
)
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import report
from agents.reporting.server import Request, Response, Server
from tests.support.agents.fake_driver import Direct, FakeDriver, gpu_line, gpu_uuid
from tests.support.agents.tiny_server import TinyServer
from tests.support.simulation import START

GPUS = (gpu_uuid(0), gpu_uuid(1))
NOON = int(START.timestamp()) * 1_000 + 12 * wire.HOUR_MS
WATT_MAX = 10_000
AT_ONCE = 100  # attempts to send, each answered or not


Post = Callable[[Request], Response | None]
Events = Mapping[int, Callable[[], object]]
NO_EVENTS: Events = {}


class Span(NamedTuple):
    """In truth this pod held this device; in milliseconds of real time."""

    device: str
    pod: str
    from_ms: int
    to_ms: int

    @property
    def gpu(self) -> str:
        """Slices of the fake driver bear their GPU's number."""
        return gpu_uuid(int(self.device[-12:-6])) if self.device[0] == "M" else self.device


class Told:
    """A source of holders that always knows the truth."""

    fault = ""

    def __init__(self, site: Site) -> None:
        self._site = site

    def update_devices(self, looks: Looks) -> None:
        pass

    def read(self, now: datetime) -> Holdings:
        del now
        return Holdings(
            {device: (HolderShare(pod(name)),) for device, name in self._site.held.items()}
        )

    def close(self) -> None:
        pass


class Shown:
    """A driver that shows both GPUs at once: what the driver does is no matter here."""

    restarts = 0
    reading = Reading(util_ppm=500_000)

    def poll(self) -> None:
        pass

    def ask(self) -> None:
        pass

    def answer(self, wait_s: float) -> NodeLook:
        del wait_s
        return NodeLook(
            {gpu: Look("H100", mig=False, slices=(), readings={gpu: self.reading}) for gpu in GPUS}
        )


class Centre(Protocol):
    """Where the agent reports."""

    @property
    def url(self) -> str: ...

    def code(self) -> str: ...

    def windows_kept(self) -> list[wire.Window]: ...


class Tiny:
    """The server's side of the wire, small (tests/support/agents/tiny_server.py)."""

    def __init__(self, rules: TinyServer) -> None:
        self.rules = rules
        self.url = rules.url

    def code(self) -> str:
        """One that nobody has used."""
        unused = [code for code, usage in self.rules.codes.items() if usage is None]
        code = unused[0] if unused else f"code-{len(self.rules.codes) + 1}"
        self.rules.codes.setdefault(code, None)
        return code

    def windows_kept(self) -> list[wire.Window]:
        return self.rules.windows_kept()


@dataclass
class Site:
    """The node, its clocks and the truth."""

    folder: Path
    driver: FakeDriver
    centre: Centre
    now: int = 0  # milliseconds of real time, which is monotonic
    error: int = NOON  # the wall's clock shows real time plus this
    held: dict[str, str] = field(default_factory=lambda: {GPUS[0]: "a", GPUS[1]: "b"})
    truth: list[Span] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)  # when, and what was the error until
    _last: dict[str, int] = field(default_factory=dict)  # where in the truth a device stands last

    def __post_init__(self) -> None:
        self.show()

    def show(self, **values: int) -> None:
        """Both GPUs are there, whole."""
        self.driver.say(gpu_line(0, **values), gpu_line(1, **values))

    def instant(self) -> Instant:
        return Instant(self.now + self.error, self.now)

    def wall(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.now + self.error)

    def real(self) -> datetime:
        """What a right clock shows."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.now + NOON)

    def set_clock(self, by_ms: int) -> None:
        """Somebody sets the wall's clock."""
        self.steps.append((self.now, self.error))
        self.error += by_ms

    def at(self, wall_ms: int) -> int:
        """When, in real time, the wall's clock showed this for the first time, or passed it by."""
        began = 0
        for until, error in self.steps:
            if began <= wall_ms - error <= until:
                return wall_ms - error
            began = until
        return max(began, wall_ms - self.error)

    def start(
        self,
        name: str = "agent",
        *,
        holders: Holders | None = None,
        driver: Driver | None = None,
        bytes_max: int = 2**28,
    ) -> Life:
        """A process of the agent, with its folder."""
        life = Life(self, self.folder / name, holders or Told(self), driver or Direct(), bytes_max)
        self.lives.append(life)
        return life

    def run(self, samples: int, events: Events = NO_EVENTS, *, step_ms: int = 1_000) -> None:
        """Time passes, and every agent that lives samples; each event before its sample."""
        for number in range(samples):
            events.get(number, lambda: None)()
            for life in self.lives:
                life.sampler.sample()
            self.pass_by(step_ms)

    def pass_by(self, ms: int) -> None:
        """Time passes and no agent looks."""
        for device, name in self.held.items():
            last = self._last.get(device)
            if last is not None and self.truth[last][1::2] == (name, self.now):
                self.truth[last] = self.truth[last]._replace(to_ms=self.now + ms)
            else:
                self._last[device] = len(self.truth)
                self.truth.append(Span(device, name, self.now, self.now + ms))
        self.now += ms


class Life:
    """One process of the agent, from its start until it is killed or stopped."""

    def __init__(
        self, site: Site, folder: Path, holders: Holders, driver: Driver, bytes_max: int
    ) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.site, self.folder, self.driver, self.holders = site, folder, driver, holders
        self.spool = open_spool(folder / "spool.db")
        self.spool._bytes_max = bytes_max
        self.health = Health(self.spool)
        self.sampler = Sampler(driver, holders, self.spool, self.health, site.instant)

    def kill(self) -> None:
        """Kill -9: whatever was not committed is gone."""
        self._end()

    def term(self) -> None:
        """SIGTERM: a last look, and a last try to send."""
        self.sampler.sample(last=True)
        self.send()
        self._end()

    def _end(self) -> None:
        self.spool.close()
        self.site.lives.remove(self)
        if isinstance(self.driver, Direct):
            self.driver.close()

    def send(self, post: Post | None = None) -> bool:
        """The sending flow with its waits left out; whether all is in.

        `post` stands in place of the connection, for a server that something happens to.
        """
        centre = self.site.centre
        identity = Identity.load(self.folder) or enrol(self.folder, centre.url, centre.code(), "n1")
        flow = report(self.spool, identity, self.site.wall)
        response = None
        with Server(centre.url) as server:
            for _ in range(AT_ONCE):
                try:
                    step = flow.send(response)
                    while not isinstance(step, Request):
                        if isinstance(step, wire.Answer):
                            self.health.record_answer(step)
                        step = flow.send(None)
                except StopIteration:
                    return True
                response = (post or server.post)(step)
        return False


@dataclass
class Verdict:
    """In milliseconds, summed over the devices of the node."""

    true: int = 0  # held, in truth
    counted: int = 0  # said to be held
    gaps: Counter[str] = field(default_factory=Counter)  # by reason, whoever held it
    hidden: int = 0  # held in truth, within a gap
    silent: int = 0  # held in truth, in minutes of which the server has no window
    windows: int = 0

    @property
    def left_out(self) -> int:
        """HolderShare in truth, and nowhere: only a clock that is set back can do that."""
        return self.true - self.counted - self.hidden - self.silent


def judge(site: Site) -> Verdict:
    """Compare what the server kept with the truth, up to its last minute.

    Raises where a window says what is not so, or where anything is missing without a name.
    """
    windows = site.centre.windows_kept()
    check(windows)
    verdict = Verdict(windows=len(windows))
    begin = min(wire.start_ms(window.start) for window in windows)
    end = max(wire.start_ms(window.start) for window in windows) + wire.MINUTE_MS
    verdict.true = _length(_cut(site.truth, 0, site.at(end)))
    missing = {(gpu, start) for gpu in GPUS for start in range(begin, end, wire.MINUTE_MS)}
    for window in windows:
        start = wire.start_ms(window.start)
        missing.discard((window.gpu, start))
        verdict.counted += sum(_compare(site, window, part) for part in window.parts)
        for gap in window.gaps:
            verdict.gaps[str(gap.reason)] += gap.to_ms - gap.from_ms
            hidden = _true(site, window.gpu, start + gap.from_ms, start + gap.to_ms)
            # An hour that comes again lies within one gap of seconds, which cannot speak for it.
            verdict.hidden += min(hidden, gap.to_ms - gap.from_ms) if site.steps else hidden
    verdict.silent = sum(_true(site, gpu, at, at + wire.MINUTE_MS) for gpu, at in missing)
    assert verdict.left_out >= 0
    assert verdict.left_out == 0 or site.steps
    return verdict


def check(windows: list[wire.Window]) -> None:
    """Each is sound by the wire's rules, and each minute of a GPU stands once."""
    assert windows
    assert [fault for window in windows for fault in wire.faults(window)] == []
    assert max(Counter((w.gpu, w.start) for w in windows).values()) == 1
    assert all(w.energy_mj is None or 0 <= w.energy_mj <= WATT_MAX * w.window_ms for w in windows)


def _compare(site: Site, window: wire.Window, part: wire.Part) -> int:
    """What a part says must be the truth, from its first millisecond to its last."""
    device = part.mig.uuid if part.mig else window.gpu
    start = wire.start_ms(window.start)
    true: Counter[str] = Counter()
    for span in _cut(site.truth, site.at(start + part.from_ms), site.at(start + part.to_ms)):
        if span.device == device:
            true[span.pod] += span.to_ms - span.from_ms
    pods = {part.holder.pod: part.to_ms - part.from_ms} if isinstance(part.holder, wire.Pod) else {}
    assert true == pods, f"{window.start} {device}: {dict(true)} in truth, {pods} was said"
    return sum(pods.values())


def _true(site: Site, gpu: str, from_ms: int, to_ms: int) -> int:
    """For how long the GPU or its slices were held, in truth, between two times of the wall."""
    return _length(s for s in _cut(site.truth, site.at(from_ms), site.at(to_ms)) if s.gpu == gpu)


def _length(spans: Iterable[Span]) -> int:
    return sum(span.to_ms - span.from_ms for span in spans)


def _cut(spans: Iterable[Span], from_ms: int, to_ms: int) -> list[Span]:
    """What of these lies in this time."""
    return [
        span._replace(from_ms=max(span.from_ms, from_ms), to_ms=min(span.to_ms, to_ms))
        for span in spans
        if span.from_ms < to_ms and span.to_ms > from_ms
    ]


def pod(name: str) -> wire.Pod:
    """Each pod has a namespace of its own name: the server folds pods by their namespace."""
    return wire.Pod(name, name, "main")
