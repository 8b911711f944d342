"""The NVIDIA driver, asked through its own library NVML (nvidia-ml-py).

The library is initialised once and kept for life: where persistence mode is off, the agent's handle
is what keeps the driver loaded. Every call goes through one door that turns NVML's numbers into
three kinds of answer. A reading that this GPU does not have is None with the reason, never 0. A GPU
that is lost is that GPU's own gap. A driver that went away, or was replaced under us, is a gap of
all GPUs. A driver that shows no GPU at all has failed; it is not an idle node.

Source: NVML API reference (nvml.h); what it leaves open was settled by
tests/agents/driver/test_nvml.py.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import msgspec
import pynvml

from agents import wire
from agents.driver.epochs import driver_epoch
from agents.driver.events import Announced
from agents.driver.gpm import Gpm
from agents.driver.nvml_call import (
    GPU_LOST,
    NOT_OFFERED,
    REPLACED,
    Failed,
    Gone,
    ask,
    maybe,
    unless,
)
from agents.errors import NoDriver
from agents.observations import Look, Looks, Reading

_MIB = 2**20
_TRIES = 5
_NOTHING_THERE = {6}
_MOVING = {2, 6}  # a slice that vanished between two calls
_log = logging.getLogger(__name__)


class DriverReplaced(Exception):
    """The driver was upgraded under us: only a new process can load the new library."""


class NoGpu(NoDriver):
    """The driver answers, and shows no GPU: a failed collection, never an idle node."""


class Process(NamedTuple):
    """A process that has a context on a device; `memory_mib` is None where NVML does not say."""

    device: str
    pid: int
    memory_mib: int | None


class _Card(NamedTuple):
    handle: Any
    model: str
    number: int  # NVML's index
    minor: int | None
    gpm: Gpm


class Nvml:
    """The driver of this machine. Raises NoDriver where there is none that answers.

    `begin` is told what is asked next, before each GPU: its UUID, or `#` and its index while the
    UUID is not known. Whoever watches knows then where a call did not come back, and may have it
    left out (`without`, in the same words).
    """

    def __init__(
        self, *, begin: Callable[[str], None] = lambda _: None, without: Collection[str] = ()
    ) -> None:
        self._begin = begin
        self._cards: dict[str, _Card] = {}
        self._count = 0
        self._is_open = False
        self._epoch = ""
        self._announced = Announced()
        self._said: dict[str, str] = {}  # a fault that lasts is logged once
        try:
            self._open(without)
        except (Gone, Failed) as error:
            raise _no_driver(error) from error
        if self._count == 0:
            raise NoGpu(
                "NVIDIA 驱动已加载，但看不到任何 GPU：检查设备权限（容器须有 /dev/nvidia*）或硬件",
                "the NVIDIA driver is loaded but shows no GPU: check the hardware, and in a "
                "container its access to /dev/nvidia*",
            )

    def close(self) -> None:
        """Let go of the driver."""
        if self._is_open:
            self._is_open = False
            self._announced.close()
            try:
                ask(pynvml.nvmlShutdown)
            except (Gone, Failed) as error:
                _log.info("nvmlShutdown: %s", error)

    def version(self) -> str:
        """The driver's version, in its own words."""
        return str(ask(pynvml.nvmlSystemGetDriverVersion))

    def look(self) -> Looks:
        """See every GPU once. Raises DriverReplaced when only a new process can go on."""
        seen: dict[str, Look | wire.GapReason] = {}
        fault = self.see_each(seen.__setitem__)
        return seen if fault is None else fault

    def see_each(
        self,
        saw: Callable[[str, Look | wire.GapReason], None],
        *,
        without: Collection[str] = (),
        last: Collection[str] = (),
    ) -> wire.GapReason | None:
        """See every GPU once, telling each as it is seen; or why the driver does not answer.

        Those named in `without` are left out, those in `last` come at the end. Raises
        DriverReplaced when only a new process can go on.
        """
        try:
            if not self._is_open:
                self._open(without)
            if not self._count:
                self._say("driver", "no GPU is visible")
                self.close()  # it looks for GPUs only when it is opened
                return wire.GapReason.NVML_ERROR
            known = [uuid for uuid in self._cards if uuid not in without]
            for uuid in sorted(known, key=lambda uuid: uuid in last):
                self._begin(uuid)
                saw(uuid, self._look_at(uuid, self._cards[uuid]))
            if len(self._cards) < self._count:  # after the others, who may have to do without it
                self._find_cards(without)
                for uuid in [uuid for uuid in self._cards if uuid not in {*known, *without}]:
                    saw(uuid, self._look_at(uuid, self._cards[uuid]))
        except (Gone, Failed) as error:
            return self._lose(error)
        return None

    def announced(self) -> dict[str, tuple[str, ...]]:
        """What the driver announced since the last time, by GPU: XIDs, MIG cut anew."""
        try:
            return self._announced.drain()
        except Gone as error:  # the next look will find it out too
            _log.info("events: %s", error)
            return {}

    def _lose(self, error: Gone | Failed) -> wire.GapReason:
        self._say("driver", str(error))
        self._cards, self._count = {}, 0
        self.close()
        if error.code == REPLACED:
            raise DriverReplaced from error
        gone = isinstance(error, Gone)
        return wire.GapReason.DRIVER_RELOAD if gone else wire.GapReason.NVML_ERROR

    @property
    def silent(self) -> int:
        """How many GPUs the driver counts but cannot name (lost before they were ever seen)."""
        return self._count - len(self._cards)

    def processes(self) -> list[Process]:
        """Who computes on which device now, as NVML says (process ids are the host's)."""
        found: list[Process] = []
        for uuid, card in self._cards.items():
            try:
                for device, handle in _devices(uuid, card):
                    found += [Process(device, pid, used) for pid, used in _pids(handle)]
            except Failed as error:
                _log.info("processes of %s: %s", uuid, error)
        return found

    def _open(self, without: Collection[str]) -> None:
        ask(pynvml.nvmlInit)
        self._is_open = True
        self._epoch = driver_epoch(self.version())
        self._find_cards(without)
        if self._count:
            self._said.pop("driver", None)

    def _find_cards(self, without: Collection[str]) -> None:
        """Ask for every GPU's handle; one that does not answer now is asked again at each look."""
        self._count = ask(pynvml.nvmlDeviceGetCount)
        known = {card.number for card in self._cards.values()}
        for index in range(self._count):
            if index in known or f"#{index}" in without:
                continue
            self._begin(f"#{index}")
            try:
                handle = ask(pynvml.nvmlDeviceGetHandleByIndex, index)
                uuid = ask(pynvml.nvmlDeviceGetUUID, handle)
                model = ask(pynvml.nvmlDeviceGetName, handle)
                minor = maybe({}, "minor", pynvml.nvmlDeviceGetMinorNumber, handle)
                self._cards[uuid] = _Card(handle, model, index, minor, Gpm(handle))
                self._announced.register(uuid, handle)
            except Failed as error:
                self._say(f"GPU {index} of {self._count}", str(error))

    def _look_at(self, uuid: str, card: _Card) -> Look | wire.GapReason:
        try:
            look = _see(uuid, card)
            look = msgspec.structs.replace(
                look, epoch=self._epoch, xid_missing=self._announced.missing.get(uuid, "")
            )
        except Failed as error:
            self._say(uuid, str(error))
            if error.code in GPU_LOST:
                return wire.GapReason.GPU_LOST
            moving = error.code in _MOVING
            return wire.GapReason.MIG_RECONFIG if moving else wire.GapReason.NVML_ERROR
        self._said.pop(uuid, None)
        return look

    def _say(self, what: str, fault: str) -> None:
        if self._said.get(what) != fault:
            self._said[what] = fault
            _log.error("%s: %s", what, fault)


def _see(uuid: str, card: _Card) -> Look:
    mig = _is_sliced(card)
    slices = _slices(card) if mig else {}
    missing: dict[str, str] = {}
    energy = maybe(missing, "energy_mj", pynvml.nvmlDeviceGetTotalEnergyConsumption, card.handle)
    alone = Counter(mig.gi for _, mig in slices.values())
    readings = {
        name: _read_slice(handle, card.gpm, mig.gi if alone[mig.gi] == 1 else None)
        for name, (handle, mig) in slices.items()
    }
    card.gpm.keep(set(alone) if slices else {None})
    return Look(
        model=card.model,
        mig=mig,
        slices=tuple(sorted((mig for _, mig in slices.values()), key=lambda m: (m.gi, m.ci))),
        readings=readings or {uuid: _read_gpu(card)},
        energy_mj=energy,
        energy_missing=missing.get("energy_mj", ""),
        index=card.number,
        minor=card.minor,
    )


def _is_sliced(card: _Card) -> bool:
    mode = unless(NOT_OFFERED, pynvml.nvmlDeviceGetMigMode, card.handle)
    return bool(mode and mode[0] == pynvml.NVML_DEVICE_MIG_ENABLE)


def _slices(card: _Card) -> dict[str, tuple[Any, wire.Mig]]:
    """The MIG slices by UUID. They are asked anew each time: handles and UUIDs may be reused."""
    found: dict[str, tuple[Any, wire.Mig]] = {}
    for index in range(ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, card.handle)):
        handle = unless(
            _NOTHING_THERE, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, card.handle, index
        )
        if handle is None:
            continue
        gi = ask(pynvml.nvmlDeviceGetGpuInstanceId, handle)
        instance = ask(pynvml.nvmlDeviceGetGpuInstanceById, card.handle, gi)
        place = ask(pynvml.nvmlGpuInstanceGetInfo, instance).placement
        mig = wire.Mig(
            gi=gi,
            ci=ask(pynvml.nvmlDeviceGetComputeInstanceId, handle),
            profile=ask(pynvml.nvmlDeviceGetName, handle).rpartition("MIG ")[2],
            uuid=ask(pynvml.nvmlDeviceGetUUID, handle),
            placement=(place.start, place.size),
        )
        found[mig.uuid] = (handle, mig)
    return found


def _devices(uuid: str, card: _Card) -> list[tuple[str, Any]]:
    slices = _slices(card) if _is_sliced(card) else {}
    return [(name, handle) for name, (handle, _) in slices.items()] or [(uuid, card.handle)]


def _read_gpu(card: _Card) -> Reading:
    missing: dict[str, str] = {}
    util = maybe(missing, "util_ppm", pynvml.nvmlDeviceGetUtilizationRates, card.handle)
    if util is not None and util.gpu > 100:  # noqa: PLR2004  seen in the field: garbage over 100
        missing["util_ppm"], util = "implausible", None
    return Reading(
        util_ppm=None if util is None else util.gpu * 10_000,
        engine_ppm=card.gpm.engine_ppm(missing),
        memory_mib=_memory_mib(missing, card.handle),
        power_mw=maybe(missing, "power_mw", pynvml.nvmlDeviceGetPowerUsage, card.handle),
        missing=missing,
    )


def _read_slice(handle: Any, gpm: Gpm, instance: int | None) -> Reading:  # noqa: ANN401
    """NVML knows no utilisation of a slice, and power only of the whole GPU.

    `instance` is the slice's GPU instance, where it has that to itself.
    """
    missing = {"util_ppm": "not_supported", "power_mw": "of_the_whole_gpu"}
    if instance is None:
        missing["engine_ppm"] = "of_the_gpu_instance"
    return Reading(
        engine_ppm=None if instance is None else gpm.engine_ppm(missing, instance),
        memory_mib=_memory_mib(missing, handle),
        missing=missing,
    )


def _memory_mib(missing: dict[str, str], handle: Any) -> int | None:  # noqa: ANN401
    memory = maybe(
        missing, "memory_mib", pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2
    )
    return None if memory is None else memory.used // _MIB


def _pids(handle: Any) -> list[tuple[int, int | None]]:  # noqa: ANN401
    for _ in range(_TRIES):  # the list may grow between asking for its size and for itself
        try:
            found = ask(pynvml.nvmlDeviceGetComputeRunningProcesses_v3, handle)
        except Failed as error:
            if error.code != pynvml.NVML_ERROR_INSUFFICIENT_SIZE:
                raise
        else:
            return [(p.pid, p.usedGpuMemory and p.usedGpuMemory // _MIB) for p in found]
    return []


def _no_driver(error: Gone | Failed) -> NoDriver:
    if error.code == REPLACED:
        return NoDriver(
            "NVIDIA 驱动与其库的版本不一致（驱动升级后尚未重新加载）：请重新加载驱动或重启本机",
            "the NVIDIA driver and its library differ in version (upgraded, not reloaded yet): "
            "reload the driver or reboot this machine",
        )
    return NoDriver(
        f"本机没有可用的 NVIDIA 驱动（{error}）：计量未启动",
        f"this machine has no working NVIDIA driver ({error}): nothing is metered",
    )
