"""What nvidia-smi says, for checking the agent against it.

Source: `nvidia-smi -q -x` (its DTD v11 to v13 differ in where the power stands) and
`nvidia-smi -L`, the only place where it writes the UUIDs of MIG slices.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

_SLICE = re.compile(r"^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-\S+)\)", re.MULTILINE)
_POWER = (  # what nvmlDeviceGetPowerUsage answers: the average of a second, where there is one
    "gpu_power_readings/average_power_draw",
    "gpu_power_readings/power_draw",
    "power_readings/power_draw",
)


@dataclass(frozen=True)
class SmiSlice:
    gi: int
    ci: int
    memory_mib: int | None


@dataclass(frozen=True)
class SmiGpu:
    model: str
    minor: int | None
    mig: bool
    util_percent: int | None
    memory_mib: int | None
    power_w: float | None
    slices: tuple[SmiSlice, ...] = field(default=())


@dataclass(frozen=True)
class Smi:
    driver: str
    gpus: dict[str, SmiGpu]


def is_there() -> bool:
    """Whether this machine has a working driver, as nvidia-smi sees it."""
    if shutil.which("nvidia-smi") is None:
        return False
    return subprocess.run(["nvidia-smi", "-L"], capture_output=True, check=False).returncode == 0


def ask() -> Smi:
    return parse(_run("-q", "-x"))


def slices() -> list[tuple[str, str]]:
    """The profile and UUID of every MIG slice of the machine."""
    return parse_list(_run("-L"))


def parse_list(text: str) -> list[tuple[str, str]]:
    return [(profile, uuid) for profile, _, uuid in _SLICE.findall(text)]


def parse(text: str) -> Smi:
    root = fromstring(text)
    return Smi(_text(root, "driver_version"), {_text(g, "uuid"): _gpu(g) for g in root.iter("gpu")})


def _gpu(gpu: Element) -> SmiGpu:
    powers = [_number(gpu, path) for path in _POWER]
    return SmiGpu(
        model=_text(gpu, "product_name"),
        minor=_whole(gpu, "minor_number"),
        mig=_text(gpu, "mig_mode/current_mig") == "Enabled",
        util_percent=_whole(gpu, "utilization/gpu_util"),
        memory_mib=_whole(gpu, "fb_memory_usage/used"),
        power_w=next((power for power in powers if power is not None), None),
        slices=tuple(
            SmiSlice(
                int(_text(device, "gpu_instance_id")),
                int(_text(device, "compute_instance_id")),
                _whole(device, "fb_memory_usage/used"),
            )
            for device in gpu.findall("mig_devices/mig_device")
        ),
    )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: Element, path: str) -> float | None:
    """«67.03 W», «12 MiB», «0 %»; N/A and the like are None."""
    match = re.match(r"\d+(\.\d+)?", _text(element, path))
    return float(match[0]) if match else None


def _whole(element: Element, path: str) -> int | None:
    number = _number(element, path)
    return None if number is None else int(number)


def _run(*words: str) -> str:
    return subprocess.run(
        ["nvidia-smi", *words], capture_output=True, check=True, text=True, timeout=60
    ).stdout
