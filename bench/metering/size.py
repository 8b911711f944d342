"""What a GPU-minute takes in the database, by part, while it is new and once it is packed.

Nodes of eight GPUs whose readings vary from minute to minute, sent in batches of four sizes: each
minute, as agents do by themselves (8 windows), after five and ten (40, 80), and as full batches
(1,000); a seal takes what came in an hour. Bytes of tables with their
indexes and what they keep out of line, after VACUUM FULL, less what they took before, divided by
the windows. `wire` is what the agents sent; `leaves` are those of a seal; `archive` are the files
of the month's archive, and `archived` is what stays in the database then.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

import psycopg
from nacl.signing import SigningKey
from sqlalchemy import Engine
from sqlmodel import Session

from agents import wire
from bench import stage
from ledger.archive.steps.month import Order, archive_part
from ledger.archive.steps.places import Place
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.metering.steps.pack import pack_day
from ledger.metering.steps.pack_rolls import pack_rolls
from ledger.seals.codes import SealKind
from ledger.seals.rules.occasions import Occasion
from ledger.seals.steps.seal import seal
from tests.support.people import let_everybody_act
from tests.support.simulation import Node, enrolled, gpu_id, minute, place

GPUS = 8
MINUTES = 3_000  # divided by each of the sizes
SIZES = (1, 5, 10, 125)  # minutes of a batch
HOUR = 60  # minutes: a seal takes what came in one
POD_ENDS = 0.003  # of a minute: a pod goes on for some six hours
MONTH = date(2026, 3, 1)
LATER = minute(100_000)
SEAL_KEY = SigningKey.generate()

PARTS = {
    "windows": "windows",
    "hours": "window_hours",
    "batches": "batches roll_spans batch_rolls archived_rolls",
    "leaves": "sealed_rows unsealed_rows",
    "counts": "window_counts",
    "totals": "day_totals coverage hour_totals hour_coverage past_hours",
}
_SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND (c.relname = ANY(%s)
        OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = ANY(%s::regclass[])))
"""


def run() -> dict[str, object]:
    """The figures of one run."""
    figures: dict[str, object] = {}
    for minutes in SIZES:
        with stage.database() as database, stage.owner(database) as owner:
            let_everybody_act(owner)
            node = enrolled(owner, place(owner, gpus=GPUS))
            engine = database.engine()
            _seal(engine, minute(0))
            empty, sent, seal_at = _sizes(owner), 0, HOUR
            for batch, now in _batches(node, minutes):
                sent += len(batch)
                with Session(engine) as db, db.begin():
                    assert isinstance(take_batch(db, node.read(batch), now), Receipt)
                if now >= minute(seal_at):
                    _seal(engine, now + timedelta(seconds=1))
                    seal_at += HOUR * ((now - minute(seal_at)) // timedelta(hours=1) + 1)
            _seal(engine, minute(MINUTES + HOUR))
            of_batch = f"{minutes * GPUS}_a_batch"
            figures[f"{of_batch}_wire"] = round(sent / MINUTES / GPUS, 1)
            figures[f"{of_batch}_new"] = _parts(owner, empty)
            while list(pack_day(partial(Session, engine), LATER)):
                pass
            assert list(pack_rolls(partial(Session, engine), LATER))
            figures[f"{of_batch}_packed"] = _parts(owner, empty)
            figures[f"{of_batch}_archive"] = _archive(engine)
            figures[f"{of_batch}_archived"] = _parts(owner, empty)
            engine.dispose()
    return figures


def _archive(engine: Engine) -> float:
    """Bytes a window of the files; and all of them are read back and compared."""
    with Session(engine) as db, db.begin():
        seal(db, SEAL_KEY, "bench", LATER, occasion=Occasion(SealKind.MONTH, MONTH))
    with TemporaryDirectory() as folder:
        order = Order(MONTH, Place(folder), SEAL_KEY, "bench", LATER)
        while archive_part(partial(Session, engine), order):
            pass
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.*"))
    return round(size / MINUTES / GPUS, 1)


def _seal(engine: Engine, now: datetime) -> None:
    with Session(engine) as db, db.begin():
        seal(db, SEAL_KEY, "bench", now)


def _sizes(owner: psycopg.Connection) -> dict[str, int]:
    owner.execute("VACUUM FULL")
    sizes: dict[str, int] = {}
    for part, names in PARTS.items():
        (sizes[part],) = owner.execute(_SIZE, (names.split(), names.split())).fetchone() or (0,)
    return sizes


def _parts(owner: psycopg.Connection, empty: dict[str, int]) -> dict[str, float]:
    """Bytes a window."""
    parts = {k: (v - empty[k]) / MINUTES / GPUS for k, v in _sizes(owner).items()}
    return {k: round(v, 1) for k, v in {"all": sum(parts.values()), **parts}.items()}


def _batches(node: Node, minutes: int) -> Iterator[tuple[bytes, datetime]]:
    """Batches, and when each comes."""
    random = Random(1)  # noqa: S311
    gpus = [_Gpu(number, random) for number in range(GPUS)]
    for first in range(0, MINUTES, minutes):
        windows = [gpu.window(at) for at in range(first, first + minutes) for gpu in gpus]
        sent_at = minute(first + minutes) + timedelta(microseconds=random.randrange(10**6))
        received_at = sent_at + timedelta(microseconds=random.randrange(10**6))
        yield node.batch(windows, sent_at), received_at


class _Gpu:
    """One GPU, held by one pod after another, each with a load of its own."""

    def __init__(self, number: int, random: Random) -> None:
        self._number, self._random = number, random
        self._boot = str(self._uuid())
        self._start_pod()

    def window(self, at: int) -> wire.Window:
        random = self._random
        if random.random() < POD_ENDS:
            self._start_pod()
        util, power = self._util + random.randrange(-40_000, 40_000), self._power
        power += random.randrange(-20_000, 20_000)
        readings = wire.Readings(6, util, util - 100_000, self._memory, power)
        return wire.Window(
            gpu_id(self._number), "NVIDIA H100 80GB HBM3", minute(at), wire.MINUTE_MS,
            (wire.Part(self._pod, 0, wire.MINUTE_MS, readings=readings),), boot=self._boot,
            energy_mj=power * 60 + random.randrange(1_000_000),
        )  # fmt: skip

    def _start_pod(self) -> None:
        random = self._random
        name = f"pretrain-{random.randrange(16**5):05x}-worker-{self._number}"
        self._pod = wire.Pod("team-a", name, "main", str(self._uuid()))
        self._util = random.randrange(500_000, 960_000)
        self._memory = random.randrange(40_000, 79_000)
        self._power = random.randrange(400_000, 690_000)

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)
