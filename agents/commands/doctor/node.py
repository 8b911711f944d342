"""A node of our own agent: its driver, and who says who holds what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from agents import wire
from agents.commands.doctor import remedies
from agents.commands.doctor.check import Check
from agents.driver.nvml import DriverReplaced, Nvml
from agents.holders.source import MapFile, holders_of, read_first
from agents.observations import Holdings, Look
from agents.settings import Settings

Gpus = dict[str, Look | wire.GapReason]


def driver_check(gpus: Gpus) -> Check:
    """Say what the driver shows, and put it into `gpus`."""
    nvml = Nvml()
    try:
        version = nvml.version()
        looks = nvml.look()
    except DriverReplaced:
        looks = wire.GapReason.DRIVER_RELOAD
    finally:
        nvml.close()
    if isinstance(looks, str):
        zh, en = remedies.DRIVER.get(looks, ("", ""))
        return Check(1, f"驱动不应答（{looks}）{zh}", f"the driver does not answer ({looks}){en}")
    faults = [f"{uuid}: {look}" for uuid, look in looks.items() if not isinstance(look, Look)]
    faults += ["GPU ?"] * nvml.silent
    gpus.update(looks)
    slices = sum(len(look.slices) for look in looks.values() if isinstance(look, Look))
    if faults:
        return Check(
            1,
            f"有 GPU 读不到（{'；'.join(faults)}）",
            f"some GPUs cannot be read ({'; '.join(faults)})",
        )
    return Check(
        0,
        f"驱动 {version}：{len(looks)} 块 GPU，{slices} 个 MIG 切片",
        f"driver {version}: {len(looks)} GPUs, {slices} MIG slices",
    )


def holders_check(settings: Settings, gpus: Gpus, now: datetime) -> Check:
    """Say who tells the holders of these GPUs."""
    if settings.holders is not None:
        return _map(settings.holders, gpus, now)
    if settings.kubelet is not None:
        return _kubelet(settings, gpus, now)
    return Check(
        1,
        "没有占用者来源：本机没有 kubelet，也未设置占用者文件 SUANQUAN_HOLDERS；"
        "所有用量都会记为「归属不明」",
        "no source of holders: there is no kubelet and no holders file is set "
        "(SUANQUAN_HOLDERS): all use will be unattributed",
    )


def _kubelet(settings: Settings, gpus: Gpus, now: datetime) -> Check:
    source = holders_of(settings)
    source.update_devices(gpus)
    holdings = read_first(source, now)
    source.close()
    if source.fault:
        zh, en = remedies.KUBELET.get(source.fault, ("", ""))
        return Check(
            1,
            f"kubelet（{settings.kubelet}）说不全谁在占用：{source.fault}{zh}",
            f"the kubelet ({settings.kubelet}) does not fully say who holds what: "
            f"{source.fault}{en}",
        )
    count = len(holdings.devices) if isinstance(holdings, Holdings) else 0
    return Check(
        0,
        f"kubelet 应答：{count} 个设备被占用，份额按 {settings.shares} 计",
        f"the kubelet answers: {count} devices are held, shares are of those {settings.shares}",
    )


def _map(path: Path, gpus: Gpus, now: datetime) -> Check:
    looks = [look for look in gpus.values() if isinstance(look, Look)]
    devices = {*gpus, *(mig.uuid for look in looks for mig in look.slices)}
    holdings = MapFile(path).read(now)
    unknown = sorted(set(holdings.devices) - devices) if isinstance(holdings, Holdings) else []
    if unknown and devices:
        return Check(
            1,
            f"占用者文件写了本机没有的设备：{'、'.join(unknown)}",
            f"the holders file names devices that this node has not: {', '.join(unknown)}",
        )
    return Check(
        0,
        f"占用者文件 {path}：{len(holdings.devices)} 个设备",
        f"holders file {path}: {len(holdings.devices)} devices",
    )
