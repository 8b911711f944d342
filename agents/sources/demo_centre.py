"""A made-up computing centre: invented holders of GPUs, the same every time.

It has two clusters, so that every page has something to show. `yc-k8s` is three nodes
of eight GPUs under Kubernetes: whole GPUs, MIG slices, time-sliced GPUs, two of a model that no
catalogue knows; a witness watches its API server (demo_witness.py). `yc-slurm` is a Slurm cluster
that has been running for eight weeks. Days are busy, nights and weekends quieter; an agent was down
once, a GPU was lost, a node was silent, one GPU was added without being registered, and three
minutes were reported twice with different holders.

Every figure follows from the seed, the device and the day, so any minute can be computed at any
time with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from agents import wire
from agents.metering.minute import Device, Minute
from agents.observations import HolderShare, Look, Reading
from agents.sources import job_trace

K8S, SLURM = "yc-k8s", "yc-slurm"
K8S_DAYS, SLURM_DAYS = 4, 56
SLURM_GPUS = 128  # never more are held at once
NODES = ("gpu-a01", "gpu-a02", "gpu-l01")
CONTROLLER = "slurmctl"
SWAPPED_IN_MS = 2 * 3_600_000  # before the history's end: the GPU that nobody registered

_SEED = "suanquan-demo-1"
_DAY_MS = 86_400_000
_BEIJING_MS = 8 * 3_600_000
_A800, _L20, _4090 = "NVIDIA A800-SXM4-80GB", "NVIDIA L20", "NVIDIA GeForce RTX 4090"
_SLICES = (("3g.40gb", 4, 4), ("2g.20gb", 0, 2), ("1g.10gb", 2, 1), ("1g.10gb", 3, 1))
_LOOKS_A_MINUTE = 6
Stay = tuple[int, int, wire.Pod]  # from, to, who

# Who works on which node, and how much of the time: namespace → weight.
_TENANTS = {
    "gpu-a01": {"helan-llm": 6, "fenghuang-vision": 2, "qin-team": 1},
    "gpu-a02": {"saishang-speech": 3, "fenghuang-vision": 3, "qin-team": 2},
    "gpu-l01": {"saishang-speech": 4, "helan-llm": 1, "open-class": 1},
}
_MEMORY_MIB = {_A800: 81_920, _L20: 46_068, _4090: 24_564}
_POWER_W = {_A800: (60, 400), _L20: (35, 275), _4090: (20, 450)}


@dataclass(frozen=True, slots=True)
class Card:
    """One physical GPU: cut into MIG slices, or shared by `slots` pods at once, or whole."""

    gpu: str
    node: str
    model: str
    slices: tuple[wire.Mig, ...] = ()
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without observation of a card, in ms since 1970; silent if there is no reason."""

    from_ms: int
    to_ms: int
    reason: wire.GapReason | None


def cards(node: str) -> tuple[Card, ...]:
    """Return the registered GPUs of the node."""
    return tuple(_card(node, index) for index in range(8))


def unregistered_card() -> Card:
    """Return the GPU that was added to a node and never registered."""
    return Card(made_up_id("GPU", "stranger"), NODES[2], _L20)


def _card(node: str, index: int) -> Card:
    gpu = made_up_id("GPU", node, index)
    if node == NODES[2]:
        return Card(gpu, node, _4090 if index >= 6 else _L20, slots=4)  # noqa: PLR2004
    if node == NODES[1] and index < 4:  # noqa: PLR2004
        return Card(gpu, node, _A800, slices=tuple(_slices(gpu)))
    return Card(gpu, node, _A800)


def _slices(gpu: str) -> Iterator[wire.Mig]:
    for gi, (profile, start, size) in enumerate(_SLICES, 1):
        yield wire.Mig(gi, 0, profile, made_up_id("MIG", gpu, gi), (start, size))


def made_up_id(kind: str, *parts: object) -> str:
    """Return an id of this kind that follows from the parts."""
    digest = hashlib.sha256("/".join(map(str, (_SEED, *parts))).encode()).hexdigest()
    cuts = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    return f"{kind}-" + "-".join(digest[low:high] for low, high in cuts)


# --- Kubernetes: minutes ------------------------------------------------------------------


def minutes(card: Card, first_ms: int, from_ms: int, to_ms: int) -> Iterator[wire.Window]:
    """Yield the card's windows from `from_ms` to before `to_ms`; history began at `first_ms`."""
    outages = _outages(card, first_ms)
    for start_ms in range(from_ms, to_ms, wire.MINUTE_MS):
        end_ms = start_ms + wire.MINUTE_MS
        outage = next((m for m in outages if m.from_ms < end_ms and start_ms < m.to_ms), None)
        if outage is None:
            yield _minute(card, start_ms)
        elif outage.reason is not None:
            yield _minute(card, start_ms, outage)


def conflicting_windows(card: Card, first_ms: int) -> list[wire.Window]:
    """Return other windows for three minutes of the card, as from a node restored from a backup."""
    start_ms = first_ms + 2 * _DAY_MS + 10 * 3_600_000
    pod = wire.Pod(namespace="open-class", pod="notebook-restored", container="main")
    part = wire.Part(pod, 0, wire.MINUTE_MS)
    return [
        wire.Window(
            card.gpu, card.model, _moment(start_ms + k * wire.MINUTE_MS), wire.MINUTE_MS, (part,)
        )
        for k in range(3)
    ]


def _outages(card: Card, first_ms: int) -> tuple[Outage, ...]:
    def at(day: int, hour: int, minute: int, second: int = 0) -> int:
        return first_ms + day * _DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000

    if card.node == NODES[1]:
        return (Outage(at(1, 2, 0, 13), at(1, 2, 47, 38), wire.GapReason.AGENT_DOWN),)
    if card.node == NODES[2]:
        return (Outage(at(1, 3, 10), at(1, 4, 0), None),)
    if card == _card(NODES[0], 5):
        return (Outage(at(2, 13, 20, 40), at(2, 15, 5, 10), wire.GapReason.GPU_LOST),)
    return ()


def _minute(card: Card, start_ms: int, outage: Outage | None = None) -> wire.Window:
    """Build one window with the code that closes a real GPU's minute."""
    open_minute = Minute(start_ms, energy_start=0)
    end_ms = start_ms + wire.MINUTE_MS
    for to_ms, devices in _timeline(card, start_ms):
        if outage is not None and outage.reason and outage.from_ms < min(to_ms, end_ms):
            open_minute.hold(max(outage.from_ms - start_ms, 0), devices)
            open_minute.gap(min(outage.to_ms, end_ms) - start_ms, outage.reason)
        open_minute.hold(min(to_ms, end_ms) - start_ms, devices)
        if to_ms >= end_ms:
            look = _look(card, start_ms, devices)
            for _ in range(_LOOKS_A_MINUTE):
                open_minute.read(look)
            break
    return open_minute.window(card.gpu, card.model, None)


def _timeline(card: Card, start_ms: int) -> Iterator[tuple[int, list[Device]]]:
    """Yield (end in ms, devices with holders) of the card from `start_ms` on."""
    day = (start_ms + _BEIJING_MS) // _DAY_MS
    return ((to_ms, devices) for to_ms, devices in _day(card, day) if to_ms > start_ms)


@lru_cache(maxsize=64)
def _day(card: Card, day: int) -> list[tuple[int, list[Device]]]:
    """Return the card's Beijing day in segments, one for each change of holders."""
    begin_ms = day * _DAY_MS - _BEIJING_MS
    gpu: list[tuple[str, wire.Mig | None]] = [(card.gpu, None)]
    devices = [(mig.uuid, mig) for mig in card.slices] or gpu
    stays = {
        device: [_stays(card, f"{device}/{slot}", begin_ms) for slot in range(card.slots)]
        for device, _ in devices
    }
    all_stays = [stay for slots in stays.values() for slot in slots for stay in slot]
    cuts = sorted({begin_ms + _DAY_MS, *(ms for stay in all_stays for ms in stay[:2])} - {begin_ms})
    segments, since_ms = [], begin_ms
    for to_ms in cuts:
        holders = [(d, mig, _shares_at(stays[d], since_ms, card.slots)) for d, mig in devices]
        segments.append((to_ms, holders))
        since_ms = to_ms
    return segments


def stays_of_day(card: Card, ms: int) -> list[Stay]:
    """Return everybody's stays on the card on the Beijing day of this moment."""
    begin_ms = ms + _BEIJING_MS - (ms + _BEIJING_MS) % _DAY_MS - _BEIJING_MS
    places = [mig.uuid for mig in card.slices] or [card.gpu]
    return [
        stay
        for place in places
        for slot in range(card.slots)
        for stay in _stays(card, f"{place}/{slot}", begin_ms)
    ]


def _shares_at(slots: list[list[Stay]], ms: int, den: int) -> tuple[HolderShare, ...]:
    pods = [pod for stays in slots for low, high, pod in stays if low <= ms < high]
    shares = [HolderShare(pod, 1, den) for pod in pods]
    if len(pods) < den:
        shares.append(HolderShare(wire.Unallocated(), den - len(pods), den))
    return tuple(shares) if den > 1 else (HolderShare(shares[0].holder),)


def _stays(card: Card, place: str, begin_ms: int) -> list[Stay]:
    """Invent the pods on one place of the card on one day; all of them end by midnight."""
    dice = Random(f"{_SEED}/{place}/{begin_ms}")  # noqa: S311 - invention, not secrecy
    tenants = _TENANTS[card.node]
    stays: list[Stay] = []
    ms, end_ms = begin_ms, begin_ms + _DAY_MS
    while ms < end_ms:
        if dice.random() > _busy(ms):
            ms += dice.randrange(900, 5_400) * 1000
            continue
        (namespace,) = dice.choices(list(tenants), list(tenants.values()))
        word = dice.choice(("train", "finetune", "eval", "infer"))
        name = f"{word}-{dice.randrange(16**9):09x}-{dice.randrange(36**3):05x}"
        stop_ms = min(ms + dice.randrange(1_200, 28_800) * 1000, end_ms)
        uid = made_up_id("pod", place, ms)
        stays.append((ms, stop_ms, wire.Pod(namespace, name, "main", uid)))
        ms = stop_ms + dice.randrange(5, 90) * 1000
    return stays


def _busy(ms: int) -> float:
    """Return the probability that a free device gets work: lower at night and at weekends."""
    hours = (ms + _BEIJING_MS) // 3_600_000
    by_hour = 0.85 if 8 <= hours % 24 < 22 else 0.4  # noqa: PLR2004
    weekend = (hours // 24 + 3) % 7 >= 5  # noqa: PLR2004 - 1970 began on a Thursday
    return by_hour * (0.6 if weekend else 1)


def _look(card: Card, start_ms: int, devices: list[Device]) -> Look:
    dice = Random(f"{_SEED}/{card.gpu}/{start_ms}")  # noqa: S311 - invention, not secrecy
    busy = sum(isinstance(h.holder, wire.Pod) for _, _, shares in devices for h in shares)
    idle_w, full_w = _POWER_W[card.model]
    watts = idle_w + (full_w - idle_w) * busy * dice.randrange(55, 95) // (100 * _places(card))
    readings = {d: _reading(card, mig, shares, watts, dice) for d, mig, shares in devices}
    energy_mj = watts * wire.MINUTE_MS
    return Look(card.model, bool(card.slices), card.slices, readings, energy_mj)


def _places(card: Card) -> int:
    return len(card.slices) or card.slots


def _reading(
    card: Card, mig: wire.Mig | None, shares: tuple[HolderShare, ...], watts: int, dice: Random
) -> Reading:
    working = any(isinstance(h.holder, wire.Pod) for h in shares)
    ppm = dice.randrange(520_000, 990_000) if working else 0
    memory_mib = _MEMORY_MIB[card.model] * dice.randrange(40, 95) // 100 if working else 4
    if mig is None:
        missing = {"engine_ppm": "not_supported"}
        return Reading(ppm, None, memory_mib, watts * 1000, missing)
    missing = {"util_ppm": "mig", "engine_ppm": "not_supported", "power_mw": "mig"}
    return Reading(None, None, memory_mib * (mig.placement or (0, 8))[1] // 8, None, missing)


# --- Slurm: hours -------------------------------------------------------------------------

# account: GPUs at once, hours a job runs, hours between jobs
_JOBS = {
    "qin-team": ((72, 88), (30, 70), (1, 5)),
    "helan": ((8, 24), (6, 40), (2, 20)),
    "fenghuang": ((4, 8), (3, 24), (4, 30)),
}


def jobs(first_ms: int, until_ms: int) -> Iterator[job_trace.Job]:
    """Yield every job that began before `until_ms`; some still run then."""
    for account, (gpus, runs, rests) in _JOBS.items():
        number = 0
        dice = Random(f"{_SEED}/{account}")  # noqa: S311 - invention, not secrecy
        ms = first_ms + dice.randrange(3_600) * 1000
        while ms < until_ms:
            number += 1
            stop_ms = ms + dice.randrange(runs[0] * 3_600, runs[1] * 3_600) * 1000
            name = f"{account}-{number:04d}"
            gpu_count = dice.randrange(gpus[0], gpus[1] + 1, 4)
            yield job_trace.Job(name, account, gpu_count, "NVIDIA H200", ms, stop_ms)
            ms = stop_ms + dice.randrange(rests[0] * 3_600, rests[1] * 3_600) * 1000


def hours(first_ms: int, from_ms: int, to_ms: int) -> Iterator[wire.Window]:
    """Yield the windows of jobs whose hour lies between `from_ms` and `to_ms`."""
    active = (job for job in jobs(first_ms, to_ms) if job.end_ms > from_ms)
    for window in job_trace.windows(active, SLURM):
        if from_ms <= wire.start_ms(window.start) <= to_ms - wire.HOUR_MS:
            yield window


def midnight_ms(now: datetime, days_ago: int) -> int:
    """Return the Beijing midnight at the start of the day `days_ago` days ago, in ms."""
    ms = wire.start_ms(now) + _BEIJING_MS
    return ms - ms % _DAY_MS - days_ago * _DAY_MS - _BEIJING_MS


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
