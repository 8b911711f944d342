"""A relay's setup: its door for the nodes, its certificate, its queue and disk, its line."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.commands.doctor.check import Check
from agents.commands.doctor.site import folder_check, server_check
from agents.errors import SettingsError
from agents.relay.queue import Queue
from agents.relay.settings import RelaySettings
from agents.reporting.line import Line
from agents.reporting.server import Server
from agents.settings import Settings

_RENEWAL = timedelta(days=14)  # before it ends
_OLD_S = 600  # as the alarm


def checks(settings: Settings, now: datetime) -> Iterator[Callable[[], Check]]:
    """Yield the checks. Raises SettingsError."""
    yield lambda: _certificate(RelaySettings.read(os.environ), now)
    yield lambda: _door(RelaySettings.read(os.environ))
    yield lambda: folder_check(settings)
    yield lambda: _queue(RelaySettings.read(os.environ))
    yield lambda: _line(settings, now)


def _certificate(settings: RelaySettings, now: datetime) -> Check:
    settings.context()
    if settings.certificate is None:
        return Check(
            1,
            "对节点是明文 HTTP：注册码与占用者的名字看得见。请设 SUANQUAN_RELAY_CERT",
            "plain HTTP for the nodes: codes and holders' names can be seen; set "
            "SUANQUAN_RELAY_CERT",
        )
    try:
        until = _ends(settings.certificate, settings.key)
    except ssl.SSLError as error:
        return Check(
            SettingsError.exit_code,
            f"节点不会信任中继的证书（{error}）：请换新，换好一分钟内生效，不必重启",
            f"no node will trust the relay's certificate ({error}): renew it; a new one counts "
            "within a minute, without a restart",
        )
    is_due = until - now < _RENEWAL
    return Check(
        int(is_due),
        f"中继的证书有效到 {until:%Y-%m-%d}{'：请换新，不必重启' if is_due else ''}",
        f"the relay's certificate lasts until {until:%Y-%m-%d}"
        + (": renew it, without a restart" if is_due else ""),
    )


def _ends(certificate: str, key: str | None) -> datetime:
    """Return until when a node could trust a certificate. Raises ssl.SSLError: it cannot now.

    Only who was shown a certificate is told what stands in it: so it is shown, in memory.
    """
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    node = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    node.check_hostname = False
    node.load_verify_locations(certificate)
    node.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    outbox, inbox = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = node.wrap_bio(inbox, outbox)
    far = own.wrap_bio(outbox, inbox, server_side=True)
    for end in (near, far, near):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    facts = near.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), UTC)


def _door(settings: RelaySettings) -> Check:
    where = f"{settings.host}:{settings.port}"
    if _page(settings) is not None:
        return Check(
            0,
            f"中继正在运行，节点来 {where}",
            f"a relay runs here; nodes come to {where}",
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        return Check(
            SettingsError.exit_code,
            f"不能在 {where} 上听（{error.strerror}）：换 SUANQUAN_RELAY_LISTEN，"
            f"或停掉占着它的程序",
            f"cannot listen on {where} ({error.strerror}): change SUANQUAN_RELAY_LISTEN, or stop "
            "what has it",
        )
    return Check(0, f"{where} 空着，可以听", f"{where} is free to listen on")


def _queue(settings: RelaySettings) -> Check:
    free = shutil.disk_usage(_existing(settings.data)).free
    used_bytes = count = 0
    oldest_s = 0.0
    if settings.queue.exists():
        queue = Queue(settings.queue, beside=True)
        try:
            count, _, oldest_s, used_bytes = queue.figures()
        finally:
            queue.close()
    most = settings.bytes_max
    zh, en = f"{count} 批等着服务器", f"{count} batches wait for the server"
    if free < most - used_bytes:
        return Check(
            1,
            f"{zh}；磁盘只剩 {free >> 20} MiB，队列还可能要 {most - used_bytes >> 20} MiB："
            "写满时节点留着自己的数据",
            f"{en}; the disk has {free >> 20} MiB left and the queue may need "
            f"{most - used_bytes >> 20} more: once it is full the nodes keep what they have",
        )
    if used_bytes > most // 2 or oldest_s > _OLD_S:
        return Check(
            1,
            f"{zh}，最早的等了 {oldest_s:.0f} 秒，占 {used_bytes >> 20}/{most >> 20} MiB："
            "看线路；没有线路就请信使（suanquan-agent export）",
            f"{en}, the oldest for {oldest_s:.0f} s, {used_bytes >> 20} of {most >> 20} MiB: look "
            "at the line; without one send a courier (suanquan-agent export)",
        )
    return Check(0, zh, en)


def _line(settings: Settings, now: datetime) -> Check:
    Line.read()
    if settings.url is None:
        return Check(
            0,
            "没有线路（SUANQUAN_URL 没有设）：只收不发，等信使",
            "there is no line (SUANQUAN_URL is not set): it stores for a courier",
        )
    return server_check(settings, now)


def _page(settings: RelaySettings) -> bytes | None:
    """Return the metrics page of the relay that runs here; None if none does."""
    with Server(f"http://127.0.0.1:{settings.health_port}", timeout_s=2, line=Line()) as relay:
        answer = relay.get("/metrics")
    return answer.body if answer is not None and b"suanquan_relay_" in answer.body else None


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
