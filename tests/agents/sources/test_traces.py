"""Pods with parts of GPUs, and counts by the minute: exact sums, and each fault in its place."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import wire
from agents.sources import count_trace, job_trace, pod_trace, traces
from agents.sources.job_trace import Job
from tests.support.agents.sacct import held_s
from tests.support.paths import SHARED

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPENB, HELIOS = SHARED / "data/openb", SHARED / "data/helios"
POD = "pod-1,4000,1024,2,460,T4,BE,Running,100,2000,200"
COUNT = "vc1,2020-05-01 00:00:00,2,8,3,0"


def text(header: str, *rows: str) -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


def held_by(jobs: list[Job]) -> dict[tuple[str, str], Fraction]:
    """GPU-milliseconds of each account and model, of the windows."""
    sums: Counter[tuple[str, str]] = Counter()
    exact: dict[tuple[str, str], Fraction] = {}
    for job in jobs:
        for window in job_trace.windows([job], "c1"):
            for part in window.parts:
                if isinstance(part.holder, wire.Slurm):
                    key = (part.holder.account, window.model)
                    sums[key] += (part.to_ms - part.from_ms) * part.num
                    exact[key] = Fraction(sums[key], job.den)
    return exact


def expected(path: Path, column: str, *keys: str) -> dict[tuple[str, ...], int]:
    with path.open(encoding="utf-8") as file:
        return {tuple(r[key] for key in keys): int(r[column]) for r in csv.DictReader(file)}


@pytest.mark.skipif(not OPENB.exists(), reason="../shared/data/openb is not here")
def test_the_openb_sample_holds_exactly_what_is_expected() -> None:
    jobs, faults = traces.parse((OPENB / "sample_pods.csv").read_bytes(), NOW)
    assert faults == []
    sums = expected(
        OPENB / "sample_pods_expected_gpu_milli_seconds.csv", "gpu_milli_seconds", "qos", "gpu_spec"
    )
    total = sums.pop(("TOTAL", ""), None)
    right = {(qos, spec or "unspecified"): ms for (qos, spec), ms in sums.items() if ms}
    assert held_by(jobs) == right
    assert total in (None, sum(right.values()))


@pytest.mark.skipif(not HELIOS.exists(), reason="../shared/data/helios is not here")
def test_the_helios_sample_holds_exactly_what_is_expected() -> None:
    path = HELIOS / "sample_week_2020-05-01_07.csv.gz"
    jobs, faults = traces.parse(path.read_bytes(), NOW)
    assert faults == []
    sums = expected(HELIOS / "sample_week_expected_gpu_seconds.csv", "gpu_seconds", "vc")
    total = sums.pop(("TOTAL",), None)
    assert held_by(jobs) == {(vc, "unspecified"): s * 1000 for (vc,), s in sums.items() if s}
    assert total in (None, sum(sums.values()))
    assert len({job.job for job in jobs}) == len(jobs)


def test_a_pod_has_thousandths_of_each_of_its_gpus() -> None:
    (job,), faults = traces.parse(text(pod_trace.HEADER, POD), NOW)
    assert faults == []
    assert (job.account, job.model, job.gpus, job.num, job.den) == ("BE", "T4", 2, 460, 1000)
    assert held_s(list(job_trace.windows([job], "c1"))) == Fraction(2 * 460 * 1800, 1000)
    assert job.held_ms == 2 * 460 * 1800


@pytest.mark.parametrize(
    "row",
    [
        POD.removesuffix("200"),
        POD.replace(",2000,200", ",200,200"),
        POD.replace(",2,460,", ",0,0,"),
    ],
    ids=["never scheduled", "no time", "no GPU"],
)
def test_a_pod_that_held_nothing_costs_nothing(row: str) -> None:
    (job,), faults = traces.parse(text(pod_trace.HEADER, row), NOW)
    assert faults == []
    assert job.held_ms == 0
    assert list(job_trace.windows([job], "c1")) == []


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6)), unique_by=lambda x: x[0]))
def test_the_levels_of_any_counts_sum_to_them(counts: list[tuple[int, int]]) -> None:
    rows = [f"v,2020-05-01 {m // 60:02d}:{m % 60:02d}:00,1,6,{n},0" for m, n in counts] + [
        f"w,2020-05-01 {m // 60:02d}:{m % 60:02d}:00,1,6,1,0" for m, _ in counts
    ]
    jobs, faults = traces.parse(gzip.compress(text(count_trace.HEADER, *rows), mtime=0), NOW)
    assert faults == []
    sums = {"v": 60_000 * sum(n for _, n in counts), "w": 60_000 * len(counts)}
    assert held_by(jobs) == {(k, "unspecified"): ms for k, ms in sums.items() if ms}
    minutes = Counter(
        m for job in jobs if job.account == "v" for m in range(job.start_ms, job.end_ms, 60_000)
    )
    start = wire.start_ms(datetime(2020, 5, 1, tzinfo=UTC))
    assert minutes == {start + m * 60_000: n for m, n in counts if n}


BAD = [
    (pod_trace.HEADER, POD.replace("460", "1001"), "gpu_milli", "0 to 1000"),
    (pod_trace.HEADER, POD.replace("460", "0"), "gpu_milli", "is 0"),
    (pod_trace.HEADER, POD.replace("460", "0.46"), "gpu_milli", "0 to 1000"),
    (pod_trace.HEADER, POD.replace(",2,", ",-2,"), "num_gpu", "integer"),
    (pod_trace.HEADER, POD.replace(",2000,", ",199,"), "deletion_time", "earlier"),
    (pod_trace.HEADER, POD.replace(",2000,", ",,"), "deletion_time", "integer"),
    (pod_trace.HEADER, POD.replace("BE", ""), "qos", "1 to 128"),
    (pod_trace.HEADER, POD.replace("pod-1", "pod-0"), "name", "same as in row 2"),
    (pod_trace.HEADER, POD + ",x", "", "must have 11"),
    (count_trace.HEADER, COUNT.replace(",3,", ",9,"), "gpus_running", "more than"),
    (count_trace.HEADER, COUNT.replace(",3,", ",,"), "gpus_running", "integer"),
    (count_trace.HEADER, COUNT.replace("00:00:00", "00:00:30"), "minute", "must be like"),
    (count_trace.HEADER, COUNT.replace("2020-05-01", "2020-02-31"), "minute", "must be like"),
    (count_trace.HEADER, COUNT.replace("2020", "2030"), "minute", "future"),
    (count_trace.HEADER, COUNT.replace("vc1", "a/b"), "vc", "no slash"),
    (count_trace.HEADER, COUNT.replace("vc1", "vc0"), "minute", "same as in row 2"),
    (count_trace.HEADER, "vc1", "", "must have 6"),
]


@pytest.mark.parametrize(("header", "row", "column", "words"), BAD)
def test_a_bad_row_is_one_fault_that_names_row_and_column(
    header: str, row: str, column: str, words: str
) -> None:
    first = (POD.replace("pod-1", "pod-0") if header == pod_trace.HEADER else
             COUNT.replace("vc1", "vc0"))  # fmt: skip
    _, faults = traces.parse(text(header, first, row), NOW)
    assert [(fault.row, fault.column) for fault in faults] == [(3, column)]
    assert words in faults[0].en
    assert faults[0].zh


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(text(count_trace.HEADER, COUNT), mtime=0)[:-9], "damaged"),
        (gzip.compress(b"\xd6\xd0,\n", mtime=0), "UTF-8"),
        (text(count_trace.HEADER.replace(",gpus_total", ""), COUNT), "is missing"),
        (text(pod_trace.HEADER + ",x", POD), "one too many"),
    ],
)
def test_a_file_that_is_no_trace_is_one_fault(content: bytes, words: str) -> None:
    jobs, faults = traces.parse(content, NOW)
    assert jobs == []
    assert [words in fault.en for fault in faults] == [True]
