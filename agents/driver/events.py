"""What the driver announces of its own accord between two looks: XIDs, and MIG cut anew.

An XID is the driver's number for a fault (79: fallen off the bus). It becomes a flag of the minute,
`xid:79`, or `xid:43@3/0` where it is one slice's; what it means is left to whoever reads it. The
set of events is asked at each look and never waited for. Where events cannot be had, the window
says so: no XID in it then means nothing.

Source: nvml.h, group nvmlEvents. What happened before a GPU is registered is never told.
"""

from __future__ import annotations

import ctypes
import logging
from collections import defaultdict
from typing import Any

import pynvml

from agents.driver.nvml_call import Failed, ask
from agents.observations import MIG_CHANGED

_WANTED = (
    pynvml.nvmlEventTypeXidCriticalError
    | pynvml.nvmlEventMigConfigChange
    | pynvml.nvmlEventTypeGpuUnavailableError
)
_NO_INSTANCE = 0xFFFFFFFF
_AT_ONCE = 256
_TIMEOUT = 10
_log = logging.getLogger(__name__)


class Announced:
    """The set of events of all GPUs that are registered with it."""

    def __init__(self) -> None:
        self._set: Any = None
        self._handles: dict[str, Any] = {}
        self.missing: dict[str, str] = {}  # why a GPU announces nothing, by its UUID

    def register(self, uuid: str, handle: Any) -> None:  # noqa: ANN401  an opaque pointer
        """From now on hear what this GPU announces."""
        self._handles[uuid] = handle
        try:
            if self._set is None:
                self._set = ask(pynvml.nvmlEventSetCreate)
            offered = ask(pynvml.nvmlDeviceGetSupportedEventTypes, handle)
            if not offered & pynvml.nvmlEventTypeXidCriticalError:
                self.missing[uuid] = "not_supported"
            ask(pynvml.nvmlDeviceRegisterEvents, handle, offered & _WANTED, self._set)
        except Failed as error:
            self.missing[uuid] = str(error)

    def drain(self) -> dict[str, tuple[str, ...]]:
        """What was announced since the last time, by GPU; each word once. Raises Gone."""
        words: defaultdict[str, dict[str, None]] = defaultdict(dict)
        if self._set is None:
            return {}
        try:
            for _ in range(_AT_ONCE):
                event = ask(pynvml.nvmlEventSetWait_v2, self._set, 0)
                words[self._name(event.device)][_word(event)] = None
        except Failed as error:
            if error.code != _TIMEOUT:
                _log.info("events: %s", error)
                self._renew()
        return {uuid: tuple(each) for uuid, each in words.items()}

    def close(self) -> None:
        """Forget everything; the driver is about to be closed."""
        if self._set is not None:
            try:
                ask(pynvml.nvmlEventSetFree, self._set)
            except Exception as error:  # noqa: BLE001  it is thrown away in any case
                _log.debug("nvmlEventSetFree: %s", error)
        self._set, self._handles, self.missing = None, {}, {}

    def _renew(self) -> None:
        """A set in which one GPU is lost answers for none: make one of those that are left."""
        handles = self._handles
        self.close()
        for uuid, handle in handles.items():
            self.register(uuid, handle)

    def _name(self, device: Any) -> str:  # noqa: ANN401
        for uuid, handle in self._handles.items():
            if _address(handle) == _address(device):
                return uuid
        try:
            return str(ask(pynvml.nvmlDeviceGetUUID, device))
        except Failed:
            return ""  # nobody can say whose it is; the log has it


def _word(event: Any) -> str:  # noqa: ANN401
    if event.eventType == pynvml.nvmlEventMigConfigChange:
        return MIG_CHANGED
    if event.eventType == pynvml.nvmlEventTypeGpuUnavailableError:
        return "gpu_unavailable"
    word = f"xid:{event.eventData}"
    if event.gpuInstanceId != _NO_INSTANCE:
        compute = event.computeInstanceId
        word += f"@{event.gpuInstanceId}/{'' if compute == _NO_INSTANCE else compute}"
    _log.error("the driver announced %s", word)
    return word


def _address(handle: Any) -> int | None:  # noqa: ANN401
    return ctypes.cast(handle, ctypes.c_void_p).value
