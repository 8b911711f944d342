"""The relay in a cluster: its bounded disk, its door, its TLS, and who may come."""

from typing import Any

import pytest

from agents.relay.settings import RelaySettings
from tests.support.charts import Document, example, manifests, notes, of_kind, refusal, render

PLAIN, FULL = "suanquan-agent/relay", "suanquan-agent/relay-full"
BOTH = pytest.mark.parametrize("case", [PLAIN, FULL])


def pod(case: str) -> Document:
    (deployment,) = of_kind(manifests(case), "Deployment")
    spec: Document = deployment["spec"]["template"]["spec"]
    return spec


def variables(case: str) -> dict[str, str]:
    (container,) = pod(case)["containers"]
    return {v["name"]: v["value"] for v in container["env"]}


def mib(size: str) -> int:
    assert size.endswith("Mi")
    return int(size[:-2])


def disk(documents: list[Document]) -> str:
    """The size of the pod's disk, of whichever kind."""
    (deployment,) = of_kind(documents, "Deployment")
    (volume,) = (
        v for v in deployment["spec"]["template"]["spec"]["volumes"] if v["name"] == "data"
    )
    if "emptyDir" in volume:
        return str(volume["emptyDir"]["sizeLimit"])
    (claim,) = of_kind(documents, "PersistentVolumeClaim")
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    return str(claim["spec"]["resources"]["requests"]["storage"])


@BOTH
def test_the_program_takes_its_settings(case: str) -> None:
    """Read by the relay itself: a name that it does not know would be the default here."""
    settings = RelaySettings.read(variables(case))
    full = case == FULL
    assert settings.url == "https://suanquan.example.cn"
    assert (settings.host, settings.port) == ("::" if full else "0.0.0.0", 9481)  # noqa: S104
    assert settings.bytes_max == (4096 if full else 1024) * 2**20
    assert settings.certificate == ("/run/suanquan/tls/tls.crt" if full else None)
    assert settings.client_ca == ("/run/suanquan/client-ca/ca.crt" if full else None)
    assert settings.health_host == ("0.0.0.0" if full else "127.0.0.1")  # noqa: S104
    (deployment,) = of_kind(manifests(case), "Deployment")
    assert settings.name == deployment["metadata"]["name"], "it outlives its pods"


def test_without_a_line_it_stores_and_reaches_nothing() -> None:
    values = {**example(PLAIN), "server": {"url": "courier"}}
    documents = render("suanquan-agent", values)
    (deployment,) = of_kind(documents, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    own = {v["name"]: v["value"] for v in container["env"]}
    assert RelaySettings.read(own).url is None
    (policy,) = of_kind(documents, "NetworkPolicy")
    ports = {p["port"] for rule in policy["spec"]["egress"] for p in rule["ports"]}
    assert ports == {53, 9481}, "names, and itself for the test"
    assert not of_kind(documents, "Pod"), "no test asks a server"


@BOTH
def test_every_file_that_a_variable_names_is_mounted(case: str) -> None:
    spec = pod(case)
    (container,) = spec["containers"]
    mounts = {m["mountPath"]: m["name"] for m in container["volumeMounts"]}
    assert set(mounts.values()) == {v["name"] for v in spec["volumes"]}
    for name, value in variables(case).items():
        if value.startswith("/"):
            assert any(value.startswith(f"{folder}/") for folder in mounts), name


@pytest.mark.parametrize("queue", [1, 1024, 100_000])
@pytest.mark.parametrize("persistent", [True, False])
def test_the_disk_is_larger_than_the_queue_and_is_bounded(queue: int, *, persistent: bool) -> None:
    values = {**example(PLAIN), "relay": {"queueMiB": queue, "persistent": persistent}}
    documents = render("suanquan-agent", values)
    assert queue * 1.2 < mib(disk(documents)) <= queue * 1.25 + 64
    assert bool(of_kind(documents, "PersistentVolumeClaim")) is persistent


@BOTH
def test_one_relay_at_a_time_has_the_queue(case: str) -> None:
    (deployment,) = of_kind(manifests(case), "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


@BOTH
def test_the_service_leads_to_the_door(case: str) -> None:
    (service,) = of_kind(manifests(case), "Service")
    (port,) = service["spec"]["ports"]
    (container,) = pod(case)["containers"]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert ports[port["targetPort"]] == int(
        variables(case)["SUANQUAN_RELAY_LISTEN"].rpartition(":")[2]
    )
    assert port.get("nodePort") == (30481 if case == FULL else None)


def test_a_fixed_node_port_is_no_property_of_an_inner_service() -> None:
    values = {**example(PLAIN), "relay": {"service": {"nodePort": 30481}}}
    (service,) = of_kind(render("suanquan-agent", values), "Service")
    assert "nodePort" not in service["spec"]["ports"][0]


@BOTH
def test_it_has_no_right_at_the_api_server_and_no_code(case: str) -> None:
    documents = manifests(case)
    assert not {"ClusterRole", "ClusterRoleBinding", "Role"} & {d["kind"] for d in documents}
    assert pod(case)["automountServiceAccountToken"] is False
    assert "codes" not in {v["name"] for v in pod(case)["volumes"]}


@BOTH
def test_both_probes_ask_inside_the_pod(case: str) -> None:
    (container,) = pod(case)["containers"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert (
            f'"127.0.0.1", {variables(case)["SUANQUAN_HEALTH_PORT"]})'
            in (container[probe]["exec"]["command"][-1])
        )


def rules(case: str, way: str) -> list[Any]:
    (policy,) = of_kind(manifests(case), "NetworkPolicy")
    return [
        ({p["port"] for p in r["ports"]}, r.get("from") or r.get("to")) for r in policy["spec"][way]
    ]


def test_anybody_may_call_the_door_and_nobody_the_health_pages() -> None:
    assert rules(PLAIN, "ingress") == [({9481}, None)]


def test_only_the_named_peers_and_the_test_may_call() -> None:
    scrape, door = rules(FULL, "ingress")
    assert scrape[0] == {9480}
    assert door[0] == {9481}
    assert door[1][0] == {"ipBlock": {"cidr": "10.30.0.0/16"}}
    assert [set(peer) for peer in door[1]] == [{"ipBlock"}, {"podSelector"}]


@pytest.mark.parametrize(("case", "port"), [(PLAIN, 443), (FULL, 3129)])
def test_it_reaches_dns_the_way_to_the_server_and_itself(case: str, port: int) -> None:
    ports = [ports for ports, _ in rules(case, "egress")]
    assert ports == [{53}, {port}, {9481}]


def test_a_proxy_without_a_port_is_called_as_the_program_calls_it() -> None:
    values = example(PLAIN)
    values = {**values, "server": {**values["server"], "proxy": "http://proxy"}}
    (policy,) = of_kind(render("suanquan-agent", values), "NetworkPolicy")
    assert policy["spec"]["egress"][1]["ports"] == [{"protocol": "TCP", "port": 3128}]


def test_a_drain_is_held_up_only_where_that_is_wanted() -> None:
    assert not of_kind(manifests(PLAIN), "PodDisruptionBudget")
    (budget,) = of_kind(manifests(FULL), "PodDisruptionBudget")
    (deployment,) = of_kind(manifests(FULL), "Deployment")
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    assert budget["spec"]["minAvailable"] == 1


@pytest.mark.parametrize(
    ("relay", "word"),
    [
        ({"clientCaConfigMap": "ca"}, "relay.tlsSecret"),
        ({"queueMiB": 0}, "queueMiB"),
        ({"queueMiB": 2**20 + 1}, "queueMiB"),
        ({"address": "10.0.0.1"}, "address"),
        ({"service": {"type": "ExternalName"}}, "type"),
    ],
)
def test_a_wrong_value_is_refused(relay: Document, word: str) -> None:
    assert word in refusal("suanquan-agent", {**example(PLAIN), "relay": relay})


@pytest.mark.parametrize("proxy", ["http://me:secret@proxy:3128", "https://proxy", "proxy:3128"])
def test_a_proxys_password_does_not_go_into_the_manifests(proxy: str) -> None:
    values = {**example(PLAIN), "server": {"url": "https://a.example", "proxy": proxy}}
    assert "proxy" in refusal("suanquan-agent", values)


def test_the_notes_say_what_the_nodes_are_told() -> None:
    assert "SUANQUAN_URL=http://one-relay.suanquan:9481" in notes(PLAIN)
    assert "SUANQUAN_URL=https://" in notes(FULL)
    assert "30481" in notes(FULL)
    assert "明文" in notes(PLAIN)
    assert "明文" not in notes(FULL)
