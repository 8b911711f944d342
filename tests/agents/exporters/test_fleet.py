"""What is remembered between rounds: who showed a GPU, frozen energy, labels that flip, XIDs."""

from __future__ import annotations

from agents import wire
from agents.exporters.catalogue import FAMILIES
from agents.exporters.fleet import FLIP_MS, FROZEN_MS, Answer, Fleet, Round
from agents.exporters.samples import parse
from agents.observations import Look, ShareRule
from tests.support.agents.fake_exporter import dcgm_rows, page, pod

GPU = "GPU-00000000-0000-4000-8000-000000000001"
OTHER = "GPU-00000000-0000-4000-8000-000000000002"
LOST = wire.GapReason.GPU_LOST
AWAY = wire.GapReason.EXPORTER_UNREACHABLE


def answer(*rows: str) -> Answer:
    return Answer(list(parse(page(list(rows)), FAMILIES)))


def reason_of(result: Round, gpu: str = GPU) -> wire.GapReason | None:
    assert isinstance(result.sight.looks, dict)
    look = result.sight.looks[gpu]
    return None if isinstance(look, Look) else look


def holder_of(result: Round, gpu: str = GPU) -> str:
    holder = result.holdings.devices[gpu][0].holder
    return holder.pod if isinstance(holder, wire.Pod) else getattr(holder, "reason", "free")


def test_the_gpus_of_an_exporter_that_is_away_are_gaps() -> None:
    fleet = Fleet(ShareRule.HELD)
    fleet.judge({"a": answer(*dcgm_rows(GPU)), "b": answer(*dcgm_rows(OTHER))}, 0)
    result = fleet.judge({"a": None, "b": answer(*dcgm_rows(OTHER, 2))}, 15_000)
    assert (reason_of(result), reason_of(result, OTHER)) == (AWAY, None)


def test_an_exporter_that_no_longer_shows_a_gpu_has_lost_it() -> None:
    fleet = Fleet(ShareRule.HELD)
    fleet.judge({"a": answer(*dcgm_rows(GPU), *dcgm_rows(OTHER))}, 0)
    assert reason_of(fleet.judge({"a": answer(*dcgm_rows(OTHER, 2))}, 15_000)) == LOST


def test_an_exporter_whose_address_went_says_nothing_of_its_gpus() -> None:
    fleet = Fleet(ShareRule.HELD)
    fleet.judge({"a": answer(*dcgm_rows(GPU))}, 0)
    assert reason_of(fleet.judge({"b": answer(*dcgm_rows(OTHER))}, 15_000)) == AWAY
    assert reason_of(fleet.judge({}, 30_000)) == AWAY
    result = fleet.judge({"b": answer(*dcgm_rows(GPU, 2), *dcgm_rows(OTHER, 2))}, 45_000)
    assert reason_of(result) is None


def test_gpus_of_the_process_before_are_not_lost_while_an_exporter_is_away() -> None:
    fleet = Fleet(ShareRule.HELD, [GPU], 0)
    assert reason_of(fleet.judge({"a": None, "b": answer(*dcgm_rows(OTHER))}, 0)) == AWAY
    whole = {"a": answer(*dcgm_rows(OTHER, 2)), "b": answer(*dcgm_rows(OTHER, 2))}
    assert reason_of(fleet.judge(whole, 15_000)) == LOST


def test_a_gpu_that_is_away_for_three_days_is_forgotten() -> None:
    fleet = Fleet(ShareRule.HELD)
    fleet.judge({"a": answer(*dcgm_rows(GPU))}, 0)
    assert reason_of(fleet.judge({"a": None}, 72 * wire.HOUR_MS)) == AWAY
    assert fleet.judge({"a": None}, 72 * wire.HOUR_MS + 1).sight.looks == {}


def test_energy_that_stands_still_is_an_old_answer() -> None:
    fleet = Fleet(ShareRule.HELD)
    reasons = [
        reason_of(fleet.judge({"a": answer(*dcgm_rows(GPU, energy))}, at))
        for at, energy in ((0, 5), (FROZEN_MS, 5), (FROZEN_MS + 1, 5), (FROZEN_MS + 2, 4))
    ]
    assert reasons == [None, None, wire.GapReason.EXPORTER_STALE, None]


def test_two_exporters_on_one_gpu_must_agree() -> None:
    rows = dcgm_rows(GPU, **pod("a"))
    fleet = Fleet(ShareRule.HELD)
    assert holder_of(fleet.judge({"a": answer(*rows), "b": answer(*rows)}, 0)) == "a"
    second = answer(*dcgm_rows(GPU, **pod("b")))
    assert holder_of(fleet.judge({"a": answer(*rows), "b": second}, 15_000)) == "claimed_twice"


def test_a_label_that_flips_names_nobody() -> None:
    """Time-slicing without --kubernetes-virtual-gpus: now one of the pods, now another."""
    fleet = Fleet(ShareRule.HELD)

    def holder_at(name: str, at: int) -> str:
        return holder_of(fleet.judge({"a": answer(*dcgm_rows(GPU, at, **pod(name)))}, at))

    assert [holder_at("a", 0), holder_at("b", 15_000)] == [
        "a",
        "b",
    ]  # one may have followed the other
    assert holder_at("a", 30_000) == "label_flips"
    assert holder_at("a", 45_000) == "label_flips"
    assert holder_at("a", 30_000 + FLIP_MS) == "a"
    assert holder_at("b", 60_000 + FLIP_MS) == "b"


def test_an_xid_is_announced_once() -> None:
    fleet = Fleet(ShareRule.HELD)

    def events(xid: int, at: int) -> tuple[str, ...]:
        rows = [r.replace("} 0", f"}} {xid}") if "XID" in r else r for r in dcgm_rows(GPU, at)]
        return fleet.judge({"a": answer(*rows)}, at).sight.events.get(GPU, ())

    assert [events(x, at) for at, x in enumerate((79, 79, 0, 79, 31))] == [
        (), (), (), ("xid:79",), ("xid:31",),
    ]  # fmt: skip
