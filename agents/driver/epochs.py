"""Within what the driver's counters may be subtracted: one boot, one load of the driver.

NVML's energy counter begins at 0 when the driver is loaded. Its version may be the same after a
reload, so the kernel's own number of the loaded module is taken along: it is given anew each time.
What no epoch shows (a GPU that was reset, MIG turned on) shows as a counter that went back, or as
slices that changed, and both make the minute's energy null.
"""

from __future__ import annotations

from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MODULE = Path("/sys/module/nvidia")


def boot_id() -> str | None:
    """The kernel's id of this boot, where there is one."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except OSError:
        return None


def driver_epoch(version: str, module: Path = _MODULE) -> str:
    """One load of the driver, in words that are only ever compared."""
    try:
        loaded = str(module.stat().st_ino)
    except OSError:
        loaded = ""
    return f"{boot_id() or ''}/{version}/{loaded}"
