"""The bureau's desk: what waits for somebody, how much of it, and since when.

Queues, each of which leads to its list; below them, what this reader is asked to confirm.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.desk.decision_pages import row
from api.desk.decision_reader import answerable
from api.door import access
from api.door.access import Right
from api.door.dependencies import Now, ReadDb, having
from api.language.i18n import gettext as _
from api.language.labels import labels
from api.web.layout import Framed
from ledger.desk.queries import queues
from ledger.desk.queries.incidents import waiting_incidents
from ledger.desk.queries.queues import Queue
from ledger.metering.queries.jobs import corrections
from ledger.people.codes import DecisionKind
from ledger.people.steps.credentials import Viewer
from ledger.reconciliation.queries import months
from ledger.units import beijing_day

router = APIRouter(include_in_schema=False)
Bureau = Annotated[Viewer, having(Right.READ_PAYMENTS)]


@dataclass(frozen=True)
class QueueView:
    """A queue as the desk shows it."""

    name: str
    means: str
    url: str
    count: int
    oldest: date | None
    days: int


def queue_view(name: str, means: str, url: str, queue: Queue, today: date) -> QueueView:
    """A queue with the age of its oldest."""
    since = queue.oldest
    oldest = beijing_day(since) if isinstance(since, datetime) else since
    days = max((today - oldest).days, 0) if oldest else 0
    return QueueView(name, means, url, queue.count, oldest, days)


@router.get("/desk")
def desk_page(*, frame: Framed, viewer: Bureau, db: ReadDb, now: Now) -> HTMLResponse:
    """The queues, and what this reader may confirm."""
    today = beijing_day(now)
    decisions = answerable(db, viewer, queues.open_decisions(db))
    waiting_rows = [
        *_month_queues(db, viewer, today),
        queue_view(
            _("待复核"),
            _("同事已作决定，等您确认或退回。"),
            "/decisions",
            Queue.of([decision.decided_at for decision in decisions]),
            today,
        ),
        queue_view(
            _("待审"),
            _("申请等待受理、公示、处理异议或批准。"),
            "/claims?queue=review",
            queues.waiting_claims(db, today),
            today,
        ),
        queue_view(
            _("待支付"),
            _("已批准未列清单的申请，和等银行回音的清单。"),
            "/payments",
            queues.waiting_payments(db),
            today,
        ),
        *_incident_queue(db, today),
        *_document_queues(db, today),
        *_correction_queue(db, today),
    ]
    rows = [row(decision) for decision in decisions[:10]]
    return frame.page(
        "desk/desk.html",
        {
            "today": today,
            "queues": waiting_rows,
            "rows": rows,
            "kinds": labels(DecisionKind),
        },
    )


def _month_queues(db: Session, viewer: Viewer, today: date) -> list[QueueView]:
    """What waits of months, and red documents for those who reconcile."""
    rows = months.months(db)
    views = [
        queue_view(
            _("待对账"),
            _("月份已结束或已有发票，尚未由两人确认。"),
            "/reconcile",
            queues.waiting_months(rows, today),
            today,
        ),
        queue_view(
            _("待调减"),
            _("已核定的月份，现在计入的比账上少：由两人决定。"),
            "/reconcile?show=falls",
            queues.waiting_falls(rows),
            today,
        ),
    ]
    falling = queues.falling_deductions(db)
    if falling.count:
        views.append(
            queue_view(
                _("抵扣待调减"),
                _("红字发票冲回了抵扣过的单据：由两人决定。"),
                "/deductions",
                falling,
                today,
            )
        )
    if access.may(viewer, Right.RECONCILE):
        reds = queue_view(
            _("不明确的红字"),
            _("红字发票没有写明冲回哪几行，由经办写明、另一人确认。"),
            "/reconcile/reds",
            queues.unclear_reds(db),
            today,
        )
        views.append(reds)
    return views


def _correction_queue(db: Session, today: date) -> list[QueueView]:
    """What job sources said later of hours that count already; nothing where there is none."""
    queue = Queue.of(corrections.waiting_since(db))
    if not queue.count:
        return []
    means = _("作业记录后来另有说法，由两人决定采用还是不采用。")
    return [queue_view(_("待更正"), means, "/findings?kind=corrections", queue, today)]


def _incident_queue(db: Session, today: date) -> list[QueueView]:
    """Incidents that a person explained, and for which nobody proposed a ruling."""
    queue = Queue.of(waiting_incidents(db))
    view = queue_view(
        _("待判定的用量事件"),
        _("见证相反、或无人计量的用量，已由运营方交文件说明：由两人判定计入与否。"),
        "/evidence#incidents",
        queue,
        today,
    )
    return [view] if queue.count else []


def _document_queues(db: Session, today: date) -> list[QueueView]:
    """What waits of documents and receipts."""
    return [
        queue_view(
            _("待核单据"),
            _("单据已交来，尚未由第二人核对或查验。"),
            "/documents?state=to_confirm",
            queues.unverified_documents(db),
            today,
        ),
        queue_view(
            _("服务期未知"),
            _("单据没写服务期，由经办写明之前不分配。"),
            "/documents?state=period_unknown",
            queues.documents_without_period(db),
            today,
        ),
        queue_view(
            _("待核凭证"),
            _("付款凭证没有文字，或文字里找不到金额、流水号，等另一人看过。"),
            "/documents?state=receipt_unproved",
            queues.unproved_receipts(db),
            today,
        ),
    ]
