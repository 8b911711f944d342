"""AllocTRES: each GPU once, with and without its type; slices, shards, and what is unknown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import wire
from agents.sources.slurm.runs import Run, windows
from agents.sources.slurm.tres import Devices, devices
from tests.support.agents.sacct import gpu_seconds, items, row, table

NONE = "billing=8,cpu=8,energy=18446744073709551614,mem=1.50G,node=1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gres/gpu=2", (Devices(2),)),
        ("gres/gpu:h100=2", (Devices(2, "h100"),)),
        ("gres/gpu:h100=2,gres/gpu=2", (Devices(2, "h100"),)),
        ("gres/gpu=4,gres/gpu:a100=1,gres/gpu:h100=3", (Devices(1, "a100"), Devices(3, "h100"))),
        ("gres/gpu=4,gres/gpu:h100=3", (Devices(3, "h100"), Devices(1))),
        ("gres/gpu:a100_1g.5gb=3,gres/gpu=3", (Devices(3, "a100", "1g.5gb"),)),
        (
            "gres/gpu:nvidia_a100_80gb_pcie_3g.40gb=1",
            (Devices(1, "nvidia_a100_80gb_pcie", "3g.40gb"),),
        ),
        ("gres/gpu:1g.10gb+me=1", (Devices(1, "unspecified", "1g.10gb+me"),)),
        ("gres/gpu=0", ()),
        ("gres/gpu:h100=0,gres/gpu=0", ()),
        (NONE, None),
        ("", None),
        ("gres/gpumem=80G,gres/gpuutil=95", None),
        ("license/ansys=2,gres/nic=1", None),
        ("gres/shard=4", None),
    ],
)
def test_a_gpu_is_counted_once(text: str, expected: tuple[Devices, ...] | None) -> None:
    assert devices(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gres/shard=3", (Devices(1, num=3, den=8),)),
        ("gres/shard:h100=3,gres/shard=3", (Devices(1, "h100", None, 3, 8),)),
        ("gres/shard=8", (Devices(1),)),
        ("gres/shard=19", (Devices(1, num=3, den=8), Devices(2))),
    ],
)
def test_shards_are_shares_of_a_gpu(text: str, expected: tuple[Devices, ...]) -> None:
    assert devices(text, 8) == expected


@given(
    st.dictionaries(st.sampled_from(["a100", "h100", "l20", "a100_1g.5gb"]), st.integers(1, 9)),
    st.integers(0, 9),
    st.randoms(),
)
def test_typed_and_untyped_in_any_order_sum_to_the_total(
    typed: dict[str, int], beyond: int, dice: object
) -> None:
    total = sum(typed.values()) + beyond
    parts = [f"gres/gpu:{name}={n}" for name, n in typed.items()]
    parts += [f"gres/gpu={total}", "cpu=1", "mem=5G"]
    dice.shuffle(parts)  # type: ignore[attr-defined]
    kinds = devices(",".join(parts))
    assert kinds is not None
    assert sum(d.count for d in kinds) == total


def test_shards_and_slices_have_windows_that_keep_the_rules() -> None:
    kinds = (Devices(2, "a100", "1g.5gb"), Devices(1, num=3, den=8))
    run = Run("c:1@1", "lab", kinds, 10**12, 10**12 + 8000, is_final=True)
    assert gpu_seconds([run]) == 2 * 8 + Fraction(3, 8) * 8
    profiles = [w.parts[1].mig and w.parts[1].mig.profile for w in windows(run, "c1")]
    assert sorted(profiles, key=str) == ["1g.5gb", "1g.5gb", None]
    assert len({w.parts[1].mig.uuid for w in windows(run, "c1") if w.parts[1].mig}) == 2


def test_an_empty_count_is_known_and_no_count_is_not() -> None:
    (run,) = items(table(row(AllocTRES="gres/gpu=0")))
    assert isinstance(run, Run)
    assert gpu_seconds([run]) == 0
    assert list(windows(run, "c1")) == []


def test_a_long_type_fits_into_a_model() -> None:
    kinds = devices(f"gres/gpu:{'x' * 200}=1")
    assert kinds is not None
    assert len(kinds[0].model) == wire.MODEL_MAX
