"""What a courier needs of a data folder: something to carry, a key to check receipts with, time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from agents.commands.doctor.check import Check
from agents.commands.doctor.site import folder_check, identity_check
from agents.errors import CourierError, SettingsError
from agents.relay.queue import Queue
from agents.relay.settings import queue_path
from agents.reporting import server_key
from agents.reporting.spool import Spool
from agents.settings import Settings

_SOON = timedelta(days=5)  # later than seven days it waits in quarantine


def checks(settings: Settings, now: datetime) -> Iterator[Callable[[], Check]]:
    """Yield the checks, of a node's folder or of a relay's."""
    is_relay = queue_path(settings.data).exists()
    yield lambda: folder_check(settings)
    if not is_relay:
        yield lambda: _mode(settings)
        yield lambda: identity_check(settings)
    yield lambda: _key(settings)
    yield lambda: _load(settings, now)


def _mode(settings: Settings) -> Check:
    if settings.by_courier:
        return Check(0, "没有线路，由信使带走", "there is no line: a courier carries all")
    if settings.url is None:
        raise SettingsError(
            "没有设 SUANQUAN_URL：没有线路的节点写 courier",
            "SUANQUAN_URL is not set: a node without a line has courier there",
        )
    return Check(
        0,
        f"有线路（{settings.url}），信使是另一条路：两条一起走也不会重复计",
        f"there is a line ({settings.url}), and a courier beside it: nothing counts twice",
    )


def _key(settings: Settings) -> Check:
    try:
        server_key.read(settings.data, os.environ)
    except CourierError as error:
        return Check(1, error.zh, error.en)
    return Check(
        0, "知道服务器的公钥，可以核对回执", "the server's key is known: receipts can be checked"
    )


def _load(settings: Settings, now: datetime) -> Check:
    queue_file = queue_path(settings.data)
    if queue_file.exists():
        queue = Queue(queue_file, beside=True)
        try:
            figures = queue.figures()
        finally:
            queue.close()
        count = figures.parcels
        age = timedelta(seconds=figures.oldest_s)
        zh, en = f"{count} 批", f"{count} batches"
    elif settings.spool.exists():
        spool = Spool(settings.spool, beside=True)
        try:
            count, oldest = spool.depth(), spool.oldest()
        finally:
            spool.close()
        age = timedelta(0) if oldest is None else now - oldest
        zh, en = f"{count} 个窗口", f"{count} windows"
    else:
        return Check(0, "还没有要带走的", "there is nothing to carry yet")
    if age > _SOON:
        return Check(
            1,
            f"{zh}等着带走，最早的已 {age.days} 天：晚到七天以上的要隔离，请快送",
            f"{en} wait to be carried, the oldest for {age.days} days: what comes later than seven "
            "days is quarantined, so carry it soon",
        )
    return Check(0, f"{zh}等着带走（suanquan-agent export）", f"{en} wait (suanquan-agent export)")
