"""`suanquan-agent once`: one sample of GPUs, holders and readings, for a person at the node."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents import wire
from agents.driver.nvml import DriverReplaced, Nvml, Process
from agents.errors import NoDriver
from agents.holders.source import Holders, read_first
from agents.metering.meter import devices_of
from agents.observations import HolderShare, Holdings, Look, Reading

_HEAD = ("设备 device", "型号 model", "占用者 holder", "利用率 util", "显存 memory", "功率 power")


def sample(nvml: Nvml, holders: Holders, now: datetime) -> dict[str, Any]:
    """Take one sample as plain data; what was not measured is null, with `missing` saying why."""
    try:
        looks = nvml.look()
    except DriverReplaced as error:
        raise NoDriver(
            "驱动刚被更换，请再运行一次", "the driver was just replaced: run it again"
        ) from error
    holders.update_devices(looks)
    holdings = read_first(holders, now)
    gap = holdings if isinstance(holdings, wire.GapReason) else None
    by_device = holdings if isinstance(holdings, Holdings) else Holdings({})
    processes = nvml.processes()
    return {
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "driver": nvml.version(),
        "fault": looks if isinstance(looks, str) else None,
        "holders_fault": holders.fault or gap,
        "silent_gpus": nvml.silent,
        "gpus": []
        if isinstance(looks, str)
        else [
            {"gpu": uuid, "fault": look, "devices": []}
            if isinstance(look, wire.GapReason)
            else _gpu(uuid, look, by_device, processes)
            for uuid, look in looks.items()
        ],
    }


def table(data: dict[str, Any]) -> str:
    """Format the sample for a terminal."""
    lines = [f"驱动 driver {data['driver']}   {data['at']}"]
    rows: list[tuple[str, ...]] = [_HEAD]
    for gpu in data["gpus"]:
        if gpu["fault"]:
            rows.append((gpu["gpu"], f"故障 fault: {gpu['fault']}", "", "", "", ""))
        rows += [_row(gpu, device) for device in gpu["devices"]]
    if data["fault"]:
        lines.append(f"读不到 GPU / the driver does not answer: {data['fault']}")
    if data["silent_gpus"]:
        lines.append(f"不应答的 GPU / GPUs that do not answer: {data['silent_gpus']}")
    if data["holders_fault"]:
        lines.append(f"占用者未知 / holders unknown: {data['holders_fault']}")
    lines += ["  ".join(row).rstrip() for row in rows]
    return "\n".join(lines)


def _gpu(uuid: str, look: Look, holdings: Holdings, processes: list[Process]) -> dict[str, Any]:
    return {
        "gpu": uuid,
        "fault": None,
        "model": look.model,
        "mig": look.mig,
        "energy_mj": look.energy_mj,
        "missing": {"energy_mj": look.energy_missing} if look.energy_missing else {},
        "devices": [
            {
                "device": device,
                "mig": msgspec.to_builtins(mig),
                "held": _describe_shares(shares),
                "reading": msgspec.to_builtins(look.readings.get(device, Reading())),
                "processes": [p._asdict() for p in processes if p.device == device],
            }
            for device, mig, shares in devices_of(uuid, look.slices, holdings)
        ],
    }


def _describe_shares(shares: Iterable[HolderShare]) -> list[dict[str, Any]]:
    return [
        {"holder": msgspec.to_builtins(share.holder), "share": f"{share.num}/{share.den}"}
        for share in shares
    ]


def _row(gpu: dict[str, Any], device: dict[str, Any]) -> tuple[str, ...]:
    reading = device["reading"]
    names = [
        " ".join(
            [*share["holder"].values(), *([share["share"]] if share["share"] != "1/1" else [])]
        )
        for share in device["held"]
    ]
    util, power = reading.get("util_ppm"), reading.get("power_mw")
    memory = reading.get("memory_mib")
    return (
        device["device"],
        gpu["model"] + (f" {device['mig']['profile']}" if device["mig"] else ""),
        ", ".join(names),
        "—" if util is None else f"{util // 10_000} %",
        "—" if memory is None else f"{memory} MiB",
        "—" if power is None else f"{power // 1000} W",
    )
