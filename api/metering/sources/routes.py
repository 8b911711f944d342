"""The sources of clusters, for programs: what the page shows, in the same words."""

from typing import Annotated

from fastapi import APIRouter

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.metering.agents.routes import agent_read
from api.metering.schemas import SourcesRead
from ledger.desk.queries.sources import ClusterSources, cluster_sources
from ledger.metering.queries.witnesses.evidence import keep_evidence
from ledger.people.steps.credentials import Viewer

router = APIRouter(tags=["nodes"])

Reader = Annotated[Viewer, having(Right.READ_METERING)]


def sources_of(viewer: Viewer, db: Db, now: Now) -> list[ClusterSources]:
    """The clusters that the viewer may see, with this month's evidence, which is kept first."""
    keep_evidence(db)
    return cluster_sources(db, viewer.centre, now)


@router.get("/sources")
def sources(viewer: Reader, db: Db, now: Now) -> list[SourcesRead]:
    """List by what each cluster reports, how it does, and how well this month is proved."""
    return [
        SourcesRead.model_validate(
            {
                **vars(status),
                "agents": [agent_read(agent, now) for agent in status.agents],
                "relays": [vars(relay) | {"late": relay.is_late(now)} for relay in status.relays],
                "partitions": [part._asdict() for part in status.partitions],
            }
        )
        for status in sources_of(viewer, db, now)
    ]
