"""Minutes of a node whose kubelet comes and goes: the loop, the fake driver, the fake kubelet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from agents import wire
from agents.commands.health import Health
from agents.commands.node import Sampler
from agents.holders.kubelet import KubeletHolders
from agents.reporting.spool import Spool
from tests.support.agents.clocks import Clocks
from tests.support.agents.fake_driver import (
    Direct,
    FakeDriver,
    gpu_line,
    gpu_uuid,
    mig_uuid,
    sliced_lines,
)
from tests.support.agents.fake_kubelet import GPU, FakeKubelet, Pod, running

UNREACHABLE = wire.GapReason.KUBELET_UNREACHABLE
Span = tuple[str, str, int, int, str]  # device, who or why, from, to (seconds), share


@dataclass
class Minutes:
    """A node, driven second by second."""

    spool: Spool
    health: Health
    sampler: Sampler
    kubelet: FakeKubelet
    driver: FakeDriver
    clocks: Clocks
    events: dict[int, Callable[[], object]] = field(default_factory=dict)

    def run(self, seconds: int) -> list[wire.Window]:
        """Live for so long, each event at its second; the windows of it all."""
        for second in range(seconds):
            self.events.get(second, lambda: None)()
            self.sampler.sample()
            self.clocks.now += 1_000
        self.sampler.sample(last=True)
        body = self.spool.next_batch(UUID(int=0), datetime(2026, 1, 1, tzinfo=UTC))
        windows = msgspec.json.decode(body or b"", type=wire.Batch).windows
        assert [fault for window in windows for fault in wire.faults(window)] == []
        return list(windows)


@pytest.fixture
def node(driver: FakeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Minutes]:
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)  # busy machines
    driver.say(gpu_line(0), *sliced_lines(1, 2))
    direct, clocks, path = Direct(), Clocks(), tmp_path / "kubelet.sock"
    with running(FakeKubelet(path)) as kubelet, Spool(tmp_path / "spool.db") as spool:
        holders, health = KubeletHolders(path), Health(spool)
        sampler = Sampler(direct, holders, spool, health, clocks)
        yield Minutes(spool, health, sampler, kubelet, driver, clocks)
        holders.close()
    direct.close()


def spans_of(window: wire.Window) -> list[Span]:
    parts = [
        (
            part.mig.uuid if part.mig else window.gpu,
            part.holder.pod
            if isinstance(part.holder, wire.Pod)
            else part.holder.__class__.__name__,
            part.from_ms // 1000,
            part.to_ms // 1000,
            f"{part.num}/{part.den}",
        )
        for part in window.parts
    ]
    gaps = [
        (window.gpu, str(g.reason), g.from_ms // 1000, g.to_ms // 1000, "") for g in window.gaps
    ]
    return sorted([*parts, *gaps], key=lambda span: (span[2], span[:2]))


def test_pods_come_and_go_to_the_second(node: Minutes) -> None:
    a, b = Pod("a", [(GPU, gpu_uuid(0))]), Pod("b", [(GPU, gpu_uuid(0))])
    node.events = {
        65: lambda: node.kubelet.pods.append(a),
        80: node.kubelet.pods.clear,
        83: lambda: node.kubelet.pods.append(b),
    }
    whole = node.run(121)[2]
    assert spans_of(whole) == [
        (gpu_uuid(0), "Unallocated", 0, 5, "1/1"),
        (gpu_uuid(0), "a", 5, 20, "1/1"),
        (gpu_uuid(0), "Unallocated", 20, 23, "1/1"),
        (gpu_uuid(0), "b", 23, 60, "1/1"),
    ]
    assert whole.flags == ()


def test_a_restarting_kubelet_is_a_gap_and_no_pod_is_lost(node: Minutes) -> None:
    node.kubelet.pods = [Pod("a", [(GPU, gpu_uuid(0))])]
    node.events = {70: node.kubelet.stop, 85: node.kubelet.start}
    whole, sliced = node.run(121)[2:4]
    assert spans_of(whole) == [
        (gpu_uuid(0), "a", 0, 10, "1/1"),
        (gpu_uuid(0), "kubelet_unreachable", 10, 26, ""),
        (gpu_uuid(0), "a", 26, 60, "1/1"),
    ]
    assert [gap.reason for gap in sliced.gaps] == [UNREACHABLE]
    page = node.health.metrics()
    assert 'suanquan_agent_holder_faults_total{kind="unavailable"} 15' in page
    assert 'suanquan_agent_gap_seconds_total{kind="kubelet_unreachable"} 34' in page


def test_slots_of_a_slice_change_hands(node: Minutes) -> None:
    name, resource = mig_uuid(1, 0), "nvidia.com/mig-1g.10gb.shared"
    first, two = (Pod(pod, [(resource, f"{name}::{n}")]) for n, pod in enumerate("xy"))
    node.kubelet.pods = [first]
    node.events = {90: lambda: node.kubelet.pods.append(two)}
    sliced = node.run(121)[3]
    assert [span for span in spans_of(sliced) if span[0] == name] == [
        (name, "x", 0, 30, "1/1"),
        (name, "x", 30, 60, "1/2"),
        (name, "y", 30, 60, "1/2"),
    ]
    assert sliced.flags == ("shares_held",)


def test_a_gpu_sliced_anew_in_the_middle_of_a_minute(node: Minutes) -> None:
    """The new slices' pods are named by place; the parent stands never beside its slices."""
    node.kubelet.pods = [Pod("whole", [(GPU, gpu_uuid(0))])]
    slices = sliced_lines(0, 2)

    def cut() -> None:
        node.driver.say(*slices, *sliced_lines(1, 2))
        claim = ("c", "gpu.nvidia.com", "gpu-15-mig-1g10gb-19-1")
        node.kubelet.pods = [Pod("small", claims=[claim])]

    node.events = {85: cut}
    assert spans_of(node.run(121)[2]) == [
        (gpu_uuid(0), "whole", 0, 20, "1/1"),
        (gpu_uuid(0), "mig_reconfig", 20, 30, ""),
        (mig_uuid(0, 0), "Unallocated", 30, 60, "1/1"),
        (mig_uuid(0, 1), "small", 30, 60, "1/1"),
    ]


def test_an_id_that_nobody_can_read_leaves_nothing_free(node: Minutes) -> None:
    node.kubelet.pods = [
        Pod("vgpu", [(GPU, f"{gpu_uuid(0)}-0")]),
        Pod("a", [(GPU, mig_uuid(1, 1))]),
    ]
    whole, sliced = node.run(121)[2:4]
    assert [part.holder for part in whole.parts] == [wire.Unattributed("hami_id")]
    assert [part.holder for part in sliced.parts] == [
        wire.Unattributed("hami_id"),
        wire.Pod("lab", "a", "main"),
    ]
