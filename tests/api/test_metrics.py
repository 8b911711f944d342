"""`/metrics`: who may read it, what it says, and that nobody's name breaks it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from agents.relay_words import RELAY_HEADER
from api import metrics
from api.app import create_app
from api.metrics import FAMILIES, PREFIX
from api.server.background import accrue_round
from api.settings import Settings
from ledger.desk.queries.gauges import gauges
from ledger.people.codes import Role
from tests.support.api.town import NOW, Town
from tests.support.backup.restorations import record_findings
from tests.support.simulation import gpu_id, minute, window

TOKEN = "a token for Prometheus"  # noqa: S105
HOSTILE = 'a"b\\c{}=,é#\U0001f4a5'


@pytest.fixture
def prometheus(engine: sa.Engine) -> Iterator[TestClient]:
    app = create_app(engine, Settings(metrics_token=TOKEN))
    app.state.wall_clock = lambda: NOW
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def values(client: TestClient) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample of an exposition, by name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return samples


@pytest.mark.usefixtures("town")
def test_its_own_token_opens_it_and_nothing_else(prometheus: TestClient) -> None:
    assert prometheus.get("/metrics").status_code == 200
    for path in ("/api/v1/tokens", "/api/v1/projects", "/openapi.json", "/desk"):
        assert prometheus.get(path).status_code == 401, path
    for wrong in (TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é"):
        headers = {b"Authorization": f"Bearer {wrong}".encode()}
        assert prometheus.get("/metrics", headers=headers).status_code == 401, wrong
    prometheus.headers.pop("Authorization")
    assert prometheus.get("/metrics").status_code == 401
    assert prometheus.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401


@pytest.mark.parametrize("role", Role)
def test_of_persons_the_auditor_and_the_system_administrator_read_it(
    town: Town, role: Role
) -> None:
    reads = role in {Role.AUDITOR, Role.SYSTEM_ADMIN}
    answer = town.client.get("/metrics", headers=town.headers(role))
    assert answer.status_code == (200 if reads else 403)


def test_without_a_token_of_its_own_none_is_one(town: Town) -> None:
    for headers in ({"Authorization": "Bearer "}, {"Authorization": "Bearer None"}, {}):
        assert town.client.get("/metrics", headers=headers).status_code == 401


def test_the_figures_of_a_town(
    town: Town, prometheus: TestClient, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE streams SET received_at = %s", (NOW - timedelta(seconds=90),))
    town.report(town.nodes["mine"], window(7, 2), window(0, 3), window(0, 1, model="B200"))
    owner.execute("UPDATE quarantine SET received_at = %s", (NOW - timedelta(hours=2),))
    owner.execute("UPDATE bindings SET superseded_at = %s, superseded_by = 'x' WHERE holder = "
                  "'team-a' AND cluster_id = (SELECT id FROM clusters WHERE name = 'c-theirs')",
                  (NOW,))  # fmt: skip
    assert accrue_round(engine, NOW - timedelta(seconds=30))
    figures = values(prometheus)
    assert figures["suanquan_report_lag_seconds"] == {
        ("c-mine", "nvml"): 0,
        ("c-theirs", "nvml"): 90,
    }
    assert figures["suanquan_nodes_late"] == {("c-mine", "nvml"): 0, ("c-theirs", "nvml"): 0}
    assert figures["suanquan_gpus_silent"] == {("c-mine",): 1, ("c-theirs",): 1}
    assert figures["suanquan_quarantined_windows"] == {("c-mine",): 1, ("c-theirs",): 0}
    assert figures["suanquan_quarantine_oldest_seconds"] == {("c-mine",): 7200}
    assert figures["suanquan_conflicting_windows"] == {("c-mine",): 1, ("c-theirs",): 0}
    assert figures["suanquan_unowned_gpu_hours"] == {("c-theirs",): pytest.approx(2 / 60)}
    assert figures["suanquan_unpriced_gpu_hours"] == {(): pytest.approx(3 / 60)}
    assert figures["suanquan_charge_lag_seconds"] == {(): 30}
    assert figures["suanquan_queue_items"]["decisions",] == 0
    assert "suanquan_queue_oldest_seconds" not in figures
    assert figures["suanquan_database_up"] == {(): 1}


def test_what_is_looked_at_is_not_silent(town: Town, prometheus: TestClient) -> None:
    now = int((NOW - minute(0)) / timedelta(minutes=1))
    town.report(town.nodes["mine"], *(window(0, at) for at in range(now - 12, now)))
    assert values(prometheus)["suanquan_gpus_silent"] == {("c-mine",): 0, ("c-theirs",): 1}


ONE, TWO = str(UUID(int=1)), str(UUID(int=2))
RELAY = {
    "name": "r-1", "relay": ONE, "batches": 2, "oldest_s": 700, "bytes": 5, "bytes_max": 9,
    "of_later": 1,
}  # fmt: skip


def relayed(town: Town, at: int, word: str) -> None:
    """A batch comes through a relay that says this beside it."""
    body = town.nodes["mine"].batch([window(0, at)])
    headers = town.nodes["mine"].headers(body) | {RELAY_HEADER: word}
    answer = town.client.post("/api/v1/batches", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


def test_what_waits_in_a_relay(town: Town, prometheus: TestClient) -> None:
    other = RELAY | {"name": "r-2", "relay": TWO, "batches": 0}
    for at, word in enumerate((RELAY, other, "{", {"name": "a b"})):
        relayed(town, at, word if isinstance(word, str) else json.dumps(word))
    figures = values(prometheus)
    assert figures["suanquan_relay_batches"] == {
        ("c-mine", "r-1", ONE): 2,
        ("c-mine", "r-2", TWO): 0,
    }
    assert figures["suanquan_relay_oldest_seconds"] == {("c-mine", "r-1", ONE): 700}
    mine, theirs = town.client.get("/api/v1/sources", headers=town.headers(Role.CLERK)).json()
    assert [(r["name"], r["late"]) for r in mine["relays"]] == [("r-1", True), ("r-2", False)]
    assert theirs["relays"] == []
    page = town.client.get("/sources", headers=town.headers(Role.CLERK)).text
    assert "▲</span>0:11:40" in page


def test_relays_in_a_row_are_each_told_and_of_one_name_apart(
    town: Town, prometheus: TestClient
) -> None:
    behind = RELAY | {"relay": TWO, "batches": 7, "age_s": 60}
    relayed(town, 0, json.dumps(RELAY | {"behind": [behind]}))
    figures = values(prometheus)
    assert figures["suanquan_relay_batches"] == {
        ("c-mine", "r-1", ONE): 2,
        ("c-mine", "r-1", TWO): 7,
    }
    assert figures["suanquan_relay_oldest_seconds"]["c-mine", "r-1", TWO] == 760


def test_an_agent_that_was_replaced_is_not_late(
    town: Town, prometheus: TestClient, owner: psycopg.Connection
) -> None:
    owner.execute(
        "INSERT INTO agents SELECT gen_random_uuid(), cluster_id, node, source,"
        " sha256(public_key), enrolled_at, history_from, approved_at, approved_by"
        " FROM agents WHERE node = 'n-mine'"
    )
    owner.execute(
        "INSERT INTO streams SELECT gen_random_uuid(), id, 1, '', %(old)s, %(old)s FROM agents a"
        " WHERE NOT EXISTS (SELECT FROM streams WHERE agent_id = a.id)",
        {"old": NOW - timedelta(days=9)},
    )
    town.report(town.nodes["mine"], window(0, 2))
    assert values(prometheus)["suanquan_nodes_late"]["c-mine", "nvml"] == 0


@pytest.mark.usefixtures("town")
def test_names_from_outside_are_labels_and_no_lines(
    prometheus: TestClient, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE clusters SET name = %s WHERE name = 'c-mine'", (HOSTILE,))
    assert values(prometheus)["suanquan_nodes"][HOSTILE, "nvml"] == 1


@pytest.mark.usefixtures("town")
def test_a_method_that_nobody_knows_is_no_label_of_its_own(prometheus: TestClient) -> None:
    for method in ("BREW", "get", "X" * 200):
        prometheus.request(method, "/healthz")
    methods = {labels[0] for labels in values(prometheus)["suanquan_requests_total"]}
    assert methods <= {"GET", "POST", "-"}


@pytest.mark.usefixtures("town")
def test_figures_are_read_once_in_a_while(
    prometheus: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def counting(*args: object) -> object:
        nonlocal count
        count += 1
        return gauges(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(metrics, "gauges", counting)
    assert [prometheus.get("/metrics").status_code for _ in range(5)] == [200] * 5
    assert count == 1
    monkeypatch.setattr(metrics, "KEPT_S", 0.0)
    prometheus.get("/metrics")
    assert count == 2


def test_without_a_database_the_counters_are_still_there() -> None:
    engine = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    app = create_app(engine, Settings(metrics_token=TOKEN))
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        client.get("/healthz")
        figures = values(client)
        assert figures["suanquan_database_up"] == {(): 0}
        assert figures["suanquan_requests_total"]["GET", "/healthz", "200"] == 1
        assert "suanquan_nodes" not in figures
    engine.dispose()


def test_every_figure_is_on_a_city_that_works(
    town: Town, prometheus: TestClient, engine: sa.Engine, owner: psycopg.Connection
) -> None:
    """With something of everything there, each family has a sample, and all can be parsed."""
    town.report(town.nodes["mine"], window(7, 2), window(0, 2), window(0, 1, model="B200"))
    owner.execute(
        "INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at)"
        " SELECT gen_random_uuid(), cluster_id, node, source, sha256(public_key), enrolled_at"
        " FROM agents WHERE node = 'n-theirs'"
    )
    owner.execute("DELETE FROM bindings WHERE cluster_id IN (SELECT id FROM clusters)")
    relayed(town, 9, json.dumps(RELAY))
    owner.execute(
        "INSERT INTO decisions (kind, subject, content, reason, decided_at, decided_by, digest)"
        " VALUES ('registry', 'x', '{}', '', %s, 'clerk:x#1', repeat('0', 64))",
        (NOW,),
    )
    assert accrue_round(engine, NOW)
    owner.execute(
        "INSERT INTO backup_progress (base, base_at, wal_at) VALUES ('x', %s, %s)", (NOW, NOW)
    )
    record_findings(engine)
    figures = values(prometheus)
    assert {PREFIX + family.name for family in FAMILIES} <= {*figures}
    assert gpu_id(0) not in prometheus.get("/metrics").text
