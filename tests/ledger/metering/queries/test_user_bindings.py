"""A user of a Slurm account may be bound apart from the account, as the job was told first."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import psycopg
import pytest
from msgspec.structs import replace
from sqlmodel import Session

from agents import wire
from agents.sources.slurm.runs import Run, windows
from agents.sources.slurm.tres import Devices
from ledger.metering.queries.jobs.sessions import session_usage
from ledger.metering.queries.usage import owned_usage, unowned, windows_of_day
from ledger.metering.queries.witnesses.evidence import evidence_sums
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.simulation import START, Node, enrolled
from tests.support.town import NOW, Town

HOUR_MS = wire.HOUR_MS
MARCH = date(2026, 3, 1)
REGISTRY = """
clusters: [{name: c1, centre: centre of c1, billing: [{source: slurm, from: 2026-01-01}]}]
projects: [{code: p2, name: 另一, kind: model, organisation: 91640100MA7600001J, drill: true}]
bindings:
- {cluster: c1, holder: {slurm: lab}, project: p1, from: 2026-01-01}
- {cluster: c1, holder: {user: lab/alice}, project: p2, from: 2026-03-01}
"""


@dataclass
class Centre:
    """A cluster that Slurm bills, whose account `lab` has two users."""

    town: Town
    node: Node
    number: int = field(default=0)

    def tell(self, user: str | None, hours: int = 1, account: str = "lab") -> Run:
        """A job of a user is over and reported."""
        self.number += 1
        begin = wire.start_ms(START)
        run = Run(
            f"c:{self.number}@1", account, (Devices(1, "H100"),), begin, begin + hours * HOUR_MS,
            is_final=True, user=user,
        )  # fmt: skip
        self.send(*windows(run, "c1"))
        return run

    def send(self, *report: wire.Window) -> None:
        with Session(self.town.engine) as db, db.begin():
            batch = self.node.read(self.node.batch(report))
            assert isinstance(take_batch(db, batch, NOW), Receipt)

    def hours(self) -> dict[str, Fraction]:
        """Hours of each project: by its days, its sessions, its windows and what witnesses say."""
        hours: dict[str, Fraction] = {}
        with Session(self.town.engine) as db, db.begin():
            sums = evidence_sums(db, MARCH)
            for code in ("p1", "p2"):
                project = key(project_by_code(db, code))
                ms = {
                    sum((u.device_ms for u in owned_usage(db, [project])), Fraction(0)),
                    sum((u.device_ms for u in session_usage(db, [project])), Fraction(0)),
                    sum(
                        (p.device_ms for p in windows_of_day(db, project, MARCH, limit=1_000)),
                        Fraction(0),
                    ),
                    sum((s.device_ms for s in sums if s.project == code), Fraction(0)),
                }
                (hours[code],) = [value / HOUR_MS for value in ms]
        return hours


@pytest.fixture
def centre(town: Town, owner: psycopg.Connection) -> Centre:
    town.register(REGISTRY, supersede=True)
    return Centre(town, enrolled(owner, town.cluster, node="head", source="slurm"))


def test_a_users_jobs_go_before_the_accounts(centre: Centre) -> None:
    centre.tell("alice", 2)
    centre.tell("bob", 3)
    centre.tell(None, 4)
    assert centre.hours() == {"p1": 7, "p2": 2}
    centre.tell("alice", 5, account="elsewhere")  # of an account that nobody bound
    assert centre.hours() == {"p1": 7, "p2": 2}
    with Session(centre.town.engine) as db:
        assert [(u.holder_kind, u.holder) for u in unowned(db)] == [("slurm", "elsewhere")]


def test_whose_a_job_is_is_what_was_said_first(centre: Centre) -> None:
    run = centre.tell("bob", 2)
    assert centre.hours() == {"p1": 2, "p2": 0}
    centre.send(*windows(replace(run, until_ms=run.until_ms + HOUR_MS, user="alice"), "c1"))
    assert centre.hours() == {"p1": 3, "p2": 0}


def test_binding_a_user_whose_use_was_charged_takes_two(centre: Centre) -> None:
    centre.town.register(
        "bindings: [{cluster: c1, holder: {user: lab/bob}, project: p2, from: 2026-02-01}]"
    )
    centre.tell("bob", 2)
    centre.town.accrue()
    assert centre.hours() == {"p1": 0, "p2": 2}
    centre.tell("carol", 1)
    centre.town.accrue()
    report = centre.town.register(
        "bindings: [{cluster: c1, holder: {user: lab/carol}, project: p2, from: 2026-02-01}]"
    )
    assert [proposal.about[2] for proposal in report.proposals] == ["lab/carol"]
    assert centre.hours() == {"p1": 0, "p2": 3}


@pytest.mark.parametrize("user", ["alice", "lab/", "/alice", "lab/a b"])
def test_a_user_is_written_with_its_account(town: Town, user: str) -> None:
    with pytest.raises(AssertionError, match="user_of_holder"):
        town.register(
            f"bindings: [{{cluster: c1, holder: {{user: '{user}'}}, project: p1,"
            " from: 2026-01-01}]"
        )
