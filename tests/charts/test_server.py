"""The server in a cluster: its doors, its dumps, its upgrade."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from tests.support.charts import (
    Document,
    example,
    folder,
    manifests,
    of_kind,
    pods,
    refusal,
    render,
)

OWN, EXTERNAL, DOORS = (f"suanquan-server/{name}" for name in ("own", "external", "doors"))
WORKERS = ("one", "one-outer", "one-intake")


def deployment(name: str, case: str = DOORS) -> Document:
    matches = [d for d in of_kind(manifests(case), "Deployment") if d["metadata"]["name"] == name]
    (document,) = matches
    return document


def variables(container: Document) -> dict[str, str]:
    return {v["name"]: v["value"] for v in container["env"]}


@pytest.mark.parametrize(
    ("name", "door", "replicas", "url"),
    [("one", "all", 2, "https://inner.example.cn"),
     ("one-outer", "outer", 3, "https://suanquan.example.cn"),
     ("one-intake", "agents", 4, "https://inner.example.cn")],
)  # fmt: skip
def test_each_door_is_a_server_of_its_own(name: str, door: str, replicas: int, url: str) -> None:
    document = deployment(name)
    (container,) = document["spec"]["template"]["spec"]["containers"]
    values = variables(container)
    assert Settings(door=values["SUANQUAN_DOOR"]).door == door
    assert values["SUANQUAN_URL"] == url
    assert document["spec"]["replicas"] == replicas
    assert container["args"] == ["serve"]
    assert values.get("SUANQUAN_WORKERS") == ("3" if door == "agents" else None)


def test_services_budgets_and_policies_each_find_their_own_pods_alone() -> None:
    documents = manifests(DOORS)
    for kind, at in (("Service", ()), ("PodDisruptionBudget", ("matchLabels",))):
        for document in of_kind(documents, kind):
            selector = document["spec"]["selector"]
            for key in at:
                selector = selector[key]
            owner = document["metadata"]["name"]
            for name in WORKERS:
                labels = deployment(name)["spec"]["template"]["metadata"]["labels"]
                assert (selector.items() <= labels.items()) is (owner == name), (kind, owner)


def backends(ingress: Document) -> tuple[str, list[tuple[str, str, str]]]:
    (rule,) = ingress["spec"]["rules"]
    paths = rule["http"]["paths"]
    return rule["host"], [
        (p["path"], p["pathType"], p["backend"]["service"]["name"]) for p in paths
    ]


def test_each_address_leads_to_its_door_and_batches_to_the_intake() -> None:
    batches = ("/api/v1/batches", "Exact", "one-intake")
    inner, outer = map(backends, of_kind(manifests(DOORS), "Ingress"))
    assert inner == ("inner.example.cn", [batches, ("/", "Prefix", "one")])
    assert outer == ("suanquan.example.cn", [batches, ("/", "Prefix", "one-outer")])


def test_without_doors_there_is_one_of_everything() -> None:
    documents = manifests(EXTERNAL)
    for kind in ("Deployment", "Service", "Ingress", "PodDisruptionBudget"):
        assert len(of_kind(documents, kind)) == 1
    (ingress,) = of_kind(documents, "Ingress")
    assert backends(ingress)[1] == [("/", "Prefix", "one")]


def peers(name: str, values: Document) -> list[Any] | None:
    policies = of_kind(render("suanquan-server", values), "NetworkPolicy")
    (policy,) = (p for p in policies if p["metadata"]["name"] == name)
    matches: list[Any] | None = policy["spec"]["ingress"][0].get("from")
    return matches


def test_who_may_call_which_door() -> None:
    values = example(DOORS)
    zones = {
        name: {
            peer["namespaceSelector"]["matchLabels"]["zone"]
            for peer in peers(name, values) or []
            if "namespaceSelector" in peer
        }
        for name in WORKERS
    }
    assert zones == {"one": {"inner"}, "one-outer": {"outer"}, "one-intake": {"inner", "outer"}}
    anybody = {**values, "outer": {**values["outer"], "from": []}}
    assert peers("one-intake", anybody) is None
    assert peers("one-outer", anybody) is None
    assert peers("one", anybody) is not None


def test_pages_may_be_read_from_a_replica() -> None:
    (server,) = of_kind(manifests(EXTERNAL), "Deployment")
    pod = server["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    path = variables(container)["SUANQUAN_DATABASE_REPLICA_URL_FILE"]
    (mount,) = (m for m in container["volumeMounts"] if path.startswith(f"{m['mountPath']}/"))
    (volume,) = (v for v in pod["volumes"] if v["name"] == mount["name"])
    assert volume["secret"]["secretName"] == "replica-login"


def test_nobody_may_call_the_jobs_and_they_call_the_database_alone() -> None:
    policies = of_kind(manifests(DOORS), "NetworkPolicy")
    (jobs,) = (p for p in policies if p["metadata"]["name"] == "one-jobs")
    assert jobs["spec"]["ingress"] == []
    assert {p["port"] for r in jobs["spec"]["egress"] for p in r["ports"]} == {53, 5432}


@pytest.mark.parametrize("part", ["outer", "intake"])
def test_a_part_of_a_server_needs_a_database_that_all_can_reach(part: str) -> None:
    values = {
        **example(OWN),
        part: {"enabled": True, **({"url": "https://a"} if part == "outer" else {})},
    }
    assert "database.kind: external" in refusal("suanquan-server", values)


def test_an_outer_door_has_an_address() -> None:
    values = {**example(EXTERNAL), "outer": {"enabled": True}}
    assert "outer.url" in refusal("suanquan-server", values)


def test_the_test_asks_every_door() -> None:
    (pod,) = of_kind(manifests(DOORS), "Pod")
    script = pod["spec"]["containers"][0]["command"][-1]
    for name in WORKERS:
        assert f'"{name}"' in script
    compile(script, "test", "exec")


def dump_of(case: str) -> tuple[Document, Document]:
    (matches,) = (
        (spec, container)
        for _, spec in pods(manifests(case))
        for container in spec["containers"]
        if container["name"] == "dump"
    )
    return matches


@pytest.mark.parametrize(("case", "more"), [(DOORS, ["--keep=30"]), (OWN, ["--keep=14"])])
def test_a_dump_goes_to_a_disk_that_stays(case: str, more: list[str]) -> None:
    spec, container = dump_of(case)
    (claim,) = of_kind(manifests(case), "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    volumes = {v["name"]: v for v in spec["volumes"]}
    assert volumes["dump"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert container["args"][:3] == ["db", "dump", mounts["dump"]]
    assert set(more) <= set(container["args"])
    assert set(mounts) <= set(volumes) | {"data"}  # the latter from the claim's template


def test_beside_its_own_database_it_waits_and_with_another_it_is_a_job() -> None:
    assert "--every=24" in dump_of(OWN)[1]["args"]
    assert not any(a.startswith("--every") for a in dump_of(DOORS)[1]["args"])
    (job,) = of_kind(manifests(DOORS), "CronJob")
    assert job["spec"]["schedule"] == "30 */6 * * *"
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    daily = {**example(DOORS), "dump": {"enabled": True}}
    (job,) = of_kind(render("suanquan-server", daily), "CronJob")
    assert job["spec"]["schedule"] == "30 18 * * *"


def test_the_key_of_the_dumps_is_a_file_of_the_job_alone() -> None:
    assert "--key=/run/suanquan/dump-key/key" in dump_of(DOORS)[1]["args"]
    pods_with_it = [name for name, spec in pods(manifests(DOORS)) if "dump-key" in json.dumps(spec)]
    assert pods_with_it == ["one-dump"]


def test_the_schema_goes_up_before_the_servers_and_is_no_part_of_a_rollback() -> None:
    (job,) = of_kind(manifests(EXTERNAL), "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["db", "upgrade"]


def test_no_server_stops_before_another_one_is_ready() -> None:
    for name in WORKERS:
        strategy = deployment(name)["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxUnavailable": 0, "maxSurge": 1}


MOUNTED = {"oidc", "seal", "tsa", "events", "backup-key", "backup-login", "backup-bucket"}


def test_the_inner_door_seals_and_tells_events_and_people_sign_on_at_both() -> None:
    mounts_of = {}
    for name in WORKERS:
        pod = deployment(name)["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        mounts = {m["name"] for m in container["volumeMounts"]} & MOUNTED
        assert mounts == {v["name"] for v in pod["volumes"]} & MOUNTED
        assert {k for k in MOUNTED if f"/run/suanquan/{k}/" in str(container["env"])} == mounts
        assert variables(container)["SUANQUAN_AGENT_ASIDE"] == "1000000"
        mounts_of[name] = mounts
    assert mounts_of == {"one": MOUNTED, "one-outer": {"oidc"}, "one-intake": set()}


def test_beside_its_own_database_backups_go_to_another_volume_and_are_tried() -> None:
    (server,) = of_kind(manifests(OWN), "StatefulSet")
    pod = server["spec"]["template"]["spec"]
    container = next(c for c in pod["containers"] if c["name"] == "server")
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    values = variables(container)
    settings = Settings(backup=values["SUANQUAN_BACKUP"], backup_read_key=Path("/run"))
    assert settings.backup == mounts["backup"]
    for name, key in (("KEY", "backup-key"), ("READ_KEY", "backup-read-key")):
        assert values[f"SUANQUAN_BACKUP_{name}"] == f"{mounts[key]}/key"
    (claim,) = [v["persistentVolumeClaim"] for v in pod["volumes"] if v["name"] == "backup"]
    assert claim == {"claimName": "other-machine"}


@pytest.mark.parametrize(
    ("case", "backup", "missing"),
    [(OWN, {"claim": "a", "bucket": "s3://b", "keySecret": "k"}, "say one of"),
     (OWN, {"claim": "a"}, "backup.keySecret"),
     (EXTERNAL, {"claim": "a", "keySecret": "k"}, "backup.loginSecret"),
     (EXTERNAL, {"claim": "a", "keySecret": "k", "loginSecret": "l", "readKeySecret": "r"},
      "a person tries")],
)  # fmt: skip
def test_what_a_backup_lacks_is_said(case: str, backup: Document, missing: str) -> None:
    values = {name: value for name, value in example(case).items() if name != "backup"}
    assert missing in refusal("suanquan-server", {**values, "backup": backup})


@pytest.mark.parametrize("case", [OWN, EXTERNAL])
def test_a_further_way_out_is_the_doors_alone(case: str) -> None:
    further = {"ports": [{"protocol": "TCP", "port": 6514}]}
    values = example(case)
    policy = {**values.get("networkPolicy", {}), "egress": [further]}
    documents = render("suanquan-server", {**values, "networkPolicy": policy})
    rules = {
        d["metadata"]["name"]: d["spec"]["egress"] for d in of_kind(documents, "NetworkPolicy")
    }
    assert [name for name, egress in rules.items() if further in egress] == ["one"]
    assert {"protocol": "UDP", "port": 53} in rules["one"][0]["ports"]


def test_every_setting_of_a_server_can_be_said_in_its_values() -> None:
    schema = json.loads((folder("suanquan-server") / "values.schema.json").read_text())
    free = set(schema["properties"]["settings"]["propertyNames"]["enum"])
    variables = {
        variable["name"].removesuffix("_FILE")
        for case in (OWN, EXTERNAL, DOORS)
        for _, pod in pods(manifests(case))
        for container in pod["containers"]
        for variable in container.get("env", [])
    }
    settings = {f"SUANQUAN_{name.upper()}" for name in Settings.model_fields}
    assert settings - variables - free == {"SUANQUAN_DRILL_CLOCK"}
    assert free <= settings
