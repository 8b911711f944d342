"""What a person should look at, one kind a table: kept aside, missing, or belonging to nobody.

An operator sees its own centre's, the bureau all. An empty table is said in a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.access import Right
from api.deps import Db, Now, having
from api.format import gpu_hours, moment, quantity
from api.i18n import gettext as _
from api.pages import words
from api.pages.frame import Framed, pages
from api.pages.projects import Offset
from ledger.books.findings import KINDS, Kind, findings
from ledger.steps.doors import Viewer

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 100


@dataclass(frozen=True)
class About:
    """A kind of finding: its name, what it means, and what an empty table means."""

    name: str
    means: str
    none: str


def about() -> dict[Kind, About]:
    """Every kind, in the reader's language."""
    return {
        "conflicts": About(
            _("冲突"),
            _("同一块 GPU、同一分钟来了第二种说法：先到的算数，后到的留存，由人来判断。"),
            _("没有冲突：每一分钟都只有一种说法。"),
        ),
        "forks": About(
            _("分叉"),
            _("同一个批次号出现了两份不同的内容：节点被克隆，或者上报队列被旧备份恢复。"),
            _("没有分叉：每条上报流都只有一条链。"),
        ),
        "quarantine": About(
            _("隔离"),
            _("暂时不能计入的窗口；原因消除后可以放行。"),
            _("没有被隔离的窗口。"),
        ),
        "gaps": About(
            _("空缺"),
            _("采集端自己报告的、没有看到 GPU 的时间。空缺不计费，也不等于空闲。"),
            _("没有空缺：上报的时间里 GPU 一直有人看着。"),
        ),
        "silent": About(
            _("静默"),
            _("已登记的 GPU 没有任何窗口的分钟：既没有用量，也没有空缺说明。"),
            _("没有静默：每块登记的 GPU 每一分钟都有说法。"),
        ),
        "unowned": About(
            _("无主"),
            _("有人用了，但没有绑定说明归哪个项目；补上绑定（可以从过去的日期起）后自动归入。"),
            _("没有无主用量：每一毫秒都有项目认领。"),
        ),
        "unpriced": About(
            _("无价格"),
            _("有项目认领、但还没有价格的用量；补上型号或价格后自动计入。"),
            _("没有无价格的用量。"),
        ),
    }


@dataclass(frozen=True)
class Column:
    """A column: its heading, how a value is shown, and whether it is a number or a code."""

    name: str
    show: Callable[[Any], str] = str
    number: bool = False
    code: bool = False


@dataclass(frozen=True)
class Cell:
    """A value as it is shown under its column."""

    said: str
    number: bool
    code: bool


def columns() -> dict[str, Column]:
    """Every column that a finding may have, by the name it has in the books."""
    return {
        "cluster": Column(_("集群")),
        "node": Column(_("节点")),
        "project": Column(_("项目")),
        "centre": Column(_("智算中心")),
        "gpu": Column("GPU", code=True),
        "model": Column(_("型号")),
        "mig_profile": Column("MIG", lambda profile: profile or _("整卡")),
        "partition": Column(_("分区"), lambda partition: partition or "—"),
        "qos": Column("QOS", lambda qos: qos or "—"),
        "market": Column(_("按需或竞价"), lambda market: words.said(words.markets(), market)),
        "holder_kind": Column(_("占用者类别"), _word),
        "holder": Column(_("占用者"), lambda holder: holder or "—"),
        "reason": Column(_("原因"), _word),
        "reasons": Column(_("原因"), _words),
        "day": Column(_("日期"), _when),
        "start": Column(_("时刻"), _when),
        "received_at": Column(_("收到于"), _when),
        "first": Column(_("最早"), _when),
        "last": Column(_("最近"), _when),
        "stream": Column(_("上报流"), code=True),
        "number": Column(_("批次号"), quantity, number=True),
        "first_stream": Column(_("先到的上报流"), code=True),
        "first_number": Column(_("先到的批次号"), quantity, number=True),
        "hash": Column("SHA-256", code=True),
        "size": Column(_("字节"), quantity, number=True),
        "windows": Column(_("窗口"), quantity, number=True),
        "minutes": Column(_("分钟"), quantity, number=True),
        "gap_ms": Column(_("毫秒"), quantity, number=True),
        "device_ms": Column(_("卡时"), gpu_hours, number=True),
    }


def _word(code: str) -> str:
    """A code of the books in the reader's language."""
    return {
        "future": _("来自未来"),
        "unknown_gpu": _("未登记的 GPU"),
        "other_cluster": _("GPU 登记在别的集群"),
        "other_node": _("GPU 登记在别的节点"),
        "unknown_model": _("型号不在目录里"),
        "no_price": _("当天没有价格"),
        "pod": _("容器组"),
        "slurm": _("Slurm 账户"),
        "static": _("静态名称"),
        "unattributed": _("归属不明"),
        "agent_down": _("采集端停止"),
        "kubelet_unreachable": _("问不到 kubelet"),
        "nvml_error": _("驱动报错"),
        "gpu_lost": _("GPU 掉卡"),
        "driver_reload": _("驱动重载"),
        "mig_reconfig": _("MIG 重新切分"),
        "clock_step": _("时钟跳变"),
        "spool_overflow": _("上报队列溢出"),
    }.get(code, code)


def _words(codes: str | None) -> str:
    return "、".join(_word(code) for code in codes.split(", ")) if codes else "—"


def _when(value: date | datetime) -> str:
    return moment(value) if isinstance(value, datetime) else value.isoformat()


@router.get("/findings")
def listing(
    *,
    frame: Framed,
    viewer: Annotated[Viewer, having(Right.READ_METERING)],
    db: Db,
    now: Now,
    kind: Kind = KINDS[0],
    offset: Offset = 0,
) -> HTMLResponse:
    """Findings of one kind."""
    centre, limit = viewer.centre, PAGE_ROWS + 1
    found = findings(db, kind, now, centre=centre, limit=limit, offset=offset)
    rows = found[:PAGE_ROWS]
    known = columns()
    shown = [known[key] for key in rows[0]] if rows else []
    return frame.page(
        "findings.html",
        {
            "kind": kind,
            "kinds": about(),
            "columns": shown,
            "rows": [[_cell(known[key], value) for key, value in row.items()] for row in rows],
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(found) > PAGE_ROWS),
        },
    )


def _cell(column: Column, value: Any) -> Cell:  # noqa: ANN401 - as the books give it
    return Cell(column.show(value), column.number, column.code)
