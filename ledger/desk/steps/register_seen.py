"""Register GPUs as the agents see them: what somebody confirmed of the inventory.

The entries are made anew from what is seen now, so that nothing is registered that no agent
reports. They are registered as a file would be; what touches charged usage waits for two persons.

A centre's operator says what stands in its racks, and nothing follows from that until a clerk
confirms it: then it is registered by the clerk, who is the second person to have looked.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from ledger.desk.queries.inventory import inventory
from ledger.desk.steps.take_registry import RegistryIntake, take_registry
from ledger.errors import Conflict
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.registry.queries import registered_place
from ledger.registry.tables import Centre

KIND = DecisionKind.INVENTORY
Sight = tuple[str, str, str]
"""A GPU, and the cluster and node at which it is seen."""


def register_seen(
    db: Session, sights: Iterable[Sight], *, centre: int | None, actor: str, now: datetime
) -> RegistryIntake:
    """Register these GPUs where they are seen, of one centre or of all.

    Raises:
        Conflict: one of them is not proposed, or not any more (`inventory_moved`).
    """
    entries_by_sight = _entries(db, centre, now)
    return _take(db, [_entry(entries_by_sight, sight) for sight in sights], actor, now)


def state_seen(
    db: Session, sights: Iterable[Sight], *, centre: Centre, actor: str, now: datetime
) -> Decision:
    """Say that these GPUs stand in the centre's racks where they are seen; a clerk confirms it.

    Raises:
        Conflict: one of them is not proposed (`inventory_moved`), or what was said before waits
            (`decision_open`).
    """
    entries_by_sight = _entries(db, key(centre), now)
    content = {
        "centre": centre.name,
        "devices": [dict(_entry(entries_by_sight, sight)) for sight in sights],
    }
    return decide(
        db, kind=KIND, subject=centre.name, content=content, reason="", actor=actor, now=now
    )


def open_statements(db: Session, centre: int | None) -> Sequence[Decision]:
    """Return what a centre, or every one, said and no clerk has answered."""
    query = select(Decision).where(Decision.kind == KIND, col(Decision.answer).is_(None))
    if centre is not None:
        query = query.where(Decision.subject == db.get_one(Centre, centre).name)
    return db.exec(query.order_by(col(Decision.id))).all()


def carry_out(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Register what the centre said, but for what was registered so since.

    Raises:
        Conflict: a GPU is not seen there any more (`inventory_moved`), or cannot be registered.
    """
    entries_by_sight = _entries(db, None, now)
    entries = []
    for entry in decision.content["devices"]:
        place = (entry["cluster"], entry["node"])
        if registered_place(db, entry["gpu"]) != place:
            _entry(entries_by_sight, (entry["gpu"], *place))
            entries.append(entry)
    if entries:
        intake = _take(db, entries, actor, now)
        if intake.report.findings:
            raise Conflict("inventory_moved", gpu=entries[0]["gpu"])


Entry = Mapping[str, str]
"""Of a registry file: gpu, cluster, node, from, until."""


def _entries(db: Session, centre: int | None, now: datetime) -> dict[Sight, Entry]:
    return {
        (line.gpu, line.cluster, line.node): line.entry
        for line in inventory(db, centre, now).lines
        if line.entry is not None
    }


def _entry(entries_by_sight: Mapping[Sight, Entry], sight: Sight) -> Entry:
    if sight not in entries_by_sight:
        raise Conflict("inventory_moved", gpu=sight[0])
    return entries_by_sight[sight]


def _take(db: Session, entries: Iterable[Entry], actor: str, now: datetime) -> RegistryIntake:
    content = json.dumps({"gpus": [dict(entry) for entry in entries]})
    return take_registry(db, content, actor=actor, now=now, supersede=True)
