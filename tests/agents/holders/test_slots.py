"""Shares as exact fractions of slots, by both rules; what cannot be is nobody's."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import wire
from agents.holders.devices import Device, Devices
from agents.holders.podresources import ClaimedDevice, Container
from agents.holders.slots import holdings, slots_on_offer
from agents.observations import HolderShare, Holdings, Look, ShareRule
from tests.support.agents.fake_driver import gpu_uuid, mig_uuid
from tests.support.agents.node_world import LONG

OURS = "nvidia.com/gpu"
GPU_0, GPU_1 = gpu_uuid(0), gpu_uuid(1)
SLICE = mig_uuid(1, 0)
FREE = wire.Unallocated()
DEVICES = Devices()
DEVICES.update(
    {
        GPU_0: Look("H100", False, (), {}, index=0, minor=0),  # noqa: FBT003
        GPU_1: Look("H100", True, (wire.Mig(1, 0, "1g.10gb", SLICE, (0, 1)),), {}, minor=1),  # noqa: FBT003
    }
)


def box(pod: str, *names: str, container: str = "main", claim: str = "") -> Container:
    devices_of_claim = (
        (ClaimedDevice(f"lab/{claim}", "gpu.nvidia.com", "gpu-0", ""),) if claim else ()
    )
    return Container("lab", pod, container, tuple((OURS, name) for name in names), devices_of_claim)


def holding_ms(
    *containers: Container, rule: ShareRule = ShareRule.HELD, **replicas: int
) -> dict[str, Any]:
    """Device -> {pod/container or the word: share}."""
    on_offer = {GPU_0: replicas["gpu"]} if replicas else {}
    result, _ = holdings(containers, DEVICES, rule, on_offer)
    return {
        uuid: {_holder_name(share): f"{share.num}/{share.den}" for share in ones}
        for uuid, ones in result.devices.items()
    }


def _holder_name(holder_share: HolderShare) -> str:
    match holder_share.holder:
        case wire.Pod(pod=pod, container=container):
            return pod if container == "main" else f"{pod}/{container}"
        case wire.Unattributed(reason=reason):
            return reason
        case _:
            return "free"


def test_slots_held_share_the_device() -> None:
    assert holding_ms(box("a", f"{GPU_0}::0")) == {GPU_0: {"a": "1/1"}}
    assert holding_ms(
        box("a", f"{GPU_0}::0"), box("b", f"{GPU_0}::5"), box("c", f"{GPU_0}::2")
    ) == {GPU_0: {"a": "1/3", "b": "1/3", "c": "1/3"}}
    assert holding_ms(
        box("a", f"{GPU_0}::0", f"{GPU_0}::1"), box("b", f"{GPU_0}::2", f"{GPU_0}::3")
    ) == {GPU_0: {"a": "1/2", "b": "1/2"}}
    assert holding_ms(box("a", f"{SLICE}::0"), box("b", f"{SLICE}::1")) == {
        SLICE: {"a": "1/2", "b": "1/2"}
    }


def test_slots_on_offer_share_the_device_and_the_rest_is_free() -> None:
    boxes = box("a", f"{GPU_0}::0"), box("b", f"{GPU_0}::1", f"{GPU_0}::2")
    assert holding_ms(*boxes, rule=ShareRule.REPLICAS, gpu=10) == {
        GPU_0: {"a": "1/10", "b": "1/5", "free": "7/10"}
    }
    assert holding_ms(*boxes, rule=ShareRule.REPLICAS, gpu=3) == {GPU_0: {"a": "1/3", "b": "2/3"}}
    assert holding_ms(*boxes, rule=ShareRule.REPLICAS, gpu=2) == {
        GPU_0: {"replicas_unknown": "1/1"}
    }
    assert holding_ms(box("a", GPU_0), rule=ShareRule.REPLICAS) == {GPU_0: {"a": "1/1"}}


def test_the_rule_is_told_of_devices_held_in_slots_only() -> None:
    result, _ = holdings([box("a", f"{GPU_0}::0"), box("b", SLICE)], DEVICES)
    assert result.rules == {GPU_0: "shares_held"}


def test_containers_of_one_pod_may_have_one_device() -> None:
    """An init container's device goes on to the others."""
    boxes = box("a", GPU_0, container="init"), box("a", GPU_0)
    assert holding_ms(*boxes) == {GPU_0: {"a/init": "1/2", "a": "1/2"}}


def test_a_claim_serves_all_who_use_it() -> None:
    boxes = box("a", claim="c"), box("a", container="side", claim="c"), box("b", claim="c")
    assert holding_ms(*boxes) == {GPU_0: {"a": "1/3", "a/side": "1/3", "b": "1/3"}}
    assert holdings(boxes, DEVICES)[0].rules == {}


@pytest.mark.parametrize(
    "boxes",
    [
        (box("a", GPU_0), box("b", GPU_0)),  # kubernetes 75880
        (box("a", f"{GPU_0}::0"), box("b", f"{GPU_0}::0")),
        (box("a", claim="c"), box("b", f"{GPU_0}::0")),
        (box("a", claim="c"), box("b", claim="d")),  # one of them an admin's, perhaps
        (box("a", GPU_0), box("b", claim="c")),
    ],
)
def test_a_device_that_was_given_twice_is_nobodys(boxes: tuple[Container, ...]) -> None:
    assert holding_ms(*boxes) == {GPU_0: {"claimed_twice": "1/1"}}


def test_who_had_the_whole_device_before_it_was_cut_into_slots_counts_as_one_slot_more() -> None:
    whole, first, second = box("a", GPU_0), box("b", f"{GPU_0}::0"), box("c", f"{GPU_0}::1")
    assert holding_ms(whole, first) == {GPU_0: {"a": "1/2", "b": "1/2"}}
    assert holding_ms(whole, first, second) == {GPU_0: {"a": "1/3", "b": "1/3", "c": "1/3"}}
    assert holding_ms(whole, box("d", GPU_0), first) == {GPU_0: {"claimed_twice": "1/1"}}


def test_a_whole_device_beside_slots_by_replicas() -> None:
    boxes = [box("a", GPU_0), *(box(f"p{n}", f"{GPU_0}::{n}") for n in range(2))]
    by_replicas = {"a": "1/3", "p0": "1/3", "p1": "1/3"}
    assert holding_ms(*boxes, rule=ShareRule.REPLICAS, gpu=2) == {GPU_0: by_replicas}
    by_replicas = {"a": "1/4", "p0": "1/4", "p1": "1/4", "free": "1/4"}
    assert holding_ms(*boxes, rule=ShareRule.REPLICAS, gpu=4) == {GPU_0: by_replicas}


def test_a_slot_of_a_renamed_resource_is_another_slot() -> None:
    """`renameByDefault` was turned on while slots were held."""
    renamed = Container("lab", "b", "main", (("nvidia.com/gpu.shared", f"{GPU_0}::3"),), ())
    assert holding_ms(box("a", f"{GPU_0}::3"), renamed) == {GPU_0: {"a": "1/2", "b": "1/2"}}


def test_two_pods_of_one_name_are_two_holders_where_their_uids_are_known() -> None:
    boxes = [box("a", f"{GPU_0}::{n}")._replace(uid=f"uid-{n}") for n in range(2)]
    result, _ = holdings(boxes, DEVICES)
    assert [share.holder for share in result.devices[GPU_0]] == [
        wire.Pod("lab", "a", "main", f"uid-{n}") for n in range(2)
    ]


def test_shares_finer_than_the_wire_are_nobodys() -> None:
    boxes = [box(f"p{n}", f"{GPU_0}::{n}") for n in range(wire.SHARE_MAX + 1)]
    assert holding_ms(*boxes) == {GPU_0: {"shares_too_fine": "1/1"}}
    assert len(holding_ms(*boxes[:-1])[GPU_0]) == wire.SHARE_MAX


def test_what_cannot_be_read_makes_no_device_free() -> None:
    result, strange = holdings([box("a", SLICE), box("b", f"{GPU_0}-1"), box("c", "7")], DEVICES)
    assert result.default == HolderShare(wire.Unattributed("hami_id"))
    assert {item.name for item in strange} == {f"{GPU_0}-1", "7"}
    assert set(result.devices) == {SLICE}
    assert holdings([box("c", "7")], DEVICES)[0].default == HolderShare(FREE)


def test_slots_on_offer_are_counted_by_device() -> None:
    names = [*(f"{GPU_0}::{n}" for n in range(4)), f"{SLICE}::0", f"{SLICE}::1", GPU_1, "x::1"]
    assert slots_on_offer(names, DEVICES) == {GPU_0: 4, SLICE: 2}


NAMES = [GPU_0, SLICE, f"{GPU_0}-1", "0", *(f"{d}::{n}" for d in (GPU_0, SLICE) for n in range(7))]
BOXES = st.builds(
    box,
    st.sampled_from("abcd"),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    container=st.sampled_from(["main", "side"]),
    claim=st.sampled_from(["", "", "c", "d"]),
)


@given(st.lists(BOXES, max_size=12), st.sampled_from(ShareRule), st.integers(0, 9), st.randoms())
def test_every_device_is_given_away_exactly_once(
    boxes: list[Container], rule: ShareRule, replicas: int, chance: random.Random
) -> None:
    on_offer = {GPU_0: replicas, SLICE: replicas} if replicas else {}
    result, _ = holdings(boxes, DEVICES, rule, on_offer)
    check_conserved(result, boxes)
    again = chance.sample(boxes, len(boxes))
    assert holdings(again, DEVICES, rule, on_offer) == holdings(boxes, DEVICES, rule, on_offer)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_every_device_is_given_away_exactly_once_a_million_times() -> None:
    assert LONG
    chance = random.Random(5)  # noqa: S311
    for _ in range(1_000_000):
        boxes = [
            box(
                chance.choice("abcd"),
                *chance.choices(NAMES, k=chance.randrange(4)),
                container=chance.choice(["main", "side"]),
                claim=chance.choice(["", "", "c", "d"]),
            )
            for _ in range(chance.randrange(10))
        ]
        replicas = chance.randrange(9)
        on_offer = {GPU_0: replicas, SLICE: replicas} if replicas else {}
        check_conserved(
            holdings(boxes, DEVICES, chance.choice(list(ShareRule)), on_offer)[0], boxes
        )


def check_conserved(result: Holdings, boxes: list[Container]) -> None:
    """Shares sum to one; whoever holds a share was given that very device."""
    for uuid, ones in result.devices.items():
        assert (
            sum((Fraction(holder_share.num, holder_share.den) for holder_share in ones), Fraction())
            == 1
        )
        assert len({holder_share.holder for holder_share in ones}) == len(ones)
        for holder_share in ones:
            if isinstance(holder_share.holder, wire.Pod):
                assert any(_has(holder_share.holder, container, uuid) for container in boxes)


def _has(pod: wire.Pod, container: Container, uuid: str) -> bool:
    unresolved_ids = [DEVICES.resolve_plugin(*device) for device in container.devices]
    unresolved_ids += [DEVICES.resolve_claim(device_claim) for device_claim in container.claims]
    same = (container.pod, container.name) == (pod.pod, pod.container)
    return same and any(
        isinstance(unresolved_id, Device) and unresolved_id.uuid == uuid
        for unresolved_id in unresolved_ids
    )
