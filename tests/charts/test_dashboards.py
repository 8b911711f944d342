"""Rules and dashboards ask only for metrics that the programs really have."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from agents.commands import cluster, health, relay
from agents.commands.readings import FAMILIES
from api.metrics import FAMILIES as FIGURES
from api.metrics import PREFIX
from tests.support.charts import Document, folder, read

METRIC = re.compile(r"\b((?:suanquan|DCGM)_\w+)")
AGENT = (
    {f"suanquan_agent_{name}" for name in {**health.HELP, **cluster.HELP}}
    | {f"suanquan_relay_{name}" for name in relay.HELP}
    | set(FAMILIES)
)


def expressions(chart: str) -> list[str]:
    rules: Document = read(folder(chart) / "files" / "rules.yaml")
    board = json.loads((folder(chart) / "files" / "dashboard.json").read_text(encoding="utf-8"))
    return [rule["expr"] for group in rules["groups"] for rule in group["rules"]] + [
        target["expr"] for panel in board["panels"] for target in panel["targets"]
    ]


def metrics(chart: str) -> set[str]:
    return {name for text in expressions(chart) for name in METRIC.findall(text)}


def test_the_agents_are_metrics_of_the_agent() -> None:
    names = metrics("suanquan-agent")
    assert len(names) > 10
    assert names <= AGENT


def test_the_servers_are_metrics_of_the_server(visitor_metrics: str) -> None:
    names = metrics("suanquan-server")
    figures = {PREFIX + family.name for family in FIGURES} | {"suanquan_database_up"}
    assert len(names & figures) > 10
    rest = names - figures
    assert rest
    assert all(re.search(rf"^{name}\b", visitor_metrics, re.MULTILINE) for name in rest)


def test_a_label_that_is_asked_for_is_one_that_the_figure_has() -> None:
    labels = {PREFIX + family.name: {*family.labels} for family in FIGURES}
    for expression in expressions("suanquan-server"):
        for name, matchers in re.findall(r"(suanquan_\w+)\{([^}]*)\}", expression):
            matched_labels = set(re.findall(r"(\w+)=", matchers))
            assert matched_labels <= labels.get(name, {"status", "route", "method"}), expression


def test_an_alarm_names_what_its_figure_is_told_by() -> None:
    labels = {PREFIX + family.name: {*family.labels} for family in FIGURES}
    rules: Document = read(folder("suanquan-server") / "files" / "rules.yaml")
    alarms = [rule for group in rules["groups"] for rule in group["rules"]]
    spoken = 0
    for alarm in alarms:
        names = set(re.findall(r"\$labels\.(\w+)", alarm["annotations"]["summary"]))
        for metric in METRIC.findall(alarm["expr"]) if names else ():
            spoken += 1
            assert names <= labels.get(metric, {"status", "route", "method"}), alarm["alert"]
    assert spoken > 5


@pytest.fixture
def visitor_metrics() -> str:
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from starlette.applications import Starlette  # noqa: PLC0415

    from api.door.disk import Disk  # noqa: PLC0415
    from api.door.middleware import Gate  # noqa: PLC0415

    registry = CollectorRegistry()
    app = Starlette()
    app.add_middleware(Gate, registry=registry, disk=Disk((), 0))
    TestClient(app).get("/healthz")
    return generate_latest(registry).decode()


@pytest.mark.parametrize("chart", ["suanquan-agent", "suanquan-server"])
def test_a_board_has_its_panels_side_by_side(chart: str) -> None:
    board = json.loads((folder(chart) / "files" / "dashboard.json").read_text(encoding="utf-8"))
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]
    assert len(set(places)) == len(places) == len({p["id"] for p in board["panels"]})
    assert all(" · " in panel["title"] for panel in board["panels"])
