"""The NVIDIA driver, asked through its own library NVML (nvidia-ml-py).

The library is initialised once and kept for life: where persistence mode is off, the agent's handle
is what keeps the driver loaded. Every call goes through one door that turns NVML's numbers into
three kinds of answer. A reading that this GPU does not have is None with the reason, never 0. A GPU
that is lost is that GPU's own gap. A driver that went away, or was replaced under us, is a gap of
all GPUs. A driver that shows no GPU at all has failed; it is not an idle node.

Source: NVML API reference (nvml.h); what it leaves open was settled by tests/agents/test_nvml.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import pynvml

from agents import wire
from agents.errors import NoDriver
from agents.looks import Look, Looks, Reading

_MIB = 2**20
_TRIES = 5
_WORDS = {
    1: "uninitialized",
    2: "invalid_argument",
    3: "not_supported",
    4: "no_permission",
    6: "not_found",
    7: "insufficient_size",
    9: "driver_not_loaded",
    10: "timeout",
    12: "library_not_found",
    13: "function_not_found",
    15: "gpu_is_lost",
    16: "reset_required",
    17: "operating_system",
    18: "version_mismatch",
    19: "in_use",
    25: "argument_version_mismatch",
    27: "not_ready",
    28: "gpu_not_found",
    999: "unknown",
}
_DRIVER_GONE = {1, 9, 12, 18}
_GPU_LOST = {15, 16}
_NOT_OFFERED = {3, 13}
_NOTHING_THERE = {6}
_MOVING = {2, 6}  # a slice that vanished between two calls
_REPLACED = 18
_log = logging.getLogger(__name__)


class DriverReplaced(Exception):
    """The driver was upgraded under us: only a new process can load the new library."""


class _Gone(Exception):
    """One call failed for the whole driver (see `code`)."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, str(code)))
        self.code = code


class _Failed(Exception):
    """One call failed for one GPU or slice."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, f"nvml_{code}"))
        self.code = code


class Process(NamedTuple):
    """A process that has a context on a device; `memory_mib` is None where NVML does not say."""

    device: str
    pid: int
    memory_mib: int | None


class _Card(NamedTuple):
    handle: Any
    model: str
    index: int
    minor: int | None


class Nvml:
    """The driver of this machine. Raises NoDriver where there is none that answers."""

    def __init__(self) -> None:
        self._cards: dict[str, _Card] = {}
        self._count = 0
        self._is_open = False
        self._said: dict[str, str] = {}  # a fault that lasts is logged once
        try:
            self._open()
        except (_Gone, _Failed) as error:
            raise _no_driver(error) from error
        if self._count == 0:
            raise NoDriver(
                "NVIDIA 驱动已加载，但看不到任何 GPU：检查设备权限（容器须有 /dev/nvidia*）或硬件",
                "the NVIDIA driver is loaded but shows no GPU: check the hardware, and in a "
                "container its access to /dev/nvidia*",
            )

    def close(self) -> None:
        """Let go of the driver."""
        if self._is_open:
            self._is_open = False
            try:
                _ask(pynvml.nvmlShutdown)
            except (_Gone, _Failed) as error:
                _log.info("nvmlShutdown: %s", error)

    def version(self) -> str:
        """The driver's version, in its own words."""
        return str(_ask(pynvml.nvmlSystemGetDriverVersion))

    def look(self) -> Looks:
        """See every GPU once. Raises DriverReplaced when only a new process can go on."""
        try:
            if not self._is_open:
                self._open()
            elif len(self._cards) < self._count:
                self._find_cards()
            if not self._count:
                self._say("driver", "no GPU is visible")
                self.close()  # it looks for GPUs only when it is opened
                return wire.GapReason.NVML_ERROR
            return {uuid: self._look_at(uuid, card) for uuid, card in self._cards.items()}
        except (_Gone, _Failed) as error:
            self._say("driver", str(error))
            self._cards, self._count = {}, 0
            self.close()
            if error.code == _REPLACED:
                raise DriverReplaced from error
            gone = isinstance(error, _Gone)
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
            except _Failed as error:
                _log.info("processes of %s: %s", uuid, error)
        return found

    def _open(self) -> None:
        _ask(pynvml.nvmlInit)
        self._is_open = True
        self._find_cards()
        if self._count:
            self._said.pop("driver", None)

    def _find_cards(self) -> None:
        """Ask for every GPU's handle; one that does not answer now is asked again at each look."""
        self._count = _ask(pynvml.nvmlDeviceGetCount)
        for index in range(self._count):
            try:
                handle = _ask(pynvml.nvmlDeviceGetHandleByIndex, index)
                uuid = _ask(pynvml.nvmlDeviceGetUUID, handle)
                if uuid not in self._cards:
                    model = _ask(pynvml.nvmlDeviceGetName, handle)
                    minor = _maybe({}, "minor", pynvml.nvmlDeviceGetMinorNumber, handle)
                    self._cards[uuid] = _Card(handle, model, index, minor)
            except _Failed as error:
                self._say(f"GPU {index} of {self._count}", str(error))

    def _look_at(self, uuid: str, card: _Card) -> Look | wire.GapReason:
        try:
            look = _see(uuid, card)
        except _Failed as error:
            self._say(uuid, str(error))
            if error.code in _GPU_LOST:
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
    energy = _maybe(missing, "energy_mj", pynvml.nvmlDeviceGetTotalEnergyConsumption, card.handle)
    readings = {name: _read_slice(handle) for name, (handle, _) in slices.items()}
    return Look(
        model=card.model,
        mig=mig,
        slices=tuple(sorted((mig for _, mig in slices.values()), key=lambda m: (m.gi, m.ci))),
        readings=readings or {uuid: _read_gpu(card.handle)},
        energy_mj=energy,
        energy_missing=missing.get("energy_mj", ""),
        index=card.index,
        minor=card.minor,
    )


def _is_sliced(card: _Card) -> bool:
    mode = _unless(_NOT_OFFERED, pynvml.nvmlDeviceGetMigMode, card.handle)
    return bool(mode and mode[0] == pynvml.NVML_DEVICE_MIG_ENABLE)


def _slices(card: _Card) -> dict[str, tuple[Any, wire.Mig]]:
    """The MIG slices by UUID. They are asked anew each time: handles and UUIDs may be reused."""
    found: dict[str, tuple[Any, wire.Mig]] = {}
    for index in range(_ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, card.handle)):
        handle = _unless(
            _NOTHING_THERE, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, card.handle, index
        )
        if handle is None:
            continue
        gi = _ask(pynvml.nvmlDeviceGetGpuInstanceId, handle)
        instance = _ask(pynvml.nvmlDeviceGetGpuInstanceById, card.handle, gi)
        place = _ask(pynvml.nvmlGpuInstanceGetInfo, instance).placement
        mig = wire.Mig(
            gi=gi,
            ci=_ask(pynvml.nvmlDeviceGetComputeInstanceId, handle),
            profile=_ask(pynvml.nvmlDeviceGetName, handle).rpartition("MIG ")[2],
            uuid=_ask(pynvml.nvmlDeviceGetUUID, handle),
            placement=(place.start, place.size),
        )
        found[mig.uuid] = (handle, mig)
    return found


def _devices(uuid: str, card: _Card) -> list[tuple[str, Any]]:
    slices = _slices(card) if _is_sliced(card) else {}
    return [(name, handle) for name, (handle, _) in slices.items()] or [(uuid, card.handle)]


def _read_gpu(handle: Any) -> Reading:  # noqa: ANN401  an opaque pointer of the driver
    missing = {"engine_ppm": "not_read"}
    util = _maybe(missing, "util_ppm", pynvml.nvmlDeviceGetUtilizationRates, handle)
    if util is not None and util.gpu > 100:  # noqa: PLR2004  seen in the field: garbage over 100
        missing["util_ppm"], util = "implausible", None
    return Reading(
        util_ppm=None if util is None else util.gpu * 10_000,
        memory_mib=_memory_mib(missing, handle),
        power_mw=_maybe(missing, "power_mw", pynvml.nvmlDeviceGetPowerUsage, handle),
        missing=missing,
    )


def _read_slice(handle: Any) -> Reading:  # noqa: ANN401
    """NVML knows no utilisation of a slice, and power only of the whole GPU."""
    missing = {
        "engine_ppm": "not_read",
        "util_ppm": "not_supported",
        "power_mw": "of_the_whole_gpu",
    }
    return Reading(memory_mib=_memory_mib(missing, handle), missing=missing)


def _memory_mib(missing: dict[str, str], handle: Any) -> int | None:  # noqa: ANN401
    memory = _maybe(
        missing, "memory_mib", pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2
    )
    return None if memory is None else memory.used // _MIB


def _pids(handle: Any) -> list[tuple[int, int | None]]:  # noqa: ANN401
    for _ in range(_TRIES):  # the list may grow between asking for its size and for itself
        try:
            found = _ask(pynvml.nvmlDeviceGetComputeRunningProcesses_v3, handle)
        except _Failed as error:
            if error.code != pynvml.NVML_ERROR_INSUFFICIENT_SIZE:
                raise
        else:
            return [(p.pid, p.usedGpuMemory and p.usedGpuMemory // _MIB) for p in found]
    return []


def _maybe(missing: dict[str, str], name: str, call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """What the call answers, or None with the reason where this device does not offer it."""
    try:
        return _ask(call, *args)
    except _Failed as error:
        if error.code in _GPU_LOST:
            raise
        missing[name] = str(error)
        return None


def _unless(codes: set[int], call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """What the call answers, or None where it fails in one of these ways."""
    try:
        return _ask(call, *args)
    except _Failed as error:
        if error.code not in codes:
            raise
        return None


def _ask(call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """The one door to the driver."""
    try:
        return call(*args)
    except pynvml.NVMLError as error:
        code = int(error.value)
        raise (_Gone(code) if code in _DRIVER_GONE else _Failed(code)) from error


def _no_driver(error: _Gone | _Failed) -> NoDriver:
    if error.code == _REPLACED:
        return NoDriver(
            "NVIDIA 驱动与其库的版本不一致（驱动升级后尚未重新加载）：请重新加载驱动或重启本机",
            "the NVIDIA driver and its library differ in version (upgraded, not reloaded yet): "
            "reload the driver or reboot this machine",
        )
    return NoDriver(
        f"本机没有可用的 NVIDIA 驱动（{error}）：计量未启动",
        f"this machine has no working NVIDIA driver ({error}): nothing is metered",
    )
