"""What Slurm says later of an hour that was told: kept, shown, and counted only when two agree."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from agents import wire
from agents.sources.slurm.runs import Run, windows
from agents.sources.slurm.tres import Devices
from ledger.metering.queries.jobs.corrections import open_jobs
from ledger.metering.queries.jobs.sessions import keep_stretches
from ledger.metering.queries.usage import owned_usage, windows_of_day
from ledger.people.codes import Role
from ledger.postgres.database import Database
from ledger.units import beijing_day
from tests.support.accounts.attacks import attempt
from tests.support.api.town import NOW, Town
from tests.support.simulation import Node, enrolled

HOUR = wire.HOUR_MS
DAY = datetime(2026, 3, 1, 16, tzinfo=UTC)  # a Beijing midnight, two days ago
BEGIN = wire.start_ms(DAY)


def run(until_ms: int, *, key: str = "c:1@1", gpus: int = 1, start_ms: int = 0, **more: Any) -> Run:
    """A run that held GPUs from then until then, ms of the day."""
    return Run(
        key, more.pop("account", "lab"), (Devices(gpus, "H100"),), BEGIN + start_ms,
        BEGIN + until_ms, is_final=True, partition="gpu", **more,
    )  # fmt: skip


@dataclass
class Centre:
    """A cluster of the town with an agent that reads sacct, and whom the account belongs to."""

    town: Town
    node: Node
    owner: psycopg.Connection
    engine: sa.Engine
    windows_now: dict[tuple[str, datetime], wire.Window] = field(default_factory=dict)

    def tell(self, *runs: Run) -> wire.Answer:
        """Report runs whole; hours of one that it had before and has no more are free now."""
        windows_by_key = {(w.gpu, w.start): w for r in runs for w in windows(r, "c-mine")}
        jobs = {gpu.split("/")[2] for gpu, _ in windows_by_key}
        for (gpu, start), window in self.windows_now.items():
            if gpu.split("/")[2] in jobs and (gpu, start) not in windows_by_key:
                free = wire.Part(wire.Unallocated(), 0, HOUR)
                windows_by_key[gpu, start] = msgspec.structs.replace(window, parts=(free,))
        self.windows_now |= windows_by_key
        return self.send(*windows_by_key.values())

    def send(self, *report: wire.Window, beside: bytes = b"") -> wire.Answer:
        """Send windows; `beside` them stands another word in the same batch, as it is."""
        body = self.node.batch(report, now=NOW)
        body = body.replace(b'"windows":[', b'"windows":[' + beside, 1)
        answer = self.town.client.post(
            "/api/v1/batches", content=body, headers=self.node.headers(body)
        )
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=wire.Answer)

    def counted_ms(self) -> Fraction:
        """What belongs to the project, by the day totals; they are the sum of what counts."""
        with Session(self.engine) as db:
            project = self.project
            sums = sum((u.device_ms for u in owned_usage(db, [project])), Fraction(0))
            keep_stretches(db, [project])
            parts = windows_of_day(db, project, beijing_day(DAY), limit=10_000)
            assert sum((part.device_ms for part in parts), Fraction(0)) == sums
            db.commit()
        assert self.totals() == self.totals_anew()
        return sums

    @property
    def project(self) -> int:
        row = self.owner.execute("SELECT id FROM projects WHERE code = 'p-mine'").fetchone()
        assert row
        return int(row[0])

    def totals(self) -> Counter[tuple[str, str]]:
        rows = self.owner.execute(
            "SELECT gpu, holder, held FROM day_totals WHERE starts_with(gpu, 'job/')"
        ).fetchall()
        return Counter({(gpu, holder): int(held_ms) for gpu, holder, held_ms in rows})

    def totals_anew(self) -> Counter[tuple[str, str]]:
        """The same, added up from the windows as they count."""
        result: Counter[tuple[str, str]] = Counter()
        rows = self.owner.execute(
            "SELECT body FROM counted_windows((SELECT array_agg(DISTINCT gpu) FROM coverage"
            " WHERE starts_with(gpu, 'job/')), '-infinity', 'infinity')"
        ).fetchall()
        for (body,) in rows:
            for part in msgspec.convert(body, wire.Window).parts:
                name = part.holder.account if isinstance(part.holder, wire.Slurm) else ""
                result[body["gpu"], name] += (part.to_ms - part.from_ms) * part.num
        return result

    def ask(self, role: Role, path: str, body: Any = None, status: int = 200) -> Any:
        call = self.town.client.get if body is None else self.town.client.post
        more = {} if body is None else {"json": body}
        answer = call(f"/api/v1/{path}", headers=self.town.headers(role), **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def open(self) -> list[dict[str, Any]]:
        return list(self.ask(Role.CLERK, "findings?kind=corrections"))

    def propose(self, *, accept: bool = True, status: int = 201, **more: Any) -> Any:
        wish = {
            "cluster": "c-mine", "month": "2026-03", "accept": accept, "reason": "sacct", **more,
        }  # fmt: skip
        return self.ask(Role.CLERK, "corrections", wish, status)

    def answer(self, decision: int, role: Role = Role.APPROVER, status: int = 200) -> Any:
        digest = self.ask(Role.APPROVER, f"decisions/{decision}")["digest"]
        wish = {"answer": "confirmed", "seen": digest}
        return self.ask(role, f"decisions/{decision}/answer", wish, status)

    def decide(self, *, accept: bool = True, **more: Any) -> None:
        self.answer(self.propose(accept=accept, **more)["decision"])


@pytest.fixture
def centre(town: Town, owner: psycopg.Connection, engine: sa.Engine) -> Centre:
    place = town.nodes["mine"].reporter
    owner.execute(
        "UPDATE billing_sources SET superseded_at = now(), superseded_by = 'test'"
        " WHERE superseded_at IS NULL"
    )
    owner.execute(
        "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
        " VALUES (%s, 'slurm', '[2026-01-01,)', now(), 'test')",
        (place.cluster,),
    )
    owner.execute(
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,"
        " recorded_by) SELECT %s, 'slurm', 'lab', id, '[2026-01-01,)', now(), 'test'"
        " FROM projects WHERE code = 'p-mine'",
        (place.cluster,),
    )
    node = enrolled(owner, place.cluster, cluster_name="c-mine", node="head", source="slurm")
    return Centre(town, node, owner, engine)


def test_an_end_that_moves_back_falls_when_two_agree(centre: Centre) -> None:
    centre.tell(run(3 * HOUR, gpus=2))
    assert centre.counted_ms() == 6 * HOUR
    answer = centre.tell(run(HOUR + 60_000, gpus=2))
    assert (answer.kept, len(answer.conflicts)) == (0, 4)
    assert centre.counted_ms() == 6 * HOUR  # nothing by itself
    (finding,) = centre.open()
    assert (finding["job"], finding["windows"], finding["month"]) == ("c:1@1", 4, "2026-03-01")
    assert (finding["before_ms"], finding["after_ms"]) == (4 * HOUR, 2 * 60_000)
    proposal = centre.propose()
    assert centre.counted_ms() == 6 * HOUR
    content = centre.ask(Role.APPROVER, f"decisions/{proposal['decision']}")["content"]
    assert content["holders"] == [
        {
            "account": "lab",
            "before_ms": 4 * HOUR,
            "after_ms": 120_000,
            "difference_ms": 120_000 - 4 * HOUR,
        }
    ]
    centre.answer(proposal["decision"], Role.CLERK, status=422)  # not by who proposed it
    centre.answer(proposal["decision"])
    assert centre.counted_ms() == 2 * HOUR + 120_000
    assert centre.open() == []


def test_an_end_that_moves_on_rises_when_two_agree(centre: Centre) -> None:
    centre.tell(run(HOUR // 2))
    centre.tell(run(2 * HOUR))
    assert centre.counted_ms() == HOUR // 2 + HOUR  # the second hour was never told before
    centre.decide()
    assert centre.counted_ms() == 2 * HOUR


@pytest.mark.parametrize("beside", [b'{"gpu":"x","start":"soon","parts":1},', b"null,", b"[],"])
def test_what_was_refused_beside_a_correction_does_not_stop_it(
    centre: Centre, beside: bytes
) -> None:
    centre.tell(run(2 * HOUR))
    answer = centre.send(*windows(run(HOUR + 60_000), "c-mine"), beside=beside)
    assert (len(answer.refused), len(answer.conflicts)) == (1, 1)
    centre.decide()
    assert centre.counted_ms() == HOUR + 60_000


def test_other_gpus_another_account_and_no_change_at_all(centre: Centre) -> None:
    centre.tell(run(HOUR, gpus=2))
    centre.tell(run(HOUR, gpus=1))
    centre.decide()
    assert centre.counted_ms() == HOUR
    centre.tell(run(HOUR, gpus=1, account="elsewhere"))
    centre.decide()
    assert centre.counted_ms() == 0
    window = next(windows(run(HOUR, account="elsewhere"), "c-mine"))
    centre.send(msgspec.structs.replace(window, flags=("seen",)))  # another body, the same use
    assert centre.open() == []
    centre.propose(status=422)


def test_what_is_put_aside_stays_aside_until_it_says_something_else(centre: Centre) -> None:
    centre.tell(run(HOUR))
    centre.tell(run(60_000))
    centre.decide(accept=False)
    assert centre.counted_ms() == HOUR
    assert centre.open() == []
    centre.tell(run(60_000))  # once more the same
    assert centre.open() == []
    centre.tell(run(70_000))
    centre.decide()
    assert centre.counted_ms() == 70_000


def test_a_source_that_takes_its_word_back(centre: Centre) -> None:
    centre.tell(run(HOUR))
    centre.tell(run(60_000))
    centre.tell(run(HOUR))
    assert centre.open() == []  # the newest word is what counts
    centre.tell(run(60_000))
    assert len(centre.open()) == 1
    centre.decide()
    assert centre.counted_ms() == 60_000
    assert centre.tell(run(HOUR)).known == 1  # the first word, and the newest
    (finding,) = centre.open()
    assert (finding["before_ms"], finding["after_ms"]) == (60_000, HOUR)
    centre.decide()
    assert centre.counted_ms() == HOUR


def test_a_word_that_is_said_again_is_kept_once(centre: Centre) -> None:
    def words() -> int:
        row = centre.owner.execute("SELECT count(*) FROM conflicts").fetchone()
        assert row
        return int(row[0])

    centre.tell(run(2 * HOUR, gpus=2))
    for _ in range(3):
        answer = centre.tell(run(HOUR, gpus=2))
        assert len(answer.conflicts) == 2
    assert words() == 2
    for _ in range(2):
        centre.tell(run(2 * HOUR, gpus=2))  # taken back
    assert words() == 4
    assert centre.open() == []


def test_one_job_of_several_and_another_month(centre: Centre) -> None:
    first, second = (run(2 * HOUR, key=f"c:{n}@1") for n in (1, 2))
    centre.tell(first, second)
    centre.tell(run(HOUR, key="c:1@1"), run(HOUR, key="c:2@1"))
    assert [finding["job"] for finding in centre.open()] == ["c:1@1", "c:2@1"]
    centre.propose(month="2026-02", status=422)
    centre.decide(job="c:1@1")
    assert centre.counted_ms() == 3 * HOUR
    centre.decide(job="c:2@1", accept=False)
    assert centre.counted_ms() == 3 * HOUR


def test_what_came_since_the_proposal_is_not_confirmed_unseen(centre: Centre) -> None:
    centre.tell(run(2 * HOUR), run(HOUR, key="c:2@1"))
    centre.tell(run(HOUR))
    proposal = centre.propose()
    centre.tell(run(HOUR // 2, key="c:2@1"))  # the proposal means all jobs
    centre.answer(proposal["decision"], status=409)
    decision = centre.ask(Role.APPROVER, f"decisions/{proposal['decision']}")
    assert decision["answer"] is None
    assert centre.counted_ms() == 3 * HOUR


def test_a_late_correction_waits_for_persons_once_not_twice(centre: Centre) -> None:
    centre.owner.execute("UPDATE agents SET enrolled_at = '2026-01-01' WHERE node = 'head'")
    early = run(-238 * HOUR, key="c:9@1", start_ms=-240 * HOUR)
    answer = centre.tell(early)
    assert answer.kept == 0
    assert {item.reason for item in answer.quarantined} == {"late"}
    centre.tell(run(HOUR))
    centre.owner.execute(
        "UPDATE agents SET enrolled_at = %s WHERE node = 'head'", (NOW + timedelta(days=1),)
    )
    answer = centre.tell(run(60_000))  # before the enrolment of who says it now: no new usage
    assert (len(answer.conflicts), answer.quarantined) == (1, ())
    assert len(centre.open()) == 1


def test_the_page_says_it_and_takes_it(centre: Centre) -> None:
    centre.tell(run(HOUR))
    centre.tell(run(60_000))
    headers = centre.town.headers(Role.CLERK)
    desk = centre.town.client.get("/desk", headers=headers).text
    assert "/findings?kind=corrections" in desk
    page = centre.town.client.get("/findings?kind=corrections", headers=headers).text
    assert "c:1@1" in page
    assert "裁定更正" in page
    english = centre.town.client.get(
        "/findings?kind=corrections", headers=centre.town.headers(Role.CLERK, "en")
    ).text
    assert "Rule on corrections" in english
    wish = {"cluster": "c-mine", "month": "2026-03", "accept": "true", "reason": "sacct"}
    answer = centre.town.client.post("/findings/corrections", data=wish, headers=headers)
    assert answer.status_code == 303, answer.text
    assert (
        "采用后来的说法" in centre.town.client.get(answer.headers["location"], headers=headers).text
    )


def test_whatever_is_said_and_decided_totals_are_what_counts(centre: Centre) -> None:
    """An oracle: of each job the last accepted word, or the first where none was."""
    dice = Random(11)  # noqa: S311 - invention, not secrecy
    jobs = [f"c:{n}@1" for n in range(3)]
    counts: dict[str, int] = {}
    newest: dict[str, int] = {}
    ruled_on: dict[str, int] = {}
    for _ in range(40):
        job, minutes = dice.choice(jobs), dice.randrange(1, 60)
        if dice.random() < 0.6:
            centre.tell(run(minutes * 60_000, key=job))
            newest[job] = minutes
            counts.setdefault(job, minutes)
            continue
        is_open = job in newest and newest[job] not in (counts[job], ruled_on.get(job))
        with Session(centre.engine) as db:
            assert (job in {row.job for row in open_jobs(db)}) is is_open
        if is_open:
            accept = dice.random() < 0.6
            centre.decide(job=job, accept=accept)
            if accept:
                counts[job] = newest[job]
            ruled_on[job] = newest[job]
    assert centre.counted_ms() == sum(counts.values()) * 60_000


def test_whatever_sql_is_sent_only_what_two_decided_counts(
    centre: Centre, database: Database
) -> None:
    centre.tell(run(HOUR))
    centre.tell(run(60_000))
    proposal = centre.propose()["decision"]
    for attack in (
        "INSERT INTO corrections (gpu) SELECT gpu FROM conflicts",
        "UPDATE corrections SET counts = true",
        "DELETE FROM conflicts", "UPDATE conflicts SET body = '{}'", "DELETE FROM corrections",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack
    rule = f"SELECT rule_corrections({proposal})"
    assert attempt(database, rule) is errors.RestrictViolation  # nobody confirmed it
    centre.answer(proposal)
    assert attempt(database, rule) is errors.RestrictViolation  # once is enough
    assert centre.counted_ms() == 60_000


def test_a_word_that_no_batch_has_counts_for_nothing(centre: Centre, database: Database) -> None:
    """The application's role may add rows of evidence; a correction needs the signed bytes."""
    centre.tell(run(60_000))
    centre.tell(run(70_000))
    forgery = """
        INSERT INTO conflicts (gpu, start, hash, cluster_id, stream, number, received_at, body)
        SELECT gpu, start, sha256('mine'), cluster_id, stream, number, received_at + '1 s',
            jsonb_set(body, '{parts}', '[{"holder": {"kind": "slurm", "account": "lab",
                "job": "c:1@1"}, "from_ms": 0, "to_ms": 3600000}]') FROM conflicts
    """
    assert attempt(database, forgery) is None
    centre.owner.execute("UPDATE conflicts SET received_at = %s", (NOW,))
    centre.owner.execute("DELETE FROM conflicts WHERE hash <> sha256('mine')")
    proposal = centre.propose()["decision"]
    centre.answer(proposal, status=422)
    assert centre.counted_ms() == 60_000
