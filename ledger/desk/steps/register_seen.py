"""Register GPUs as the agents see them: what somebody confirmed of the inventory.

The entries are made anew from what is seen now, so that nothing is registered that no agent
reports. They are registered as a file would be; what touches charged usage waits for two persons.
"""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from ledger.desk.queries.inventory import inventory
from ledger.desk.steps.take_registry import RegistryIntake, take_registry
from ledger.errors import Conflict

Sight = tuple[str, str, str]
"""A GPU, and the cluster and node at which it is seen."""


def register_seen(
    db: Session, sights: Iterable[Sight], *, centre: int | None, actor: str, now: datetime
) -> RegistryIntake:
    """Register these GPUs where they are seen, of one centre or of all.

    Raises:
        Conflict: one of them is not proposed, or not any more (`inventory_moved`).
    """
    proposed_entries = {
        (line.gpu, line.cluster, line.node): line.entry
        for line in inventory(db, centre, now).lines
        if line.entry is not None
    }
    entries = []
    for gpu, cluster, node in sights:
        entry = proposed_entries.get((gpu, cluster, node))
        if entry is None:
            raise Conflict("inventory_moved", gpu=gpu)
        entries.append(entry)
    content = json.dumps({"gpus": entries})
    return take_registry(db, content, actor=actor, now=now, supersede=True)
