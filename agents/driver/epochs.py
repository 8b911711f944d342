"""Epochs of the driver's counters: differences are valid only within one load of the driver.

NVML's energy counter starts at 0 when the driver is loaded. The version may be the same after a
reload, so the epoch includes the inode of the loaded module, which is new each time. What no epoch
shows (a GPU that was reset, MIG turned on) shows as a counter that went back or as other slices,
and both make the minute's energy null.
"""

from __future__ import annotations

from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MODULE = Path("/sys/module/nvidia")


def boot_id() -> str | None:
    """Return the kernel's id of this boot, or None."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except OSError:
        return None


def driver_epoch(version: str, module: Path = _MODULE) -> str:
    """Return a text that differs between loads of the driver; use it only to compare."""
    try:
        load = str(module.stat().st_ino)
    except OSError:
        load = ""
    return f"{boot_id() or ''}/{version}/{load}"
