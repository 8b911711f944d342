"""A day of a cluster at a glance: each GPU's hours, who held them, what nobody saw; and an hour.

From a cell one comes to the hour's minutes, and from there to the signed batches.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.door import access
from api.door.access import Right
from api.door.dependencies import Now, Offset, ReadDb, having
from api.door.schemas import IsoDay, IsoMoment
from api.language.format import clock, duration
from api.language.i18n import gettext as _
from api.language.labels import label
from api.metering.finding_columns import reason
from api.metering.node_picture import hour_url, short
from api.web.heat_hours import Group, Row, by_holding, by_utilisation, heat_hours
from api.web.layout import Framed, pages
from ledger.metering.codes import HolderKind
from ledger.metering.queries.hours import GAP, Hour, Stretch
from ledger.metering.queries.node_status import hours_of_day, minutes_of_hour
from ledger.people.steps.credentials import Viewer
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE_NODES = 16
Reader = Annotated[Viewer, having(Right.READ_METERING)]


class Look(StrEnum):
    """What the shade of an hour says."""

    HELD = "held"
    UTILISATION = "utilisation"


@dataclass(frozen=True)
class GpuDay:
    """A GPU's day added up: by project or holder, and what nobody saw."""

    node: str
    gpu: str
    holders: str
    free_ms: int
    gap_ms: int
    silent_ms: int
    hours: dict[datetime, Hour]


@router.get("/hours/{cluster}")
def day_page(
    cluster: str,
    *,
    frame: Framed,
    viewer: Reader,
    db: ReadDb,
    now: Now,
    day: IsoDay | None = None,
    look: Look = Look.HELD,
    offset: Offset = 0,
) -> HTMLResponse:
    """The picture of a Beijing day, and the same as tables."""
    cluster_row = access.cluster(db, viewer, cluster)
    day = min(day or beijing_day(now), beijing_day(now))
    of_day = hours_of_day(db, cluster_row, day, now, limit=PAGE_NODES, offset=offset)
    by_gpu: dict[str, dict[datetime, Hour]] = {gpu.gpu: {} for gpu in of_day.gpus}
    for hour in of_day.hours:
        by_gpu[hour.gpu][hour.hour] = hour
    rows = [_gpu_day(gpu.node, gpu.gpu, by_gpu[gpu.gpu]) for gpu in of_day.gpus]
    nodes = list(dict.fromkeys(row.node for row in rows))
    groups = [Group(n, [Row(short(r.gpu), r.hours) for r in rows if r.node == n]) for n in nodes]
    ways = {
        "before": frame.current_url(day=f"{day - timedelta(days=1)}", offset=0),
        "after": frame.current_url(day=f"{day + timedelta(days=1)}", offset=0),
    }
    return frame.page(
        "metering/hours.html",
        {
            "cluster": cluster_row.name,
            "day": day,
            "is_today": day == beijing_day(now),
            "ways": ways,
            "looks": [
                (_("谁占用"), frame.current_url(look=Look.HELD), look is Look.HELD),
                (_("利用率"), frame.current_url(look=Look.UTILISATION), look is not Look.HELD),
            ],
            "is_held": look is Look.HELD,
            "heat": heat_hours(
                of_day.period.hours,
                groups,
                _("每块 GPU 每小时；数字在下面的表里"),
                lambda h: f"{clock(h.hour)} {_words(h)}",
                shade=by_holding if look is Look.HELD else by_utilisation,
                url=lambda h: hour_url(cluster_row.name, h.gpu, h.hour),
            )
            if rows
            else None,
            "rows": rows,
            "hours": of_day.period.hours,
            "say": _words,
            "short": short,
            "hour_url": hour_url,
            "pages": pages(frame, offset, PAGE_NODES, len(of_day.nodes), more=of_day.more),
        },
    )


@router.get("/hours/{cluster}/{gpu}")
def hour_page(
    cluster: str, gpu: str, *, hour: IsoMoment, frame: Framed, viewer: Reader, db: ReadDb, now: Now
) -> HTMLResponse:
    """The windows of one hour of a GPU, and its silent minutes."""
    cluster_row = access.cluster(db, viewer, cluster)
    of_hour = minutes_of_hour(db, cluster_row, gpu, hour, now)
    return frame.page(
        "metering/hour.html",
        {
            "cluster": cluster_row.name,
            "gpu": of_hour.gpu,
            "hour": of_hour.hour,
            "day": beijing_day(of_hour.hour),
            "minutes": of_hour.minutes,
            "say": _stretch_words,
            "may_batches": access.may(viewer, Right.READ_POSTINGS),
            "before": hour_url(cluster, gpu, of_hour.hour - timedelta(hours=1)),
            "after": hour_url(cluster, gpu, of_hour.hour + timedelta(hours=1)),
        },
    )


def _gpu_day(node: str, gpu: str, hours: dict[datetime, Hour]) -> GpuDay:
    every = hours.values()
    return GpuDay(
        node,
        gpu,
        _("；").join(_holders(every)) or "—",
        int(sum((h.device_ms(HolderKind.UNALLOCATED) for h in every), Fraction(0))),
        sum(h.gap_ms for h in every),
        sum(h.silent for h in every) * 60_000,
        hours,
    )


def _holders(hours: Iterable[Hour]) -> list[str]:
    """Who held it for how long: projects by their code, other holders by their own names."""
    sums: dict[str, Fraction] = {}
    for hour in hours:
        for share in hour.shares:
            if share.kind is not HolderKind.UNALLOCATED:
                name = share.project or " ".join([label(share.kind), share.holder]).strip()
                sums[name] = sums.get(name, Fraction(0)) + share.device_ms
    return [f"{name} {duration(int(ms))}" for name, ms in sorted(sums.items())]


def _words(hour: Hour) -> str:
    texts = _holders([hour])
    free_ms = int(hour.device_ms(HolderKind.UNALLOCATED))
    if free_ms:
        texts.append(f"{label(HolderKind.UNALLOCATED)} {duration(free_ms)}")
    texts += [f"{_('空缺')} {reason(code)} {duration(ms)}" for code, ms in hour.gaps if ms]
    if hour.silent:
        texts.append(_("静默 %s") % duration(hour.silent * 60_000))
    return " · ".join(texts)


def _stretch_words(stretch: Stretch) -> dict[str, Any]:
    is_gap = stretch.kind == GAP
    return {
        "kind": _("空缺") if is_gap else label(HolderKind(stretch.kind)),
        "holder": reason(stretch.holder)
        if is_gap
        else "/".join(name for name in (stretch.holder, stretch.instance) if name),
        "share": f"{stretch.num}/{stretch.den}" if stretch.den > 1 else "",
    }
