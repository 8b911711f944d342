"""A restoration as it is recorded, without a server that was recovered."""

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session

from ledger.backup.steps.drill import Findings, record_restoration
from tests.support.seals import NOON, seal_at


def record_findings(engine: sa.Engine, **changes: object) -> None:
    """Seal, and record that what was restored has this seal and no fault, but for the changes."""
    last = seal_at(engine)
    findings = Findings(
        base="20260801T040000Z", postgres=18, moment=NOON.isoformat(), seal=last.number,
        head=last.hash.hex(), rows=1, entries=0, faults=0, is_apart=True,
    )  # fmt: skip
    with Session(engine) as db, db.begin():
        record_restoration(db, replace(findings, **changes), "machine:test", NOON)  # type: ignore[arg-type]
