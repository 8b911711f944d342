"""What a witness of the office's cluster reports, and that the cluster needs one."""

from datetime import datetime

from agents.sightings import Phase, PodSighting, Run, Sighting
from ledger.metering.steps.intake import Receipt, take_batch
from tests.support.months.office import Office
from tests.support.simulation import START, Node, enrolled

TWO_NEEDED = """
clusters: [{name: c1, centre: centre of c1, witnesses: [{required: 2, from: 2026-03-01}]}]
"""


def report(office: Office, *sightings: Sighting, by: Node | None = None) -> Node:
    """A witness, which was not there before unless it is given, reports."""
    witness = by or enrolled(office.owner, office.cluster, node="witness", source="witness")
    with office.step() as db:
        batch = witness.read(witness.batch([], sightings=sightings))
        assert isinstance(take_batch(db, batch, office.now), Receipt)
    return witness


def ran(start: datetime, end: datetime | None, seen_at: datetime) -> PodSighting:
    """The pod of `a` ran from then until then."""
    return PodSighting(
        "u-1", "a", "a", Phase.RUNNING if end is None else Phase.SUCCEEDED, START, seen_at,
        node="n1", runs=(Run("main", start, end),), requests={"nvidia.com/gpu": 1},
    )  # fmt: skip
