"""The day totals again, from the bytes that agents signed.

Of each batch the windows are read that count: not those that were refused, that wait in quarantine,
or that said another thing of a minute which had been told before. A minute counts once, however
often it came. The database folds windows as they come (`fold_windows`, 09_totals); here they are
folded a second time, independently, in whatever order the batches are read.

Memory grows with the day totals (GPU, day and holder) and a bit for each minute of a day that is
not whole, never with the windows.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from ledger.seals.rules.recomputation.evidence import Evidence, content, moment, text, whole
from ledger.units import BEIJING

_ASIDE = ("refused", "quarantined", "conflicts")
_WHOLE_DAY = (1 << 1440) - 1

Batch = tuple[str, int]  # stream and number
Minute = tuple[str, datetime]  # a GPU, and where its window starts
Coverage = tuple[int, int, int]
GpuDay = tuple[str, str]  # a GPU and a Beijing day, as ISO writes it


class Origin(NamedTuple):
    """Of which cluster and by which source windows are."""

    cluster: int
    source: str


class TotalKey(NamedTuple):
    """The key of a day total."""

    gpu: str
    day: str
    cluster: int
    source: str
    model: str
    holder_kind: str
    holder: str
    mig_profile: str
    partition: str
    qos: str
    den: int


class CoverageKey(NamedTuple):
    """The key of a day's coverage."""

    gpu: str
    day: str
    cluster: int
    source: str


@dataclass
class Totals:
    """What the windows come to.

    Attributes:
        held: Σ held_ms × num of each holder, as `day_totals.held`.
        late: the part of it that came when it may not have been charged yet.
        coverage: windows, their ms, and ms of gaps; `late_coverage` the part of it that is late.
        batches: of which streams and numbers a GPU's day is, first and last.
        unclear: GPU days of which two sources told the same minute: which was first, only the
            order of arrival says.
        explained: GPU days that batches touch which are faults themselves.
    """

    held_ms: dict[TotalKey, int] = field(default_factory=lambda: defaultdict(int))
    late: dict[TotalKey, int] = field(default_factory=lambda: defaultdict(int))
    coverage: dict[CoverageKey, Coverage] = field(default_factory=dict)
    late_coverage: dict[CoverageKey, Coverage] = field(default_factory=dict)
    batches: dict[GpuDay, dict[str, tuple[int, int]]] = field(default_factory=dict)
    unclear: set[GpuDay] = field(default_factory=set)
    explained_days: set[GpuDay] = field(default_factory=set)

    def batches_of(self, gpu_day: GpuDay) -> str:
        """Name the batches that a GPU's day rests on."""
        spans = self.batches.get(gpu_day, {})
        return ", ".join(f"batches {stream} {a}–{b}" for stream, (a, b) in sorted(spans.items()))


@dataclass(frozen=True)
class _Words:
    """What was decided of single windows, by where they stand and by what they are of."""

    later: set[tuple[Batch, Minute]]
    releases: Mapping[tuple[Batch, Minute], datetime]
    corrected: Mapping[Minute, dict[str, Any]]


def fold(evidence: Evidence, faulty: set[Batch], late_from: datetime | None) -> Totals:
    """Add up the windows of all batches; `faulty` are batches that are faults already.

    Args:
        evidence: has the batches, and what was decided of windows.
        faulty: what rests on these is explained by them.
        late_from: what came from then on may not have been charged yet; None: all of it.
    """
    folding = _Folding(evidence, faulty, late_from)
    columns = ("stream", "number", "agent_id", "received_at", "answer", "bytes")
    for stream, number, agent, received_at, answer, body in evidence.rows("batches", *columns):
        folding.add_batch(
            (text(stream), whole(number)), text(agent), moment(received_at), text(answer),
            content(body),
        )  # fmt: skip
    return folding.totals


class _Folding:
    """Batches that are added up."""

    def __init__(self, evidence: Evidence, faulty: set[Batch], late_from: datetime | None) -> None:
        self.totals = Totals()
        self._origins = {
            text(agent): Origin(whole(cluster), text(source))
            for agent, cluster, source in evidence.rows("agents", "id", "cluster_id", "source")
        }
        self._words = _words(evidence)
        self._beside = {(stream, n + d) for stream, n in faulty for d in (-1, 0, 1)}
        self._late_from = late_from
        self._seen: dict[GpuDay, dict[Origin, int]] = {}

    def add_batch(
        self, batch: Batch, agent: str, received_at: datetime, answer: str, body: bytes
    ) -> None:
        """Add the windows of a batch that count. Raises ValueError where it is none."""
        try:
            windows = json.loads(body)["windows"]
        except (ValueError, KeyError, TypeError):
            if batch in self._beside:
                return
            raise ValueError(batch) from None
        origin = self._origins.get(agent)
        if not windows or origin is None:
            return
        aside = _aside(answer)
        for index, window in enumerate(windows):
            kind = aside.get(index)
            if kind == "refused":
                continue
            minute = window["gpu"], _moment(window["start"])
            arrived = self._arrival((batch, minute), kind, received_at)
            if arrived is not None:
                body_that_counts = self._words.corrected.get(minute, window)
                self._add(batch, origin, minute, body_that_counts, arrived)

    def _arrival(
        self, place: tuple[Batch, Minute], kind: str | None, received_at: datetime
    ) -> datetime | None:
        """When a window came to count; None where it does not.

        What answers say of a minute that was told before stands in them; of a job's hour, whose
        newer words count only by two persons, and of what was released, in `conflicts` alone.
        """
        is_later = place in self._words.later
        if kind == "quarantined":
            return None if is_later else self._words.releases.get(place)
        is_newer_word = is_later and place[1][0].startswith("job/")
        return None if kind == "conflicts" or is_newer_word else received_at

    def _add(
        self,
        batch: Batch,
        origin: Origin,
        minute: Minute,
        window: Mapping[str, Any],
        arrived: datetime,
    ) -> None:
        gpu, start = minute
        day, bit = _place(start)
        gpu_day = gpu, day
        if batch in self._beside:
            self.totals.explained_days.add(gpu_day)
        minutes_seen = self._seen.setdefault(gpu_day, {})
        if any(bits & bit for bits in minutes_seen.values()):
            if not minutes_seen.get(origin, 0) & bit:
                self.totals.unclear.add(gpu_day)
            return
        bits = minutes_seen.get(origin, 0) | bit
        minutes_seen[origin] = (
            _WHOLE_DAY if bits == _WHOLE_DAY else bits
        )  # one object for all whole days
        first, last = self.totals.batches.setdefault(gpu_day, {}).get(batch[0], (batch[1],) * 2)
        self.totals.batches[gpu_day][batch[0]] = min(first, batch[1]), max(last, batch[1])
        gap_ms = sum(gap["to_ms"] - gap["from_ms"] for gap in window.get("gaps", ()))
        is_late = self._late_from is None or arrived >= self._late_from
        for coverage in (self.totals.coverage, *([self.totals.late_coverage] if is_late else [])):
            windows, window_ms, before_ms = coverage.get(
                key := CoverageKey(gpu, day, *origin), (0, 0, 0)
            )
            coverage[key] = windows + 1, window_ms + window["window_ms"], before_ms + gap_ms
        for part in window.get("parts", ()):
            total = _total_key(gpu, day, origin, window["model"], part)
            held_ms = (part["to_ms"] - part["from_ms"]) * part.get("num", 1)
            self.totals.held_ms[total] += held_ms
            if is_late:
                self.totals.late[total] += held_ms


def _total_key(gpu: str, day: str, origin: Origin, model: str, part: Mapping[str, Any]) -> TotalKey:
    holder = part["holder"]
    name = holder.get("namespace") or holder.get("account") or holder.get("name") or ""
    mig = part.get("mig") or {}
    return TotalKey(
        gpu, day, *origin, model, holder["kind"], name, mig.get("profile") or "",
        holder.get("partition") or "", holder.get("qos") or "", part.get("den", 1),
    )  # fmt: skip


def _aside(answer: str) -> dict[int, str]:
    """What an answer says of single windows: by index, in which way they did not simply count."""
    items = json.loads(answer)
    return {item["index"]: kind for kind in _ASIDE for item in items.get(kind, ())}


def _words(evidence: Evidence) -> _Words:
    bodies: dict[tuple[str, ...], dict[str, Any]] = {}
    later: set[tuple[Batch, Minute]] = set()
    columns = ("gpu", "start", "hash", "stream", "number", "body")
    for gpu, start, hash_, stream, number, body in evidence.rows("conflicts", *columns):
        later.add(((text(stream), whole(number)), (text(gpu), moment(start))))
        bodies[text(gpu), text(start), text(hash_)] = json.loads(text(body))
    releases = {
        ((text(stream), whole(number)), (text(gpu), moment(start))): moment(released_at)
        for gpu, start, stream, number, released_at in evidence.rows(
            "quarantine", "gpu", "start", "stream", "number", "released_at"
        )
        if released_at is not None
    }
    return _Words(later, releases, dict(_corrected(evidence, bodies)))


def _corrected(
    evidence: Evidence, bodies: Mapping[tuple[str, ...], dict[str, Any]]
) -> Iterator[tuple[Minute, dict[str, Any]]]:
    """What counts in place of a job's first word: the newest one that two persons accepted."""
    accepted = sorted(
        (whole(key), text(gpu), text(start), text(hash_))
        for key, gpu, start, hash_, counts in evidence.rows(
            "corrections", "id", "gpu", "start", "hash", "counts"
        )
        if counts == "t"
    )
    for _, gpu, start, hash_ in accepted:
        if (gpu, start, hash_) in bodies:
            yield (gpu, moment(start)), bodies[gpu, start, hash_]


@lru_cache(maxsize=4096)
def _moment(start: str) -> datetime:
    return datetime.fromisoformat(start)


@lru_cache(maxsize=4096)
def _place(start: datetime) -> tuple[str, int]:
    """The Beijing day of a window, and the bit of its minute."""
    at = start.astimezone(BEIJING)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at.date().isoformat(), 1 << ((at - midnight) // timedelta(minutes=1))
