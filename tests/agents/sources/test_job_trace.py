"""Job traces: exact to the millisecond, the same every time, and each fault named in its place."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import wire
from agents.sources import job_trace
from tests.support.paths import SHARED

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOW_MS = wire.start_ms(NOW)
PHILLY = SHARED / "data/philly"
ROW = "j1,lab,2,A800,2026-01-01T00:00:00Z,2026-01-01T00:10:00Z,2026-01-01T03:20:00.500Z,COMPLETED"


def trace(*rows: str, header: str = job_trace.HEADER) -> bytes:
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


def held_ms(windows: list[wire.Window]) -> Counter[str]:
    total: Counter[str] = Counter()
    for window in windows:
        for part in window.parts:
            if isinstance(part.holder, wire.Slurm):
                total[part.holder.account] += part.to_ms - part.from_ms
    return total


names = st.text(
    st.characters(categories=("L", "N"), include_characters='-_.:,"'), min_size=1, max_size=20
)
selectors = st.none() | st.sampled_from(["gpu", "urgent"])
moments = st.integers(NOW_MS - 400 * 3_600_000, NOW_MS)


@st.composite
def jobs(draw: st.DrawFn) -> list[job_trace.Job]:
    ids = draw(st.lists(names, max_size=8, unique=True))
    results = []
    for job in ids:
        start, end = sorted((draw(moments), draw(moments)))
        end = draw(st.sampled_from([start, start + 1, min(start + 3_600_000, NOW_MS), end]))
        gpus, model = (
            draw(st.integers(0, 9)),
            draw(st.sampled_from(["A800", job_trace.UNSPECIFIED])),
        )
        end, place = min(end, NOW_MS), (draw(selectors), draw(selectors))
        results.append(job_trace.Job(job, draw(names), gpus, model, start, end, *place))
    return results


def as_csv(results: list[job_trace.Job], hours_east: int) -> bytes:
    zone = timedelta(hours=hours_east)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(job_trace.COLUMNS + job_trace.SELECTORS)
    for job in results:
        start, end = (
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms) + zone)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", f"+{hours_east:02d}:00")
            for ms in (job.start_ms, job.end_ms)
        )
        model = "" if job.model == job_trace.UNSPECIFIED else job.model
        row = [job.job, job.account, job.gpus, model, start, start, end, ""]
        table.writerow([*row, job.partition or "", job.qos or ""])
    return out.getvalue().encode()


@settings(deadline=None)
@given(jobs(), st.integers(0, 14))
def test_a_trace_is_read_back_exactly(results: list[job_trace.Job], hours_east: int) -> None:
    assert job_trace.parse(as_csv(results, hours_east), NOW) == (results, [])


@settings(deadline=None)
@given(jobs())
def test_every_window_keeps_the_rules_and_every_millisecond_is_there(
    results: list[job_trace.Job],
) -> None:
    windows = list(job_trace.windows(results, "c1"))
    assert [fault for window in windows for fault in wire.faults(window)] == []
    assert len({(w.gpu, w.start) for w in windows}) == len(windows)
    assert len(windows) == sum(job.windows for job in results)
    counter: Counter[str] = Counter()
    for job in results:
        counter[job.account] += job.gpus * (job.end_ms - job.start_ms)
    assert +held_ms(windows) == +counter


@settings(deadline=None)
@given(jobs())
def test_a_second_replay_says_the_same_bytes(results: list[job_trace.Job]) -> None:
    def once() -> list[bytes]:
        return [msgspec.json.encode(window) for window in job_trace.windows(results, "c1")]

    assert once() == once()


def test_one_job_by_hand() -> None:
    (job,), faults = job_trace.parse(trace(ROW), NOW)
    assert faults == []
    windows = list(job_trace.windows([job], "philly"))
    assert [w.gpu for w in windows] == ["job/philly/j1/0/0"] * 4 + ["job/philly/j1/0/1"] * 4
    assert [w.start.hour for w in windows[:4]] == [0, 1, 2, 3]
    holder = wire.Slurm(account="lab", job="j1")
    assert windows[0].parts == (
        wire.Part(wire.Unallocated(), 0, 600_000),
        wire.Part(holder, 600_000, 3_600_000),
    )
    assert windows[3].parts == (
        wire.Part(holder, 0, 1_200_500),
        wire.Part(wire.Unallocated(), 1_200_500, 3_600_000),
    )
    assert held_ms(windows) == {"lab": 2 * (3 * 3_600_000 + 20 * 60_000 + 500 - 10 * 60_000)}


@pytest.mark.parametrize(
    ("columns", "cells", "partition", "qos"),
    [
        (",partition,qos", ",gpu,high", "gpu", "high"),
        (",partition,qos", ",gpu,", "gpu", None),
        (",partition", ",gpu", "gpu", None),
        (",qos", ",high", None, "high"),
        ("", "", None, None),
    ],
)
def test_partition_and_qos_are_told_where_the_trace_has_them(
    columns: str, cells: str, partition: str | None, qos: str | None
) -> None:
    jobs, faults = job_trace.parse(trace(ROW + cells, header=job_trace.HEADER + columns), NOW)
    assert faults == []
    holders = {p.holder for w in job_trace.windows(jobs, "c1") for p in w.parts}
    assert holders == {wire.Unallocated(), wire.Slurm("lab", "j1", partition, qos)}


def test_a_partition_of_no_cluster_is_a_fault() -> None:
    rows = [swap("job_id", f"j{n}") + f",{name}" for n, name in enumerate(["a b", "x" * 65])]
    _, faults = job_trace.parse(trace(*rows, header=job_trace.HEADER + ",partition"), NOW)
    assert [(fault.row, fault.column) for fault in faults] == [(2, "partition"), (3, "partition")]


@pytest.mark.parametrize(
    "row",
    [
        "j1,lab,8,,2026-01-01T00:00:00Z,,,PENDING",
        "j1,lab,8,,2026-01-01T00:00:00Z,,2026-01-01T01:00:00Z,CANCELLED",
        "j1,lab,8,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,FAILED",
        "j1,lab,0,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-01T09:00:00Z,COMPLETED",
    ],
    ids=["pending", "cancelled while pending", "ended as it began", "without GPUs"],
)
def test_a_job_that_held_nothing_makes_no_window(row: str) -> None:
    (job,), faults = job_trace.parse(trace(row), NOW)
    assert faults == []
    assert job.held_ms == job.windows == 0
    assert list(job_trace.windows([job], "c1")) == []


def swap(column: str, value: str) -> str:
    cells = ROW.split(",")
    cells[job_trace.COLUMNS.index(column)] = value
    return ",".join(cells)


BAD_ROWS = [
    (swap("job_id", ""), "job_id", "is empty"),
    (swap("job_id", "a/b"), "job_id", "without blank or slash"),
    (swap("job_id", "a b"), "job_id", "without blank or slash"),
    (swap("job_id", "x" * 129), "job_id", "1 to 128 characters"),
    (swap("job_id", "a\x00b"), "job_id", "without blank or slash"),
    (swap("user", ""), "user", "is empty"),
    (swap("user", " "), "user", "without blank or slash"),
    (swap("user", "x" * 65), "user", "1 to 64 characters"),
    (swap("gpu_num", "-1"), "gpu_num", "integer from 0"),
    (swap("gpu_num", "1.5"), "gpu_num", "integer from 0"),
    (swap("gpu_num", "1e3"), "gpu_num", "integer from 0"),
    (swap("gpu_num", ""), "gpu_num", "integer from 0"),
    (swap("gpu_num", "100001"), "gpu_num", "integer from 0"),
    (swap("gpu_num", "٣"), "gpu_num", "integer from 0"),
    (swap("gpu_type", " A800"), "gpu_type", "characters"),
    (swap("gpu_type", "x" * 97), "gpu_type", "characters"),
    (swap("submit_time", ""), "submit_time", "a time with its zone"),
    (swap("start_time", "2026-01-01T00:10:00"), "start_time", "a time with its zone"),
    (swap("start_time", "2026-01-01 00:10:00Z"), "start_time", "a time with its zone"),
    (swap("start_time", "2026-02-31T00:10:00Z"), "start_time", "a time with its zone"),
    (swap("start_time", "2026-01-01T00:10:00.0001Z"), "start_time", "a time with its zone"),
    (swap("start_time", "0001-01-01T00:00:00+14:00"), "start_time", "a time with its zone"),
    (swap("start_time", "1767225600"), "start_time", "a time with its zone"),
    (swap("start_time", "2025-12-31T23:59:59Z"), "start_time", "is earlier than submit_time"),
    (swap("end_time", "2026-01-01T00:09:59.999Z"), "end_time", "is earlier than start_time"),
    (swap("end_time", "2026-03-01T00:00:00.001Z"), "end_time", "lies in the future"),
    (swap("end_time", ""), "end_time", "has begun and not ended"),
    (ROW + ",", "", "has 9 cells, must have 8"),
    ("j1,lab", "", "has 2 cells, must have 8"),
]


@pytest.mark.parametrize(("row", "column", "words"), BAD_ROWS)
def test_a_bad_row_is_one_fault_that_names_row_and_column(
    row: str, column: str, words: str
) -> None:
    good = swap("job_id", "j0")
    _, faults = job_trace.parse(trace(good, row), NOW)
    assert [(fault.row, fault.column) for fault in faults] == [(3, column)]
    assert words in faults[0].en
    assert faults[0].zh


BAD_HEADERS = [
    (job_trace.HEADER.replace(",state", ""), ["state is missing"]),
    (job_trace.HEADER + ",node", ["node is one too many"]),
    (job_trace.HEADER + ",qos,partition", ["qos is out of order"]),
    (job_trace.HEADER + ",qos,qos", ["qos stands there twice"]),
    (job_trace.HEADER.replace("user,gpu_num", "gpu_num,user"), ["gpu_num is out of order"]),
    (job_trace.HEADER.replace("state", "user"), ["state is missing", "user stands there twice"]),
    (job_trace.HEADER.replace("gpu_num", "gpus"), ["gpu_num is missing", "gpus is one too many"]),
    ("", [f"{column} is missing" for column in job_trace.COLUMNS]),
]


@pytest.mark.parametrize(("header", "columns"), BAD_HEADERS)
def test_wrong_columns_are_named(header: str, columns: list[str]) -> None:
    jobs, faults = job_trace.parse(trace(ROW, header=header), NOW)
    assert jobs == []
    assert {fault.row for fault in faults} == {1}
    assert [f"{f.column} {f.en}".partition(",")[0] for f in faults] == columns


@pytest.mark.parametrize(
    ("content", "row", "words"),
    [
        (b"\xef\xbb\xbf" + trace(ROW), 1, "BOM"),
        (trace(ROW, swap("user", "lab")).replace(b"lab", b"\xd6\xd0", 1), 2, "UTF-8"),
        (trace(ROW).replace(b",2,", b',"2"x,'), 2, "no CSV"),
        (trace(ROW).decode().encode("utf-16"), 1, "UTF-8"),
        (b"\n", 1, "empty"),
    ],
    ids=["BOM", "GBK", "quotes", "UTF-16", "empty"],
)
def test_a_file_that_is_no_trace_at_all_is_one_fault(content: bytes, row: int, words: str) -> None:
    jobs, faults = job_trace.parse(content, NOW)
    assert jobs == []
    assert [fault.row for fault in faults] == [row]
    assert words in faults[0].en


def test_all_faults_are_named_at_once_and_duplicates_by_their_first_row() -> None:
    rows = [ROW, swap("gpu_num", "-2"), "j2,,x,,then,,,"]
    _, faults = job_trace.parse(trace(*rows), NOW)
    assert [(f.row, f.column) for f in faults] == [
        (3, "job_id"),
        (3, "gpu_num"),
        (4, "user"),
        (4, "gpu_num"),
        (4, "submit_time"),
    ]
    assert faults[0].en == "is the same as in row 2"


@pytest.mark.skipif(not PHILLY.exists(), reason="../shared/data/philly is not here")
def test_the_philly_sample_holds_exactly_what_is_expected() -> None:
    jobs, faults = job_trace.parse((PHILLY / "sample_jobs.csv").read_bytes(), NOW)
    assert faults == []
    with (PHILLY / "sample_jobs_expected_gpu_seconds.csv").open(encoding="utf-8") as file:
        user_ms = {r["user"]: 1000 * int(r["gpu_seconds_total"]) for r in csv.DictReader(file)}
    total = user_ms.pop("TOTAL")
    counter = held_ms(list(job_trace.windows(jobs, "philly")))
    assert counter == user_ms
    assert counter.total() == total
