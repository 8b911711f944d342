"""The real application on a real PostgreSQL, for the faults: what it kept and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.desk.codes import FindingKind
from ledger.desk.queries.findings import findings
from ledger.metering.steps.enrol import issue_code
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from tests.support.faults.fault_site import Site, Verdict
from tests.support.people import FAR, place_token
from tests.support.simulation import EVER

Tell = Callable[[str, Verdict], None]


@dataclass
class Books:
    """The real application on a real PostgreSQL, listening."""

    engine: sa.Engine
    machine: sa.Engine  # as the owner of the database
    owner: psycopg.Connection
    cluster: int
    url: str = ""
    site: Site | None = None

    def now(self) -> Any:
        assert self.site is not None
        return self.site.real()

    def code(self) -> str:
        with Session(self.engine) as db, db.begin():
            now = self.now()
            return issue_code(
                db, cluster=self.cluster, source="nvml",
                actor=place_token(self.owner, "systemadmin", "管理"), now=now,
                history_from=EVER.date(),
            )  # fmt: skip

    def token(self) -> str:
        """A system administrator's token, made on the machine."""
        with Session(self.machine) as db, db.begin():
            return issue_token(
                db, role=Role.SYSTEM_ADMIN, person="信使台", actor="machine:test", now=self.now(),
                expires_at=FAR,
            )  # fmt: skip

    def windows_kept(self) -> list[wire.Window]:
        rows = self.owner.execute(
            "SELECT body FROM kept_windows((SELECT array_agg(DISTINCT gpu) FROM coverage),"
            " '-infinity', 'infinity') ORDER BY start, gpu"
        ).fetchall()
        windows = [msgspec.convert(row[0], wire.Window) for row in rows]
        self._check_totals(windows)
        return windows

    def _check_totals(self, windows: list[wire.Window]) -> None:
        """What is billed is what the windows say."""
        total = sum(
            part.to_ms - part.from_ms
            for window in windows
            for part in window.parts
            if isinstance(part.holder, wire.Pod)
        )
        query = "SELECT coalesce(sum(held), 0)::bigint FROM day_totals WHERE holder_kind = 'pod'"
        assert self.owner.execute(query).fetchone() == (total,)

    def count(self, table: str) -> int:
        row = self.owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert row
        return int(row[0])

    def find(self, kind: FindingKind) -> list[dict[str, Any]]:
        with Session(self.engine) as db:
            return list(findings(db, kind, self.now()))
