"""A second vendor: one entry, and nothing else. The exposition is made by Huawei's page."""

from __future__ import annotations

from agents import wire
from agents.exporters.catalogue import FAMILIES
from agents.exporters.fleet import Answer, Fleet
from agents.exporters.reader import holdings_of, read
from agents.exporters.samples import parse
from agents.observations import Look, Reading, ShareRule
from tests.support.agents.fake_exporter import dcgm_rows, page, pod, row

VDIES = (
    "185011D4-21104518-A0C4ED94-14CC040A-56102003",
    "185011D4-21E04718-93B2ED94-14CC040A-BF102003",
)
NPUS = tuple(f"NPU-{vdie.lower()}" for vdie in VDIES)
AT = 1_723_621_883_587


def npu_rows(number: int, name: str = "", at_ms: int = AT, /, **more: str) -> list[str]:
    """The rows of a chip; its container labels are blank while no container has it."""
    labels = {
        "container_name": "main" if name else "", "id": str(number), "model_name": "910B3",
        "namespace": name, "pcie_bus_info": "0000:61:00.0", "pod_name": name,
        "vdie_id": VDIES[number], **more,
    }  # fmt: skip
    values = {
        "npu_chip_info_aicore_current_freq": 1000,
        "npu_chip_info_utilization": 36,
        "npu_chip_info_hbm_used_memory": 8192,
        "npu_chip_info_power": 188.5,
    }
    return [row(family, value, at_ms, **labels) for family, value in values.items()]


def test_chips_are_named_by_their_die_and_have_readings() -> None:
    text = "# TYPE machine_npu_nums gauge\nmachine_npu_nums 2\n"
    gpus = read(parse(text + page(npu_rows(0, "a") + npu_rows(1)), FAMILIES), AT + 5_000)
    assert tuple(gpus) == NPUS
    look = gpus[NPUS[0]].look(NPUS[0])
    assert isinstance(look, Look)
    assert (look.vendor, look.model, look.energy_mj) == ("huawei", "910B3", None)
    assert look.readings == {
        NPUS[0]: Reading(360_000, None, 8192, 188_500, {"engine_ppm": "not_exposed"})
    }
    holdings = holdings_of(gpus, ShareRule.HELD)
    assert holdings[NPUS[0]][0].holder == wire.Pod("a", "a", "main")
    assert holdings[NPUS[1]][0].holder == wire.Unattributed("not_named")


def test_old_samples_say_nothing_about_now() -> None:
    gpus = read(parse(page(npu_rows(0, "a")), FAMILIES), AT + 61_000)
    assert gpus[NPUS[0]].look(NPUS[0]) is wire.GapReason.EXPORTER_STALE
    sight, _ = Fleet(ShareRule.HELD, NPUS[:1]).judge(
        {"x": Answer(list(parse(page(npu_rows(0, "a")), FAMILIES)))}, AT + 61_000
    )
    assert isinstance(sight.looks, dict)
    assert sight.looks[NPUS[0]] is wire.GapReason.EXPORTER_STALE


def test_a_chip_without_a_die_is_no_device() -> None:
    assert read(parse(page(npu_rows(0, vdie_id="")), FAMILIES), AT) == {}


def test_a_chip_cut_into_virtual_ones_has_no_holder_that_could_be_billed() -> None:
    """The virtual ones name their chip by its number alone."""
    virtual = row("vnpu_pod_used_memory", 5, AT, id="0", v_dev_id="100", **pod("a"))
    gpus = read(parse(page([*npu_rows(0), virtual]), FAMILIES), AT)
    (share,) = holdings_of(gpus, ShareRule.HELD)[NPUS[0]]
    assert share.holder == wire.Unattributed("vendor_partition")


def test_two_containers_on_a_chip_are_a_contradiction() -> None:
    gpus = read(parse(page(npu_rows(0, "a") + npu_rows(0, "b")), FAMILIES), AT)
    (share,) = holdings_of(gpus, ShareRule.HELD)[NPUS[0]]
    assert share.holder == wire.Unattributed("claimed_twice")


def test_cards_of_both_vendors_in_one_cluster() -> None:
    gpu = "GPU-00000000-0000-4000-8000-000000000001"
    answers = {
        "n": Answer(list(parse(page(dcgm_rows(gpu, **pod("b"))), FAMILIES))),
        "h": Answer(list(parse(page(npu_rows(0, "a")), FAMILIES))),
    }
    sight, holdings = Fleet(ShareRule.HELD).judge(answers, AT)
    assert isinstance(sight.looks, dict)
    assert sight.looks.keys() == {gpu, NPUS[0]} == holdings.devices.keys()


def test_the_wire_knows_a_vendors_ids_and_no_others() -> None:
    assert wire.is_device(NPUS[0], "huawei")
    assert not wire.is_device(NPUS[0], "nvidia")
    assert not wire.is_device(NPUS[0].upper(), "huawei")
    assert not wire.is_device(NPUS[0], "cambricon")
