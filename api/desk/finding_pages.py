"""What a person should look at, one kind a table: kept aside, missing, or belonging to nobody.

An operator sees its own centre's, the bureau all. An empty table says so in a sentence.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from api.desk import finding_routes
from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, LateAfter, Now, Offset, ReadDb, having
from api.language.i18n import gettext as _
from api.language.labels import label
from api.metering.finding_columns import Column, columns
from api.metering.schemas import AdmissionCreate, CapacityCreate, CorrectionCreate
from api.web.forms import form
from api.web.layout import Framed, pages
from ledger.desk.codes import FindingKind
from ledger.desk.queries.findings import KINDS, findings
from ledger.metering.codes import OF_ITS_DAY, QuarantineReason
from ledger.people.steps.credentials import Viewer

router = APIRouter(include_in_schema=False)

PAGE_ROWS = 100


@dataclass(frozen=True)
class About:
    """A kind of finding: its name, what it means, and what an empty table means."""

    name: str
    means: str
    none: str


def about() -> dict[FindingKind, About]:
    """Every kind, in the reader's language."""
    return {
        FindingKind.CONFLICTS: About(
            label(FindingKind.CONFLICTS),
            _("同一块 GPU、同一分钟来了第二种说法：先到的算数，后到的留存，由人来判断。"),
            _("没有冲突：每一分钟都只有一种说法。"),
        ),
        FindingKind.FORKS: About(
            label(FindingKind.FORKS),
            _("同一个批次号出现了两份不同的内容：节点被克隆，或者上报队列被旧备份恢复。"),
            _("没有分叉：每条上报流都只有一条链。"),
        ),
        FindingKind.QUARANTINE: About(
            label(FindingKind.QUARANTINE),
            _("暂时不能计入的窗口；原因消除后可以放行。"),
            _("没有被隔离的窗口。"),
        ),
        FindingKind.GAPS: About(
            label(FindingKind.GAPS),
            _("采集端自己报告的、没有看到 GPU 的时间。空缺不计费，也不等于空闲。"),
            _("没有空缺：上报的时间里 GPU 一直有人看着。"),
        ),
        FindingKind.SILENT: About(
            label(FindingKind.SILENT),
            _("已登记的 GPU 没有任何窗口的分钟：既没有用量，也没有空缺说明。"),
            _("没有静默：每块登记的 GPU 每一分钟都有说法。"),
        ),
        FindingKind.UNOWNED: About(
            label(FindingKind.UNOWNED),
            _("有人用了，但没有绑定说明归哪个项目；补上绑定（可以从过去的日期起）后自动归入。"),
            _("没有无主用量：每一毫秒都有项目认领。"),
        ),
        FindingKind.UNPROVED: About(
            label(FindingKind.UNPROVED),
            _("作业占用的卡时超过集群的容量（登记的 GPU，或两人认定的容量）。先证实，再谈钱。"),
            _("没有超过容量的作业用量。"),
        ),
        FindingKind.CORRECTIONS: About(
            label(FindingKind.CORRECTIONS),
            _(
                "作业记录（sacct）后来对同一小时另有说法：先到的照旧算数，"
                "由两人决定采用还是不采用，多算少算都一样。"
            ),
            _("没有等人裁定的更正。"),
        ),
        FindingKind.UNPRICED: About(
            label(FindingKind.UNPRICED),
            _("有项目认领、但还没有价格的用量；补上型号或价格后自动计入。"),
            _("没有无价格的用量。"),
        ),
    }


@dataclass(frozen=True)
class Cell:
    """A value as it is shown under its column."""

    text: str
    number: bool
    code: bool


@router.get("/findings")
def listing(
    *,
    frame: Framed,
    viewer: Annotated[Viewer, having(Right.READ_METERING)],
    db: ReadDb,
    now: Now,
    kind: FindingKind = KINDS[0],
    offset: Offset = 0,
) -> HTMLResponse:
    """Findings of one kind."""
    centre, limit = viewer.centre, PAGE_ROWS + 1
    all_rows = findings(db, kind, now, centre=centre, limit=limit, offset=offset)
    rows = all_rows[:PAGE_ROWS]
    all_columns = columns()
    page_columns = [all_columns[key] for key in rows[0]] if rows else []
    return frame.page(
        "desk/findings.html",
        {
            "kind": kind,
            "kinds": about(),
            "columns": page_columns,
            "may_admit": access.may(viewer, Right.ADMIT_USAGE),
            "admissible": {code: label(code) for code in QuarantineReason if code in OF_ITS_DAY},
            "rows": [
                [_cell(all_columns[key], value) for key, value in row.items()] for row in rows
            ],
            "pages": pages(frame, offset, PAGE_ROWS, len(rows), more=len(all_rows) > PAGE_ROWS),
        },
    )


@router.post("/findings/admissions")
def admit(
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    request: Annotated[AdmissionCreate, form(AdmissionCreate)],
    db: Db,
    now: Now,
    late_after: LateAfter,
) -> RedirectResponse:
    """Admit quarantined windows; where a month was reconciled another person confirms."""
    admission = finding_routes.admit(request, viewer, db, now, late_after)
    where = (
        f"/decisions/{admission.decision}" if admission.decision else "/findings?kind=quarantine"
    )
    return RedirectResponse(where, 303)


@router.post("/findings/capacities")
def state_capacity(
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    request: Annotated[CapacityCreate, form(CapacityCreate)],
    db: Db,
    now: Now,
) -> RedirectResponse:
    """Propose how many GPUs a cluster of a job source has; another person confirms."""
    proposal = finding_routes.state_capacity(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.decision}", 303)


@router.post("/findings/corrections")
def rule_corrections(
    viewer: Annotated[Viewer, having(Right.ADMIT_USAGE)],
    request: Annotated[CorrectionCreate, form(CorrectionCreate)],
    db: Db,
    now: Now,
) -> RedirectResponse:
    """Propose to accept corrections or to put them aside; another person confirms."""
    proposal = finding_routes.rule_corrections(request, viewer, db, now)
    return RedirectResponse(f"/decisions/{proposal.decision}", 303)


def _cell(column: Column, value: Any) -> Cell:  # noqa: ANN401 - as the books give it
    return Cell(column.show(value), column.number, column.code)
