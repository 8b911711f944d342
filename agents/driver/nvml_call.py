"""The one door to NVML: every call goes through it, and every fault comes out as one of two kinds.

`Gone` concerns the whole driver (unloaded, or replaced by another version); `Failed` one GPU or one
slice. `maybe` turns «this GPU has no such reading» into None with the reason, which is never 0.

Source: nvmlReturn_t in nvml.h.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pynvml

NOT_SUPPORTED, FUNCTION_NOT_FOUND, REPLACED = 3, 13, 18
NOT_OFFERED = {NOT_SUPPORTED, FUNCTION_NOT_FOUND}
GPU_LOST = {15, 16}
_DRIVER_GONE = {1, 9, 12, REPLACED}
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


class Gone(Exception):
    """One call failed for the whole driver (see `code`)."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, f"nvml_{code}"))
        self.code = code


class Failed(Exception):
    """One call failed for one GPU or slice."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS.get(code, f"nvml_{code}"))
        self.code = code


def ask(call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401  as the driver answers
    """What the call answers. Raises Gone and Failed."""
    try:
        return call(*args)
    except pynvml.NVMLError as error:
        code = int(error.value)
        raise (Gone(code) if code in _DRIVER_GONE else Failed(code)) from error


def maybe(missing: dict[str, str], name: str, call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """What the call answers, or None with the reason where this device does not offer it."""
    try:
        return ask(call, *args)
    except Failed as error:
        if error.code in GPU_LOST:
            raise
        missing[name] = str(error)
        return None


def unless(codes: Collection[int], call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """What the call answers, or None where it fails in one of these ways."""
    try:
        return ask(call, *args)
    except Failed as error:
        if error.code not in codes:
            raise
        return None
