"""The witness on a fake API server: the real client, real HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kubernetes.client import ApiClient, Configuration, CoreV1Api

from agents.commands.cluster import make_watchers
from agents.sightings import (
    ClaimDevice,
    NodeSighting,
    Phase,
    PodSighting,
    Run,
    Sighting,
    Watch,
    key,
)
from agents.witness.view import View, now_utc
from agents.witness.watch import Watcher
from tests.support.agents.fake_api_server import FakeApiServer, finished_pod, pod, running, serving


class Site:
    """The witness's threads at work, and what they have reported so far."""

    def __init__(self, api: FakeApiServer, watchers: list[Watcher], view: View) -> None:
        self.api, self.view = api, view
        self.watchers = {watcher.kind: watcher for watcher in watchers}
        self.newest: dict[str, Sighting] = {}

    def take(self) -> None:
        self.newest |= {key(sighting): sighting for sighting in self.view.take()}

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + 120
        while not holds():
            assert time.monotonic() < end, (self.newest, [w.fault for w in self.watchers.values()])
            time.sleep(0.02)
            self.take()

    def pod(self, name: str) -> PodSighting | None:
        sighting = self.newest.get(f"pod/uid-{name}")
        assert sighting is None or isinstance(sighting, PodSighting)
        return sighting

    def spans(self) -> list[Watch]:
        return [s for s in self.newest.values() if isinstance(s, Watch)]


@pytest.fixture
def api() -> Iterator[FakeApiServer]:
    with serving(FakeApiServer()) as api:
        yield api


@pytest.fixture
def start(
    api: FakeApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Site]]:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION",
                        str(tmp_path / "kubeconfig"))  # fmt: skip
    stopping, threads = threading.Event(), list[threading.Thread]()
    watchers: list[Watcher] = []

    def begin() -> Site:
        view = View(["team"], now_utc)
        watchers.extend(make_watchers(view, stopping))
        for watcher in watchers:
            threads.append(threading.Thread(target=watcher.run))
            threads[-1].start()
        site = Site(api, watchers, view)
        site.until(site.spans)
        return site

    yield begin
    stopping.set()
    for watcher in watchers:
        watcher.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_pod_is_seen_from_pending_to_its_end(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    site = start()
    api.put("pods", pod("train", gpus=2))
    site.until(lambda: site.pod("train"))
    first = site.pod("train")
    assert first is not None
    assert (first.phase, first.node, first.runs) == (Phase.PENDING, "node-1", ())
    assert (first.owner, first.labels) == ("Job/train", {"team": "vision"})  # no other label
    assert first.requests == {"nvidia.com/gpu": 2}
    api.put("pods", running("train", gpus=2))
    api.put("pods", finished_pod("train", "2026-03-02T00:01:00Z", "2026-03-02T05:00:00Z", gpus=2))
    site.until(lambda: (p := site.pod("train")) and p.phase == Phase.SUCCEEDED)
    last = site.pod("train")
    assert last is not None
    assert last.runs == (Run("main", moment("2026-03-02T00:01"), moment("2026-03-02T05:00")),)
    api.delete("pods", "uid-train")
    site.until(lambda: (p := site.pod("train")) and p.gone_at)
    assert site.view.counts()["pods"] == 0
    assert len(site.spans()) == 1


def test_pods_without_devices_are_nobodys_business(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    api.put("pods", running("web", gpus=0))
    api.put("pods", running("train"))
    site = start()
    assert site.pod("web") is None
    assert site.pod("train") is not None


def test_a_container_that_restarts_ran_since_its_first_start(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    api.put("pods", running("loop", "2026-03-02T01:00:00Z"))
    site = start()
    span = {"startedAt": "2026-03-02T03:00:00Z", "finishedAt": "2026-03-02T03:01:00Z"}
    status = {"name": "main", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
              "lastState": {"terminated": span}}  # fmt: skip
    api.put("pods", pod("loop", status={"phase": "Running", "containerStatuses": [status]}))
    api.put("pods", running("loop", "2026-03-02T04:00:00Z", namespace="lab"))
    site.until(lambda: site.watchers["pods"].counts["events"] > 1)
    api.put("pods", running("other"))
    site.until(lambda: site.pod("other"))
    loop = site.pod("loop")
    assert loop is not None
    assert loop.runs == (Run("main", moment("2026-03-02T01:00"), None),)


def claim(name: str, device: str, **more: object) -> dict[str, object]:
    """A claim that was given a device."""
    result = {"driver": "gpu.nvidia.com", "pool": "node-1", "device": device,
              "request": "gpu", **more}  # fmt: skip
    about = {"name": name, "namespace": "lab", "uid": f"claim-{name}"}
    return {"metadata": about, "status": {"allocation": {"devices": {"results": [result]}}}}


def test_devices_of_a_claim_and_an_admins_access(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    device = {"name": "gpu-0", "attributes": {"uuid": {"string": "GPU-abc"}, "x": {"int": 3}}}
    api.put("slices", {"metadata": {"name": "s", "uid": "s"},
                       "spec": {"driver": "gpu.nvidia.com", "pool": {"name": "node-1"},
                                "devices": [device]}})  # fmt: skip
    api.put("claims", claim("train-gpu-x7", "gpu-0"))
    api.put("claims", claim("watchdog", "gpu-1", adminAccess=True))
    uses = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "one"},
                               {"name": "all", "resourceClaimName": "watchdog"}]}  # fmt: skip
    names = [{"name": "gpu", "resourceClaimName": "train-gpu-x7"}]
    status = {"phase": "Pending", "resourceClaimStatuses": names}
    site = start()
    api.put("pods", pod("train", gpus=0, spec=uses, status=status))
    expected = (
        ClaimDevice("gpu.nvidia.com", "node-1", "gpu-0", "GPU-abc"),
        ClaimDevice("gpu.nvidia.com", "node-1", "gpu-1", admin=True),
    )
    site.until(lambda: (p := site.pod("train")) and p.devices == expected)
    api.delete("claims", "claim-train-gpu-x7")
    api.delete("claims", "claim-watchdog")
    api.put("pods", pod("train", gpus=0, spec=uses, status={**status, "phase": "Succeeded"}))
    site.until(lambda: (p := site.pod("train")) and p.phase == Phase.SUCCEEDED)
    train = site.pod("train")
    assert train is not None
    assert train.devices == expected  # they were its devices all the same


@pytest.mark.parametrize("name", ["nvidia.com/gpu", "deviceclass.resource.kubernetes.io/gpu"])
def test_devices_of_the_claim_that_the_scheduler_makes_for_an_extended_resource(
    api: FakeApiServer, start: Callable[[], Site], name: str
) -> None:
    """Kubernetes serves an extended resource by a driver of claims, or a class by its own name."""
    containers = [{"name": "main", "resources": {"requests": {name: "1"}, "limits": {name: "1"}}}]
    reference = {"resourceClaimName": "train-extended-x7", "requestMappings": []}
    status = {"phase": "Pending", "extendedResourceClaimStatus": reference}
    api.put("claims", claim("train-extended-x7", "gpu-0"))
    api.put("pods", pod("train", spec={"containers": containers}, status=status))
    site = start()
    train = site.pod("train")
    assert train is not None
    assert train.requests == {name: 1}
    assert train.devices == (ClaimDevice("gpu.nvidia.com", "node-1", "gpu-0"),)


def test_a_list_comes_in_pages_and_an_expired_token_begins_it_again(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    for number in range(450):
        api.put("pods", running(f"p{number}"))
    api.tokens_expire = 1
    site = start()
    assert site.view.counts()["pods"] == 450
    limits = [query["limit"] for kind, query in api.requests if kind == "pods" and "limit" in query]
    assert limits == ["200"] * 5  # two pages, of which the second was too old, then three
    assert sum(isinstance(s, PodSighting) for s in site.newest.values()) == 450


def test_nodes_with_the_labels_that_were_asked_for(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    capacity = {"cpu": "96", "nvidia.com/gpu": "8", "hugepages-2Mi": "0", "pods": "110"}
    node = {"metadata": {"name": "node-1", "uid": "n1", "labels": {"team": "a", "zone": "b"}},
            "status": {"capacity": capacity}}  # fmt: skip
    api.put("nodes", node)
    site = start()
    site.until(lambda: "node/n1" in site.newest)
    node_sighting = site.newest["node/n1"]
    assert isinstance(node_sighting, NodeSighting)
    assert (node_sighting.labels, node_sighting.capacity) == ({"team": "a"}, {"nvidia.com/gpu": 8})


def test_a_watch_that_ends_in_time_is_no_gap(api: FakeApiServer, start: Callable[[], Site]) -> None:
    api.watch_s = 0.5
    site = start()
    site.until(lambda: sum("watch" in query for kind, query in api.requests if kind == "pods") > 3)
    api.put("pods", running("train"))
    site.until(lambda: site.pod("train"))
    assert len(site.spans()) == 1
    assert site.watchers["pods"].counts["lists"] == 1


def test_after_410_it_lists_again_and_the_time_between_is_a_gap(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    api.put("pods", running("stays"))
    api.put("pods", running("goes"))
    site = start()
    api.status["pods"] = 503
    api.break_watches()
    site.until(lambda: site.watchers["pods"].counts["failures"])
    api.delete("pods", "uid-goes")
    api.put("pods", running("comes"))
    api.compact()
    missed_at = now_utc()
    del api.status["pods"]
    site.until(lambda: site.pod("comes"))
    site.until(lambda: len(site.spans()) == 2)
    first, second = sorted(site.spans(), key=lambda span: span.since)
    assert first.until < missed_at < second.since
    stays, goes = site.pod("stays"), site.pod("goes")
    assert stays is not None
    assert goes is not None
    assert stays.seen_at >= second.since  # said anew
    assert goes.gone_at is not None
    assert goes.gone_at > missed_at


@pytest.mark.parametrize("status", [0, 504, 500, 429])
def test_an_outage_is_a_gap_and_the_watch_goes_on_from_its_version(
    api: FakeApiServer, start: Callable[[], Site], status: int
) -> None:
    api.put("pods", running("train"))
    site = start()
    for kind in ("pods", "claims", "nodes", "slices"):
        api.status[kind] = status
    api.break_watches()
    site.until(lambda: site.watchers["pods"].counts["failures"])
    site.until(lambda: not site.view.is_complete())
    api.put("pods", finished_pod("train", "2026-03-02T00:01:00Z", "2026-03-02T02:00:00Z"))
    return_at = now_utc()
    api.status.clear()
    site.until(lambda: len(site.spans()) == 2)
    first, second = sorted(site.spans(), key=lambda span: span.since)
    assert first.until < return_at < second.since
    site.until(lambda: (p := site.pod("train")) and p.phase == Phase.SUCCEEDED)
    assert site.watchers["pods"].counts["lists"] == 1  # nothing was lost: no list is needed


def test_a_port_where_nobody_listens_is_an_outage_too(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    site = start()
    unreachable = Configuration(host="http://127.0.0.1:1")
    unreachable.retries = 0
    site.watchers["pods"]._ask = CoreV1Api(ApiClient(unreachable)).list_pod_for_all_namespaces
    api.break_watches()
    site.until(lambda: "MaxRetryError" in site.watchers["pods"].fault)
    assert not site.view.is_complete()


def test_a_cluster_without_claims_is_watched_all_the_same(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    api.status |= {"claims": 404, "slices": 404}
    api.put("pods", running("train"))
    site = start()
    assert site.pod("train") is not None


def test_without_the_right_to_see_pods_nothing_is_concluded(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    site = start()
    api.status["pods"] = 403
    api.break_watches()
    site.until(lambda: site.watchers["pods"].fault == "HTTP 403 Forbidden")
    until = max(span.until for span in site.spans())
    time.sleep(0.5)
    site.take()
    assert max(span.until for span in site.spans()) == until


def test_an_object_that_cannot_be_read_is_counted_and_the_others_go_on(
    api: FakeApiServer, start: Callable[[], Site]
) -> None:
    broken = running("broken")
    broken["spec"]["containers"] = "none"
    api.put("pods", broken)
    api.put("pods", running("train"))
    site = start()
    assert site.pod("train") is not None
    assert site.watchers["pods"].counts["unreadable"] == 1
