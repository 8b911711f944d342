"""Slurm says later what it said wrongly: the first word counts until two persons decide."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from agents import wire
from agents.sources.slurm.rows import Context
from agents.sources.slurm.runs import Run
from agents.sources.slurm.store import RunStore
from ledger.desk.steps.confirm import respond
from ledger.desk.steps.rule_corrections import propose_corrections
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.codes import Answer
from ledger.postgres.columns import key
from ledger.registry.tables import Cluster
from tests.support.agents.sacct import DAY_S, gpus, items, row, table
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import Verdict
from tests.support.simulation import enrolled, place
from tests.support.town import APPROVER, CLERK

HOUR_S = 3600
NOW = datetime.fromtimestamp(DAY_S, UTC) + timedelta(days=20)


class Accounting:
    """The real agent's store and the real ledger; `say` is an answer of sacct."""

    def __init__(self, engine: sa.Engine, owner: psycopg.Connection) -> None:
        self.engine, self.owner, self.now = engine, owner, NOW
        self.store = RunStore(":memory:")
        self.node = enrolled(owner, place(owner, gpus=0), node="head", source="slurm")

    def say(self, hour: int, **cells: Any) -> None:
        """At this hour of the day sacct tells the job so, and the agent reports it."""
        now_ms = (DAY_S + hour * HOUR_S) * 1000
        usual = {"Submit": DAY_S, "Start": DAY_S, "ElapsedRaw": hour * HOUR_S}
        for run in items(table(row(**usual | cells)), Context("c1", now_ms)):
            assert isinstance(run, Run)
            self.store.take(run)
        reports = list(self.store.reports("c1", now_ms))
        windows = [w for report in reports for w in report.corrections]
        windows += [
            msgspec.json.decode(body, type=wire.Window) for r in reports for _, body in r.bodies
        ]
        with Session(self.engine) as db, db.begin():
            receipt = take_batch(db, self.node.read(self.node.batch(windows)), self.now)
            assert isinstance(receipt, Receipt)
        self.store.mark([report.run for report in reports], now_ms)
        self.now += timedelta(minutes=1)

    def decide(self) -> None:
        """Two persons accept what is open."""
        with Session(self.engine) as db, db.begin():
            decision = propose_corrections(
                db, cluster=db.exec(select(Cluster)).one(), month=date(2026, 3, 1), job=None,
                accept=True, reason="sacct", actor=CLERK.actor, now=self.now,
            )  # fmt: skip
            respond(
                db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
                viewer=APPROVER, now=self.now,
            )  # fmt: skip

    def held_ms(self) -> int:
        """What counts, by the day totals."""
        query = "SELECT coalesce(sum(held), 0)::bigint FROM day_totals WHERE holder_kind = 'slurm'"
        row = self.owner.execute(query).fetchone()
        assert row
        return int(row[0])

    def words(self) -> int:
        """How many later words are kept."""
        row = self.owner.execute("SELECT count(*) FROM conflicts").fetchone()
        assert row
        return int(row[0])


@pytest.fixture
def accounting(engine: sa.Engine, owner: psycopg.Connection) -> Accounting:
    return Accounting(engine, owner)


def verdict_of(accounting: Accounting, hours: int, before_ms: int) -> Verdict:
    """The truth, what counts, and what the first word had wrong until two persons decided."""
    true = 2 * hours * HOUR_S * 1000
    correction = Counter({"correction": abs(true - before_ms)})
    return Verdict(true=true, counted=accounting.held_ms(), gaps=correction)


RUNNING = {"State": "RUNNING", "End": "Unknown", "AllocTRES": gpus(2)}


def test_slurm_brings_the_end_of_a_job_forward(accounting: Accounting, check_row: Tell) -> None:
    """A runaway job: it ended after two hours, and its database learnt it after eight."""
    for hour in (2, 4, 6, 8):
        accounting.say(hour, **RUNNING)
    for _ in range(3):  # the hours are said again and again
        accounting.say(9, End=DAY_S + 2 * HOUR_S, ElapsedRaw=2 * HOUR_S)
    before_ms = accounting.held_ms()
    assert before_ms == 2 * 8 * HOUR_S * 1000
    assert accounting.words() == 2 * 6
    accounting.decide()
    verdict = verdict_of(accounting, 2, before_ms)
    assert verdict.counted == verdict.true
    check_row("end_forward", verdict)


def test_slurm_puts_the_end_of_a_job_back(accounting: Accounting, check_row: Tell) -> None:
    """NODE_FAIL after an hour and a half, which turns out to have gone on for five."""
    accounting.say(2, State="NODE_FAIL", End=DAY_S + 5_400, ElapsedRaw=5_400)
    accounting.say(6, End=DAY_S + 5 * HOUR_S, ElapsedRaw=5 * HOUR_S)
    before_ms = accounting.held_ms()
    assert before_ms == 2 * (5 * HOUR_S - 1_800) * 1000  # hours that were never told count at once
    accounting.decide()
    verdict = verdict_of(accounting, 5, before_ms)
    assert verdict.counted == verdict.true
    check_row("end_back", verdict)


def test_slurm_corrects_the_gpus_of_a_job(accounting: Accounting, check_row: Tell) -> None:
    """It was recorded with four GPUs, and had two."""
    usual = {"End": DAY_S + 3 * HOUR_S, "ElapsedRaw": 3 * HOUR_S}
    accounting.say(4, AllocTRES=gpus(4), **usual)
    accounting.say(5, AllocTRES=gpus(2), **usual)
    before_ms = accounting.held_ms()
    assert before_ms == 4 * 3 * HOUR_S * 1000
    accounting.decide()
    verdict = verdict_of(accounting, 3, before_ms)
    assert verdict.counted == verdict.true
    check_row("other_gpus", verdict)
