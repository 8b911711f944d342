"""What the charts promise of rights, secrets and networks, held against every rendered manifest."""

import json
import re
from typing import Any

import pytest

from api.settings import SECRET_FILES
from tests.support.charts import (
    CASES,
    WORKLOADS,
    Document,
    example,
    folder,
    labels_of_pods,
    manifests,
    notes,
    of_kind,
    pods,
    read,
    refusal,
    render,
)
from tests.support.paths import DOCS

NODE = [case for case in CASES if case.startswith("suanquan-agent/node")]
CENTRAL = ["suanquan-agent/cluster", "suanquan-agent/restricted"]
RESTRICTED = [case for case in CASES if case not in NODE]  # these pass PSA restricted
EXTERNAL, DOORS = "suanquan-server/external", "suanquan-server/doors"
SECRETS = {*SECRET_FILES.values(), "enrol_code", "token"}
OTHERS = {"AWS_SHARED_CREDENTIALS_FILE", "POD_NAME", "POD_NAMESPACE", "SSL_CERT_FILE",
          "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"}  # fmt: skip
READ_VERBS = {"get", "list", "watch"}


def containers(case: str) -> list[tuple[str, Document, Document]]:
    return [
        (name, spec, container)
        for name, spec in pods(manifests(case))
        for container in [*spec.get("initContainers", []), *spec["containers"]]
    ]


@pytest.mark.parametrize("case", CASES)
def test_no_container_has_a_capability_or_can_write_to_its_root(case: str) -> None:
    assert containers(case)
    for name, spec, container in containers(case):
        rights = container["securityContext"]
        assert rights["capabilities"] == {"drop": ["ALL"]}, name
        assert rights["readOnlyRootFilesystem"] is True, name
        assert rights["allowPrivilegeEscalation"] is False, name
        assert not rights.get("privileged"), name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name


@pytest.mark.parametrize("case", CASES)
def test_no_secret_stands_in_an_environment(case: str) -> None:
    for name, _, container in containers(case):
        for variable in container.get("env", []):
            secret = variable["name"].removeprefix("SUANQUAN_").lower() in SECRETS
            assert not secret, (name, variable["name"])
            assert "secretKeyRef" not in str(variable), (name, variable["name"])
        assert "envFrom" not in container


@pytest.mark.parametrize("case", CASES)
def test_no_pod_has_a_token_of_the_api_server_that_it_does_not_use(case: str) -> None:
    documents = manifests(case)
    bound = {
        subject["name"]
        for binding in [
            *of_kind(documents, "ClusterRoleBinding"),
            *of_kind(documents, "RoleBinding"),
        ]
        for subject in binding["subjects"]
    }
    for name, spec in pods(documents):
        assert spec.get("automountServiceAccountToken", True) is (
            spec.get("serviceAccountName") in bound
        ), name


@pytest.mark.parametrize("case", CASES)
def test_rights_name_their_resources_and_only_read(case: str) -> None:
    documents = manifests(case)
    for role in [*of_kind(documents, "ClusterRole"), *of_kind(documents, "Role")]:
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= READ_VERBS
            assert "*" not in [*rule["resources"], *rule["apiGroups"]]
            assert "secrets" not in rule["resources"]


@pytest.mark.parametrize("case", CASES)
def test_every_port_says_its_protocol(case: str) -> None:
    def ports(value: Any) -> list[Document]:
        if isinstance(value, list):
            return [port for part in value for port in ports(part)]
        if not isinstance(value, dict):
            return []
        own = [p for p in value.get("ports", []) if isinstance(p, dict)]
        return own + [port for part in value.values() for port in ports(part)]

    for document in manifests(case):
        if document["kind"] != "Ingress":
            assert all(p.get("protocol") in ("TCP", "UDP") for p in ports(document)
                       if "ports" not in p), document["kind"]  # fmt: skip


@pytest.mark.parametrize("case", RESTRICTED)
def test_it_passes_the_restricted_level(case: str) -> None:
    """Pod Security Standards, restricted: what the tests above leave."""
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
               "projected", "secret"}  # fmt: skip
    for name, spec in pods(manifests(case)):
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        for volume in spec.get("volumes") or []:
            assert set(volume) - {"name"} <= allowed, (name, volume)
        for container in spec["containers"]:
            assert container["securityContext"].get("runAsUser") != 0, name
            assert not any("hostPort" in port for port in container.get("ports", [])), name


@pytest.mark.parametrize("case", NODE)
def test_the_node_agent_writes_to_its_own_folder_alone(case: str) -> None:
    (daemon,) = of_kind(manifests(case), "DaemonSet")
    spec = daemon["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    host = {v["name"]: v["hostPath"]["path"] for v in spec["volumes"] if "hostPath" in v}
    assert set(host) - {"devices"} == {"pod-resources", "device-plugins", "data"}
    assert host.get("devices", "/dev/null") == "/dev/null"
    writable = {m["name"] for m in container["volumeMounts"] if not m.get("readOnly")}
    assert writable == {"data"}
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert mounts["pod-resources"] == "/var/lib/kubelet/pod-resources"  # the folder, not the socket
    assert mounts["device-plugins"] == "/var/lib/kubelet/device-plugins"
    assert container["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize("case", NODE)
def test_the_node_agent_is_told_where_it_is(case: str) -> None:
    (daemon,) = of_kind(manifests(case), "DaemonSet")
    (container,) = daemon["spec"]["template"]["spec"]["containers"]
    fields = {
        v["name"]: v["valueFrom"]["fieldRef"]["fieldPath"]
        for v in container["env"]
        if "valueFrom" in v
    }
    assert fields == {
        "SUANQUAN_NODE": "spec.nodeName",
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
    }
    values = {v["name"]: v.get("value") for v in container["env"]}
    assert values["NVIDIA_DRIVER_CAPABILITIES"] == "utility"
    names = list(values)  # Kubernetes expands only what stands before
    assert names.index("SUANQUAN_NODE") < names.index("SUANQUAN_ENROL_CODE_FILE")
    assert str(values["SUANQUAN_ENROL_CODE_FILE"]).endswith("/$(SUANQUAN_NODE)")
    for probe in ("readinessProbe", "livenessProbe"):
        assert "exec" in container[probe]


def test_the_metrics_leave_the_pod_only_where_that_is_wanted() -> None:
    plain = example("suanquan-agent/node")
    for scrape, address in ((False, "127.0.0.1"), (True, "0.0.0.0")):  # noqa: S104
        documents = render("suanquan-agent", {**plain, "metrics": {"scrape": scrape}})
        (daemon,), (policy,) = of_kind(documents, "DaemonSet"), of_kind(documents, "NetworkPolicy")
        (container,) = daemon["spec"]["template"]["spec"]["containers"]
        values = {v["name"]: v.get("value") for v in container["env"]}
        assert values["SUANQUAN_HEALTH_HOST"] == address
        assert bool(policy["spec"]["ingress"]) is scrape


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://a.example", 443), ("http://a.example", 80), ("http://10.0.0.1:8321", 8321),
     ("https://[fd00::1]:8443", 8443)],
)  # fmt: skip
def test_the_agents_reach_the_servers_port_and_dns_and_nothing_else(url: str, port: int) -> None:
    values = {**example("suanquan-agent/node"), "server": {"url": url}}
    (policy,) = of_kind(render("suanquan-agent", values), "NetworkPolicy")
    dns, server = policy["spec"]["egress"]
    assert {p["port"] for p in dns["ports"]} == {53}
    assert [p["port"] for p in server["ports"]] == [port]


def test_a_server_in_this_cluster_is_reached_at_the_port_of_its_pods() -> None:
    values = {**example("suanquan-agent/node"), "server": {"url": "http://suanquan.suanquan"}}
    values["networkPolicy"] = {"serverPorts": [8321]}
    (policy,) = of_kind(render("suanquan-agent", values), "NetworkPolicy")
    assert [p["port"] for p in policy["spec"]["egress"][1]["ports"]] == [8321]


def test_without_a_line_nothing_but_dns_is_reached_and_nothing_tested() -> None:
    documents = manifests("suanquan-agent/node-courier")
    (policy,) = of_kind(documents, "NetworkPolicy")
    assert [p["port"] for rule in policy["spec"]["egress"] for p in rule["ports"]] == [53, 53]
    assert not of_kind(documents, "Pod")


@pytest.mark.parametrize(
    ("way", "value"),
    [("env", "all"), ("mounts", "/var/run/nvidia-container-devices"), ("cdi", "void")],
)
def test_the_driver_reaches_the_container_in_one_of_three_ways(way: str, value: str) -> None:
    values = {
        **example("suanquan-agent/node"),
        "node": {"devices": way},
        "podAnnotations": {"a": "b"},
    }
    (daemon,) = of_kind(render("suanquan-agent", values), "DaemonSet")
    template = daemon["spec"]["template"]
    (container,) = template["spec"]["containers"]
    variables = {v["name"]: v.get("value") for v in container["env"]}
    assert variables["NVIDIA_VISIBLE_DEVICES"] == value
    mounts = {m["mountPath"] for m in container["volumeMounts"]}
    assert ("/var/run/nvidia-container-devices/all" in mounts) is (way == "mounts")
    cdi = {"cdi.k8s.io/suanquan": "nvidia.com/gpu=all"} if way == "cdi" else {}
    assert template["metadata"]["annotations"] == {"a": "b", **cdi}


@pytest.mark.parametrize(
    ("case", "owner", "names"),
    [(EXTERNAL, "owner-login", {"one-migration"}),
     (DOORS, "suanquan-database-owner", {"one-migration", "one-dump"})],
)  # fmt: skip
def test_only_the_jobs_see_the_owners_login(case: str, owner: str, names: set[str]) -> None:
    readers = {name for name, spec in pods(manifests(case)) if owner in json.dumps(spec)}
    assert readers == names


def test_several_servers_one_stays_and_a_single_one_may_go() -> None:
    assert of_kind(manifests(EXTERNAL), "PodDisruptionBudget")
    for case in ("suanquan-server/own", EXTERNAL):
        values = {**example(case), "replicas": 1}
        assert not of_kind(render("suanquan-server", values), "PodDisruptionBudget")


def test_its_own_database_is_one_replica_and_reaches_nothing() -> None:
    values = {**example("suanquan-server/own"), "replicas": 5}
    documents = render("suanquan-server", values)
    (server,) = of_kind(documents, "StatefulSet")
    policies = {p["metadata"]["name"]: p["spec"] for p in of_kind(documents, "NetworkPolicy")}
    assert server["spec"]["replicas"] == 1
    assert policies["one"]["egress"] == []
    assert not of_kind(documents, "Job")


@pytest.mark.parametrize("case", CASES)
def test_no_controller_takes_the_tests_pod_for_its_own(case: str) -> None:
    documents = manifests(case)
    tests = [d["metadata"]["labels"] for d in of_kind(documents, "Pod")]
    assert bool(tests) is (example(case).get("server", {}).get("url") != "courier")
    for document in documents:
        if document["kind"] in ("DaemonSet", "Deployment", "StatefulSet", "Service"):
            selector = document["spec"]["selector"]
            labels = selector.get("matchLabels", selector)
            for pod in tests:
                assert not labels.items() <= pod.items()
            assert any(labels.items() <= pod.items() for pod in labels_of_pods(documents))


@pytest.mark.parametrize("case", CASES)
def test_a_digest_pins_every_image(case: str) -> None:
    digest = "sha256:" + "a" * 64
    values = example(case)
    values = {**values, "image": {**values["image"], "digest": digest, "tag": "latest"}}
    for name, spec in pods(render(case.partition("/")[0], values)):
        for container in spec["containers"]:
            assert container["image"].endswith(f"@{digest}"), name


@pytest.mark.parametrize("case", CASES)
def test_the_notes_say_the_next_step(case: str) -> None:
    text = notes(case)
    assert "下一步" in text
    assert "kubectl -n suanquan" in text
    is_carried = example(case).get("server", {}).get("url") == "courier"
    assert ("docs/agents/relay.md" if is_carried else "helm -n suanquan test one") in text
    for override in re.findall(r"--overrides='(.*)'", text):
        (container,) = json.loads(override)["spec"]["containers"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert ("--overrides" in text) is (case in {EXTERNAL, DOORS})


@pytest.mark.parametrize("chart", ["suanquan-agent", "suanquan-server"])
def test_the_version_is_that_of_the_program(chart: str) -> None:
    from importlib.metadata import version  # noqa: PLC0415

    assert read(folder(chart) / "Chart.yaml")["appVersion"] == version("suanquan")


@pytest.mark.parametrize("case", CENTRAL)
def test_the_witness_may_read_what_it_watches_and_nothing_else(case: str) -> None:
    (role,) = of_kind(manifests(case), "ClusterRole")
    rights = {
        (g, r) for rule in role["rules"] for g in rule["apiGroups"] for r in rule["resources"]
    }
    assert rights == {
        ("", "pods"),
        ("", "nodes"),
        ("resource.k8s.io", "resourceclaims"),
        ("resource.k8s.io", "resourceslices"),
    }


@pytest.mark.parametrize("case", CENTRAL)
def test_each_central_agent_has_a_key_a_spool_a_code_and_a_port_of_its_own(case: str) -> None:
    (deployment,) = of_kind(manifests(case), "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["type"] == "Recreate"
    agents = deployment["spec"]["template"]["spec"]["containers"]
    commands = [container["args"][0] for container in agents]
    assert commands == (["dcgm", "cluster"] if "restricted" in case else ["cluster"])
    for variable in ("SUANQUAN_AGENT_DATA", "SUANQUAN_NODE", "SUANQUAN_HEALTH_PORT"):
        values = [v["value"] for c in agents for v in c["env"] if v["name"] == variable]
        assert len(set(values)) == len(agents)
    for container in agents:
        port = next(v["value"] for v in container["env"] if v["name"] == "SUANQUAN_HEALTH_PORT")
        assert f'"127.0.0.1", {port})' in container["readinessProbe"]["exec"]["command"][-1]


@pytest.mark.parametrize(
    ("exporters", "ports"),
    [({"addresses": ["http://a:9400", "https://b/metrics", "http://c:9401"]}, [9400, 443, 9401]),
     ({"prometheus": "http://p.mon:9090"}, [9400, 9090])],
)  # fmt: skip
def test_the_exporters_ports_are_open_without_being_said_twice(
    exporters: Document, ports: list[int]
) -> None:
    values = {**example("suanquan-agent/restricted"), "exporters": exporters}
    (policy,) = of_kind(render("suanquan-agent", values), "NetworkPolicy")
    assert [port["port"] for port in policy["spec"]["egress"][-1]["ports"]] == ports


def test_restricted_needs_one_source() -> None:
    values = example("suanquan-agent/restricted")
    for sources in ({}, {"addresses": ["http://a:9400"], "prometheus": "http://p:9090"}):
        assert "exporters.addresses" in refusal("suanquan-agent", {**values, "exporters": sources})
    values = {**values, "exporters": {"prometheus": "http://p:9090"}}
    assert refusal("suanquan-agent", values) == ""


@pytest.mark.parametrize("case", CASES)
def test_every_variable_is_a_setting(case: str) -> None:
    settings = (DOCS / "settings.md").read_text(encoding="utf-8")
    for name, _, container in containers(case):
        for variable in container.get("env", []):
            is_setting = (
                variable["name"].startswith("SUANQUAN_") and f"`{variable['name']}`" in settings
            )
            assert is_setting or variable["name"] in OTHERS, (name, variable["name"])


@pytest.mark.parametrize("case", CASES)
def test_where_a_namespace_lets_nobody_out_each_pod_finds_its_policy_there(case: str) -> None:
    """Helm makes what is no hook after all hooks before an installation, and hooks by weight."""
    documents = manifests(case)
    policies = of_kind(documents, "NetworkPolicy")
    for document in documents:
        if document["kind"] not in WORKLOADS | {"Pod", "CronJob"}:
            continue
        labels = _pod_labels(document)
        before, weight = _hook(document)
        matches = [
            policy
            for policy in policies
            if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
            and "Egress" in policy["spec"]["policyTypes"]
            and _is_there(policy, before, weight)
        ]
        assert matches, document["metadata"]["name"]


def _pod_labels(document: Document) -> dict[str, str]:
    spec = document["spec"].get("jobTemplate", document).get("spec", {})
    labels: dict[str, str] = spec.get("template", document)["metadata"]["labels"]
    return labels


def _hook(document: Document) -> tuple[set[str], int]:
    """The events before or at which it is made, none for what is no hook, and its weight."""
    notes = document["metadata"].get("annotations", {})
    events = set(notes.get("helm.sh/hook", "").split(",")) - {"", "test"}
    return events, int(notes.get("helm.sh/hook-weight", "0"))


def _is_there(policy: Document, before: set[str], weight: int) -> bool:
    events, own_weight = _hook(policy)
    return events >= before and own_weight < weight if before else not events
