"""A town with a witness: pods hold devices, and the API server is said to have seen them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from itertools import count
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from agents.sightings import Phase, PodSighting, Run, Sighting, Watch
from ledger.charging.steps import charge
from ledger.desk.queries.incidents import Incident, Scope
from ledger.desk.steps.confirm import respond
from ledger.desk.steps.rule_incidents import explain_incident, propose_ruling
from ledger.documents.queries.originals import File
from ledger.metering.codes import IncidentKind
from ledger.metering.queries.usage import windows_of_day
from ledger.metering.queries.witnesses.evidence import EvidenceSum, evidence_sums, keep_evidence
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.codes import Answer
from ledger.people.steps.credentials import Viewer
from ledger.postgres.columns import key
from tests.support.papers.proofs import pdf
from tests.support.simulation import START, Node, enrolled, minute, window
from tests.support.town import APPROVER, CLERK, NOW, Town

MARCH = date(2026, 3, 1)
LAB = "bindings: [{cluster: c1, holder: {pod: lab}, project: p1, from: 2026-01-01}]"
_numbers = count(1)


def part(
    pod: str, uid: str | None = None, *, low: int = 0, high: int = 60_000, num: int = 1,
    den: int = 1, mig: wire.Mig | None = None, container: str = "main", namespace: str = "lab",
) -> wire.Part:  # fmt: skip
    """A part of a minute for which a pod held a device."""
    holder = wire.Pod(namespace, pod, container, uid)
    return wire.Part(holder, low, high, num, den, mig=mig)


def pod_sighting(
    pod: str, start: int | None = 0, end: int | None = None, *, at: int = 99_000, uid: str = "",
    gone: int | None = None, node: str | None = "n1", **facts: Any,
) -> PodSighting:  # fmt: skip
    """What the witness says of a pod: its container ran from minute `start` to `end`."""
    runs = (
        () if start is None else (Run("main", minute(start), None if end is None else minute(end)),)
    )
    phase = Phase.PENDING if start is None else Phase.RUNNING if end is None else Phase.SUCCEEDED
    return PodSighting(
        uid or f"uid-{pod}", "lab", pod, phase, START, minute(at), node=node, runs=runs,
        gone_at=None if gone is None else minute(gone), requests={"nvidia.com/gpu": 1}, **facts,
    )  # fmt: skip


@dataclass
class WitnessedTown:
    """The town, its node and a witness of its cluster; figures as they are after a round."""

    town: Town
    owner: psycopg.Connection
    witness: Node = field(init=False)

    def __post_init__(self) -> None:
        self.town.register(LAB)
        self.witness = self.another()

    def another(self, name: str = "witness") -> Node:
        """Another witness of the cluster."""
        return enrolled(self.owner, self.town.cluster, node=name, source="witness")

    @property
    def engine(self) -> sa.Engine:
        return self.town.engine

    def run(self, gpu: int, minutes: range, *parts: wire.Part) -> None:
        """The node reports these minutes of a GPU, all alike."""
        self.town.report([window(gpu, at, *parts) for at in minutes])

    def say(self, *sightings: Sighting, by: Node | None = None) -> None:
        """The witness reports."""
        witness = by or self.witness
        with Session(self.engine) as db, db.begin():
            batch = witness.read(witness.batch([], sightings=sightings))
            receipt = take_batch(db, batch, NOW)
            assert isinstance(receipt, Receipt)

    def watch(self, since: int, until: int, by: Node | None = None) -> None:
        self.say(Watch(minute(since), minute(until)), by=by)

    def minutes(self, project: str = "p1") -> Fraction:
        """Minutes that a project is charged for, over all months."""
        with Session(self.engine) as db, db.begin():
            charge(db, NOW)
            rows = db.execute(
                sa.text(
                    "SELECT ms_num, ms_den FROM charges h JOIN contracts k ON k.id = h.contract_id"
                    " JOIN projects p ON p.id = k.project_id WHERE p.code = :project"
                ),
                {"project": project},
            ).all()
        return sum((Fraction(int(r.ms_num), int(r.ms_den)) for r in rows), Fraction(0)) / 60_000

    def parts(self) -> Fraction:
        """Minutes of p1 on the first of March, by the windows they come from."""
        with Session(self.engine) as db:
            parts = windows_of_day(db, self.town.project, MARCH, limit=10_000)
        return sum((part.device_ms for part in parts), Fraction(0)) / 60_000

    def sums(self, month: date = MARCH) -> list[EvidenceSum]:
        with Session(self.engine) as db, db.begin():
            keep_evidence(db)
            return evidence_sums(db, month)

    def grades(self) -> set[tuple[str, str | None, int]]:
        """What the witnesses say, its grade, and its minutes."""
        return {(str(r.verdict), r.grade, int(r.device_ms / 60_000)) for r in self.sums()}

    def verdicts(self, month: date = MARCH) -> dict[str, Fraction]:
        """Minutes by what the witnesses say."""
        minutes: dict[str, Fraction] = {}
        for row in self.sums(month):
            minutes[row.verdict] = minutes.get(row.verdict, Fraction(0)) + row.device_ms / 60_000
        return minutes

    def explain(
        self, kind: IncidentKind, since: datetime = START, until: datetime = NOW,
        by: Viewer = CLERK, **scope: str | None,
    ) -> Incident:  # fmt: skip
        """Somebody explains with a file of its own."""
        file = File.from_content("proof.pdf", pdf(f"log {next(_numbers)}"))
        with Session(self.engine) as db, db.begin():
            return explain_incident(
                db, Scope(self.town.cluster, kind, since, until, **scope), "日志可查", file,
                actor=by.actor, now=NOW,
            )  # fmt: skip

    def rule(
        self,
        incident: Incident,
        *,
        counts: bool,
        by: Viewer = CLERK,
        confirmed_by: Viewer = APPROVER,
    ) -> None:
        """Two persons decide."""
        with Session(self.engine) as db, db.begin():
            decision = propose_ruling(
                db, incident.id, counts=counts, reason="看过", actor=by.actor, now=NOW
            )
            respond(
                db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
                viewer=confirmed_by, now=NOW,
            )  # fmt: skip
