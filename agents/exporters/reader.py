"""The samples of one exposition, by device: a look, and who holds it, as far as they say.

What a scrape can say and what it cannot:

- A row with pod labels says that this pod holds this device. Rows of one device with several pods
  are slots (`vgpu`), users of one claim (`dra_…`), or a contradiction, which has no holder.
- A row without pod labels says nothing. A free device looks like that, and so does every device
  while the exporter cannot ask the kubelet. So a scrape never says that a device is free: it is
  unattributed, `not_named` where another device of the same exposition bears a pod, `no_pod_labels`
  where none does.
- A value that is absent, blank, NaN or out of range was not measured, with the reason; never 0.
- Values belong to the device: a copy for each pod is one value, and where copies differ there is
  none. Energy is of the whole GPU: the highest of the copies on its instances.
- A sample with its own time that is a minute old says nothing about now.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agents import wire
from agents.exporters.catalogue import BY_FAMILY
from agents.exporters.samples import Sample
from agents.exporters.vendor import Labels, Target, Vendor
from agents.holders.slots import Slots, is_sliced, shares_of
from agents.observations import HolderShare, Look, Reading, ShareRule

STALE_MS = 60_000
_READINGS = ("util_ppm", "engine_ppm", "memory_mib", "power_mw")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_UID = re.compile(r"[-0-9a-zA-Z]{1,64}", re.ASCII)
_UNKNOWN_MODEL = "unknown"  # in no catalogue, so it has no price, and the server says so
Value = int | str  # or why there is none
NO_TARGET: Target = {}


@dataclass(slots=True)
class Device:
    """What an exposition says of a GPU or of one of its slices."""

    values: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    slots: Slots = field(default_factory=lambda: defaultdict(set))
    reasons: set[str] = field(default_factory=set)  # why a holder cannot be said

    def shares(self, rule: ShareRule) -> tuple[HolderShare, ...]:
        """Return who holds it; nothing if no row says anything."""
        if self.reasons:
            return (HolderShare(wire.Unattributed(min(self.reasons))),)
        return shares_of(self.slots, rule) if self.slots else ()


@dataclass(slots=True)
class Gpu:
    """What an exposition says of one GPU."""

    vendor: Vendor
    model: str = ""
    whole: Device = field(default_factory=Device)
    slices: dict[wire.Mig, Device] = field(default_factory=dict)
    newest_ms: int | None = None  # of samples with a time of their own
    is_fresh: bool = False
    fault: str = ""  # its labels contradict themselves

    def devices(self, uuid: str) -> Iterator[tuple[str, Device]]:
        """Its devices by their UUID: the slices, or the whole GPU."""
        if not self.slices:
            yield uuid, self.whole
        for mig, device in self.slices.items():
            yield mig.uuid, device

    def look(self, uuid: str) -> Look | wire.GapReason:
        """Return the look at it, or why there is none."""
        if self.fault:
            return wire.GapReason.EXPORTER_UNREACHABLE
        if not self.is_fresh:
            return wire.GapReason.EXPORTER_STALE
        energy = self._energy()
        return Look(
            model=self.model or _UNKNOWN_MODEL,
            mig=bool(self.slices),
            slices=tuple(sorted(self.slices, key=lambda mig: (mig.gi, mig.ci))),
            readings={name: self._reading(device) for name, device in self.devices(uuid)},
            energy_mj=energy if isinstance(energy, int) else None,
            energy_missing=energy if isinstance(energy, str) else "",
            xid_missing="last_only" if self.xid() is not None else "not_exposed",
            vendor=self.vendor.name,
        )

    def xid(self) -> int | None:
        """Return the last error's number, 0 for none; None where it is not exposed."""
        numbers = [value for device in self._all() for value in device.values[self.vendor.xids]]
        counts = [int(value) for value in numbers if 0 <= value < 1_000]  # noqa: PLR2004
        return max(counts, default=None)

    def _all(self) -> Iterator[Device]:
        yield self.whole
        yield from self.slices.values()

    def _energy(self) -> Value:
        values = [self._value(device, "energy_mj", highest=True) for device in self._all()]
        numbers = [value for value in values if isinstance(value, int)]
        reasons = [value for value in values if isinstance(value, str)]
        return max(numbers) if numbers else min(reasons, key=lambda why: why == "not_exposed")

    def _reading(self, device: Device) -> Reading:
        values: dict[str, Value] = {name: self._value(device, name) for name in _READINGS}
        if self.slices:
            values["power_mw"] = "of_the_whole_gpu"
        numbers = {name: value for name, value in values.items() if isinstance(value, int)}
        missing = {name: value for name, value in values.items() if isinstance(value, str)}
        return Reading(**numbers, missing=missing)

    def _value(self, device: Device, reading: str, *, highest: bool = False) -> Value:
        result: Value = "not_exposed"
        for family, unit in self.vendor.units.items():
            if unit.reading != reading or not device.values.get(family):
                continue
            numbers = {self._number(value, family) for value in device.values[family]}
            valid = [number for number in numbers if isinstance(number, int)]
            if valid and (highest or len(numbers) == 1):
                return max(valid)
            result = "contradictory" if len(numbers) > 1 else str(*numbers)
        return result

    def _number(self, value: float, family: str) -> Value:
        unit = self.vendor.units[family]
        if not math.isfinite(value):
            return "not_a_number"
        if self.vendor.blanks(value):
            return "blank"
        number = round(value * unit.by)
        return number if 0 <= number <= unit.at_most else "out_of_range"


def read(samples: Iterable[Sample], now_ms: int, target: Target = NO_TARGET) -> dict[str, Gpu]:
    """Return the GPUs of one exposition by their UUID.

    `target` are the labels that a Prometheus server gave to its target, which are not the GPU's.
    """
    rows, gpus = list(samples), dict[str, Gpu]()
    by_index = dict[tuple[str, str], str]()
    for sample in rows:
        vendor = BY_FAMILY[sample.family]
        uuid = vendor.device(sample.labels)
        if uuid is not None and vendor.index:
            by_index[vendor.name, sample.labels.get(vendor.index, "")] = uuid
    for sample in rows:
        vendor = BY_FAMILY[sample.family]
        uuid = vendor.device(sample.labels)
        if uuid is None and vendor.index:
            uuid = by_index.get((vendor.name, sample.labels.get(vendor.index, "")))
        if uuid is not None:
            _add(gpus.setdefault(uuid, Gpu(vendor)), uuid, sample, now_ms, target)
    return gpus


def holdings_of(gpus: Mapping[str, Gpu], rule: ShareRule) -> dict[str, tuple[HolderShare, ...]]:
    """Return who holds each device of one exposition."""
    devices = dict[str, tuple[HolderShare, ...]]()
    unnamed = set[str]()
    for uuid, gpu in gpus.items():
        whole = gpu.whole.shares(rule) if gpu.slices else ()
        if whole:
            devices[uuid] = whole  # the meter says that it is named whole but sliced
        for name, device in gpu.devices(uuid):
            if shares := device.shares(rule):
                devices[name] = shares
            elif not whole:
                unnamed.add(name)
    reason = (
        "not_named" if any(_has_pod(shares) for shares in devices.values()) else "no_pod_labels"
    )
    return devices | dict.fromkeys(unnamed, (HolderShare(wire.Unattributed(reason)),))


def rules_of(gpus: Mapping[str, Gpu], rule: ShareRule) -> dict[str, str]:
    """Return the flag of each device that is held in slots."""
    return {
        name: f"shares_{rule}"
        for uuid, gpu in gpus.items()
        for name, device in gpu.devices(uuid)
        if is_sliced(device.slots)
    }


def _has_pod(shares: tuple[HolderShare, ...]) -> bool:
    return any(isinstance(share.holder, wire.Pod) for share in shares)


def _add(gpu: Gpu, uuid: str, sample: Sample, now_ms: int, target: Target) -> None:
    if sample.at_ms is not None and abs(now_ms - sample.at_ms) > STALE_MS:
        return
    gpu.is_fresh = True
    model = gpu.vendor.model(sample.labels)
    if not gpu.model and len(model) <= wire.MODEL_MAX and model.isprintable():
        gpu.model = model
    try:
        mig = gpu.vendor.slice_of(sample.labels, uuid)
    except ValueError as error:
        gpu.fault = str(error)
        return
    device = gpu.whole if mig is None else gpu.slices.setdefault(mig, Device())
    device.values[sample.family].append(sample.value)
    if reason := gpu.vendor.unnamed_use(sample.family, sample.labels):
        device.reasons.add(reason)
        return
    holder = _holder(gpu.vendor, sample.labels, target)
    if isinstance(holder, wire.Pod):
        device.slots[gpu.vendor.slot_of(sample.labels)].add(holder)
    elif holder is not None:
        device.reasons.add(holder)


def _holder(vendor: Vendor, labels: Labels, target: Target) -> wire.Pod | str | None:
    """Return the pod that the labels name, why they cannot, or None if they name none."""
    namespace, pod, container, uid = (
        _own_label(vendor.names[name], labels, target)
        for name in ("namespace", "pod", "container", "uid")
    )
    if not pod:
        return None
    if not (namespace and container):
        return "incomplete_labels"
    if not all(_NAME.fullmatch(name) for name in (namespace, pod, container)):
        return "bad_labels"
    return wire.Pod(namespace, pod, container, uid if _UID.fullmatch(uid) else None)


def _own_label(names: Iterable[str], labels: Labels, target: Target) -> str:
    """Return the exporter's own label: Prometheus moves it aside where its target has the same."""
    for name in names:
        if value := labels.get(f"exported_{name}", "").strip(" "):
            return value
        value = labels.get(name, "").strip(" ")
        if value and value not in target.get(name, ()):
            return value
    return ""
