"""Whether a window counts anything twice is decided by the window alone, and exactly."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents import wire
from agents.wire import Gap, GapReason, Mig, Part, Static, Window, faults

GPU = "GPU-00000000-0000-4000-8000-000000000001"
START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = wire.MINUTE_MS


def mig(gi: int, start: int, size: int, ci: int = 0) -> Mig:
    return Mig(gi, ci, f"{size}g.{size}0gb", f"MIG-{gi}-{ci}", (start, size))


def part(
    low: int = 0, high: int = MINUTE, num: int = 1, den: int = 1, on: Mig | None = None
) -> Part:
    return Part(Static("team"), low, high, num, den, on)


def window(*parts: Part, gaps: tuple[Gap, ...] = (), **fields: object) -> Window:
    window = Window(GPU, "H100", START, MINUTE, parts, gaps)
    return msgspec.structs.replace(window, **fields)


def gap(low: int, high: int) -> Gap:
    return Gap(low, high, GapReason.GPU_LOST)


@pytest.mark.parametrize(
    "good",
    [
        window(part()),
        window(gaps=(gap(0, MINUTE),)),
        window(part(0, 1), part(1, MINUTE)),
        window(part(0, 30_000), gaps=(gap(30_000, MINUTE),)),
        window(part(num=1, den=4), part(num=2, den=4), part(num=1, den=8)),
        window(part(on=mig(1, 0, 4)), part(on=mig(2, 4, 3))),
        window(part(on=mig(1, 0, 4)), part(on=mig(1, 0, 4, ci=1))),
        window(part(0, 30_000), part(30_000, MINUTE, on=mig(1, 0, 4))),
        window(part(0, wire.HOUR_MS), gpu="job/c/1/0/0", window_ms=wire.HOUR_MS),
        window(part(), start=START.astimezone(timezone(timedelta(hours=8)))),
    ],
)
def test_what_tiles_its_minute_may_be_kept(good: Window) -> None:
    assert faults(good) == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (window(), "neither a part nor a gap"),
        (window(*(part(n, n + 1) for n in range(wire.PARTS_MAX + 1))), "more than 1000 parts"),
        (window(part(0, 59_999)), "neither a part nor a gap"),
        (window(part(0, 40_000), part(30_000, MINUTE)), "sum to more than one"),
        (window(part(), gaps=(gap(0, 1),)), "overlaps"),
        (window(gaps=(gap(0, MINUTE), gap(0, 1))), "overlaps"),
        (window(part(num=3, den=4), part(num=1, den=3)), "sum to more than one"),
        (window(part(num=2, den=1)), "more than one"),
        (window(part(0, 0), part()), "not inside"),
        (window(part(0, 60_001)), "not inside"),
        (window(part(), part(on=mig(1, 0, 4))), "beside its own MIG slices"),
        (window(part(on=mig(1, 0, 4)), part(on=mig(2, 3, 4))), "overlap in memory slice 3"),
        (
            window(part(on=mig(1, 0, 4)), part(on=Mig(1, 0, "4g.40gb", "MIG-x", (0, 4)))),
            "claim one instance",
        ),
        (window(part(), gpu="GPU-1"), "not a GPU id"),
        (window(part(), gpu=GPU[:-1] + "F"), "not a GPU id"),
        (window(part(), window_ms=1), "window_ms is 1"),
        (window(part(), start=START + timedelta(seconds=1)), "not on the grid"),
        (window(part(), start=START + timedelta(microseconds=1)), "not on the grid"),
        (window(part(), start=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))), "range"),
        (window(part(), start=datetime(9999, 12, 31, 23, 59, tzinfo=UTC)), "range"),
        (
            window(part(0, wire.HOUR_MS), gpu="job/c/1/0/0", window_ms=wire.HOUR_MS,
                   start=START + timedelta(minutes=1)),
            "not on the grid",
        ),
    ],
)  # fmt: skip
def test_each_fault_is_named(bad: Window, words: str) -> None:
    assert words in "; ".join(faults(bad))


cuts = st.integers(0, 6).map(lambda sixth: sixth * 10_000)
shares = st.sampled_from([(1, 1), (1, 2), (1, 3), (2, 3), (1, 4)])
slices = st.sampled_from([None, None, mig(1, 0, 4), mig(2, 4, 3), mig(3, 3, 2), mig(1, 0, 4, 1)])


@st.composite
def parts(draw: st.DrawFn) -> Part:
    low, high = sorted((draw(cuts), draw(cuts)))
    num, den = draw(shares)
    return part(low, high, num, den, draw(slices))


@st.composite
def gaps(draw: st.DrawFn) -> Gap:
    low, high = sorted((draw(cuts), draw(cuts)))
    return gap(low, high)


def sound(tested_window: Window) -> bool:
    """The rules again, asked of every instant by brute force."""
    spans: list[Part | Gap] = [*tested_window.parts, *tested_window.gaps]
    if any(s.from_ms >= s.to_ms for s in spans):
        return False
    for at in range(0, MINUTE, 10_000):
        parts = [p for p in tested_window.parts if p.from_ms <= at < p.to_ms]
        dark = [g for g in tested_window.gaps if g.from_ms <= at < g.to_ms]
        if len(dark) + bool(parts) != 1:
            return False
        whole = [p for p in parts if p.mig is None]
        if whole and len(whole) < len(parts):
            return False
        shares_of: dict[str, Fraction] = {}
        for p in parts:
            device = p.mig.uuid if p.mig else ""
            shares_of[device] = shares_of.get(device, Fraction(0)) + Fraction(p.num, p.den)
        if any(share > 1 for share in shares_of.values()):
            return False
        sums: dict[int, int] = {}
        for p in parts:
            for memory in (
                range(p.mig.placement[0], sum(p.mig.placement)) if p.mig and p.mig.placement else ()
            ):
                if sums.setdefault(memory, p.mig.gi if p.mig else 0) != (p.mig and p.mig.gi):
                    return False
    return True


@given(st.lists(parts(), max_size=4), st.lists(gaps(), max_size=2))
@example([part()], [])
@example([part(num=1, den=2), part(num=1, den=2)], [])
def test_the_check_agrees_with_every_instant(holdings: list[Part], dark: list[Gap]) -> None:
    built = window(*holdings, gaps=tuple(dark))
    assert (faults(built) == []) == sound(built)


@given(st.lists(parts(), min_size=1, max_size=3))
def test_a_window_reads_back_as_it_was_written(holdings: list[Part]) -> None:
    built = window(*holdings)
    assert msgspec.json.decode(msgspec.json.encode(built), type=Window) == built


def test_a_job_without_partition_and_qos_is_written_as_ever() -> None:
    """Hashes of batches and bodies of kept windows must not change."""
    job = wire.Slurm("lab", "42")
    assert msgspec.json.encode(job) == b'{"kind":"slurm","account":"lab","job":"42"}'
    slurm = wire.Slurm("lab", "42", "gpu", "high")
    assert msgspec.json.decode(msgspec.json.encode(slurm), type=wire.Slurm) == slurm
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(
            msgspec.json.encode(wire.Slurm("lab", "42", "x" * 254)), type=wire.Slurm
        )


def test_what_this_version_does_not_know_is_an_error() -> None:
    body = msgspec.json.encode(window(part())).replace(b'"model"', b'"cost":1,"model"')
    with pytest.raises(msgspec.ValidationError, match="cost"):
        msgspec.json.decode(body, type=Window)


def test_a_moment_without_a_zone_is_an_error() -> None:
    body = msgspec.json.encode(window(part())).replace(b"00Z", b"00")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Window)
