"""Calls to NVML: every call goes through `ask`, and every error is one of two exceptions.

`DriverLost` concerns the whole driver (unloaded, or replaced by another version); `NvmlFailed` one
GPU or one slice. `ask_or_explain` turns «this GPU has no such reading» into None with the reason.

Source: nvmlReturn_t in nvml.h.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pynvml

NOT_SUPPORTED, FUNCTION_NOT_FOUND, REPLACED = 3, 13, 18
NOT_OFFERED = {NOT_SUPPORTED, FUNCTION_NOT_FOUND}
GPU_LOST = {15, 16}
_DRIVER_LOST = {1, 9, 12, REPLACED}
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


class DriverLost(Exception):
    """One call failed for the whole driver (see `code`)."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, f"nvml_{code}"))
        self.code = code


class NvmlFailed(Exception):
    """One call failed for one GPU or slice."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, f"nvml_{code}"))
        self.code = code


def ask(call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401  as the driver answers
    """Call NVML and return its answer. Raises DriverLost and NvmlFailed."""
    try:
        return call(*args)
    except pynvml.NVMLError as error:
        code = int(error.value)
        raise (DriverLost(code) if code in _DRIVER_LOST else NvmlFailed(code)) from error


def ask_or_explain(
    missing: dict[str, str], name: str, call: Callable[..., Any], *args: object
) -> Any:  # noqa: ANN401
    """Call NVML; None, with the reason in `missing[name]`, if the call fails for this device."""
    try:
        return ask(call, *args)
    except NvmlFailed as error:
        if error.code in GPU_LOST:
            raise
        missing[name] = str(error)
        return None


def ask_unless(codes: Collection[int], call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """Call NVML; None if it fails with one of these codes."""
    try:
        return ask(call, *args)
    except NvmlFailed as error:
        if error.code not in codes:
            raise
        return None


def is_sliced(gpu: Any) -> bool:  # noqa: ANN401  an opaque pointer
    """Return whether MIG is on. Raises DriverLost and NvmlFailed."""
    mode = ask_unless(NOT_OFFERED, pynvml.nvmlDeviceGetMigMode, gpu)
    return bool(mode and mode[0] == pynvml.NVML_DEVICE_MIG_ENABLE)
