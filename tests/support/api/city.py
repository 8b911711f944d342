"""A real site for the pages' tests: the real application on a real database, with a small city.

The city is made once a session and only looked at. Its money is made by the real steps from real
windows; the prices are high so that few windows move a lot of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from agents import wire
from api.app import create_app
from api.settings import Settings
from ledger.charging.steps import charge
from ledger.metering.steps.intake import take_batch
from ledger.people.steps.credentials import issue_token
from ledger.vouchers.steps.accrue import accrue_all
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.api.month_pages import month
from tests.support.people import FAR, make_payable
from tests.support.postgres import TEMPLATE, Server
from tests.support.seals import seal_at
from tests.support.servers.serving import serving
from tests.support.simulation import Node, enrolled, gpu_id, place

NOW = datetime(2026, 4, 12, 2, 42, tzinfo=UTC)  # 10:42 in Beijing


FIRST = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight of 2 March in Beijing


DAYS = 42  # until 12 April 00:00: the last day of usage is yesterday


POLICY = "yinchuan-2024-drill"


@dataclass(frozen=True)
class Team:
    """A project of the city: which days it computes on, with how many devices, at what price."""

    code: str
    name: str
    kind: str
    days: range
    devices: int
    yuan: int | None
    voucher: bool = True


TEAMS = (
    Team("xinghe", "星河大模型", "model", range(DAYS), 4, 1_500),
    Team("yunqi", "云栖智能", "model", range(3, DAYS), 3, 7_000),
    Team("hetao", "河套人才团队", "team", range(2, DAYS), 1, 1_500),
    Team("liupan", "六盘视觉", "model", range(18), 2, None),
    Team("shahu", "沙湖语音", "model", range(0), 0, 20),
    Team("qingtong", "青铜峡科技", "model", range(0), 0, 20, voucher=False),
)


@dataclass(frozen=True)
class Site:
    """A running site: where it is, and a token for each kind of reader."""

    url: str
    app: FastAPI
    tokens: dict[str, str]

    def client(self, reader: str = "") -> TestClient:
        """A program's client, signed in as this reader."""
        headers = {"Authorization": f"Bearer {self.tokens[reader]}"} if reader else {}
        return TestClient(self.app, headers={"Accept": "text/html", **headers})


@contextmanager
def open_city(server: Server) -> Iterator[Site]:
    """The site of a city in a database of its own."""
    database = server.create("city", TEMPLATE)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        slurm, gpus = _places(owner)
        _contracts(owner, slurm, gpus)
        engine = database.engine()
        _usage(engine, owner, slurm, gpus)
        # The owner opens the vouchers: nobody of the city is there to decide it.
        owner.execute("ALTER TABLE vouchers DISABLE TRIGGER decided")
        owner.execute("ALTER TABLE voucher_versions DISABLE TRIGGER decided")
        _money(engine)
        owner.execute("ALTER TABLE vouchers ENABLE TRIGGER decided")
        owner.execute("ALTER TABLE voucher_versions ENABLE TRIGGER decided")
    tokens = _doors(database.owner_engine())
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        month(owner)
    seal_at(engine)
    app = create_app(engine, Settings(url="http://suanquan.example", token_days=36_500))
    app.state.wall_clock = lambda: NOW
    with serving(app) as url:
        yield Site(url, app, tokens)
    engine.dispose()
    server.drop("city")


def _places(owner: psycopg.Connection) -> tuple[int, int]:
    slurm = place(owner, gpus=0, cluster="helan-slurm")
    gpus = place(owner, gpus=2, cluster="helan-gpu")
    owner.execute("UPDATE centres SET simulated = true WHERE name = 'centre of helan-slurm'")
    owner.execute("UPDATE gpus SET registered_from = %s", (NOW - timedelta(hours=3),))
    for cluster, source in ((slurm, "slurm"), (gpus, "nvml")):
        owner.execute(
            "INSERT INTO billing_sources (cluster_id, source, valid, recorded_at, recorded_by)"
            " VALUES (%s, %s, '[2026-01-01,)', %s, 'test')",
            (cluster, source, NOW),
        )
    owner.execute("INSERT INTO catalogue_models (name) VALUES ('H100')")
    for profile in ("", "1g.10gb"):
        owner.execute(
            "INSERT INTO catalogue_names (nvml_name, mig_profile, model_id) VALUES ('H100', %s, 1)",
            (profile,),
        )
    for clause, cap in (("09-1", 500_000_000), ("14-1", 50_000_000)):
        owner.execute(
            "INSERT INTO clauses (policy, clause, digest, rate_num, rate_den, cap_fen, effective,"
            " complete) VALUES (%s, %s, '-', 30, 100, %s, '[2026-01-01,)', true)",
            (POLICY, clause, cap),
        )
    make_payable(owner)
    return slurm, gpus


def _contracts(owner: psycopg.Connection, *clusters: int) -> None:
    for team in TEAMS:
        owner.execute(
            "INSERT INTO projects (code, name, kind, organisation_id, drill)"
            " VALUES (%s, %s, %s, 1, true)",
            (team.code, team.name, team.kind),
        )
        for cluster in clusters:
            owner.execute(
                "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid,"
                " recorded_at,"
                " recorded_by) SELECT %s, CASE source WHEN 'slurm' THEN 'slurm' ELSE 'static' END,"
                " p.code, p.id, '[2026-01-01,)', %s, 'test' FROM projects p, billing_sources s"
                " WHERE p.code = %s AND s.cluster_id = %s",
                (cluster, NOW, team.code, cluster),
            )
            if team.yuan is not None:
                _price(owner, team, cluster)


def _price(owner: psycopg.Connection, team: Team, cluster: int) -> None:
    owner.execute(
        "WITH k AS (INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT %s, c.centre_id, p.id, '[2026-01-01,)' FROM clusters c, projects p"
        " WHERE c.id = %s AND p.code = %s RETURNING id)"
        " INSERT INTO prices (contract_id, market, unit, yuan, gpus, hours, tax_included, tax_rate,"
        " valid, recorded_at, recorded_by) SELECT id, 'on-demand', 'gpu-hour', %s, 1, 1, true,"
        " 0.06, '[2026-01-01,)', %s, 'test' FROM k",
        (f"{team.code}-{cluster}", cluster, team.code, team.yuan, NOW),
    )


def _usage(engine: sa.Engine, owner: psycopg.Connection, slurm: int, gpus: int) -> None:
    node = enrolled(owner, slurm, cluster_name="helan-slurm", source="slurm")
    hours = [hour for team in TEAMS for day in team.days for hour in _day(team, day)]
    for at in range(0, len(hours), 1_000):
        _take(engine, node, hours[at : at + 1_000])
    card = enrolled(owner, gpus, cluster_name="helan-gpu")
    _take(engine, card, [*_minutes(), _minute(99, 0, wire.Part(wire.Static("xinghe"), 0, 60_000))])
    clone = enrolled(owner, gpus, cluster_name="helan-gpu")
    _take(engine, clone, [_minute(0, 0, wire.Part(wire.Static("nobody"), 0, 60_000))])


def _take(engine: sa.Engine, node: Node, windows: list[wire.Window]) -> None:
    with Session(engine) as db, db.begin():
        take_batch(db, node.read(node.batch(windows)), NOW)


def _day(team: Team, day: int) -> Iterator[wire.Window]:
    """A day of hours: busier in the second half of the time, idle at weekends' nights."""
    has_measurement = day % 11 != 7
    util = 300_000 + (day * 37 + len(team.code) * 13) % 60 * 10_000
    readings = wire.Readings(360, util) if has_measurement else None
    hours = 24 if day % 7 < 5 else 14
    for hour in range(hours if day < DAYS // 2 else 24):
        start = FIRST + timedelta(days=day, hours=hour)
        for device in range(team.devices):
            part = wire.Part(wire.Slurm(team.code, f"{day}"), 0, 3_600_000, readings=readings)
            gpu = f"job/helan-slurm/{team.code}-{day}/0/{device}"
            yield wire.Window(gpu, "H100", start, 3_600_000, (part,))


def _minute(gpu: int, at: int, *parts: wire.Part, gaps: tuple[wire.Gap, ...] = ()) -> wire.Window:
    start = NOW.replace(minute=0) - timedelta(hours=2) + timedelta(minutes=at)
    return wire.Window(gpu_id(gpu), "H100", start, 60_000, parts, gaps)


def _minutes() -> Iterator[wire.Window]:
    """Two hours of two cards this morning: one cut into slices, one shared, with a gap."""
    for at in range(120):
        mig = wire.Mig(1, 0, "1g.10gb", "MIG-1", (0, 1))
        slice_ = wire.Part(wire.Static("xinghe"), 0, 60_000, mig=mig, readings=wire.Readings(6))
        yield _minute(0, at, slice_)
        if at == 30:
            yield _minute(1, at, gaps=(wire.Gap(0, 60_000, wire.GapReason.AGENT_DOWN),))
            continue
        readings = wire.Readings(6, 640_000)
        yield _minute(
            1,
            at,
            wire.Part(wire.Static("xinghe"), 0, 45_000, 1, 3, readings=readings),
            wire.Part(wire.Static("stranger"), 0, 45_000, 1, 3),
            wire.Part(wire.Unallocated(), 45_000, 60_000),
        )


def _money(engine: sa.Engine) -> None:
    with Session(engine) as db, db.begin():
        for number, team in enumerate(TEAMS, start=1):
            if team.voucher:
                open_voucher(
                    db,
                    project=number,
                    clause="09-1" if team.kind == "model" else "14-1",
                    policy=POLICY,
                    facts={},
                    actor="test",
                    now=NOW,
                )
        charge(db, NOW)
        accrue_all(db, "test", NOW)


def _doors(engine: sa.Engine) -> dict[str, str]:
    with Session(engine) as db, db.begin():
        steps = {
            "clerk": issue_token(
                db, role="clerk", person="李四", actor="machine:test", now=NOW, expires_at=FAR
            ),
        }
        for role, person in (
            ("approver", "周九"), ("finance", "吴八"), ("auditor", "赵六"),
            ("securityadmin", "孙七"),
        ):  # fmt: skip
            steps[role] = issue_token(
                db, role=role, person=person, actor="machine:test", now=NOW, expires_at=FAR
            )
        for reader, centre in (("operator", 2), ("other", 1)):
            steps[reader] = issue_token(
                db,
                role="operator",
                person="王五",
                centre=centre,
                actor="machine:test",
                now=NOW,
                expires_at=FAR,
            )
        for number, team in enumerate(TEAMS, start=1):
            steps[team.code] = issue_token(
                db,
                role="builder",
                person="张三",
                project=number,
                actor="machine:test",
                now=NOW,
                expires_at=FAR,
            )
        for role, person in (("systemadmin", "冯十"), ("auditadmin", "陈十一")):
            steps[role] = issue_token(
                db, role=role, person=person, actor="machine:test", now=NOW, expires_at=FAR
            )
    return steps
