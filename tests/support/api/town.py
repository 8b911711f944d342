"""The town of the API's tests: its clock, its policy, and who comes in with what.

Two centres, two projects, a token for everybody. What belongs to the first of each is `mine`, what
belongs to the second `theirs`.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from agents import wire
from ledger.metering.steps.intake import Receipt, take_batch
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.people import FAR
from tests.support.simulation import START, Node, enrolled, gpu_id, place, window
from tests.support.vouchers import ask_no_cause, place_project

NOW = START + timedelta(days=3)


POLICY = "yinchuan-2024-drill"


FACTS = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
    "compute_cost_fen": 0,
    "paid_before_fen": 0,
}


@dataclass
class Inhabitants:
    """Who is there, and what they come in with."""

    nodes: dict[str, Node]
    tokens: dict[Role, str] = field(repr=False)
    second: str = field(repr=False)  # another security administrator's token


@dataclass
class Town:
    """The application on a database in which they live."""

    app: FastAPI
    client: TestClient
    inhabitants: Inhabitants

    @classmethod
    def of(cls, app: FastAPI, client: TestClient, inhabitants: Inhabitants) -> "Town":
        """A copy of theirs, as nodes count what they send."""
        return cls(app, client, deepcopy(inhabitants))

    @property
    def nodes(self) -> dict[str, Node]:
        return self.inhabitants.nodes

    @property
    def tokens(self) -> dict[Role, str]:
        return self.inhabitants.tokens

    @property
    def second(self) -> str:
        return self.inhabitants.second

    def headers(self, role: Role | None, language: str = "zh-CN") -> dict[str, str]:
        """What a visitor of this role sends; None is nobody in particular."""
        words = {"Accept-Language": language}
        return words if role is None else words | {"Authorization": f"Bearer {self.tokens[role]}"}

    def confirm(self, token: object) -> None:
        """The second security administrator confirms a token that waits for her."""
        path = f"/api/v1/tokens/{token}/confirmation"
        headers = {"Authorization": f"Bearer {self.second}"}
        assert self.client.post(path, headers=headers).status_code == 204

    def report(self, node: Node, *windows: wire.Window) -> None:
        """The node sends a batch."""
        body = node.batch(windows)
        answer = self.client.post("/api/v1/batches", content=body, headers=node.headers(body))
        assert answer.status_code == 200, answer.text


def settle(database: Database) -> Inhabitants:
    """Make the town in this database: each centre has sent two minutes of its GPU."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        clusters, projects = _place(owner)
        ask_no_cause(owner)  # claims.draft puts money there
        nodes = {
            whose: enrolled(owner, cluster, node=f"n-{whose}")
            for whose, cluster in clusters.items()
        }
        row = owner.execute("SELECT centre_id FROM clusters WHERE name = 'c-mine'").fetchone()
        assert row
    with Session(database.owner_engine()) as db, db.begin():
        load_policies(db)
        tokens = {role: _token(db, role, f"某{role}", projects["mine"], row[0]) for role in Role}
        second = _token(db, Role.SECURITY_ADMIN, "另一名安全管理员")
    _use(database, projects, nodes)
    return Inhabitants(nodes, tokens, second)


def _place(owner: psycopg.Connection) -> tuple[dict[str, int], dict[str, int]]:
    clusters = {
        "mine": place(owner, gpus=1, cluster="c-mine", node="n-mine"),
        "theirs": place(owner, gpus=0, cluster="c-theirs", node="n-theirs"),
    }
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, 'n-theirs', %s)",
        (gpu_id(1), clusters["theirs"], START),
    )
    projects = {whose: place_project(owner, f"p-{whose}") for whose in clusters}
    for whose, cluster in clusters.items():
        _bind(owner, cluster, projects[whose])
    return clusters, projects


def _bind(owner: psycopg.Connection, cluster: int, project: int) -> None:
    owner.execute(
        "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
        " VALUES (%s, 'nvml', '[2026-01-01,)', %s, 'test')",
        (cluster, START),
    )
    owner.execute(
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,"
        " recorded_by) VALUES (%s, 'static', 'team-a', %s, '[2026-01-01,)', %s, 'test')",
        (cluster, project, START),
    )


def _token(
    db: Session, role: Role, person: str, project: int | None = None, centre: int | None = None
) -> str:
    return issue_token(
        db,
        role=role,
        person=person,
        project=project if role is Role.BUILDER else None,
        centre=centre if role is Role.OPERATOR else None,
        actor="machine:test",
        now=NOW,
        expires_at=FAR,
    )


def _use(database: Database, projects: dict[str, int], nodes: dict[str, Node]) -> None:
    engine = database.engine()
    with Session(engine) as db, db.begin():
        for project in projects.values():
            open_voucher(
                db, project=project, clause="09-1", policy=POLICY, facts=FACTS, actor="test",
                now=NOW,
            )  # fmt: skip
    for number, node in enumerate(nodes.values()):
        with Session(engine) as db, db.begin():
            batch = node.read(node.batch([window(number, 0), window(number, 1)]))
            assert isinstance(take_batch(db, batch, NOW), Receipt)
    engine.dispose()
