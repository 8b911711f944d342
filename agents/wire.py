"""Messages from an agent to the server: windows, and the batches that carry them.

A *window* is one physical GPU and one minute, with all its holders in one record, so that double
counting can be ruled out by looking at one record alone (`faults`). The agent checks it before
sending and the server again at intake. The server imports this module and what the cluster's
witness reports beside it (agents/sightings.py), and nothing else of the agents.

A job source (sacct, a trace) knows no GPU. It reports pseudo-GPUs
`job/<cluster>/<job>/<restart>/<k>` and whole hours; the part of an hour outside the job is
`unallocated`. Every window starts on the grid of its length (a minute, an hour), so two windows of
one GPU that overlap have the same key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice, pairwise
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Raw

from agents.sightings import Sighting
from agents.values import TEXT_MAX, YEARS, Aware, Count, Frozen, Text

VERSION = 1
WINDOWS_MAX = 1_000
BATCH_BYTES_MAX = 1024 * 1024
PARTS_MAX = 1_000  # of one window, and as many gaps: tiling is checked instant by instant
FAULTS_MAX = 10  # reported for one window's tiling
MODEL_MAX = 96  # characters: NVML_DEVICE_NAME_V2_BUFFER_SIZE
KEY_BYTES_MAX = 2_600  # of a day total's texts: an index entry of PostgreSQL has 2,704 bytes
SHARE_MAX = 1_000  # finest share: sums stay exact fractions, and short ones
MINUTE_MS = 60_000
HOUR_MS = 3_600_000

AGENT_HEADER = "Suanquan-Agent"
SIGNATURE_HEADER = "Suanquan-Signature"  # base64 of Ed25519 over the SHA-256 of the exact body
RECEIPT_HEADER = "Suanquan-Receipt"  # of an answer: the server's signature (parcels.answer_digest)
SHARE_SPENT = "agent_share"  # the problem of a 429: today no more of this agent is taken
SERVER_KEY_HEADER = "Suanquan-Server-Key"  # of an enrolment's answer: Ed25519, 32 bytes, hex

_DEVICES = {
    "nvidia": re.compile(r"GPU-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "huawei": re.compile(r"NPU-[0-9a-f]{8}(-[0-9a-f]{8}){4}"),  # of an Ascend chip: its vdie_id
}
_UTF8_MAX = 4  # bytes of a character
_COMPUTE_SLICES_MAX = 7  # of a GPU, as the first figure of a MIG profile counts them
_JOB = re.compile(r"job/[^/\s]{1,64}/[^/\s]{1,128}/\d{1,6}/\d{1,6}")

Model = Annotated[str, Meta(min_length=1, max_length=MODEL_MAX)]
Profile = Annotated[str, Meta(min_length=1, max_length=32)]
User = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"^[^/\s]+$")]
Share = Annotated[int, Meta(ge=1, le=SHARE_MAX)]
Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]
Digest = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]


class GapReason(StrEnum):
    """Why a GPU was not observed. A gap is never usage and never zero."""

    AGENT_DOWN = "agent_down"
    KUBELET_UNREACHABLE = "kubelet_unreachable"
    NVML_ERROR = "nvml_error"
    GPU_LOST = "gpu_lost"
    DRIVER_RELOAD = "driver_reload"
    MIG_RECONFIG = "mig_reconfig"
    CLOCK_STEP = "clock_step"
    SPOOL_OVERFLOW = "spool_overflow"
    EXPORTER_UNREACHABLE = "exporter_unreachable"
    EXPORTER_STALE = "exporter_stale"


class Pod(Frozen, frozen=True, tag_field="kind", tag="pod"):
    """A container of a Kubernetes pod holds the device."""

    namespace: Text
    pod: Text
    container: Text
    uid: str | None = None


class Slurm(Frozen, frozen=True, tag_field="kind", tag="slurm"):
    """A Slurm job, or a job of a trace, holds the device. `account` is the Slurm account.

    `partition` and `qos` are where the job ran and in which quality of service (sacct's Partition
    and QOS), `user` is whose it was (sacct's User); absent where the source does not say.
    """

    account: Text
    job: Text
    partition: Text | None = None
    qos: Text | None = None
    user: User | None = None


class Static(Frozen, frozen=True, tag_field="kind", tag="static"):
    """A name from the node's map file holds the device."""

    name: Text


class Unallocated(Frozen, frozen=True, tag_field="kind", tag="unallocated"):
    """The device is free."""


class Unattributed(Frozen, frozen=True, tag_field="kind", tag="unattributed"):
    """The device has a holder who cannot be identified."""

    reason: Text


Holder = Pod | Slurm | Static | Unallocated | Unattributed


class Mig(Frozen, frozen=True):
    """A MIG slice of the window's GPU: a device of its own.

    Placement is in memory slices: start, size; absent where the source does not say it.
    """

    gi: Count
    ci: Count
    profile: Profile
    uuid: Text
    placement: tuple[Count, Share] | None = None


class Readings(Frozen, frozen=True):
    """Evidence, never billed. What was not measured is null, with the reason in `missing`."""

    samples: Count
    util_ppm: Ppm | None = None  # mean share of time with a kernel running, parts per million
    engine_ppm: Ppm | None = None  # mean graphics-engine activity, parts per million
    memory_max_mib: Count | None = None
    power_max_mw: Count | None = None
    missing: dict[str, str] = {}


class Part(Frozen, frozen=True):
    """One holder of one device from `from_ms` to `to_ms` of the window, with its share num/den."""

    holder: Holder
    from_ms: Count
    to_ms: Count
    num: Share = 1
    den: Share = 1
    mig: Mig | None = None
    readings: Readings | None = None


class Gap(Frozen, frozen=True):
    """The GPU was not observed from `from_ms` to `to_ms` of the window."""

    from_ms: Count
    to_ms: Count
    reason: GapReason


class Window(Frozen, frozen=True):
    """One GPU and one minute (a pseudo-GPU: one hour). `(gpu, start)` is its only key."""

    gpu: Text
    model: Model  # as NVML or the job source names it
    start: Aware
    window_ms: Count
    parts: Annotated[tuple[Part, ...], Meta(max_length=PARTS_MAX)]
    gaps: Annotated[tuple[Gap, ...], Meta(max_length=PARTS_MAX)] = ()
    vendor: Text = "nvidia"
    boot: str | None = None
    energy_mj: Count | None = None  # of the whole GPU in this window, once
    missing: dict[str, str] = {}
    flags: tuple[str, ...] = ()


class Head(Frozen, frozen=True):
    """All fields of a batch except its windows and sightings."""

    version: int
    agent: UUID
    stream: UUID
    number: Annotated[int, Meta(ge=1)]
    previous: Digest  # SHA-256 (hex) of the previous batch's bytes; empty for number 1
    sent_at: Aware


class Batch(Head, frozen=True):
    """A numbered, chained bundle of at most 1,000 records and 1 MiB; signed over its bytes."""

    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)]
    sightings: Annotated[tuple[Sighting, ...], Meta(max_length=WINDOWS_MAX)] = ()


class LooseBatch(Head, frozen=True):
    """A batch whose records are not decoded yet, so that a bad one is reported by its index."""

    windows: Annotated[tuple[Raw, ...], Meta(max_length=WINDOWS_MAX)]
    sightings: Annotated[tuple[Raw, ...], Meta(max_length=WINDOWS_MAX)] = ()


class Item(Frozen, frozen=True):
    """The outcome of one record that was not simply kept; `index` counts from 0, windows first."""

    index: int
    reason: str
    detail: str = ""


class Answer(Frozen, frozen=True):
    """The server's answer to a batch, the same for every repetition of it.

    kept + known + len(conflicts) + len(quarantined) + len(refused) = number of records.
    """

    stream: UUID
    number: int
    kept: int
    known: int
    conflicts: tuple[Item, ...] = ()
    quarantined: tuple[Item, ...] = ()
    refused: tuple[Item, ...] = ()


class Enrol(Frozen, frozen=True):
    """Enrolment request: the one-time code and the node's Ed25519 public key (32 bytes, hex)."""

    code: Text
    public_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    node: Text


class Enrolment(Frozen, frozen=True):
    """Enrolment answer: the server accepts the node's key from now on."""

    agent: UUID
    cluster: str
    node: str


def is_device(gpu: str, vendor: str) -> bool:
    """Return whether this is the id of a whole device of this vendor."""
    pattern = _DEVICES.get(vendor)
    return pattern is not None and pattern.fullmatch(gpu) is not None


def is_job(gpu: str) -> bool:
    """Return whether this is a pseudo-GPU of a job source."""
    return gpu.startswith("job/")


def grid_ms(gpu: str) -> int:
    """Return the length of this GPU's windows in ms, which is also the grid of their starts."""
    return HOUR_MS if is_job(gpu) else MINUTE_MS


def faults(window: Window) -> list[str]:
    """Return what is wrong with one window; an empty list if it may be kept.

    The rules: it lies on its grid; parts and gaps tile it; slices do not overlap and are never held
    at the same time as their whole GPU; the shares of one device sum to at most 1 at every instant.
    """
    if _is_plain(window):
        return []
    if max(len(window.parts), len(window.gaps)) > PARTS_MAX:
        return [f"more than {PARTS_MAX} parts or gaps"]
    problems = list(_frame_faults(window))
    spans: list[Part | Gap] = [*window.parts, *window.gaps]
    for span in spans:
        if not span.from_ms < span.to_ms <= window.window_ms:
            problems.append(f"span {span.from_ms}..{span.to_ms} is not inside the window")
    for part in window.parts:
        if part.num > part.den:
            problems.append(f"share {part.num}/{part.den} is more than one")
        if _has_long_key(window, part):
            problems.append(f"its texts have more than {KEY_BYTES_MAX} bytes together")
    return problems or list(islice(_tiling_faults(window, spans), FAULTS_MAX))


def _is_plain(window: Window) -> bool:
    """Return whether one holder after another has the whole GPU, the most common window."""
    gpu, start = window.gpu, window.start
    job = is_job(gpu)
    if (
        window.gaps
        or window.window_ms != (HOUR_MS if job else MINUTE_MS)
        or start.tzinfo is not UTC
        or start.second
        or start.microsecond
        or (job and start.minute)
        or start.year not in YEARS
        or len(window.parts) > PARTS_MAX
    ):
        return False
    at = 0
    for part in window.parts:
        if part.mig is not None or part.from_ms != at or part.to_ms <= at or part.num > part.den:
            return False
        if _has_long_key(window, part):
            return False
        at = part.to_ms
    is_named = _JOB.fullmatch(gpu) is not None if job else is_device(gpu, window.vendor)
    return at == window.window_ms and is_named


def _has_long_key(window: Window, part: Part) -> bool:
    """Return whether the part's key among the day's totals fits into no index entry."""
    holder = part.holder
    if not isinstance(holder, Slurm):  # the others name neither a long GPU nor a partition
        return False
    texts = (window.gpu, window.model, holder.account, holder.partition or "", holder.qos or "",
             part.mig.profile if part.mig else "")  # fmt: skip
    length = sum(map(len, texts))
    if length * _UTF8_MAX <= KEY_BYTES_MAX:
        return False
    return sum(len(text.encode()) for text in texts) > KEY_BYTES_MAX


def _frame_faults(window: Window) -> Iterable[str]:
    gpu = window.gpu
    job = is_job(gpu)
    if not (_JOB.fullmatch(gpu) if job else is_device(gpu, window.vendor)):
        yield (
            f"{gpu!r} is not a GPU id of {window.vendor!r} (nvidia: GPU-<uuid>,"
            " huawei: NPU-<vdie_id>, in lower case), nor job/<cluster>/<job>/<restart>/<k>"
        )
    if window.start.year not in YEARS:
        yield f"start {window.start.isoformat()} is out of range"
        return
    grid = HOUR_MS if job else MINUTE_MS
    start = window.start.astimezone(UTC)
    if window.window_ms != grid:
        yield f"window_ms is {window.window_ms}, must be {grid}"
    elif start.second or start.microsecond or (job and start.minute):
        yield f"start {window.start.isoformat()} is not on the grid of {grid} ms"


def _tiling_faults(window: Window, spans: Sequence[Part | Gap]) -> Iterable[str]:
    cuts = sorted({0, window.window_ms, *(s.from_ms for s in spans), *(s.to_ms for s in spans)})
    for low, high in pairwise(cuts):
        current = [s for s in spans if s.from_ms <= low and high <= s.to_ms]
        for fault in _instant_faults(current):
            yield f"{low}..{high} ms: {fault}"


def _instant_faults(spans: Sequence[Part | Gap]) -> Iterable[str]:
    parts = [s for s in spans if isinstance(s, Part)]
    if not spans:
        yield "neither a part nor a gap"
    elif len(parts) < len(spans) and len(spans) > 1:
        yield "a gap overlaps a part or another gap"
    slices = [p for p in parts if p.mig]
    if slices and len(slices) < len(parts):
        yield "the whole GPU is held beside its own MIG slices"
    yield from _placement_faults({p.mig for p in slices if p.mig})
    by_device: dict[str, list[Part]] = {}
    for part in parts:
        by_device.setdefault(part.mig.uuid if part.mig else "", []).append(part)
    for device, sharers in by_device.items():
        common = math.lcm(*(p.den for p in sharers))
        if sum(p.num * (common // p.den) for p in sharers) > common:
            yield f"the shares of {device or 'the GPU'} sum to more than one"


def _placement_faults(slices: set[Mig]) -> Iterable[str]:
    """Find GPU instances that overlap; compute instances of one GPU instance share its place."""
    if any(m.placement is None for m in slices):
        size = sum(_compute_slices(profile) for _, profile in {(m.gi, m.profile) for m in slices})
        if size > _COMPUTE_SLICES_MAX:
            yield f"MIG instances of {size} compute slices: there are {_COMPUTE_SLICES_MAX}"
    places = sorted({(*m.placement, m.gi) for m in slices if m.placement is not None})
    for (start, size, gi), (next_start, _, next_gi) in pairwise(places):
        if start + size > next_start:
            yield f"MIG instances {gi} and {next_gi} overlap in memory slice {next_start}"
    devices = [(m.gi, m.ci) for m in slices]
    if len(set(devices)) < len({m.uuid for m in slices}) or len(devices) > len(set(devices)):
        yield "two MIG slices claim one instance"


def _compute_slices(profile: str) -> int:
    """Count a GPU instance's compute slices: 2 of `2g.10gb` and `1c.2g.10gb`; 1 at least."""
    size = re.search(r"(\d)g\.", profile)
    return int(size[1]) if size else 1


def start_ms(start: datetime) -> int:
    """Return milliseconds since 1970 in UTC, exactly (no float)."""
    delta = start.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
