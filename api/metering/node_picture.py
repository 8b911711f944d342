"""The hours of some nodes' GPUs, drawn and in words, and the driver's XIDs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from sqlmodel import Session

from api.language.format import clock, duration, percent, short_day
from api.language.i18n import gettext as _
from api.metering import advice
from api.web.heat_hours import Group, Row, heat_hours
from ledger.metering.queries import node_status, nodes
from ledger.metering.queries.hours import Hour, hours, utilisation
from ledger.metering.queries.node_status import Node
from ledger.metering.queries.nodes import Gpu, Period, XidEvent
from ledger.units import beijing_day


@dataclass(frozen=True)
class XidRow:
    """An XID on one GPU: in how many minutes, and when."""

    xid: int
    gpu: Gpu
    minutes: int
    first: datetime
    last: datetime
    advice: advice.Advice


@dataclass(frozen=True)
class GpuRow:
    """A GPU's hours of a period added up."""

    gpu: Gpu
    seen_ms: int
    gap_ms: int
    silent_ms: int
    util_ppm: int | None


def picture(
    db: Session,
    cluster: str,
    node_rows: Sequence[Node],
    days: int,
    now: datetime,
    *,
    with_names: bool = True,
) -> dict[str, Any]:
    """The hours of these nodes' GPUs as a picture, as rows, and hour by hour; and their XIDs."""
    gpus = [gpu for node in node_rows for gpu in node.gpus]
    period = node_status.affordable(len(gpus), days, now)
    by_gpu: dict[str, dict[datetime, Hour]] = {gpu.gpu: {} for gpu in gpus}
    for hour in hours(db, gpus, period):
        by_gpu[hour.gpu][hour.hour] = hour
    groups = [
        Group(
            node.name if with_names else "", [Row(short(g.gpu), by_gpu[g.gpu]) for g in node.gpus]
        )
        for node in node_rows
        if node.gpus
    ]
    return {
        "drawn": period,
        "heat": _heat(cluster, period, groups) if gpus else None,
        "gpu_rows": [_sums(gpu, by_gpu[gpu.gpu].values()) for gpu in gpus],
        "hour_rows": [
            (at, [by_gpu[gpu.gpu].get(at) for gpu in gpus])
            for at in reversed(period.hours)
            if any(at in of for of in by_gpu.values())
        ],
        "say": hour_text,
        "xids": _xids(nodes.xid_events(db, gpus, period), {gpu.gpu: gpu for gpu in gpus}),
        "xid_source": advice.XID_SOURCE,
        "short": short,
    }


def _heat(cluster: str, period: Period, groups: Sequence[Group]) -> Markup:
    title = _("每块 GPU 每小时：利用率、空缺与静默；数字在下面的表里")
    return heat_hours(
        period.hours,
        groups,
        title,
        lambda h: f"{short_day(beijing_day(h.hour))} {clock(h.hour)} {hour_text(h)}",
        url=lambda h: hour_url(cluster, h.gpu, h.hour),
    )


def hour_text(hour: Hour) -> str:
    """One GPU's hour in words."""
    texts = []
    if hour.seen_ms > 0:
        texts.append(_("未测量") if hour.util_ppm is None else percent(hour.util_ppm))
    if hour.gap_ms:
        texts.append(_("空缺 %s") % duration(hour.gap_ms))
    if hour.silent:
        texts.append(_("静默 %s") % duration(hour.silent * 60_000))
    return " · ".join(texts)


def hour_url(cluster: str, gpu: str, hour: datetime) -> str:
    """Where the minutes of a GPU's hour are."""
    query = urlencode({"hour": f"{hour:%Y-%m-%dT%H:00Z}"})
    return f"/hours/{quote(cluster)}/{quote(gpu)}?{query}"


def short(gpu: str) -> str:
    """The part of a UUID by which people tell the GPUs of a node apart."""
    return gpu.removeprefix("GPU-").partition("-")[0]


def _sums(gpu: Gpu, hours: Iterable[Hour]) -> GpuRow:
    every = list(hours)
    return GpuRow(
        gpu,
        sum(h.seen_ms for h in every),
        sum(h.gap_ms for h in every),
        sum(h.silent for h in every) * 60_000,
        utilisation(every),
    )


def _xids(events: Sequence[XidEvent], gpus: dict[str, Gpu]) -> list[XidRow]:
    """By GPU and number, the newest first."""
    groups: dict[tuple[str, int], list[datetime]] = {}
    for event in events:
        groups.setdefault((event.gpu, event.xid), []).append(event.start)
    return [
        XidRow(xid, gpus[gpu], len(at), min(at), max(at), advice.xid(xid))
        for (gpu, xid), at in groups.items()
    ]
