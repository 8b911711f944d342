"""The kubelet as the agent meets it: answering, turning away, slow, wrong, down, and back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import wire
from agents.holders import podresources
from agents.holders.grpc_lite import ANSWER_MAX
from agents.holders.kubelet import Kubelet, KubeletFailed, KubeletHolders
from agents.holders.podresources import ClaimedDevice, Container
from agents.holders.source import read_first
from agents.observations import HolderShare, Holdings, Look, ShareRule
from tests.support.agents.fake_driver import gpu_uuid
from tests.support.agents.fake_kubelet import BURST, GPU, FakeKubelet, Pod, running

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GPU_0, GPU_1 = gpu_uuid(0), gpu_uuid(1)
LOOKS = {GPU_0: Look("H100", False, (), {}), GPU_1: Look("H100", False, (), {})}  # noqa: FBT003
UNREACHABLE = wire.GapReason.KUBELET_UNREACHABLE

# As google.protobuf 7.36 writes it from kubernetes' api.proto: two pods, CPUs, memory, NUMA nodes.
LISTED = bytes.fromhex(
    "0ac3010a07747261696e2d3012036c61621aa1010a046d61696e12400a0e6e76696469612e636f6d2f67707512"
    "284750552d30303030303030302d303030302d343030302d383030302d3030303030303030303030301a040a02"
    "080112400a0e6e76696469612e636f6d2f67707512284750552d30303030303030302d303030302d343030302d"
    "383030302d3030303030303030303030311a040a0208011a0400018201220f0a066d656d6f7279108080808080"
    "201a090a07736964656361722204ac02ad020a6f0a056472612d3012036c61621a610a046d61696e2a59120c64"
    "72612d302d6770752d78371a036c616222440a230a216b38732e6770752e6e76696469612e636f6d2f636c6169"
    "6d3d30662d6770752d30120e6770752e6e76696469612e636f6d1a066e6f64652d3122056770752d30"
)
ON_OFFER = bytes.fromhex(
    "0a3d0a0e6e76696469612e636f6d2f677075122b4750552d30303030303030302d303030302d343030302d3830"
    "30302d3030303030303030303030303a3a300a3d0a0e6e76696469612e636f6d2f677075122b4750552d303030"
    "30303030302d303030302d343030302d383030302d3030303030303030303030303a3a31120400010203"
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault of the kubelet's."""
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)
    monkeypatch.setattr("agents.holders.source.SETTLING_S", 0)


@pytest.fixture
def hurried(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 0.5)


@pytest.fixture
def kubelet(tmp_path: Path) -> Iterator[FakeKubelet]:
    with running(FakeKubelet(tmp_path / "kubelet.sock", [Pod("a", [(GPU, GPU_0)])])) as fake:
        yield fake


@pytest.fixture
def holders(kubelet: FakeKubelet) -> Iterator[KubeletHolders]:
    source = KubeletHolders(kubelet.path)
    source.update_devices(LOOKS)
    yield source
    source.close()


def pod(name: str) -> HolderShare:
    return HolderShare(wire.Pod("lab", name, "main"))


def holdings(source: KubeletHolders) -> Holdings:
    """What it says; a new connection is believed at its second answer."""
    answer = read_first(source, NOW)
    assert isinstance(answer, Holdings)
    return answer


def test_the_bytes_of_another_hand_are_understood() -> None:
    claimed_device = ClaimedDevice("lab/dra-0-gpu-x7", "gpu.nvidia.com", "gpu-0", "")
    names = frozenset({("lab", "train-0"), ("lab", "dra-0")})
    assert podresources.listing(LISTED).pods == names
    assert list(podresources.listing(LISTED).containers) == [
        Container("lab", "dra-0", "main", (), (claimed_device,)),
        Container("lab", "train-0", "main", ((GPU, GPU_0), (GPU, GPU_1)), ()),
    ]
    assert podresources.allocatable(ON_OFFER) == [f"{GPU_0}::0", f"{GPU_0}::1"]


@given(st.binary(max_size=60), st.integers(0, len(LISTED) - 1))
def test_other_bytes_are_refused_or_mean_something_but_never_more(noise: bytes, at: int) -> None:
    for answer in (noise, LISTED[:at] + noise + LISTED[at:], LISTED[:at]):
        try:
            containers = podresources.listing(answer).containers
        except ValueError:
            continue
        assert all(container.pod and container.name for container in containers)


def test_who_holds_what_by_the_kubelets_word(holders: KubeletHolders, kubelet: FakeKubelet) -> None:
    assert holdings(holders) == Holdings({GPU_0: (pod("a"),)})
    assert holders.fault == ""
    kubelet.pods = [Pod("b", [(GPU, GPU_1), (GPU, GPU_0)]), Pod("idle")]
    assert holdings(holders).devices == {GPU_0: (pod("b"),), GPU_1: (pod("b"),)}


def test_an_order_that_changes_changes_nothing(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    slots = [(GPU, f"{GPU_0}::{n}") for n in range(6)]
    kubelet.pods = [Pod(f"p{n}", [slots[n], (GPU, GPU_1)][: 2 - (n > 0)]) for n in range(6)]
    first = holdings(holders)
    assert all(holdings(holders) == first for _ in range(20))
    assert [share.den for share in first.devices[GPU_0]] == [6] * 6


def test_a_pod_that_has_ended_holds_its_devices_as_long_as_the_kubelet_says(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    """The answer has no phase: what it lists is held. Only the cluster knows better."""
    kubelet.pods = [Pod("done", [(GPU, GPU_0)]), Pod("next", [(GPU, GPU_1)])]
    assert holdings(holders).devices == {GPU_0: (pod("done"),), GPU_1: (pod("next"),)}
    kubelet.pods = [Pod("done"), Pod("next", [(GPU, GPU_1)])]
    assert holdings(holders).devices == {GPU_1: (pod("next"),)}


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ((grpc.StatusCode.RESOURCE_EXHAUSTED, "rejected by rate limit"), "resource_exhausted"),
        ((grpc.StatusCode.UNAVAILABLE, "shutting down"), "unavailable"),
        ((grpc.StatusCode.UNKNOWN, "timed out: 超时"), "unknown"),
        ((grpc.StatusCode.UNIMPLEMENTED, "unknown service"), "unimplemented"),
        ((grpc.StatusCode.PERMISSION_DENIED, "not you"), "permission_denied"),
    ],
)
def test_each_refusal_is_a_gap_with_its_word_and_passes(
    holders: KubeletHolders,
    kubelet: FakeKubelet,
    fault: tuple[grpc.StatusCode, str],
    word: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kubelet.fault = fault
    assert [holders.read(NOW) for _ in range(2)] == [UNREACHABLE] * 2
    assert holders.fault == word
    assert caplog.text.count(fault[1]) == 1  # said once, while it lasts
    kubelet.fault = None
    assert holdings(holders).devices
    assert holders.fault == ""


def test_a_refusal_that_passes_at_once_costs_nothing(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    kubelet.fault = (grpc.StatusCode.RESOURCE_EXHAUSTED, "rejected by rate limit")
    kubelet.faults_left = 1
    assert holdings(holders).devices
    assert kubelet.request_count == 3  # refused, and two equal answers


def test_neighbours_who_use_up_the_limit_cost_no_sample(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    kubelet.limited = True
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda _: _ask_quietly(kubelet.path), range(3 * BURST)):
            pass
    assert holdings(holders).devices


def _ask_quietly(path: Path) -> None:
    client = Kubelet(path)
    try:
        client.listing()
    except KubeletFailed as error:
        assert error.code == "resource_exhausted"  # noqa: PT017
    finally:
        client.close()


def test_a_kubelet_that_hangs_is_not_waited_for(
    hurried: None,
    holders: KubeletHolders,
    kubelet: FakeKubelet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kubelet.delay_s = 1.5
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "deadline_exceeded"
    kubelet.delay_s = 0
    monkeypatch.setattr("agents.holders.kubelet.DEADLINE_S", 10)
    assert holdings(holders).devices


def test_a_restarted_kubelet_is_found_again(holders: KubeletHolders, kubelet: FakeKubelet) -> None:
    assert holdings(holders).devices
    kubelet.stop()
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "unavailable"
    kubelet.stop(file_stays=False)
    kubelet.path.unlink()
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "no_socket"
    kubelet.pods = [Pod("new", [(GPU, GPU_0)])]
    kubelet.start()
    assert holdings(holders).devices == {GPU_0: (pod("new"),)}


def test_a_kubelet_restarted_between_two_questions_is_asked_twice(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    for name in ("one", "two"):
        kubelet.stop()
        kubelet.pods = [Pod(name, [(GPU, GPU_0)])]
        kubelet.start()
        assert holdings(holders).devices == {GPU_0: (pod(name),)}


def test_an_old_kubelet_that_lingers_is_not_believed(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    """Its connection still works; the file is another one."""
    assert holdings(holders).devices
    kubelet.path.rename(kubelet.path.with_name("old"))
    with running(FakeKubelet(kubelet.path, [Pod("new", [(GPU, GPU_0)])])):
        assert holdings(holders).devices == {GPU_0: (pod("new"),)}


@pytest.mark.parametrize("answer", [b"\x0a\xff", b"\x0b", LISTED[:-3], b"\x0a\x02\x1a\x00\x01"])
def test_an_answer_that_is_none_is_a_gap(
    holders: KubeletHolders, kubelet: FakeKubelet, answer: bytes
) -> None:
    kubelet.raw = answer
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "malformed"


@pytest.mark.parametrize("name", ["", "x" * 254])
def test_a_name_that_a_window_cannot_bear_is_no_answer(
    holders: KubeletHolders, kubelet: FakeKubelet, name: str
) -> None:
    kubelet.pods = [Pod(name, [(GPU, GPU_0)])]
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "malformed"


def test_a_large_answer_is_taken_and_one_without_end_is_not(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    kubelet.pods += [Pod("x" * 200, namespace="y" * 200, container="z" * 200)] * 5_000
    assert holdings(holders).devices == {GPU_0: (pod("a"),)}
    kubelet.raw = bytes(ANSWER_MAX + 1)
    assert holders.read(NOW) == UNREACHABLE
    assert holders.fault == "too_large"
    kubelet.raw = None
    assert holdings(holders).devices


def test_months_of_questions_leave_nothing_behind(
    holders: KubeletHolders, kubelet: FakeKubelet
) -> None:
    for _ in range(300):
        assert holdings(holders).devices
    line = holders._kubelet._channel._connection
    assert line is not None
    assert len(line._http._closed_streams) <= 16
    assert kubelet.request_count == 301


def _closes(peer: socket.socket) -> None:
    peer.close()


def _talks_http_1(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    time.sleep(0.05)
    peer.close()


def _says_nothing(peer: socket.socket) -> None:
    time.sleep(0.6)
    peer.close()


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (_closes, {"unavailable"}),
        (_talks_http_1, {"broken", "unavailable"}),
        (_says_nothing, {"deadline_exceeded"}),
    ],
)
def test_whatever_else_listens_there_is_a_gap(
    hurried: None, tmp_path: Path, behave: Callable[[socket.socket], None], words: set[str]
) -> None:
    path = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(0.7)

        def serve() -> None:
            for _ in range(2):
                try:
                    behave(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        source = KubeletHolders(path)
        assert source.read(NOW) == UNREACHABLE
        assert source.fault in words
        thread.join()


def test_shares_of_what_is_on_offer(kubelet: FakeKubelet) -> None:
    source = KubeletHolders(kubelet.path, ShareRule.REPLICAS)
    source.update_devices(LOOKS)
    kubelet.pods = [Pod("a", [(GPU, f"{GPU_0}::3")]), Pod("b", [(GPU, GPU_1)])]
    assert holdings(source).devices[GPU_0] == (HolderShare(wire.Unattributed("replicas_unknown")),)
    assert source.fault == "replicas_unknown"
    kubelet.on_offer = [*(f"{GPU_0}::{n}" for n in range(4)), GPU_1]
    shares = holdings(source)
    free = HolderShare(wire.Unallocated(), 3, 4)
    assert shares.devices == {
        GPU_0: (HolderShare(wire.Pod("lab", "a", "main"), 1, 4), free),
        GPU_1: (pod("b"),),
    }
    assert shares.rules == {GPU_0: "shares_replicas"}
    count = kubelet.request_count
    source.read(NOW + timedelta(seconds=59))
    assert kubelet.request_count == count + 1
    kubelet.on_offer = [f"{GPU_0}::{n}" for n in range(8)]
    later = source.read(NOW + timedelta(seconds=60))
    assert isinstance(later, Holdings)
    assert later.devices[GPU_0][0] == HolderShare(wire.Pod("lab", "a", "main"), 1, 8)
    source.close()


def test_ids_that_mean_nothing_here_are_reported(
    holders: KubeletHolders, kubelet: FakeKubelet, caplog: pytest.LogCaptureFixture
) -> None:
    kubelet.pods = [Pod("hami", [(GPU, f"{GPU_0}-3")]), Pod("b", [(GPU, GPU_1)])]
    shares = holdings(holders)
    assert shares.default == HolderShare(wire.Unattributed("hami_id"))
    assert shares.devices == {GPU_1: (pod("b"),)}
    assert holders.fault == "hami_id"
    assert f"{GPU_0}-3" in caplog.text
    kubelet.pods = [Pod("c", [(GPU, gpu_uuid(7))])]
    shares = holdings(holders)
    assert (set(shares.devices), shares.default) == ({gpu_uuid(7)}, HolderShare(wire.Unallocated()))
    assert holders.fault == "absent_device"
