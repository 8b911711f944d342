"""Every chart with every example: strict lint, every Kubernetes from 1.27 to 1.36, and refusals."""

import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from tests.support.charts import (
    CASES,
    CHARTS,
    Document,
    example,
    lint,
    manifests,
    read,
    refusal,
    render,
)
from tests.support.charts import folder as folder_of

VERSIONS = [f"1.{minor}" for minor in range(27, 37)]
OPERATORS = "monitoring.coreos.com/"  # of Prometheus Operator, in no schema of Kubernetes
AGENT: Document = {"server": {"url": "https://a.example"}, "image": {"repository": "r/a"}}
SERVER: Document = {"url": "https://a.example", "image": {"repository": "r/s"}}
MINIMAL = {"suanquan-agent": AGENT, "suanquan-server": SERVER}


@pytest.mark.parametrize("case", CASES)
def test_a_strict_lint_finds_nothing(case: str) -> None:
    assert lint(case.partition("/")[0], example(case)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_each_manifest_is_one_of_that_kubernetes(case: str, version: str) -> None:
    documents = [d for d in manifests(case) if not d["apiVersion"].startswith(OPERATORS)]
    assert documents
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_validation_would_see_a_wrong_field() -> None:
    (daemon,) = (d for d in render("suanquan-agent", AGENT) if d["kind"] == "DaemonSet")
    daemon["spec"]["template"]["spec"]["hostpid"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(daemon, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("chart", CHARTS)
def test_what_must_be_said_is_asked_for(chart: str) -> None:
    assert "repository" in refusal(chart, {**MINIMAL[chart], "image": {"repository": ""}})
    assert "url" in refusal(chart, {"image": {"repository": "r/x"}})
    assert refusal(chart, MINIMAL[chart]) == ""


@pytest.mark.parametrize(
    "case",
    [("suanquan-agent", {**AGENT, "mode": "cluster", "central": {"user": 1_000_650_000}}),
     ("suanquan-agent", {**AGENT, "mode": "relay", "relay": {"queueMiB": 1_048_576},
                         "central": {"user": 2_000_000_000}}),
     ("suanquan-server", {**SERVER, "user": 1_000_650_000})],
)  # fmt: skip
def test_a_large_number_stays_a_whole_one(case: tuple[str, Document]) -> None:
    """Numbers of a file are floats to Helm; `1.00065e+09` (a user of OpenShift) is no whole one."""
    values = list(values_in(render(*case)))
    assert not [value for value in values if isinstance(value, float)]
    assert not [value for value in values if re.fullmatch(r"\d[\d.]*e\+\d+", str(value))]


def values_in(thing: Any) -> Iterator[Any]:
    """Every value in a document that is no mapping and no list."""
    if isinstance(thing, dict):
        thing = list(thing.values())
    if not isinstance(thing, list):
        yield thing
        return
    for part in thing:
        yield from values_in(part)


@pytest.mark.parametrize("host", ["10.1.2.3", "10.1.2.3:30080", "[fd00::1]:8321"])
def test_an_ingress_needs_a_name(host: str) -> None:
    """The API server refuses an address there, and it would come late: after the migration."""
    values = {**SERVER, "url": f"http://{host}"}
    assert refusal("suanquan-server", values) == ""
    assert "Ingress" in refusal("suanquan-server", {**values, "ingress": {"enabled": True}})


def keys(schema: Document, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all objects in a schema that have keys of their own."""
    own = [at] if schema.get("properties") else []
    return own + [
        path
        for name, part in schema.get("properties", {}).items()
        for path in keys(part, (*at, name))
    ]


@pytest.mark.parametrize("chart", CHARTS)
def test_an_unknown_key_is_refused_everywhere_and_named(chart: str) -> None:
    schema = read(folder_of(chart) / "values.schema.json")
    paths = keys(schema)
    assert len(paths) > 8
    for path in paths:
        assert "nonsense" in refusal(chart, with_value(MINIMAL[chart], (*path, "nonsense"), 1)), (
            path
        )


@pytest.mark.parametrize("chart", CHARTS)
def test_the_schema_and_the_defaults_have_the_same_keys(chart: str) -> None:
    schema = read(folder_of(chart) / "values.schema.json")
    values = read(folder_of(chart) / "values.yaml")
    assert sorted(key_paths(schema)) == sorted(leaves(values, schema))


@pytest.mark.parametrize("chart", CHARTS)
def test_each_key_of_the_first_level_explains_itself_or_its_parts(chart: str) -> None:
    schema = read(folder_of(chart) / "values.schema.json")
    plain = {"service", "serviceAccount", "affinity", "podLabels", "podAnnotations", "nodeSelector",
             "priorityClassName"}  # fmt: skip
    silent = {
        name
        for name, part in schema["properties"].items()
        if name not in plain and "description" not in str(part)
    }
    assert silent == set()


@pytest.mark.parametrize(
    ("chart", "path", "value"),
    [
        ("suanquan-agent", "mode", "daemon"),
        ("suanquan-agent", "server.url", "suanquan.example.cn"),
        ("suanquan-agent", "server.url", "https://suanquan.example.cn/"),
        ("suanquan-agent", "image.digest", "sha256:12"),
        ("suanquan-agent", "image.repository", "r/a@sha256:12"),
        ("suanquan-agent", "node.data", "relative"),
        ("suanquan-agent", "node.maxUnavailable", "ten"),
        ("suanquan-agent", "node.maxUnavailable", 0),
        ("suanquan-agent", "health.port", 70_000),
        ("suanquan-agent", "networkPolicy.serverCidrs", []),
        ("suanquan-agent", "resources.limits.memory", "much"),
        ("suanquan-agent", "tolerations", [{"keys": "a"}]),
        ("suanquan-agent", "enrolment.codesSecret", "Not A Name"),
        ("suanquan-server", "database.kind", "mysql"),
        ("suanquan-server", "replicas", 0),
        ("suanquan-server", "lateDays", "7"),
        ("suanquan-server", "user", 0),
        ("suanquan-server", "database.external.secret", ""),
        ("suanquan-server", "database.own.size", "20 GB"),
        ("suanquan-server", "settings.SUANQUAN_DATA", "/data"),
        ("suanquan-server", "oidc.issuer", "http://login.example.cn"),
        ("suanquan-server", "oidc.clientId", "alone"),
        ("suanquan-server", "events.to", "siem.example.cn:514"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(chart: str, path: str, value: Any) -> None:
    reason = refusal(chart, with_value(MINIMAL[chart], tuple(path.split(".")), value))
    assert path.rsplit(".", maxsplit=1)[-1] in reason or path.split(".", maxsplit=1)[0] in reason
    assert reason


def with_value(values: Document, path: tuple[str, ...], value: Any) -> Document:
    """These values with one more."""
    head, *rest = path
    inner = with_value(values.get(head) or {}, tuple(rest), value) if rest else value
    return {**values, head: inner}


def key_paths(schema: Document, at: str = "") -> list[str]:
    """The leaves that a schema knows."""
    if not schema.get("properties"):
        return [at]
    parts = schema["properties"].items()
    return [x for name, part in parts if name != "global" for x in key_paths(part, f"{at}.{name}")]


def leaves(values: Any, schema: Document, at: str = "") -> list[str]:
    """The leaves of the values, as deep as the schema goes."""
    if not schema.get("properties") or not isinstance(values, dict):
        return [at]
    parts = schema["properties"]
    return [
        x
        for name, value in values.items()
        for x in leaves(value, parts.get(name, {}), f"{at}.{name}")
    ]
