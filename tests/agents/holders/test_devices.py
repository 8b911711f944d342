"""Device ids of every shape, and what they mean on a node with whole and sliced GPUs."""

from __future__ import annotations

import pytest

from agents import wire
from agents.holders.devices import AbsentDevice, Device, Devices, Resolution, UnresolvedId
from agents.holders.podresources import ClaimedDevice
from agents.observations import Look, Looks
from tests.support.agents.fake_driver import gpu_uuid, mig_uuid

OURS = "nvidia.com/gpu"
WHOLE, SLICED, ABSENT = gpu_uuid(0), gpu_uuid(1), gpu_uuid(9)
FIRST, SECOND, MEDIA = mig_uuid(1, 0), mig_uuid(1, 1), mig_uuid(1, 2)
SLICES = (
    wire.Mig(7, 0, "1g.10gb", FIRST, (0, 1)),
    wire.Mig(3, 0, "3g.40gb", SECOND, (4, 4)),
    wire.Mig(9, 0, "1g.10gb+me", MEDIA, (2, 1)),
)
LOOKS: Looks = {
    WHOLE: Look("H100", False, (), {}, index=0, minor=5),  # noqa: FBT003
    SLICED: Look("H100", True, SLICES, {}, index=1, minor=2),  # noqa: FBT003
}


@pytest.fixture
def devices() -> Devices:
    devices = Devices()
    devices.update(LOOKS)
    return devices


@pytest.mark.parametrize(
    ("resource", "name", "resolution"),
    [
        (OURS, WHOLE, Device(WHOLE)),
        (OURS, "0", Device(WHOLE)),  # the index strategy
        (OURS, "1::4", Device(SLICED, "4")),
        (OURS, FIRST, Device(FIRST)),  # MIG, single strategy
        ("nvidia.com/mig-1g.10gb", FIRST, Device(FIRST)),  # mixed
        ("nvidia.com/mig-1g.10gb.shared", f"{FIRST}::11", Device(FIRST, "11")),
        ("nvidia.com/gpu.shared", f"{WHOLE}::0", Device(WHOLE, "0")),
        (OURS, f"MIG-{SLICED}/3/0", Device(SECOND)),  # drivers before R470
        (OURS, f"MIG-{SLICED}/3/0::1", Device(SECOND, "1")),
        ("nvidia.com/a100", WHOLE, Device(WHOLE)),  # renamed in the plugin's configuration
        (OURS, ABSENT, Device(ABSENT)),  # lost, or newer than the last look
        (OURS, mig_uuid(4, 4), Device(mig_uuid(4, 4))),
        (OURS, f"MIG-{SLICED}/3/1", AbsentDevice(f"MIG-{SLICED}/3/1")),
        (OURS, "7", AbsentDevice("7")),
        (OURS, f"{WHOLE}-3", UnresolvedId("hami_id", f"{WHOLE}-3")),
        (OURS, "nvidia0", UnresolvedId("gke_id", "nvidia0")),
        (OURS, "nvidia0/gi1", UnresolvedId("gke_id", "nvidia0/gi1")),
        (OURS, "nvidia0/gi1/vgpu2", UnresolvedId("gke_id", "nvidia0/gi1/vgpu2")),
        (OURS, "GPU-0", UnresolvedId("unknown_id", "GPU-0")),
        ("volcano.sh/vgpu-number", f"{WHOLE}-1", UnresolvedId("vendor_partition", f"{WHOLE}-1")),
        ("aliyun.com/gpu-mem", "0-1", UnresolvedId("vendor_partition", "0-1")),
        ("example.com/half", WHOLE, UnresolvedId("vendor_partition", WHOLE)),
        ("nvidia.com/hostdev", "0000:3b:00.1", None),  # a network card
        ("huawei.com/Ascend910", "Ascend910-0", None),
        ("cpu", "3", None),
    ],
)
def test_ids_of_device_plugins(
    devices: Devices, resource: str, name: str, resolution: Resolution | None
) -> None:
    assert devices.resolve_plugin(resource, name) == resolution


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("gpu-5", Device(WHOLE)),  # the minor number, not NVML's index
        ("gpu-2", Device(SLICED)),
        ("gpu-0", AbsentDevice("gpu-0")),
        ("gpu-2-mig-1g10gb-19-0", Device(FIRST)),
        ("gpu-2-mig-1g10gb-me-20-2", Device(MEDIA)),
        ("gpu-2-mig-3g40gb-9-4", Device(SECOND)),
        ("gpu-2-mig-9-4-4", Device(SECOND)),  # older: profile's number, start, size
        (
            "gpu-2-mig-1g10gb-19-4",
            AbsentDevice("gpu-2-mig-1g10gb-19-4"),
        ),  # another slice is there now
        ("gpu-2-mig-9-4-2", AbsentDevice("gpu-2-mig-9-4-2")),
        ("gpu-8-mig-1g10gb-19-0", AbsentDevice("gpu-8-mig-1g10gb-19-0")),
        ("gpu-vfio-0", AbsentDevice("gpu-vfio-0")),
        ("something", UnresolvedId("unknown_id", "something")),
    ],
)
def test_names_of_the_dra_driver(devices: Devices, name: str, resolution: Resolution) -> None:
    assert devices.resolve_claim(ClaimedDevice("lab/c", "gpu.nvidia.com", name, "")) == resolution


def test_other_drivers_and_shares_by_capacity(devices: Devices) -> None:
    assert (
        devices.resolve_claim(ClaimedDevice("lab/c", "compute-domain.nvidia.com", "channel-0", ""))
        is None
    )
    shared = devices.resolve_claim(ClaimedDevice("lab/c", "gpu.nvidia.com", "gpu-5", "f00d"))
    assert shared == UnresolvedId("dra_share", "gpu-5")


def test_a_name_is_another_card_after_the_cards_were_exchanged(devices: Devices) -> None:
    devices.update({ABSENT: Look("H100", False, (), {}, index=0, minor=5)})  # noqa: FBT003
    assert devices.resolve_claim(ClaimedDevice("lab/c", "gpu.nvidia.com", "gpu-5", "")) == Device(
        ABSENT
    )
    assert devices.resolve_plugin(OURS, "0") == Device(ABSENT)
    assert [devices.shows(uuid) for uuid in (ABSENT, WHOLE, FIRST)] == [True, False, False]


def test_a_gpu_that_does_not_answer_keeps_its_names(devices: Devices) -> None:
    assert isinstance(LOOKS, dict)
    devices.update({**LOOKS, SLICED: wire.GapReason.GPU_LOST})
    assert devices.resolve_plugin(OURS, "1") == Device(SLICED)
    assert devices.resolve_plugin(OURS, FIRST) == Device(FIRST)
    devices.update(wire.GapReason.NVML_ERROR)
    assert devices.resolve_plugin(OURS, "0") == Device(WHOLE)


def test_compute_instances_on_one_place_are_not_guessed(devices: Devices) -> None:
    pair = tuple(wire.Mig(1, ci, "1c.2g.20gb", mig_uuid(1, ci), (0, 2)) for ci in range(2))
    devices.update({SLICED: Look("H100", True, pair, {}, minor=2)})  # noqa: FBT003
    name = "gpu-2-mig-1c2g20gb-14-0"
    unresolved_id = devices.resolve_claim(ClaimedDevice("lab/c", "gpu.nvidia.com", name, ""))
    assert unresolved_id == UnresolvedId("ambiguous_id", name)
    assert devices.resolve_plugin(OURS, f"MIG-{SLICED}/1/1") == Device(mig_uuid(1, 1))


def test_before_the_first_look_nothing_is_known() -> None:
    assert Devices().resolve_plugin(OURS, "0") == AbsentDevice("0")
    assert not Devices().shows(WHOLE)
