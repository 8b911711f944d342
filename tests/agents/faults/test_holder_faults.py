"""The kubelet restarts, is absent, refuses, and uses the names of pods again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from agents import wire
from agents.holders.kubelet import KubeletHolders
from tests.support.agents.fake_kubelet import GPU, FakeKubelet, Pod, running
from tests.support.faults.fault_books import Tell
from tests.support.faults.fault_site import GPUS, Site, judge

OWN = "suanquan", "suanquan-agent-x7k2p"
MISSING = wire.Unattributed("missing_after_restart")
CONNECTED_MS = 2 * 1_000  # of both GPUs: a new connection is believed at its second answer


@pytest.fixture
def kubelet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubelet]:
    """It gives what the truth is, whenever it answers."""
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)  # busy machines
    with running(FakeKubelet(site.folder / "kubelet.sock")) as fake:
        tell(site, fake)
        yield fake


def tell(site: Site, kubelet: FakeKubelet) -> None:
    """The agent's own pod is the last that a starting kubelet hears of."""
    pods = [Pod(name, [(GPU, gpu)], namespace=name) for gpu, name in site.held.items()]
    kubelet.pods = [*pods, Pod(OWN[1], namespace=OWN[0])]


def meter(site: Site, kubelet: FakeKubelet, own: tuple[str, str] | None = OWN) -> None:
    site.start(holders=KubeletHolders(kubelet.path, own=own))


def faults(site: Site) -> str:
    (life,) = site.lives
    assert life.send()
    life.holders.close()
    return life.health.metrics()


def test_the_kubelet_restarts(site: Site, kubelet: FakeKubelet, check_row: Tell) -> None:
    meter(site, kubelet)
    site.run(121, {70: kubelet.stop, 85: kubelet.start})
    assert 'holder_faults_total{kind="unavailable"} 15' in faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 15_000 + 2 * CONNECTED_MS}
    check_row("kubelet_restart", verdict)


def test_the_kubelet_is_absent(site: Site, kubelet: FakeKubelet, check_row: Tell) -> None:
    kubelet.stop(file_stays=False)
    meter(site, kubelet)
    site.run(121, {75: kubelet.start})
    assert 'holder_faults_total{kind="no_socket"} 75' in faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 75_000 + CONNECTED_MS}
    check_row("kubelet_absent", verdict)


def knows(kubelet: FakeKubelet, pods: int | None) -> Callable[[], None]:
    def learn() -> None:
        kubelet.knows = pods

    return learn


def restart(kubelet: FakeKubelet, pods: int) -> Callable[[], None]:
    """It answers at once, and knows no more than this many pods."""

    def again() -> None:
        kubelet.stop()
        kubelet.knows = pods
        kubelet.start()

    return again


def test_a_restarted_kubelet_knows_no_pods_for_a_second(
    site: Site, kubelet: FakeKubelet, check_row: Tell
) -> None:
    """OK and nothing for a second, some pods for a moment, then all."""
    meter(site, kubelet)
    site.run(121, {70: restart(kubelet, 0), 71: knows(kubelet, 2), 72: knows(kubelet, None)})
    assert 'holder_faults_total{kind="no_pods"} 1\n' in faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 2_000 + 2 * CONNECTED_MS}
    check_row("kubelet_empty", verdict)


@pytest.mark.parametrize("known_pods", [0, 1, 2, 3])
def test_a_restarted_kubelet_knows_few_pods_while_the_api_server_is_away(
    site: Site, kubelet: FakeKubelet, check_row: Tell, known_pods: int
) -> None:
    """For 69 s it answers OK with none of its pods, or the same few of them; all run on."""
    meter(site, kubelet)
    site.run(181, {70: restart(kubelet, known_pods), 139: knows(kubelet, None)})
    faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 69_000 + 2 * CONNECTED_MS}
    check_row("kubelet_without_api_server", verdict)


@pytest.mark.parametrize("known", [1, 2])
def test_an_agent_outside_of_a_pod_keeps_the_holders_that_a_restart_hides(
    site: Site, kubelet: FakeKubelet, known: int
) -> None:
    """It has no pod to look for: who held before and is not named holds on, as someone unknown."""
    meter(site, kubelet, own=None)
    site.run(181, {70: restart(kubelet, known), 139: knows(kubelet, None)})
    faults(site)
    windows = site.centre.windows_kept()
    hidden = [part for window in windows for part in window.parts if part.holder == MISSING]
    assert sum(part.to_ms - part.from_ms for part in hidden) == (3 - known) * 68_000
    assert not any(isinstance(p.holder, wire.Unallocated) for w in windows for p in w.parts)


def test_the_kubelet_is_crowded(site: Site, kubelet: FakeKubelet, check_row: Tell) -> None:
    """Refused once each second it answers the second try; refused for ten seconds it does not."""

    def refuse(times: int) -> None:
        kubelet.fault = (grpc.StatusCode.RESOURCE_EXHAUSTED, "rejected by rate limit")
        kubelet.faults_left = times

    meter(site, kubelet)
    once = {second: lambda: refuse(1) for second in range(20, 30)}
    site.run(121, {**once, 70: lambda: refuse(-1), 80: lambda: refuse(0)})
    assert 'holder_faults_total{kind="resource_exhausted"} 10' in faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 10_000 + CONNECTED_MS}
    check_row("kubelet_crowded", verdict)


def test_the_name_of_a_pod_is_used_again_within_a_minute(
    site: Site, kubelet: FakeKubelet, check_row: Tell
) -> None:
    """`a` ends; the next pod of that name has the other GPU, the third the first again."""

    def hold(**holdings: str) -> None:
        site.held = {GPUS[int(number[-1])]: name for number, name in holdings.items()}
        tell(site, kubelet)

    meter(site, kubelet)
    site.run(
        121,
        {
            10: lambda: hold(gpu1="b"),
            17: lambda: hold(gpu1="a"),
            24: hold,
            31: lambda: hold(gpu0="a"),
        },
    )
    faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": CONNECTED_MS}
    first = next(w for w in site.centre.windows_kept() if w.gpu == GPUS[0])
    assert [
        (part.holder.pod if isinstance(part.holder, wire.Pod) else "", part.from_ms, part.to_ms)
        for part in first.parts
    ] == [("a", 1_000, 10_000), ("", 10_000, 31_000), ("a", 31_000, 60_000)]
    check_row("name_again", verdict)
