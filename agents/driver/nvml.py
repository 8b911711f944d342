"""The NVIDIA driver, read through its library NVML (nvidia-ml-py).

The library is initialised once and stays open: without persistence mode the agent's handle keeps
the driver loaded. Each GPU is read by a thread of its own (agents/driver/workers.py). A reading
that a GPU does not have is None with the reason, never 0. A lost GPU is a gap of that GPU. A driver
that was unloaded or replaced is a gap of all GPUs. A driver that shows no GPU has failed; the node
is not idle.

Source: NVML API reference (nvml.h). What it leaves open is tested in
tests/agents/driver/test_nvml.py.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple

import msgspec
import pynvml

from agents import wire
from agents.driver.epochs import driver_epoch
from agents.driver.events import EventSet
from agents.driver.gpm import Gpm
from agents.driver.nvml_call import (
    GPU_LOST,
    REPLACED,
    DriverLost,
    NvmlFailed,
    ask,
    ask_or_explain,
    ask_unless,
    is_sliced,
)
from agents.driver.pipe import LookRequest
from agents.driver.workers import Workers
from agents.errors import NoDriver
from agents.observations import Look, Looks, Reading

_ALL = LookRequest()
_MIB = 2**20
_TRIES = 5
_NO_SLICE = {6}
_SLICE_VANISHED = {2, 6}  # a slice that vanished between two calls
_log = logging.getLogger(__name__)


class DriverReplaced(Exception):
    """The driver was upgraded; only a new process can load the new library."""


class NoGpu(NoDriver):
    """The driver answers but shows no GPU: a failure, never an idle node."""


class Process(NamedTuple):
    """A process with a context on a device; `memory_mib` is None if NVML does not say."""

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
    """The driver of this machine. Raises NoDriver if none answers.

    `begin` is called before each GPU with its UUID, or with `#` and its index while the UUID is
    unknown, and then `on_open` when it has answered. So the watchdog knows at which GPUs this
    process died, and can have one skipped.
    """

    def __init__(
        self,
        begin: Callable[[str], None] = lambda _: None,
        on_open: Callable[[str], None] = lambda _: None,
        request: LookRequest = _ALL,
    ) -> None:
        self._begin, self._on_open = begin, on_open
        self._cards: dict[str, _Card] = {}
        self._count = 0
        self._is_open = False
        self._epoch = ""
        self._events = EventSet()
        self._workers: Workers[Look | wire.GapReason] = Workers()
        self._openers: Workers[tuple[str, _Card]] = Workers()
        self._last_faults: dict[str, str] = {}  # a lasting fault is logged once
        try:
            self._open(request)
        except (DriverLost, NvmlFailed) as error:
            raise _no_driver(error) from error
        if self._count == 0:
            raise NoGpu(
                "NVIDIA 驱动已加载，但看不到任何 GPU：检查设备权限（容器须有 /dev/nvidia*）或硬件",
                "the NVIDIA driver is loaded but shows no GPU: check the hardware, and in a "
                "container its access to /dev/nvidia*",
            )

    def close(self) -> None:
        """Close the driver."""
        if self._is_open:
            self._is_open = False
            self._events.close()
            try:
                ask(pynvml.nvmlShutdown)
            except (DriverLost, NvmlFailed) as error:
                _log.info("nvmlShutdown: %s", error)

    def version(self) -> str:
        """Return the driver's version."""
        return str(ask(pynvml.nvmlSystemGetDriverVersion))

    def look(self) -> Looks:
        """Look at every GPU once. Raises DriverReplaced when only a new process can go on."""
        looks: dict[str, Look | wire.GapReason] = {}
        fault = self.see_each(looks.__setitem__)
        return {uuid: looks[uuid] for uuid in self._cards} if fault is None else fault

    def see_each(
        self,
        on_gpu: Callable[[str, Look | wire.GapReason], None],
        request: LookRequest = _ALL,
    ) -> wire.GapReason | None:
        """Look at every GPU once and pass each result to `on_gpu`.

        Returns why the driver does not answer, or None. A GPU that has not answered in time is
        NVML_ERROR, and so it is until its call returns. Raises DriverReplaced when only a new
        process can go on.
        """
        until_s = time.monotonic() + request.wait_s
        try:
            if not self._is_open:
                self._open(request)
            if not self._count:
                self._log_fault("driver", "no GPU is visible")
                self.close()  # NVML looks for GPUs only when it is opened
                return wire.GapReason.NVML_ERROR
            uuids = set(self._cards)
            self._look(uuids - set(request.last), until_s, request, on_gpu)
            self._look(uuids & set(request.last), until_s, request, on_gpu)
            if len(self._cards) < self._count:
                self._find_cards(until_s, request)
                self._look(set(self._cards) - uuids, until_s, request, on_gpu)
        except (DriverLost, NvmlFailed) as error:
            return self._lose(error)
        return None

    def _look(
        self,
        uuids: Collection[str],
        until_s: float,
        request: LookRequest,
        on_gpu: Callable[[str, Look | wire.GapReason], None],
    ) -> None:
        tasks = {
            uuid: partial(self._look_at, uuid, card)
            for uuid, card in self._cards.items()
            if uuid in uuids and uuid not in request.skip
        }
        looks = self._workers.run(tasks, until_s, self._begin, one_by_one=request.one_by_one)
        for uuid, look in looks:
            if look is None:
                self._log_fault(uuid, "it does not answer")
            on_gpu(uuid, look or wire.GapReason.NVML_ERROR)

    def events(self) -> dict[str, tuple[str, ...]]:
        """Return the driver's events since the last call, by GPU: XIDs, new MIG slices."""
        try:
            return self._events.drain()
        except DriverLost as error:  # the next look will fail too
            _log.info("events: %s", error)
            return {}

    def _lose(self, error: DriverLost | NvmlFailed) -> wire.GapReason:
        self._log_fault("driver", str(error))
        self._cards, self._count = {}, 0
        self.close()
        if error.code == REPLACED:
            raise DriverReplaced from error
        is_lost = isinstance(error, DriverLost)
        return wire.GapReason.DRIVER_RELOAD if is_lost else wire.GapReason.NVML_ERROR

    @property
    def silent(self) -> int:
        """How many GPUs the driver counts but cannot name (lost before the first look)."""
        return self._count - len(self._cards)

    def processes(self) -> list[Process]:
        """List the processes on each device, as NVML reports them (host process ids)."""
        rows: list[Process] = []
        for uuid, card in self._cards.items():
            try:
                for device, handle in _devices(uuid, card):
                    rows += [Process(device, pid, memory_mib) for pid, memory_mib in _pids(handle)]
            except NvmlFailed as error:
                _log.info("processes of %s: %s", uuid, error)
        return rows

    def _open(self, request: LookRequest) -> None:
        ask(pynvml.nvmlInit)
        self._is_open = True
        self._epoch = driver_epoch(self.version())
        self._events.open()
        self._find_cards(time.monotonic() + request.wait_s, request)
        if self._count:
            self._last_faults.pop("driver", None)

    def _find_cards(self, until_s: float, request: LookRequest) -> None:
        """Get every GPU's handle; a GPU that does not answer is tried again at each look."""
        self._count = ask(pynvml.nvmlDeviceGetCount)
        indexes = {card.number for card in self._cards.values()}
        tasks = {
            f"#{index}": partial(self._open_card, index)
            for index in range(self._count)
            if index not in indexes and f"#{index}" not in request.skip
        }
        cards = self._openers.run(tasks, until_s, self._begin, one_by_one=request.one_by_one)
        for name, answer in cards:
            if answer is None:
                self._log_fault(f"GPU {name} of {self._count}", "it does not answer")
                continue
            self._on_open(name)
            uuid, card = answer
            if uuid:
                self._cards[uuid] = card
        self._cards = dict(sorted(self._cards.items(), key=lambda item: item[1].number))

    def _open_card(self, index: int) -> tuple[str, _Card]:
        """Return the GPU's UUID and card; no UUID if it answers with an error."""
        handle, uuid, model, minor = None, "", "", None
        try:
            handle = ask(pynvml.nvmlDeviceGetHandleByIndex, index)
            uuid = ask(pynvml.nvmlDeviceGetUUID, handle)
            model = ask(pynvml.nvmlDeviceGetName, handle)
            minor = ask_or_explain({}, "minor", pynvml.nvmlDeviceGetMinorNumber, handle)
            self._events.register(uuid, handle)
        except NvmlFailed as error:
            self._log_fault(f"GPU #{index} of {self._count}", str(error))
            uuid = ""
        return uuid, _Card(handle, model, index, minor, Gpm(handle))

    def _look_at(self, uuid: str, card: _Card) -> Look | wire.GapReason:
        try:
            look = _see(uuid, card)
            look = msgspec.structs.replace(
                look, epoch=self._epoch, xid_missing=self._events.missing.get(uuid, "")
            )
        except NvmlFailed as error:
            self._log_fault(uuid, str(error))
            if error.code in GPU_LOST:
                return wire.GapReason.GPU_LOST
            moving = error.code in _SLICE_VANISHED
            return wire.GapReason.MIG_RECONFIG if moving else wire.GapReason.NVML_ERROR
        self._last_faults.pop(uuid, None)
        return look

    def _log_fault(self, subject: str, fault: str) -> None:
        if self._last_faults.get(subject) != fault:
            self._last_faults[subject] = fault
            _log.error("%s: %s", subject, fault)


def _see(uuid: str, card: _Card) -> Look:
    mig = is_sliced(card.handle)
    slices = _slices(card) if mig else {}
    missing: dict[str, str] = {}
    energy = ask_or_explain(
        missing, "energy_mj", pynvml.nvmlDeviceGetTotalEnergyConsumption, card.handle
    )
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


def _slices(card: _Card) -> dict[str, tuple[Any, wire.Mig]]:
    """Return the MIG slices by UUID; read them each time, as handles and UUIDs may be reused."""
    slices: dict[str, tuple[Any, wire.Mig]] = {}
    for index in range(ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, card.handle)):
        handle = ask_unless(
            _NO_SLICE, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, card.handle, index
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
        slices[mig.uuid] = (handle, mig)
    return slices


def _devices(uuid: str, card: _Card) -> list[tuple[str, Any]]:
    slices = _slices(card) if is_sliced(card.handle) else {}
    return [(name, handle) for name, (handle, _) in slices.items()] or [(uuid, card.handle)]


def _read_gpu(card: _Card) -> Reading:
    missing: dict[str, str] = {}
    util = ask_or_explain(missing, "util_ppm", pynvml.nvmlDeviceGetUtilizationRates, card.handle)
    if util is not None and util.gpu > 100:  # noqa: PLR2004  seen in the field: garbage over 100
        missing["util_ppm"], util = "implausible", None
    return Reading(
        util_ppm=None if util is None else util.gpu * 10_000,
        engine_ppm=card.gpm.engine_ppm(missing),
        memory_mib=_memory_mib(missing, card.handle),
        power_mw=ask_or_explain(missing, "power_mw", pynvml.nvmlDeviceGetPowerUsage, card.handle),
        missing=missing,
    )


def _read_slice(handle: Any, gpm: Gpm, instance: int | None) -> Reading:  # noqa: ANN401
    """Read a slice. NVML has no utilisation of a slice, and power only of the whole GPU.

    `instance` is the slice's GPU instance, if the slice does not share it.
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
    memory = ask_or_explain(
        missing, "memory_mib", pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2
    )
    return None if memory is None else memory.used // _MIB


def _pids(handle: Any) -> list[tuple[int, int | None]]:  # noqa: ANN401
    for _ in range(_TRIES):  # the list may grow between the two calls
        try:
            processes = ask(pynvml.nvmlDeviceGetComputeRunningProcesses_v3, handle)
        except NvmlFailed as error:
            if error.code != pynvml.NVML_ERROR_INSUFFICIENT_SIZE:
                raise
        else:
            return [(p.pid, p.usedGpuMemory and p.usedGpuMemory // _MIB) for p in processes]
    return []


def _no_driver(error: DriverLost | NvmlFailed) -> NoDriver:
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
