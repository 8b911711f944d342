"""The operator's page: a cluster's nodes, what nobody saw of their GPUs, and what to do about it.

From the cluster one goes to a node, and from there to one of its days with the very minutes. What
was not seen is nobody's usage and in no bill; that is why somebody ought to look here every day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlmodel import Session, col, select

from api import access, nodes
from api.access import Right
from api.deps import Db, Now, having
from api.format import clock, duration, percent, short_day
from api.heat_hours import Group, Row, heat_hours
from api.i18n import gettext as _
from api.nodes import Node
from api.pages import node_words as words
from api.pages.frame import Framed, pages
from api.pages.projects import Offset
from ledger.books import nodes as books
from ledger.books.nodes import Announced, Gpu, Hour, Period
from ledger.errors import NotFound
from ledger.rules.incidents import SILENT, Incident, Span
from ledger.steps.doors import Viewer
from ledger.tables.parties import Cluster
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 200
OF_A_CAUSE = 20  # incidents that are listed of one cause
CHOICES = (1, 3, 7)

Days = Annotated[int, Query(ge=1, le=books.DAYS_MAX)]
Reader = Annotated[Viewer, having(Right.READ_METERING)]


@dataclass(frozen=True)
class Cause:
    """A cause with its explanation, given once, and its incidents."""

    name: str
    advice: words.Advice
    lost_ms: int
    incidents: Sequence[Incident]
    more: int


@dataclass(frozen=True)
class XidRow:
    """An XID on one GPU: in how many minutes, and when."""

    xid: int
    gpu: Gpu
    minutes: int
    first: datetime
    last: datetime
    advice: words.Advice


@dataclass(frozen=True)
class GpuRow:
    """A GPU's hours of a period added up; `util_ppm` is the mean of the hours measured."""

    gpu: Gpu
    seen_ms: int
    gap_ms: int
    silent_ms: int
    util_ppm: int | None


@router.get("/nodes")
def cluster_page(
    *,
    frame: Framed,
    viewer: Reader,
    db: Db,
    now: Now,
    cluster: str = "",
    days: Days = 3,
    offset: Offset = 0,
) -> HTMLResponse:
    """One cluster: its incidents and its nodes."""
    known = _clusters(db, viewer)
    if not known:
        return frame.page("nodes.html", {"clusters": [], "name": ""})
    chosen = access.cluster(db, viewer, cluster or known[0])
    found = nodes.nodes(db, chosen, now, limit=nodes.PAGE_NODES + 1, offset=offset)
    shown = found[: nodes.PAGE_NODES]
    period = books.last_days(now, days)
    trouble = nodes.trouble(db, chosen, period)
    return frame.page(
        "nodes.html",
        {
            "clusters": known,
            "name": chosen.name,
            "nodes": [_node(each, trouble.spans) for each in shown],
            "pages": pages(
                frame, offset, nodes.PAGE_NODES, len(shown), more=len(found) > len(shown)
            ),
            **_period(frame, period, days),
            **_trouble(trouble),
            **_picture(db, shown, days, now),
        },
    )


@router.get("/nodes/{cluster}/{node}")
def node_page(
    cluster: str,
    node: str,
    *,
    frame: Framed,
    viewer: Reader,
    db: Db,
    now: Now,
    days: Days = 3,
) -> HTMLResponse:
    """One node: its agents, its GPUs hour by hour, its incidents."""
    chosen = access.cluster(db, viewer, cluster)
    found = _known(db, chosen, node, now)
    period = books.last_days(now, days)
    trouble = nodes.trouble(db, chosen, period, name=node)
    return frame.page(
        "node.html",
        {
            "name": chosen.name,
            "node": _node(found, trouble.spans),
            "reasons": {s.reason: words.cause(s.reason) for s in found.strangers},
            "days_of": sorted({beijing_day(at) for at in period.hours}, reverse=True),
            **_period(frame, period, days),
            **_trouble(trouble),
            **_picture(db, [found], days, now, named=False),
        },
    )


@router.get("/nodes/{cluster}/{node}/{day}")
def day_page(
    cluster: str,
    node: str,
    day: date,
    *,
    frame: Framed,
    viewer: Reader,
    db: Db,
    now: Now,
    offset: Offset = 0,
) -> HTMLResponse:
    """One node's day: the very minutes that nobody saw."""
    chosen = access.cluster(db, viewer, cluster)
    _known(db, chosen, node, now)
    found = nodes.day_of(db, chosen, node, day, now)
    rows = found[offset : offset + PAGE_ROWS]
    return frame.page(
        "node-day.html",
        {
            "name": chosen.name,
            "node": node,
            "day": day,
            "rows": [{"span": span, "cause": words.cause(span.cause)} for span in rows],
            "lost_ms": sum(span.lost_ms for span in found),
            "pages": pages(
                frame, offset, PAGE_ROWS, len(rows), more=len(found) > offset + len(rows)
            ),
        },
    )


def _clusters(db: Session, viewer: Viewer) -> list[str]:
    """The names of the clusters that the viewer may see."""
    keys = access.clusters(db, viewer)
    return list(
        db.exec(select(Cluster.name).where(col(Cluster.id).in_(keys)).order_by(Cluster.name))
    )


def _known(db: Session, cluster: Cluster, name: str, now: datetime) -> Node:
    found = nodes.node(db, cluster, name, now)
    if found is None:
        raise NotFound("node", name=name)
    return found


def _node(node: Node, spans: Sequence[Span]) -> dict[str, Any]:
    """A node's row: its state in words, and what of its GPUs' time nobody saw."""
    silent = [s for s in spans if s.node == node.name and s.cause == SILENT]
    gaps = [s for s in spans if s.node == node.name and s.cause != SILENT]
    known = words.faults()
    return {
        "node": node,
        "marks": [known[fault] for fault in node.faults] or [words.fine()],
        "gap_ms": sum(span.lost_ms for span in gaps),
        "silent_ms": sum(span.lost_ms for span in silent),
    }


def _period(frame: Framed, period: Period, days: int) -> dict[str, Any]:
    ways = [(n, frame.here(days=n, offset=0), n == days) for n in CHOICES]
    return {"period": period, "days": days, "choices": ways}


def _trouble(trouble: nodes.Trouble) -> dict[str, Any]:
    """Incidents by their cause, the newest cause first; each cause is explained once."""
    by_cause: dict[str, list[Incident]] = {}
    for incident in trouble.incidents:
        by_cause.setdefault(incident.cause, []).append(incident)
    advice = words.causes()
    causes = [
        Cause(
            words.cause(code),
            advice[code],
            sum(each.lost_ms for each in found),
            found[:OF_A_CAUSE],
            len(found[OF_A_CAUSE:]),
        )
        for code, found in by_cause.items()
    ]
    return {"causes": causes, "too_many": trouble.more, "beijing_day": beijing_day}


def _picture(
    db: Session, shown: Sequence[Node], days: int, now: datetime, *, named: bool = True
) -> dict[str, Any]:
    """The hours of these nodes' GPUs as a picture, as rows, and hour by hour; and their XIDs."""
    gpus = [gpu for node in shown for gpu in node.gpus]
    period = nodes.affordable(len(gpus), days, now)
    by_gpu: dict[str, dict[datetime, Hour]] = {gpu.gpu: {} for gpu in gpus}
    for hour in books.hours(db, gpus, period):
        by_gpu[hour.gpu][hour.hour] = hour
    groups = [
        Group(node.name if named else "", [Row(short(g.gpu), by_gpu[g.gpu]) for g in node.gpus])
        for node in shown
        if node.gpus
    ]
    return {
        "drawn": period,
        "heat": _heat(period, groups) if gpus else None,
        "gpu_rows": [_sums(gpu, by_gpu[gpu.gpu].values()) for gpu in gpus],
        "hour_rows": [
            (at, [by_gpu[gpu.gpu].get(at) for gpu in gpus])
            for at in reversed(period.hours)
            if any(at in of for of in by_gpu.values())
        ],
        "say": said,
        "xids": _xids(books.announced(db, gpus, period), {gpu.gpu: gpu for gpu in gpus}),
        "xid_source": words.XID_SOURCE,
        "short": short,
    }


def _heat(period: Period, groups: Sequence[Group]) -> Markup:
    title = _("每块 GPU 每小时：利用率、空缺与静默；数字在下面的表里")
    return heat_hours(
        period.hours,
        groups,
        title,
        lambda h: f"{short_day(beijing_day(h.hour))} {clock(h.hour)} {said(h)}",
    )


def said(hour: Hour) -> str:
    """One GPU's hour in words."""
    told = []
    if hour.seen_ms > 0:
        told.append(_("未测量") if hour.util_ppm is None else percent(hour.util_ppm))
    if hour.gap_ms:
        told.append(_("空缺 %s") % duration(hour.gap_ms))
    if hour.silent:
        told.append(_("静默 %s") % duration(hour.silent * 60_000))
    return " · ".join(told)


def short(gpu: str) -> str:
    """The part of a UUID by which people tell the GPUs of a node apart."""
    return gpu.removeprefix("GPU-").partition("-")[0]


def _sums(gpu: Gpu, hours: Iterable[Hour]) -> GpuRow:
    every = list(hours)
    measured = [(h.util_ppm, h.seen_ms) for h in every if h.util_ppm is not None]
    weight = sum(ms for _ppm, ms in measured)
    mean = sum(ppm * ms for ppm, ms in measured) // weight if weight else None
    return GpuRow(
        gpu,
        sum(h.seen_ms for h in every),
        sum(h.gap_ms for h in every),
        sum(h.silent for h in every) * 60_000,
        mean,
    )


def _xids(found: Sequence[Announced], gpus: dict[str, Gpu]) -> list[XidRow]:
    """By GPU and number, the newest first."""
    groups: dict[tuple[str, int], list[datetime]] = {}
    for each in found:
        groups.setdefault((each.gpu, each.xid), []).append(each.start)
    return [
        XidRow(xid, gpus[gpu], len(at), min(at), max(at), words.xid(xid))
        for (gpu, xid), at in groups.items()
    ]
