"""Try a restoration: recover, verify, prove the guarantees, compare with the live server, report.

What was recovered is looked at by the same programs as the live database: every sealed row, and
every guarantee. Its last seal has to be one of the live server's, with the same head.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from sqlmodel import Session

from ledger.backup.rules.keys import ReadKey
from ledger.backup.rules.plan import Plan
from ledger.backup.steps.recover import Recovered, recovered
from ledger.backup.steps.stores import Store
from ledger.backup.tables import Restoration
from ledger.errors import Unusable
from ledger.postgres.database import Database
from ledger.postgres.guarantees.check import check, is_broken
from ledger.seals.queries.verify import verify
from ledger.seals.rules.outside.away import Away

_LAST = "SELECT number, hash FROM seals ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True)
class Findings:
    """What was found in a recovered database.

    Attributes:
        base: from which it came.
        postgres: its major version.
        moment: up to which it was replayed.
        seal: the number of its last seal.
        head: that seal's hash, hexadecimal.
        rows: how many sealed rows were looked at.
        entries: how many entries were computed again.
        faults: how many rows differ, and guarantees do not hold.
        is_apart: whether the store lies on another disk or machine.
    """

    base: str
    postgres: int
    moment: str
    seal: int
    head: str
    rows: int
    entries: int
    faults: int
    is_apart: bool


@dataclass(frozen=True)
class Source:
    """From where a restoration is tried, and where.

    Attributes:
        store: where the backups are.
        key: the bureau's.
        place: a folder that the server's account may enter.
        away: returns who reads archived evidence.
    """

    store: Store
    key: ReadKey
    place: Path
    away: Callable[[psycopg.Connection], Away]


def try_restoration(source: Source, choice: Plan) -> Findings:
    """Recover, look at everything, and leave nothing behind.

    Raises:
        Busy, Unusable: as `recovered`; nothing was sealed by then (`drill_unsealed`).
    """
    with recovered(source.store, source.key, choice, source.place) as server:
        return _look(server, source, choice.moment or choice.last)


def _look(server: Recovered, source: Source, moment: datetime) -> Findings:
    url = server.url(server.base.owner)
    with psycopg.connect(url) as raw:
        last = raw.execute(_LAST).fetchone()
        raw.rollback()
        if last is None:
            raise Unusable("drill_unsealed")
        tally = verify(raw, away=source.away)
    proofs = check(Database(owner_url=url, app_url=url))
    return Findings(
        base=server.base.number, postgres=server.base.postgres, moment=moment.isoformat(),
        seal=last[0], head=last[1].hex(), rows=tally.rows, entries=tally.entries,
        faults=len(tally.faults) + sum(is_broken([proof]) for proof in proofs),
        is_apart=source.store.is_apart(source.place),
    )  # fmt: skip


def record_restoration(db: Session, findings: Findings, actor: str, now: datetime) -> Restoration:
    """Write a report down; the database refuses one whose seal is not its own (`restoration_says`).

    Raises:
        IntegrityError: the head of the recovered seal is not the live one's.
    """
    row = Restoration(
        content=json.dumps(asdict(findings), sort_keys=True), seal=findings.seal,
        seal_hash=bytes.fromhex(findings.head), faults=findings.faults,
        is_apart=findings.is_apart, restored_at=now, restored_by=actor,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row
