"""The workers that `suanquan up` has beside itself, for the connections of agents."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count as numbers_from
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.door.turns.shared_counts import SharedCounts
from api.server.connections import GuardedProtocol
from api.server.workers import counters
from api.server.workers.handover import Giver, giving
from api.server.workers.process import Orders
from api.server.workers.supervisor import Supervisor
from api.settings import Settings

COUNTERS_FOLDER = "counters"


@dataclass(frozen=True)
class AgentsWorkers:
    """How the server that has them holds connections and reads the counters; None: has none."""

    protocol: type[GuardedProtocol] = GuardedProtocol
    counters: CollectorRegistry | None = None
    counts: SharedCounts | None = None

    @classmethod
    @contextmanager
    def running(
        cls, count: int, settings: Settings, database: str, lines: Callable[[bytes], None]
    ) -> Iterator["AgentsWorkers"]:
        """Keep so many running for as long as the block lasts."""
        if not count:
            yield cls()
            return
        folder = _fresh_folder(settings.data / COUNTERS_FOLDER)
        supervisor, values = Supervisor(lines), settings.model_dump(mode="json")
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            givers = []
            for number in range(1, count + 1):
                giver = Giver()
                stack.callback(giver.close)
                fd = giver.of_worker.fileno()
                supervisor.add(
                    Orders(number, database, values, str(folder), giver=fd), giver.forget
                )
                givers.append(giver)
            thread = threading.Thread(target=supervisor.run, name="workers")
            thread.start()
            stack.callback(thread.join)
            stack.callback(supervisor.stop)
            turns = numbers_from()
            yield cls(
                giving(lambda fd, head: _give(givers, next(turns), fd, head)),
                counters.share(folder, number=0),
                counters.counts_of_callers(folder),
            )


def _give(givers: list[Giver], turn: int, connection: int, head: bytes) -> bool:
    """Hand it to the worker whose turn it is, or to the next that takes it."""
    return any(
        givers[(turn + step) % len(givers)].give(connection, head) for step in range(len(givers))
    )


def _fresh_folder(folder: Path) -> Path:
    """An empty folder that is ours alone; what a killed server left there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    counters.prepare(folder)
    return folder
