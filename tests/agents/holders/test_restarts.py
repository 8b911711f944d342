"""Which answers of a restarted kubelet are believed, and what its checkpoint tells."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agents.holders.checkpoint import Checkpoint
from agents.holders.podresources import ClaimedDevice, Container, Listing
from agents.holders.restarts import Restarts
from tests.support.agents.fake_driver import gpu_uuid

GPU = "nvidia.com/gpu"
OWN = "suanquan", "agent-1"
PLUGIN = "gpu-operator", "plugin"


def box(pod: str, *gpus: int, uid: str | None = None) -> Container:
    devices = tuple((GPU, gpu_uuid(number)) for number in gpus)
    return Container("lab", pod, "main", devices, (), uid)


def answer(*containers: Container, others: tuple[tuple[str, str], ...] = (PLUGIN, OWN)) -> Listing:
    names = ((container.namespace, container.pod) for container in containers)
    return Listing(frozenset((*others, *names)), tuple(sorted(containers)))


def write(path: Path, *entries: tuple[str, Container], by_numa: bool = True) -> None:
    path.write_text(
        json.dumps(
            {
                "Data": {
                    "PodDeviceEntries": [
                        {
                            "PodUID": uid,
                            "ContainerName": container.name,
                            "ResourceName": resource,
                            "DeviceIDs": {"-1": [device]} if by_numa else [device],
                            "AllocResp": "EgA=",
                        }
                        for uid, container in entries
                        for resource, device in container.devices
                    ],
                    "RegisteredDevices": {GPU: [gpu_uuid(0)]},
                },
                "Checksum": 1,
            }
        ),
        "utf-8",
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "checkpoint")


def in_a_pod(checkpoint: Checkpoint) -> Restarts:
    return Restarts(OWN, checkpoint, Path("/nowhere"))


@pytest.fixture
def on_the_host(checkpoint: Checkpoint, tmp_path: Path) -> Restarts:
    (tmp_path / "pods").mkdir()
    return Restarts(None, checkpoint, tmp_path / "pods")


def settle(restarts: Restarts, listing: Listing, connection: int) -> None:
    assert restarts.doubt(listing, connection) == "settling"
    assert restarts.doubt(listing, connection) == ""


def test_a_new_connection_is_believed_at_its_second_equal_answer(checkpoint: Checkpoint) -> None:
    restarts = in_a_pod(checkpoint)
    settle(restarts, answer(box("a", 0)), 1)
    assert restarts.doubt(answer(), 1) == ""  # later changes are news at once
    assert restarts.doubt(answer(box("b", 0)), 2) == "settling"
    assert restarts.doubt(answer(box("b", 0), box("c", 1)), 2) == "settling"
    assert restarts.doubt(answer(box("b", 0), box("c", 1)), 2) == ""


def test_an_answer_without_the_agents_own_pod_is_never_believed(checkpoint: Checkpoint) -> None:
    restarts = in_a_pod(checkpoint)
    settle(restarts, answer(box("a", 0)), 1)
    few = answer(box("a", 0), others=(PLUGIN,))
    assert [restarts.doubt(few, 1) for _ in range(3)] == ["own_pod_absent"] * 3
    assert [restarts.doubt(few, 2) for _ in range(99)] == ["own_pod_absent"] * 99
    settle(restarts, answer(box("a", 0)), 2)


def test_an_answer_without_any_pod_is_none(checkpoint: Checkpoint, on_the_host: Restarts) -> None:
    for restarts in (in_a_pod(checkpoint), on_the_host):
        assert [restarts.doubt(answer(others=()), 1) for _ in range(3)] == ["no_pods"] * 3


def test_pods_that_ended_while_the_kubelet_was_away_are_free_for_an_agent_in_a_pod(
    checkpoint: Checkpoint,
) -> None:
    restarts = in_a_pod(checkpoint)
    settle(restarts, answer(box("a", 0), box("b", 1)), 1)
    settle(restarts, answer(box("b", 1)), 2)
    assert restarts.missing() == ()


def test_on_the_host_a_pod_that_is_not_named_any_more_holds_on(on_the_host: Restarts) -> None:
    boxes = box("a", 0), box("b", 1)
    settle(on_the_host, answer(*boxes), 1)
    settle(on_the_host, answer(), 2)
    assert on_the_host.missing() == boxes
    settle(on_the_host, answer(), 3)  # and over another restart
    assert on_the_host.missing() == boxes


def test_it_holds_until_it_is_named_again_or_another_has_its_device(on_the_host: Restarts) -> None:
    a, b, c = box("a", 0), box("b", 1), box("c", 2)
    settle(on_the_host, answer(a, b, c), 1)
    settle(on_the_host, answer(), 2)
    assert on_the_host.doubt(answer(box("new", 0)), 2) == ""
    assert on_the_host.missing() == (b, c)
    assert on_the_host.doubt(answer(others=(PLUGIN, ("lab", "b"))), 2) == ""  # named, without any
    assert on_the_host.missing() == (c,)


def test_it_holds_until_its_folder_is_gone(on_the_host: Restarts, tmp_path: Path) -> None:
    folder = tmp_path / "pods" / "uid-a"
    folder.mkdir()
    holder = box("a", 0, uid="uid-a")
    settle(on_the_host, answer(holder), 1)
    settle(on_the_host, answer(), 2)
    assert on_the_host.missing() == (holder,)
    folder.rmdir()
    assert on_the_host.doubt(answer(), 2) == ""
    assert on_the_host.missing() == ()


def test_it_holds_until_the_checkpoint_forgets_it(
    on_the_host: Restarts, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "pods" / "uid-a").mkdir()
    write(tmp_path / "checkpoint", ("uid-a", box("a", 0)), ("uid-b", box("b", 1)))
    checkpoint.read()
    holder = checkpoint.with_uid(box("a", 0))
    settle(on_the_host, answer(holder), 1)
    settle(on_the_host, answer(), 2)
    assert on_the_host.missing() == (holder,)
    write(tmp_path / "checkpoint", ("uid-b", box("b", 1)))
    checkpoint.read()
    assert on_the_host.doubt(answer(), 2) == ""
    assert on_the_host.missing() == ()


def test_a_claim_is_held_on_like_a_device(on_the_host: Restarts) -> None:
    claim = ClaimedDevice("lab/c", "gpu.nvidia.com", "gpu-0", "")
    holder = Container("lab", "a", "main", (), (claim,))
    settle(on_the_host, answer(holder), 1)
    settle(on_the_host, answer(), 2)
    assert on_the_host.missing() == (holder,)
    assert on_the_host.doubt(answer(holder._replace(pod="b")), 2) == ""
    assert on_the_host.missing() == ()


@pytest.mark.parametrize("by_numa", [True, False])
def test_the_checkpoint_names_pods(
    checkpoint: Checkpoint, tmp_path: Path, *, by_numa: bool
) -> None:
    write(tmp_path / "checkpoint", ("uid-a", box("a", 0, 1)), by_numa=by_numa)
    checkpoint.read()
    assert checkpoint.with_uid(box("a", 0, 1)).uid == "uid-a"
    assert checkpoint.with_uid(box("a", 2)).uid is None
    assert checkpoint.with_uid(box("a", 0)._replace(name="side")).uid is None


def test_a_device_of_two_pods_has_no_uid(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """One of them has ended; which, it does not say."""
    write(tmp_path / "checkpoint", ("uid-a", box("a", 0)), ("uid-b", box("b", 0)))
    checkpoint.read()
    assert checkpoint.with_uid(box("a", 0)).uid is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"Data": 1}', '{"Data": {"PodDeviceEntries": [{"PodUID": 1}]}}']
)
def test_a_checkpoint_that_is_none_tells_nothing(
    checkpoint: Checkpoint, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "checkpoint"
    write(path, ("uid-a", box("a", 0)))
    checkpoint.read()
    path.write_text(content, "utf-8")
    os.utime(path, ns=(1, 1))
    with caplog.at_level("INFO"):
        checkpoint.read()
        checkpoint.read()
    assert not checkpoint.is_readable
    assert checkpoint.with_uid(box("a", 0)).uid is None
    assert caplog.text.count("no pod UIDs") == 1
