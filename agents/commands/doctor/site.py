"""What every agent needs: a folder, an identity, a spool, a server."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime

from agents.commands.doctor import remedies
from agents.commands.doctor.check import SKEW_MAX_S, Check, skew_s
from agents.errors import IdentityError, Refused, SpoolError, Unreachable
from agents.reporting.identity import Identity
from agents.reporting.line import Line
from agents.reporting.server import Server
from agents.reporting.spool import BYTES_MAX, Spool
from agents.settings import Settings

_ROOM = 1 << 20  # bytes; less is a full disk
_ROOM_TO_COME = BYTES_MAX  # what the spool may still need
_REFUSAL = re.compile(rb'^suanquan_agent_server_refuses\{kind="(\w+)"\} 1$', re.MULTILINE)


def folder_check(settings: Settings) -> Check:
    """Say whether the data folder can be written."""
    folder = settings.data
    base = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not base.is_dir() or not os.access(base, os.W_OK | os.X_OK):
        return Check(
            SpoolError.exit_code,
            f"数据目录 {folder} 不可写（权限，或只读的文件系统）",
            f"the data folder {folder} cannot be written (permission, or a read-only file system)",
        )
    free = shutil.disk_usage(base).free
    if free < _ROOM_TO_COME:
        return Check(
            SpoolError.exit_code if free < _ROOM else 1,
            f"数据目录 {folder} 所在的磁盘只剩 {free >> 20} MiB：上报队列最多要 "
            f"{_ROOM_TO_COME >> 20} MiB",
            f"the disk of the data folder {folder} has {free >> 20} MiB left: the spool may need "
            f"{_ROOM_TO_COME >> 20} MiB",
        )
    if base != folder:
        return Check(
            0,
            f"数据目录 {folder} 尚不存在：首次运行 node 时会建立",
            f"the data folder {folder} does not exist yet: node makes it at its first start",
        )
    return Check(0, f"数据目录 {folder} 可写", f"data folder {folder} can be written")


def identity_check(settings: Settings) -> Check:
    """Say whether we are enrolled, or can be."""
    identity = Identity.load(settings.data)
    if identity is not None:
        return Check(
            0,
            f"已注册：集群 {identity.cluster}，节点 {identity.node}，编号 {identity.agent}",
            f"enrolled: cluster {identity.cluster}, node {identity.node}, agent {identity.agent}",
        )
    if settings.read_code() is not None:
        return Check(
            0,
            "尚未注册：node 启动时会用注册码注册；想先知道它能不能用：suanquan-agent enrol",
            "not enrolled yet: a code is set, node will enrol when it starts; to know now whether "
            "it is good: suanquan-agent enrol",
        )
    return Check(
        IdentityError.exit_code,
        "尚未注册，也没有注册码 SUANQUAN_ENROL_CODE：请向管理员索取",
        "not enrolled, and no code is set (SUANQUAN_ENROL_CODE): ask an administrator",
    )


def spool_check(settings: Settings) -> Check:
    """Say how full the spool is, or what the running agent is refused for."""
    if not settings.spool.exists():
        return Check(0, "上报队列尚未建立", "there is no spool yet")
    page = _page(settings)
    if page is not None:
        refusal = _REFUSAL.search(page)
        if refusal is not None:
            code = refusal[1].decode()
            zh, en = remedies.REFUSALS.get(code, ("见日志", "see the log"))
            return Check(
                IdentityError.exit_code if code in remedies.REFUSALS else Refused.exit_code,
                f"服务器拒绝运行中的采集端（{code}）：{zh}",
                f"the server refuses the running agent ({code}): {en}",
            )
        return Check(
            0,
            f"上报队列正由运行中的采集端使用（见 127.0.0.1:{settings.health_port}/metrics）",
            f"the spool is in use by the running agent (127.0.0.1:{settings.health_port}/metrics)",
        )
    with Spool(settings.spool) as spool:
        depth, oldest, used_bytes = spool.depth(), spool.oldest(), spool.used_bytes()
    since = oldest.isoformat() if oldest else "—"
    if used_bytes > BYTES_MAX * 9 // 10:
        return Check(
            1,
            f"上报队列快满了：{depth} 个窗口待发，最早 {since}；满了就丢最旧的（记为空缺）",
            f"the spool is nearly full: {depth} windows wait, the oldest of {since}; once it is "
            "full the oldest go (as gaps)",
        )
    return Check(
        0,
        f"上报队列：{depth} 个窗口待发，最早 {since}",
        f"spool: {depth} windows wait, the oldest of {since}",
    )


def _page(settings: Settings) -> bytes | None:
    """Return the metrics page of the running agent; None if none runs."""
    with Server(f"http://127.0.0.1:{settings.health_port}", timeout_s=2, line=Line()) as agent:
        answer = agent.get("/metrics")
    return answer.body if answer is not None and b"suanquan_agent_" in answer.body else None


def server_check(settings: Settings, now: datetime) -> Check:
    """Say whether the server answers, and by our clock."""
    if settings.by_courier:
        return Check(
            0,
            "没有线路：由信使带走批次、带回回执（SUANQUAN_URL=courier）",
            "there is no line: a courier carries batches and receipts (SUANQUAN_URL=courier)",
        )
    with Server(settings.server, timeout_s=5) as server:
        answer = server.get("/healthz")
        fault = server.fault
    if answer is None or answer.status != 200:  # noqa: PLR2004
        why = fault if answer is None else f"HTTP {answer.status}"
        return Check(
            Unreachable.exit_code,
            f"服务器 {settings.url} 不可用（{why}）",
            f"the server {settings.url} is not available ({why})",
        )
    skew = skew_s(answer.headers.get("date", ""), now)
    if skew is not None and abs(skew) > SKEW_MAX_S:
        return Check(
            1,
            f"本机时钟与服务器相差 {skew} 秒：请校时（NTP）",
            f"this machine's clock is {skew} s away from the server's: set it by NTP",
        )
    return Check(
        0,
        f"服务器 {settings.url} 可用，时钟一致",
        f"the server {settings.url} answers, clocks agree",
    )
