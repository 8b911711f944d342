"""The sources page: per cluster what it reports by, agents, relays, silence, verdicts, grades."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.door.dependencies import Db, Now
from api.language.labels import label
from api.metering.sources.routes import Reader, sources_of
from api.web.layout import Framed
from ledger.metering.codes import WitnessVerdict
from ledger.metering.queries.agents import AgentStatus
from ledger.metering.queries.node_status import LATE
from ledger.metering.queries.streams import RelayStatus

router = APIRouter(include_in_schema=False)


@router.get("/sources")
def page(*, frame: Framed, viewer: Reader, db: Db, now: Now) -> HTMLResponse:
    """Every cluster that the viewer may see."""
    return frame.page(
        "metering/sources.html",
        {
            "clusters": [
                (
                    status,
                    [_row(agent, now) for agent in status.agents],
                    [_relay_row(relay, now) for relay in status.relays],
                    [(label(WitnessVerdict(v)), ms) for v, ms in status.verdicts.items()],
                )
                for status in sources_of(viewer, db, now)
            ],
        },
    )


def _row(agent: AgentStatus, now: datetime) -> dict[str, Any]:
    lag = None if agent.reported_at is None else now - agent.reported_at
    return {
        "agent": agent,
        "lag_ms": None if lag is None else int(lag.total_seconds()) * 1000,
        "is_late": lag is None or lag > LATE,
    }


def _relay_row(relay: RelayStatus, now: datetime) -> dict[str, Any]:
    return {
        "relay": relay,
        "wait_ms": int(relay.waits(now).total_seconds()) * 1000,
        "is_late": relay.is_late(now),
    }
