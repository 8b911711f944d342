"""The primary dies while batches come, decisions are confirmed and the bank's returns are read.

Its standby takes over. Nothing that was acknowledged is lost, whoever asks in between is told to
ask again, and the servers go on without a restart.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from httpx2 import Client, Response
from sqlmodel import Session

from api.app import create_app
from api.settings import Settings
from ledger.payment.steps.indicators import open_indicator
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.seals.queries.verify import verify
from tests.support.payments import CASHIER, HEAD, NOW, Treasury
from tests.support.people import FAR, let_everybody_act
from tests.support.processes import until
from tests.support.servers.pair import Pair, pair
from tests.support.servers.serving import serving
from tests.support.simulation import enrolled, place, window

ACTS = 12  # of each kind
PATIENCE_S = 200
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
FIRST = 3  # so many are acknowledged before it dies


@pytest.fixture
def both(folder: Path) -> Iterator[Pair]:
    with pair(folder) as both:
        yield both


@pytest.fixture
def engine(both: Pair) -> Iterator[sa.Engine]:
    engine = both.database.engine()
    yield engine
    engine.dispose()


@dataclass
class Doer:
    """Does one thing after another; what is answered 503 it does again until it is not."""

    client: Client
    acts: Sequence[Callable[[Client], Response]]
    dying: threading.Event  # the rest is done while the primary dies
    refusals: list[Response] = field(default_factory=list)
    count: int = 0

    def run(self) -> None:
        for act in self.acts:
            if self.count == FIRST:
                assert self.dying.wait(PATIENCE_S)
            answers: list[Response] = []
            while not answers or answers[-1].status_code == 503:
                answers.append(act(self.client))
                if answers[-1].status_code == 503:
                    self.refusals.append(answers[-1])
            # Where the answer was lost with the primary, it may stand by now.
            was_kept = len(answers) > 1 and answers[-1].status_code == 409
            assert answers[-1].is_success or was_kept, answers[-1].text
            self.count += 1


def token(database: Database, role: Role, person: str) -> dict[str, str]:
    with Session(database.owner_engine()) as db, db.begin():
        secret = issue_token(
            db, role=role, person=person, actor="machine:test", now=NOW, expires_at=FAR
        )
    return {"Authorization": f"Bearer {secret}"}


def batches(owner: psycopg.Connection) -> list[Callable[[Client], Response]]:
    node = enrolled(owner, place(owner))
    bodies = [node.batch([window(0, minute)]) for minute in range(ACTS)]
    return [
        lambda client, body=body: client.post(  # type: ignore[misc]
            "/api/v1/batches", content=body, headers=node.headers(body)
        )
        for body in bodies
    ]


def confirmations(
    engine: sa.Engine, approver: dict[str, str]
) -> list[Callable[[Client], Response]]:
    """Somebody proposed indicators; the approver confirms each."""
    with Session(engine) as db, db.begin():
        proposals = [
            open_indicator(
                db, number=f"Y{n}", year=2026, project_name="算力券", fund_kind="一般公共预算",
                classification="2150805", fen=100, reason="", actor=CASHIER.actor, now=NOW,
            )
            for n in range(ACTS)
        ]  # fmt: skip
        digests = [(decision.id, decision.digest) for decision in proposals]
    return [
        lambda client, key=key, seen=digest: client.post(  # type: ignore[misc]
            f"/api/v1/decisions/{key}/answer",
            json={"answer": "confirmed", "seen": seen},
            headers=approver,
        )
        for key, digest in digests
    ]


def payments(treasury: Treasury, cashier: dict[str, str]) -> list[Callable[[Client], Response]]:
    """The bank paid a list, and its returns come one by one."""
    treasury.indicator(1_000_000)
    treasury.project("p1", 100 * ACTS)
    for n in range(ACTS):
        treasury.claim("p1", 100, f"C{n}")
    number = treasury.send()
    files = [
        f"{HEAD}\nT{line},{number},{line},成功,1.00,2026-11-23,".encode()
        for line in range(1, ACTS + 1)
    ]
    return [
        lambda client, file=file: client.post(  # type: ignore[misc]
            "/api/v1/bank-returns?name=r.csv", content=file, headers=cashier
        )
        for file in files
    ]


def test_nothing_acknowledged_is_lost_and_the_standby_goes_on(
    both: Pair, engine: sa.Engine
) -> None:
    database = both.database
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        let_everybody_act(owner)
        treasury = Treasury(owner, engine)
        approver, cashier = (
            token(database, Role.APPROVER, "审批甲"),
            token(database, Role.FINANCE, "出纳乙"),
        )
        kinds = [batches(owner), confirmations(engine, approver), payments(treasury, cashier)]
    app = create_app(engine, Settings(token_days=36_500, late_days=36_500))
    app.state.wall_clock = lambda: NOW
    dying = threading.Event()
    with serving(app) as url, ThreadPoolExecutor(len(kinds)) as threads:
        doers = [Doer(Client(base_url=url, timeout=60), acts, dying) for acts in kinds]
        runs = [threads.submit(doer.run) for doer in doers]
        until("acknowledgements", lambda: has_failed(runs) or all(d.count == FIRST for d in doers))
        dying.set()
        both.kill_primary()
        until("refusals", lambda: has_failed(runs) or all(d.refusals for d in doers))
        both.promote()
        for run, doer in zip(runs, doers, strict=True):
            run.result(PATIENCE_S)
            doer.client.close()

    assert [doer.count for doer in doers] == [ACTS] * 3
    assert {answer.headers["Retry-After"] for doer in doers for answer in doer.refusals} == {"5"}
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        counts = [
            "SELECT count(*) FROM windows",
            "SELECT count(*) FROM decisions WHERE subject ~ 'Y[0-9]' AND answer = 'confirmed'",
            "SELECT sum(paid_fen) / 100 FROM payment_lines",
        ]
        assert [scalar(owner, count) for count in counts] == [ACTS] * 3
        assert not verify(owner).faults
    the_old_primary_takes_nothing(both)


def the_old_primary_takes_nothing(both: Pair) -> None:
    """It comes back and knows of nothing: no standby follows it, so it acknowledges nothing."""
    both.bring_back()
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(both.admin, both.a, "CREATE TABLE split ()")
        until("a commit that waits", lambda: has_failed([writing]) or both.admin(both.a, WAITING))
        both.kill_primary()
        with pytest.raises(psycopg.OperationalError):
            writing.result(PATIENCE_S)


def has_failed(runs: Sequence[Any]) -> bool:
    return any(run.done() and run.exception() for run in runs)


def scalar(owner: psycopg.Connection, statement: str) -> Any:
    row = owner.execute(statement.encode()).fetchone()
    assert row
    return row[0]
