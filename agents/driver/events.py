"""Events that the driver reports between two looks: XIDs, and new MIG slices.

An XID is the driver's number for a fault (79: fallen off the bus). It becomes a flag of the minute,
`xid:79`, or `xid:43@3/0` for one slice; its meaning is left to the reader. Each look reads the
event set without waiting. If a GPU has no events, its window says why, because a missing XID then
means nothing.

Source: nvml.h, group nvmlEvents. NVML reports no event from before the registration of a GPU.
"""

from __future__ import annotations

import ctypes
import logging
from collections import defaultdict
from typing import Any

import pynvml

from agents.driver.nvml_call import NvmlFailed, ask, is_sliced
from agents.observations import MIG_CHANGED

_EVENT_TYPES = (
    pynvml.nvmlEventTypeXidCriticalError
    | pynvml.nvmlEventMigConfigChange
    | pynvml.nvmlEventTypeGpuUnavailableError
)
_NO_INSTANCE = 0xFFFFFFFF
_AT_ONCE = 256
_TIMEOUT = 10
_log = logging.getLogger(__name__)


class EventSet:
    """The event set of all registered GPUs."""

    def __init__(self) -> None:
        self._set: Any = None
        self._no_set = ""  # why there is none
        self._handles: dict[str, Any] = {}
        self.missing: dict[str, str] = {}  # why a GPU has no events, by its UUID

    def open(self) -> None:
        """Make the set. Raises DriverLost; without a set no GPU has events."""
        try:
            self._set = ask(pynvml.nvmlEventSetCreate)
        except NvmlFailed as error:
            self._no_set = str(error)

    def register(self, uuid: str, handle: Any) -> None:  # noqa: ANN401  an opaque pointer
        """Receive the events of this GPU from now on."""
        self._handles[uuid] = handle
        if self._set is None:
            self.missing[uuid] = self._no_set
            return
        try:
            event_types = ask(pynvml.nvmlDeviceGetSupportedEventTypes, handle)
            if not event_types & pynvml.nvmlEventTypeXidCriticalError:
                self.missing[uuid] = "not_supported"
            ask(pynvml.nvmlDeviceRegisterEvents, handle, event_types & _EVENT_TYPES, self._set)
        except NvmlFailed as error:
            self.missing[uuid] = str(error)

    def drain(self) -> dict[str, tuple[str, ...]]:
        """Return the events since the last call, by GPU, each once. Raises DriverLost."""
        words: defaultdict[str, dict[str, None]] = defaultdict(dict)
        if self._set is None:
            return {}
        try:
            for _ in range(_AT_ONCE):
                event = ask(pynvml.nvmlEventSetWait_v2, self._set, 0)
                words[self._uuid_of(event.device)][_word(event)] = None
        except NvmlFailed as error:
            if error.code != _TIMEOUT:
                _log.info("events: %s", error)
                self._renew()
        return {uuid: tuple(names) for uuid, names in words.items()}

    def close(self) -> None:
        """Free the set before the driver is closed."""
        if self._set is not None:
            try:
                ask(pynvml.nvmlEventSetFree, self._set)
            except Exception as error:  # noqa: BLE001  it is thrown away in any case
                _log.debug("nvmlEventSetFree: %s", error)
        self._set, self._handles, self.missing = None, {}, {}

    def _renew(self) -> None:
        """Make a new set: one lost GPU makes the old one fail for all GPUs."""
        handles = self._handles
        self.close()
        self.open()
        for uuid, handle in handles.items():
            self.register(uuid, handle)

    def _uuid_of(self, device: Any) -> str:  # noqa: ANN401
        for uuid, handle in self._handles.items():
            if _address(handle) == _address(device):
                return uuid
        try:
            return str(ask(pynvml.nvmlDeviceGetUUID, device))
        except NvmlFailed:
            return ""  # of an unknown GPU; the log has it


def _word(event: Any) -> str:  # noqa: ANN401
    if event.eventType == pynvml.nvmlEventMigConfigChange:
        return MIG_CHANGED
    if event.eventType == pynvml.nvmlEventTypeGpuUnavailableError:
        return "gpu_unavailable"
    word = f"xid:{event.eventData}"
    if event.gpuInstanceId != _NO_INSTANCE and _may_be_sliced(event.device):
        compute = event.computeInstanceId
        word += f"@{event.gpuInstanceId}/{'' if compute == _NO_INSTANCE else compute}"
    _log.error("the driver announced %s", word)
    return word


def _may_be_sliced(gpu: Any) -> bool:  # noqa: ANN401
    """Return whether an instance has a meaning: some drivers name 0/0 where MIG is off."""
    try:
        return is_sliced(gpu)
    except NvmlFailed:  # a lost GPU; it may have been
        return True


def _address(handle: Any) -> int | None:  # noqa: ANN401
    return ctypes.cast(handle, ctypes.c_void_p).value
