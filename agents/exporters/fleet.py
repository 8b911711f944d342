"""Rounds of scrapes: what the exporters said together, and what is remembered between rounds.

Remembered is which exporter showed which GPU. While that one is away or breaks off, its GPUs are
gaps (`exporter_unreachable`); when it answers without one of them, that GPU is lost. A GPU whose
energy has not moved for two minutes is read from an old answer (`exporter_stale`): a GPU that is
there always draws power. One without an energy counter cannot be caught like this.

Where GPUs are shared by time and the exporter was not told so (`--kubernetes-virtual-gpus`), it
names one of the pods at a time, now this and now that. A pod that comes back to a device within ten
minutes, after another pod was named there, shows it: for the next ten the device is unattributed
(`label_flips`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from agents import wire
from agents.exporters.reader import NO_TARGET, Gpu, holdings_of, read, rules_of
from agents.exporters.samples import Sample
from agents.exporters.vendor import Target
from agents.observations import HolderShare, Holdings, Look, NodeLook, ShareRule

FROZEN_MS = 120_000
FLIP_MS = 600_000
_FORGET_MS = 72 * wire.HOUR_MS
_FLIPS = (HolderShare(wire.Unattributed("label_flips")),)
_NOBODY = HolderShare(wire.Unattributed("not_scraped"))
_log = logging.getLogger(__name__)

Answers = Mapping[str, "Answer | None"]  # by exporter; None where there was none


class Answer(NamedTuple):
    """The samples of one exporter, and the labels that a Prometheus server gave to it."""

    samples: Sequence[Sample]
    target: Target = NO_TARGET


class Round(NamedTuple):
    """What one round of scrapes says."""

    sight: NodeLook
    holdings: Holdings


class _Memory:
    """What is remembered of one GPU."""

    def __init__(self, exporter: str, now_ms: int) -> None:
        self.exporter, self.seen_ms = exporter, now_ms
        self.energy_mj: int | None = None
        self.moved_ms = now_ms  # when the energy was another
        self.xid: int | None = None


class Fleet:
    """The exporters of a cluster. `gpus` are known from the process before."""

    def __init__(self, rule: ShareRule, gpus: Iterable[str] = (), now_ms: int = 0) -> None:
        self._rule = rule
        self._memory = {gpu: _Memory("", now_ms) for gpu in gpus}
        self._flips = _Flips()

    def judge(self, answers: Answers, now_ms: int) -> Round:
        """Put the answers of one round together."""
        gpus = dict[str, list[tuple[str, Gpu]]]()
        devices = dict[str, tuple[HolderShare, ...]]()
        rules = dict[str, str]()
        for exporter, answer in answers.items():
            if answer is None:
                continue
            found_gpus = read(answer.samples, now_ms, answer.target)
            for uuid, gpu in found_gpus.items():
                gpus.setdefault(uuid, []).append((exporter, gpu))
            for device, shares in holdings_of(found_gpus, self._rule).items():
                devices[device] = _merge(devices.get(device), shares)
            rules |= rules_of(found_gpus, self._rule)
        looks, events = dict[str, Look | wire.GapReason](), dict[str, tuple[str, ...]]()
        for uuid, ((exporter, gpu), *_) in gpus.items():
            memory = self._memory.setdefault(uuid, _Memory(exporter, now_ms))
            memory.exporter, memory.seen_ms = exporter, now_ms
            looks[uuid] = self._look(uuid, gpu, memory, now_ms)
            if word := _announcement(gpu, memory):
                events[uuid] = (word,)
        looks |= self._absent(looks.keys(), answers, now_ms)
        holders = {device: self._flips.judge(device, devices[device], now_ms) for device in devices}
        return Round(NodeLook(looks, events), Holdings(holders, _NOBODY, rules))

    def _look(self, uuid: str, gpu: Gpu, memory: _Memory, now_ms: int) -> Look | wire.GapReason:
        if gpu.fault:
            _log.error("%s %s: %s", memory.exporter, uuid, gpu.fault)
        look = gpu.look(uuid)
        if not isinstance(look, Look) or look.energy_mj is None:
            memory.energy_mj = None
            return look
        if look.energy_mj != memory.energy_mj:
            memory.energy_mj, memory.moved_ms = look.energy_mj, now_ms
        return wire.GapReason.EXPORTER_STALE if now_ms - memory.moved_ms > FROZEN_MS else look

    def _absent(
        self, seen_gpus: Iterable[str], answers: Answers, now_ms: int
    ) -> dict[str, wire.GapReason]:
        """Say why GPUs that are known were not seen."""
        reasons = dict[str, wire.GapReason]()
        is_whole = bool(answers) and None not in answers.values()
        for uuid in self._memory.keys() - set(seen_gpus):
            memory = self._memory[uuid]
            if now_ms - memory.seen_ms > _FORGET_MS:
                del self._memory[uuid]
                continue
            answer = answers.get(memory.exporter) if memory.exporter else None
            lost = answer is not None or (not memory.exporter and is_whole)
            reasons[uuid] = wire.GapReason.GPU_LOST if lost else wire.GapReason.EXPORTER_UNREACHABLE
        return reasons


class _Flips:
    """Devices whose label goes back and forth between pods."""

    def __init__(self) -> None:
        self._last: dict[str, wire.Pod] = {}
        self._replaced_ms: dict[tuple[str, wire.Pod], int] = {}  # a pod that gave way to another
        self._until: dict[str, int] = {}

    def judge(
        self, device: str, shares: tuple[HolderShare, ...], now_ms: int
    ) -> tuple[HolderShare, ...]:
        """Return the shares, unless the label of this device flips."""
        pod = shares[0].holder
        if len(shares) != 1 or not isinstance(pod, wire.Pod):
            return shares
        last = self._last.get(device)
        if last is not None and last != pod:
            self._replaced_ms[device, last] = now_ms
            if now_ms - self._replaced_ms.get((device, pod), now_ms - FLIP_MS - 1) <= FLIP_MS:
                self._until[device] = now_ms + FLIP_MS
            self._replaced_ms = {
                k: at for k, at in self._replaced_ms.items() if now_ms - at <= FLIP_MS
            }
        self._last[device] = pod
        return _FLIPS if now_ms < self._until.get(device, 0) else shares


def _announcement(gpu: Gpu, memory: _Memory) -> str:
    """Return the XID that is new since the last scrape; the exporter shows only the last one."""
    before, memory.xid = memory.xid, gpu.xid()
    is_new = memory.xid and before is not None and before != memory.xid
    return f"xid:{memory.xid}" if is_new else ""


def _merge(
    first: tuple[HolderShare, ...] | None, second: tuple[HolderShare, ...]
) -> tuple[HolderShare, ...]:
    """Two exporters that show one device must say the same of it."""
    if first is None or first == second:
        return second
    return (HolderShare(wire.Unattributed("claimed_twice")),)
