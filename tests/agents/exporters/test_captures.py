"""Every published exposition of dcgm-exporter comes out with the right nulls.

They are read where they lie: a folder beside this one or above it, `shared/data/dcgm`, or the one
that SUANQUAN_CAPTURES names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from agents import wire
from agents.exporters.catalogue import FAMILIES
from agents.exporters.reader import Gpu, holdings_of, read
from agents.exporters.samples import parse
from agents.observations import Look, ShareRule
from tests.support.paths import ROOT

PLACES = [Path(os.environ.get("SUANQUAN_CAPTURES", "/nowhere"))] + [
    folder / "shared" / "data" / "dcgm" for folder in (ROOT, *ROOT.parents)
]
FOLDER = next((place for place in PLACES if place.is_dir()), None)
EXPOSITIONS = sorted(FOLDER.glob("*/*.prom")) if FOLDER else []
FIELDS = {
    "DCGM_FI_DEV_GPU_UTIL": "util_ppm",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": "engine_ppm",
    "DCGM_FI_DEV_FB_USED": "memory_mib",
    "DCGM_FI_DEV_POWER_USAGE": "power_mw",
}
needs_captures = pytest.mark.skipif(
    FOLDER is None, reason="no shared/data/dcgm here: the published expositions cannot be read"
)


def text_of(name: str) -> str:
    """The exposition; what was cut out of a document may lack its last line's end."""
    (path,) = [path for path in EXPOSITIONS if name in path.name]
    return path.read_text(encoding="utf-8").rstrip("\n") + "\n"


def gpus_of(name: str) -> dict[str, Gpu]:
    return read(parse(text_of(name), FAMILIES), 0)


def looks_of(name: str) -> dict[str, Look]:
    looks = {uuid: gpu.look(uuid) for uuid, gpu in gpus_of(name).items()}
    return {uuid: look for uuid, look in looks.items() if isinstance(look, Look)}


@needs_captures
@pytest.mark.parametrize("path", EXPOSITIONS, ids=lambda path: path.name[-40:])
def test_a_value_is_there_exactly_where_the_exposition_has_it(path: Path) -> None:
    """Held against the text itself, by another hand's way of reading it."""
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    gpus = read(parse(text, FAMILIES), 0)
    uuids = set(re.findall(r"GPU-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert gpus.keys() <= uuids
    assert gpus
    for uuid, gpu in gpus.items():
        look = gpu.look(uuid)
        assert isinstance(look, Look)
        own_rows = [line for line in rows if uuid in line]
        energies = [int(r.split()[-1]) for r in own_rows if "TOTAL_ENERGY_CONSUMPTION{" in r]
        assert look.energy_mj == max(energies, default=None)
        for device, reading in look.readings.items():
            instance = re.search(r"/(\d+)/0$", device)
            mark = f'GPU_I_ID="{instance[1]}"' if instance else uuid
            for family, name in FIELDS.items():
                is_exposed = any(
                    line.startswith(f"{family}{{") and mark in line for line in own_rows
                )
                is_exposed = is_exposed and not (instance and name == "power_mw")
                assert (getattr(reading, name) is not None) == is_exposed, (device, family)
                assert (name in reading.missing) == (not is_exposed)


@needs_captures
@pytest.mark.parametrize("path", EXPOSITIONS, ids=lambda path: path.name[-40:])
def test_no_device_is_free_because_nobody_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    gpus = read(parse(text, FAMILIES), 0)
    devices = {name for uuid, gpu in gpus.items() for name, _ in gpu.devices(uuid)}
    holdings = holdings_of(gpus, ShareRule.HELD)
    assert holdings.keys() == devices
    for shares in holdings.values():
        assert not any(isinstance(share.holder, wire.Unallocated) for share in shares)


@needs_captures
def test_busy_and_full_are_two_figures() -> None:
    (look,) = looks_of("t4_util91_vs_engine016").values()
    (reading,) = look.readings.values()
    assert (reading.util_ppm, reading.engine_ppm) == (910_000, 156_205)
    assert look.energy_mj == 15_152_422_938


@needs_captures
def test_mig_instances_have_one_energy_and_no_utilisation() -> None:
    (look,) = looks_of("a100_mig_3instances").values()
    assert [(mig.gi, mig.profile) for mig in look.slices] == [
        (5, "2g.10gb"), (7, "1g.5gb"), (9, "1g.5gb"),
    ]  # fmt: skip
    assert look.energy_mj == 57_585_599
    for reading in look.readings.values():
        assert reading.util_ppm is None
        assert reading.missing["util_ppm"] == "not_exposed"
        assert reading.missing["power_mw"] == "of_the_whole_gpu"
        assert reading.memory_mib is not None


@needs_captures
def test_an_empty_mig_gpu_has_no_slices_and_no_utilisation() -> None:
    (look,) = looks_of("a100_mig_enabled_empty").values()
    (reading,) = look.readings.values()
    assert (look.slices, reading.util_ppm) == ((), None)
    assert (reading.power_mw, look.energy_mj) == (75_960, 8_981_778)


@needs_captures
def test_a_vgpu_has_neither_energy_nor_power() -> None:
    (look,) = looks_of("vgpu_a100_40c_no_energy").values()
    (reading,) = look.readings.values()
    assert (look.model, look.energy_mj, look.energy_missing) == (
        "GRID A100-40C", None, "not_exposed",
    )  # fmt: skip
    assert (reading.util_ppm, reading.memory_mib) == (0, 0)  # they were measured
    assert reading.missing == {"engine_ppm": "not_exposed", "power_mw": "not_exposed"}


@needs_captures
@pytest.mark.parametrize(
    ("name", "pod", "rest"),
    [
        ("t4_two_gpus", "runai-reservation-gpu-qa-mig-worker-gpu-1-kvltw", "not_named"),
        ("aicr", "vllm-agg-0-vllmdecodeworker-s65j5", "not_named"),
        ("l4_unallocated", "", "no_pod_labels"),
    ],
)
def test_pods_are_joined_and_the_rest_is_unknown(name: str, pod: str, rest: str) -> None:
    holders = [
        share.holder
        for shares in holdings_of(gpus_of(name), ShareRule.HELD).values()
        for share in shares
    ]
    assert [h.pod for h in holders if isinstance(h, wire.Pod)] == ([pod] if pod else [])
    reasons = {h.reason for h in holders if isinstance(h, wire.Unattributed)}
    assert reasons == {rest}


@needs_captures
def test_a_model_that_is_not_said_is_unknown_and_has_no_price() -> None:
    assert {look.model for look in looks_of("cloud-native-docs").values()} == {"unknown"}
