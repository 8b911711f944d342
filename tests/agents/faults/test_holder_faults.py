"""The kubelet restarts, is absent, refuses, and uses the names of pods again."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from agents import wire
from agents.holders.kubelet import KubeletHolders
from tests.support.agents.fake_kubelet import GPU, FakeKubelet, Pod, running
from tests.support.agents.fault_books import Tell
from tests.support.agents.fault_site import GPUS, Site, judge


@pytest.fixture
def kubelet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubelet]:
    """It gives what the truth is, whenever it answers."""
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)  # busy machines
    with running(FakeKubelet(site.folder / "kubelet.sock")) as fake:
        tell(site, fake)
        yield fake


def tell(site: Site, kubelet: FakeKubelet) -> None:
    kubelet.pods = [Pod(name, [(GPU, gpu)], namespace=name) for gpu, name in site.held.items()]


def meter(site: Site, kubelet: FakeKubelet) -> None:
    site.start(holders=KubeletHolders(kubelet.path))


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
    assert verdict.gaps == {"kubelet_unreachable": 2 * 15_000}
    check_row("kubelet_restart", verdict)


def test_the_kubelet_is_absent(site: Site, kubelet: FakeKubelet, check_row: Tell) -> None:
    kubelet.stop(file_stays=False)
    meter(site, kubelet)
    site.run(121, {75: kubelet.start})
    assert 'holder_faults_total{kind="no_socket"} 75' in faults(site)
    verdict = judge(site)
    assert verdict.gaps == {"kubelet_unreachable": 2 * 75_000}
    check_row("kubelet_absent", verdict)


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
    assert verdict.gaps == {"kubelet_unreachable": 2 * 10_000}
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
    assert not verdict.gaps
    first = next(w for w in site.centre.windows_kept() if w.gpu == GPUS[0])
    assert [
        (part.holder.pod if isinstance(part.holder, wire.Pod) else "", part.from_ms, part.to_ms)
        for part in first.parts
    ] == [("a", 0, 10_000), ("", 10_000, 31_000), ("a", 31_000, 60_000)]
    check_row("name_again", verdict)
