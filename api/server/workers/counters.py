"""What all processes of a server count together, for `/metrics` and of each caller.

`/metrics` is answered by any one of them. Each process writes its own numbers into a file of its
own in a folder that all of them read. A process that takes another's place goes on where that one
was, so no counter ever falls.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

from api.door.turns.shared_counts import SharedCounts

LIMITS_FILE = "limits"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable


def prepare(folder: Path) -> None:
    """Make what the processes will share in an empty folder."""
    SharedCounts.create(folder / LIMITS_FILE)


def counts_of_callers(folder: Path) -> SharedCounts:
    """Return the counts of each caller's requests and guesses."""
    return SharedCounts(folder / LIMITS_FILE)


def share(folder: Path, number: int) -> CollectorRegistry:
    """Count in this folder from here on, as the process of this number; return what reads all."""
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry
