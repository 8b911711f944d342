"""What an exposition says and what it cannot: holders, shares, slices, values that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents import wire
from agents.exporters.catalogue import FAMILIES
from agents.exporters.reader import holdings_of, read, rules_of
from agents.exporters.samples import BrokenExposition, parse
from agents.observations import HolderShare, Look, Reading, ShareRule
from tests.support.agents.fake_exporter import dcgm_rows, page, pod, row

GPU = "GPU-00000000-0000-4000-8000-000000000001"
OTHER = "GPU-00000000-0000-4000-8000-000000000002"
HELD = ShareRule.HELD
START = datetime(2026, 3, 1, tzinfo=UTC)


def shares_in(rows: list[str], rule: ShareRule = HELD, /, **target: str) -> dict[str, list[str]]:
    """The holders of each device, in words."""
    labels = {name: frozenset({value}) for name, value in target.items()}
    gpus = read(parse(page(rows), FAMILIES), 0, labels)
    return {device: [in_words(s) for s in all_] for device, all_ in holdings_of(gpus, rule).items()}


def in_words(share: HolderShare) -> str:
    holder = share.holder
    if isinstance(holder, wire.Unattributed):
        return holder.reason
    name = (
        f"{holder.namespace}/{holder.pod}/{holder.container}"
        if isinstance(holder, wire.Pod)
        else "free"
    )
    return name if share.den == 1 else f"{name} {share.num}/{share.den}"


def look_at(rows: list[str], now_ms: int = 0) -> Look | wire.GapReason:
    (gpu,) = read(parse(page(rows), FAMILIES), now_ms).values()
    return gpu.look(GPU)


def reading_of(rows: list[str]) -> Reading:
    look = look_at(rows)
    assert isinstance(look, Look)
    return look.readings[GPU]


def with_value(family: str, *values: object) -> list[str]:
    """A GPU whose family has these values."""
    rows = [line for line in dcgm_rows(GPU) if not line.startswith(f"{family}{{")]
    return [*rows, *(row(family, value, UUID=GPU, n=str(n)) for n, value in enumerate(values))]


def test_a_pod_holds_what_its_labels_stand_beside() -> None:
    rows = dcgm_rows(GPU, **pod("a", pod_uid="u-1")) + dcgm_rows(OTHER, **pod("b"))
    assert shares_in(rows) == {GPU: ["a/a/main"], OTHER: ["b/b/main"]}
    holder = holdings_of(read(parse(page(rows), FAMILIES), 0), HELD)[GPU][0].holder
    assert isinstance(holder, wire.Pod)
    assert holder.uid == "u-1"


@pytest.mark.parametrize("labels", [{}, {"container": "", "namespace": "", "pod": ""}])
def test_a_row_without_a_pod_never_says_free(labels: dict[str, str]) -> None:
    assert shares_in(dcgm_rows(GPU, **labels)) == {GPU: ["no_pod_labels"]}
    with_pod = dcgm_rows(OTHER, **pod("b"))
    assert shares_in(dcgm_rows(GPU, **labels) + with_pod)[GPU] == ["not_named"]


def test_names_of_the_old_exporter() -> None:
    rows = [
        row("DCGM_FI_DEV_GPU_UTIL", 5, uuid=GPU.replace("GPU-0", "GPU-0"), pod_name="a",
            pod_namespace="a", container_name="main")
    ]  # fmt: skip
    assert shares_in(rows) == {GPU: ["a/a/main"]}


def test_what_prometheus_moved_aside_is_the_holder() -> None:
    """honor_labels: false; the target's own labels stand where the exporter's were."""
    own = {"pod": "dcgm-exporter-x", "namespace": "gpu-operator", "container": "exporter"}
    aside = {f"exported_{name}": value for name, value in pod("a").items()}
    rows = dcgm_rows(GPU, **own, **aside) + dcgm_rows(OTHER, **own)
    assert shares_in(rows, **own) == {GPU: ["a/a/main"], OTHER: ["not_named"]}


def test_a_target_without_a_container_moves_only_what_it_has() -> None:
    own = {"pod": "dcgm-exporter-x", "namespace": "gpu-operator"}
    labels = {**own, "exported_pod": "a", "exported_namespace": "a", "container": "main"}
    assert shares_in(dcgm_rows(GPU, **labels), **own) == {GPU: ["a/a/main"]}


def test_with_honor_labels_the_exporters_own_pod_is_no_holder() -> None:
    own = {"pod": "dcgm-exporter-x", "namespace": "gpu-operator", "container": "exporter"}
    rows = dcgm_rows(GPU, **pod("a")) + dcgm_rows(OTHER, **own)
    assert shares_in(rows, **own) == {GPU: ["a/a/main"], OTHER: ["not_named"]}


def test_virtual_gpus_share_by_the_contracts_rule() -> None:
    rows = [line for n in range(3) for line in dcgm_rows(GPU, **pod(f"p{n}", vgpu=str(n)))]
    assert shares_in(rows) == {GPU: [f"p{n}/p{n}/main 1/3" for n in range(3)]}
    assert shares_in(rows, ShareRule.REPLICAS) == {GPU: ["replicas_unknown"]}
    gpus = read(parse(page(rows), FAMILIES), 0)
    assert rules_of(gpus, HELD) == {GPU: "shares_held"}


def test_copies_of_a_value_are_one_value() -> None:
    rows = [line for n in range(3) for line in dcgm_rows(GPU, 77, **pod(f"p{n}", vgpu=str(n)))]
    look = look_at(rows)
    assert isinstance(look, Look)
    assert (look.energy_mj, look.readings[GPU].memory_mib) == (77, 1024)


def test_a_claim_that_two_pods_share() -> None:
    claim = {"dra_claim_name": "single", "dra_claim_namespace": "ns"}
    rows = dcgm_rows(GPU, **pod("a", **claim)) + dcgm_rows(GPU, **pod("b", **claim))
    assert shares_in(rows) == {GPU: ["a/a/main 1/2", "b/b/main 1/2"]}


def test_two_pods_on_a_whole_gpu_are_a_contradiction() -> None:
    rows = dcgm_rows(GPU, **pod("a")) + dcgm_rows(GPU, **pod("b"))
    assert shares_in(rows) == {GPU: ["claimed_twice"]}


def test_mig_instances_are_devices_of_their_own() -> None:
    """Mixed and single strategy look the same: the resource's name is not exposed."""
    rows = [
        line
        for gi, name, energy in ((7, "a", 10), (9, "b", 12), (5, "", 11))
        for line in dcgm_rows(
            GPU, energy, GPU_I_ID=str(gi), GPU_I_PROFILE="2g.10gb", **(pod(name) if name else {})
        )
    ]
    look = look_at(rows)
    assert isinstance(look, Look)
    assert [mig.gi for mig in look.slices] == [5, 7, 9]
    assert look.energy_mj == 12  # of the whole GPU, once
    shares = shares_in(rows)
    assert shares[f"MIG-{GPU}/7/0"] == ["a/a/main"]
    assert shares[f"MIG-{GPU}/5/0"] == ["not_named"]
    assert GPU not in shares


def test_more_slices_than_a_gpu_has_are_a_fault_of_the_window() -> None:
    def window(*profiles: str) -> wire.Window:
        parts = tuple(
            wire.Part(wire.Pod("a", "a", "a"), 0, 60_000, mig=wire.Mig(n, 0, profile, f"MIG-{n}"))
            for n, profile in enumerate(profiles)
        )
        return wire.Window(GPU, "H100", START, 60_000, parts)

    assert wire.faults(window("3g.40gb", "4g.40gb")) == []
    assert "8 compute slices" in wire.faults(window("4g.40gb", "4g.40gb"))[0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", "not_a_number"),
        ("+Inf", "not_a_number"),
        ("101", "out_of_range"),
        ("-1", "out_of_range"),
        ("2147483632", "blank"),  # DCGM_INT32_BLANK
        ("2147483634", "blank"),  # … NOT_SUPPORTED
        ("9223372036854775792", "blank"),  # DCGM_INT64_BLANK
        ("140737488355328.000000", "blank"),  # DCGM_FP64_BLANK
    ],
)
def test_a_value_that_is_none_is_null_with_its_reason(value: str, reason: str) -> None:
    reading = reading_of(with_value("DCGM_FI_DEV_GPU_UTIL", value))
    assert (reading.util_ppm, reading.missing) == (None, {"util_ppm": reason})


def test_a_family_that_is_not_exposed_is_null() -> None:
    reading = reading_of(with_value("DCGM_FI_PROF_GR_ENGINE_ACTIVE"))
    assert reading.missing == {"engine_ppm": "not_exposed"}
    assert reading.util_ppm == 500_000


def test_names_of_dcgm_4_6() -> None:
    rows = [*with_value("DCGM_FI_DEV_GPU_UTIL"), row("DCGM_FI_DEV_GPU_UTIL_RATIO", 0.5, UUID=GPU)]
    assert reading_of(rows).util_ppm == 500_000


def test_series_that_say_two_things_say_nothing() -> None:
    reading = reading_of(with_value("DCGM_FI_DEV_FB_USED", 1, 2))
    assert reading.missing == {"memory_mib": "contradictory"}
    assert reading_of(with_value("DCGM_FI_DEV_FB_USED", 3, 3)).memory_mib == 3


def test_a_sample_with_a_time_of_its_own_may_be_too_old() -> None:
    rows = [row("DCGM_FI_DEV_GPU_UTIL", 5, 1_000_000, UUID=GPU)]
    assert isinstance(look_at(rows, 1_060_000), Look)
    assert look_at(rows, 1_060_001) is wire.GapReason.EXPORTER_STALE
    assert look_at(rows, 939_999) is wire.GapReason.EXPORTER_STALE


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (pod("a") | {"container": ""}, "incomplete_labels"),
        (pod("a") | {"namespace": ""}, "incomplete_labels"),
        (pod("x" * 254), "bad_labels"),
        (pod("Robert'); DROP TABLE windows"), "bad_labels"),
        (pod("a\\nb"), "bad_labels"),
        (pod("пример"), "bad_labels"),
        ({"hpc_job": "4711"}, "hpc_job"),
    ],
)
def test_hostile_labels_name_nobody(labels: dict[str, str], reason: str) -> None:
    assert shares_in(dcgm_rows(GPU, **labels)) == {GPU: [reason]}


def test_hostile_models_and_instances() -> None:
    for model in ("", "x" * 97, "a\\nb"):
        rows = [row("DCGM_FI_DEV_GPU_UTIL", 5, UUID=GPU, modelName=model)]
        look = look_at(rows)
        assert isinstance(look, Look)
        assert look.model == "unknown"
    for labels in (
        {"GPU_I_ID": "-1"},
        {"GPU_I_ID": "7"},
        {"GPU_I_ID": "7", "GPU_I_PROFILE": "a b"},
    ):
        rows = dcgm_rows(GPU, **labels)
        assert look_at(rows) is wire.GapReason.EXPORTER_UNREACHABLE


@pytest.mark.parametrize("name", ["a\u00a0", "a\u2028", "a\\n", 'a\\"}{', "\u202ea", "ａ"])
def test_a_pods_name_is_taken_as_it_stands_or_not_at_all(name: str) -> None:
    assert shares_in(dcgm_rows(GPU, **pod("a") | {"pod": name})) == {GPU: ["bad_labels"]}


def test_devices_that_are_none_are_left_out() -> None:
    assert read(parse(page(dcgm_rows("GPU-x") + dcgm_rows("")), FAMILIES), 0) == {}
    upper = GPU[:4] + GPU[4:].upper()
    assert list(read(parse(page(dcgm_rows(upper)), FAMILIES), 0)) == [GPU]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.rstrip("\n"),
        lambda text: text.replace('UUID="', "UUID=", 1),
        lambda text: text.replace("} 50", "} fifty", 1),
        lambda text: text.replace("} 1980", "}", 1),  # of a family that nobody reads
        lambda text: text.replace('pod="a"} 50', 'pod="a" 50', 1),
        lambda text: text + "<html>502 Bad Gateway</html>\n",
        lambda text: text + "\x00\x01\x02\n",
        lambda text: text.replace("} 50", "} ５０", 1),  # digits of another script
        lambda text: text.replace("} 50", '} 50 {pod="b"} 7', 1),
        lambda text: text.replace("} 50", '} 50 # {trace="x"} 1', 1),  # OpenMetrics: not asked for
        lambda text: text.replace('pod="a"', 'pod="a', 1),
        lambda text: text.replace('pod="a"', 'pod="a\n"', 1),
        lambda text: text.replace("\n", "\r"),
    ],
)
def test_one_broken_line_makes_the_exposition_void(spoil: object) -> None:
    text = page(dcgm_rows(GPU, **pod("a")))
    list(parse(text, FAMILIES))
    with pytest.raises(BrokenExposition):
        list(parse(spoil(text), FAMILIES))  # type: ignore[operator]


def test_blanks_and_comments_are_no_lines() -> None:
    text = "\n  \n# a comment\n#EOF\n" + page(dcgm_rows(GPU)).replace("\n", "\r\n")
    assert list(read(parse(text, FAMILIES), 0)) == [GPU]
