"""What was seen on a real Slurm 22.05, case by case, and the variations of each."""

import codecs
import json
import time
from zoneinfo import ZoneInfo

import pytest

from agents.sources.slurm.fault import Fault
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.runs import Run
from agents.sources.slurm.tables import XDMOD, Columns
from tests.support.agents.sacct import (
    DAY_S,
    HEADER,
    NOW_MS,
    gpu_seconds,
    gpus,
    items,
    row,
    table,
)  # fmt: skip

T = DAY_S + 3600
NO_GPU = "billing=1,cpu=1,mem=500M,node=1"
SUSPENDED = {"Start": T + 328, "End": T + 388, "ElapsedRaw": 48, "Suspended": "00:00:12"}
RESIZED = {"JobIDRaw": 26, "Start": T + 636}
BEGUN = {"Start": T, "End": "Unknown"}

# name, rows, GPU-seconds, rows that say nothing
CASES: list[tuple[str, list[str], int, list[Silence]]] = [
    ("two GPUs, typed and untyped both listed", [row()], 40, []),
    (
        "running: up to the last full hour",
        [row(JobIDRaw=8, **BEGUN, ElapsedRaw=2 * 3600 + 1200, State="RUNNING")],
        2 * 2 * 3600,
        [],
    ),
    (
        "just begun",
        [row(JobIDRaw=38, **BEGUN, State="PENDING", AllocTRES="")],
        0,
        [Silence.PENDING],
    ),
    (
        "an array: the last task bears the array's number",
        [row(JobIDRaw=n, ElapsedRaw=15, End=T + 29, AllocTRES=gpus(1)) for n in (14, 15, 16, 2)],
        60,
        [],
    ),
    (
        "a het job: each component with its own partition",
        [
            row(JobIDRaw=4, End=T + 44, ElapsedRaw=30, AllocTRES=gpus(1)),
            row(JobIDRaw=5, End=T + 44, ElapsedRaw=30, AllocTRES=gpus(2), Partition="spot"),
        ],
        90,
        [],
    ),
    ("no GPU: unknown, never 0", [row(JobIDRaw=3, AllocTRES=NO_GPU)], 0, [Silence.UNKNOWN]),
    (
        "steps repeat the job's",
        [row(JobIDRaw=3), *(row(JobIDRaw=f"3.{step}") for step in ("batch", "0", "extern", "1"))],
        40,
        [Silence.STEP] * 4,
    ),
    ("a failure counts", [row(JobIDRaw=13, State="FAILED")], 40, []),
    (
        "cancelled while running",
        [row(JobIDRaw=18, State="CANCELLED by 0", End=T + 18, ElapsedRaw=4, AllocTRES=gpus(1))],
        4,
        [],
    ),
    (
        "cancelled while held: as it began, or without a start",
        [
            row(JobIDRaw=19, State="CANCELLED by 0", Start=T, End=T, ElapsedRaw=0, AllocTRES=""),
            row(JobIDRaw=20, State="CANCELLED", Start="None", End=T, ElapsedRaw=0, AllocTRES=""),
        ],
        0,
        [Silence.NEVER_RAN] * 2,
    ),
    (
        "pending, and held",
        [
            row(JobIDRaw=12, State="PENDING", Start="Unknown", End="Unknown", AllocTRES=""),
            row(JobIDRaw=10, State="PENDING", Start="Unknown", End="Unknown", AllocTRES=""),
        ],
        0,
        [Silence.PENDING] * 2,
    ),
    (
        "over its time limit",
        [row(JobIDRaw=9, State="TIMEOUT", End=T + 85, ElapsedRaw=71, AllocTRES=gpus(1))],
        71,
        [],
    ),
    ("suspended time is held", [row(JobIDRaw=8, **SUSPENDED)], 120, []),
    (
        "a requeue: two runs of one number",
        [
            row(JobIDRaw=17, State="REQUEUED", Start=T, End=T + 4, AllocTRES=gpus(1)),
            row(JobIDRaw=17, Submit=T + 4, Start=T + 124, End=T + 132, AllocTRES=gpus(1)),
        ],
        12,
        [],
    ),
    (
        "a node fails; the requeued run has AllocTRES and has not begun",
        [
            row(JobIDRaw=22, State="NODE_FAIL", Start=T, End=T + 34, AllocTRES=gpus(1)),
            row(JobIDRaw=22, State="PENDING", Submit=T + 34, Start=T + 90, End="Unknown"),
        ],
        34,
        [Silence.PENDING],
    ),
    (
        "two nodes: the total",
        [row(JobIDRaw=23, State="NODE_FAIL", Start=T, End=T + 34, AllocTRES=gpus(2))],
        68,
        [],
    ),
    ("exclusive: all of the node", [row(JobIDRaw=27, End=T + 17, AllocTRES=gpus(8))], 24, []),
    (
        "shrunk: the second row keeps the first start",
        [
            row(**RESIZED, State="RESIZING", End=T + 643, ElapsedRaw=7, AllocTRES=gpus(4)),
            row(**RESIZED, Submit=T + 643, End=T + 666, ElapsedRaw=30, AllocTRES=gpus(2)),
        ],
        74,
        [],
    ),
    (
        "the database was down: COMPLETED without an end, then exact",
        [row(JobIDRaw=30, End="Unknown"), row(JobIDRaw=31)],
        40,
        [Silence.PENDING],
    ),
    (
        "the controller was stopped: the end that is recorded",
        [row(JobIDRaw=33, Start=T, End=T + 64, AllocTRES=gpus(1))],
        64,
        [],
    ),
    (
        "the controller died: three rows of number 33, one of them known",
        [
            row(JobIDRaw=33, State="REQUEUED", Start=T, End=T, ElapsedRaw=0, AllocTRES=gpus(1)),
            row(JobIDRaw=33, State="PENDING", Submit=T + 3, Account="", Partition="", AllocTRES=""),
            row(JobIDRaw=33, Submit=T + 60, Start=T + 61, End=T + 71),
        ],
        20,
        [Silence.NEVER_RAN, Silence.PENDING],
    ),
    (
        "GPUs are not recorded: unknown, never 0",
        [row(JobIDRaw=45, End=T + 15, AllocTRES="billing=1,cpu=1,node=1")],
        0,
        [Silence.UNKNOWN],
    ),
]


@pytest.mark.parametrize(("rows", "seconds", "silences"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_a_case_that_was_seen(rows: list[str], seconds: int, silences: list[Silence]) -> None:
    results = items(table(*rows))
    assert gpu_seconds(results) == seconds
    assert [item for item in results if isinstance(item, Silence)] == silences
    assert len({run.key for run in results if isinstance(run, Run)}) == len(rows) - len(silences)


@pytest.mark.parametrize("order", [1, 5, 7, 11])
def test_columns_may_stand_in_any_order(order: int) -> None:
    names = HEADER.split("|")
    cells = row().split("|")
    turned = ["|".join(x[order:] + x[:order][::-1]) for x in (names, cells)]
    assert items(table(turned[1], header=turned[0].upper())) == items(table(row()))


def test_a_table_without_header_has_its_columns_named() -> None:
    columns = Columns.of(HEADER.replace("|", ",").replace("Start", "start%30"))
    content = table(row())
    for text in (content.partition(b"\n")[2], content, content.replace(b"\n", b"|\n")):
        assert items(text, columns=columns) == items(content)


def test_the_layout_of_xdmod_is_known_by_its_name() -> None:
    values = {
        **dict(zip(HEADER.split("|"), row().split("|"), strict=True)),
        "JobID": "1", "User": "alice", "Elapsed": "00:00:20", "JobName": "a|b", "NodeList": "n1",
    }  # fmt: skip
    line = "|".join(values.get(name, "x") for name in XDMOD.split(","))
    (run,) = items(f"{line}\n".encode(), columns=Columns.of("xdmod"))
    assert isinstance(run, Run)
    assert (run.user, run.account) == ("alice", "lab1")
    assert gpu_seconds([run]) == 40


def test_clusters_of_one_database_are_told_apart() -> None:
    runs = items(table(row(), row(Cluster="other"), row(Cluster="")))
    keys = [run.key for run in runs if isinstance(run, Run)]
    assert keys == [f"testc:1@{T}", f"other:1@{T}", f"testc:1@{T}"]


def test_numbers_that_come_again_are_other_runs() -> None:
    runs = items(table(row(JobIDRaw=7), row(JobIDRaw=7, Submit=T + 1), row(JobIDRaw=7)))
    assert len({run.key for run in runs if isinstance(run, Run)}) == 2


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 1), ("Asia/Shanghai", 9), ("America/New_York", 20)]
)
def test_a_plain_time_is_of_the_zone_that_is_said(zone: str, hour: int) -> None:
    context = Context("testc", NOW_MS, ZoneInfo(zone))
    day = "2026-03-01" if hour == 20 else "2026-03-02"
    plain = {
        name: f"{day}T{hour:02d}:00:{s:02d}"
        for name, s in (("Submit", 0), ("Start", 14), ("End", 34))
    }
    assert items(table(row(**plain)), context) == items(table(row()))


def test_a_plain_time_is_of_this_process_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        runs = items(table(row(Submit="2026-03-02T10:00:00")))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert runs == items(table(row()))


def test_an_hour_that_comes_twice_is_a_fault() -> None:
    context = Context("testc", NOW_MS, ZoneInfo("America/New_York"))
    for moment in ("2025-11-02T01:30:00", "2025-03-09T02:30:00"):
        (fault,) = items(table(row(Submit=moment)), context)
        assert isinstance(fault, Fault)
        assert (fault.row, fault.column) == (2, "Submit")
        assert "summer time" in fault.en


BAD = [
    (row().rpartition("|")[0], "", "must have 12"),
    (row() + "|x", "", "must have 12"),
    (row(JobIDRaw="2_[0-3]"), "JobIDRaw", "a job's number"),
    (row(JobIDRaw=""), "JobIDRaw", "a job's number"),
    (row(State="CANCELLED+"), "State", "cut off"),
    (row(State="完成"), "State", "must be a state"),
    (row(Start="01:00:14"), "Start", "seconds since 1970"),
    (row(Start="17"), "Start", "seconds since 1970"),
    (row(End="2026-02-31T00:00:00"), "End", "seconds since 1970"),
    (row(End=T + 13), "End", "earlier"),
    (row(End=NOW_MS // 1000 + 400), "End", "future"),
    (row(State="RUNNING"), "End", "without -T"),
    (row(Submit="Unknown"), "Submit", "must be a time"),
    (row(AllocTRES="cpu=1,gres/gpu=two"), "AllocTRES", "name=count"),
    (row(AllocTRES="gres/gpu=1,gres/gpu=1"), "AllocTRES", "twice"),
    (row(AllocTRES="gres/gpu=1,gres/gpu:a=2"), "AllocTRES", "more than 1"),
    (row(AllocTRES="gres/gpu=1,gres/shard=2"), "AllocTRES", "both"),
    (row(AllocTRES="gres/gpu=100001"), "AllocTRES", "no count"),
    (row(AllocTRES="gres/gpu=1K"), "AllocTRES", "no count"),
    (row(AllocTRES="billing=1,cpu=1,gres/gp"), "AllocTRES", "name=count"),
    (row(Suspended="long"), "Suspended", "must be seconds"),
    (row(Account="a\tb"), "Account", "visible"),
    (row(Partition="x" * 37), "Partition", "at most 36"),
    (row(Cluster="a/b"), "Cluster", "a cluster's name"),
]


@pytest.mark.parametrize(("line", "column", "words"), BAD)
def test_a_bad_row_is_one_fault_that_names_its_line_and_column(
    line: str, column: str, words: str
) -> None:
    results = items(table(row(JobIDRaw=2), line, row(JobIDRaw=3)))
    faults = [item for item in results if isinstance(item, Fault)]
    assert [(f.row, f.column) for f in faults] == [(3, column)]
    assert words in faults[0].en
    assert faults[0].zh


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (table(row())[:-1], 2, "cut off"),
        (table(row())[:-30], 2, "cut off"),
        (table(row(), row(Account="LAB")).replace(b"LAB", "实验室".encode("gbk")), 3, "UTF-8"),
        (table(row()).decode().encode("utf-16"), 1, "UTF-8"),
        (table(row(Account="a\0b")), 2, "UTF-8"),
        (b"", 1, "empty"),
        (b"\n\n", 1, "empty"),
        (b"JobID    Start    End\n", 1, "-P"),
        (table(row(), header=HEADER.replace("Submit", "Eligible")), 1, "Submit is missing"),
        (table(row(), header=HEADER.replace("QOS", "End")), 1, "twice"),
        (table(row(), row(), header=row()), 1, "--format"),
        (b"x" * 2_000_000 + b"\n", 1, "too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(content: bytes, line: int, words: str) -> None:
    faults = [item for item in items(content) if isinstance(item, Fault)]
    assert [fault.row for fault in faults] == [line]
    assert words in faults[0].en
    assert faults[0].zh


def test_a_mark_at_the_begin_of_a_file_is_passed_over() -> None:
    assert items(codecs.BOM_UTF8 + table(row())) == items(table(row()))
    assert items(codecs.BOM_UTF8 + b'{"jobs": []}') == []
    (fault,) = items(codecs.BOM_UTF8)
    assert isinstance(fault, Fault)
    assert "empty" in fault.en


@pytest.mark.parametrize(
    "content",
    [
        b'{"jobs": [{"account": "\xb0"}]}',
        b'{"jobs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"jobs": [{"job_id": 1',
        b'{"jobs": []}{"jobs": []}',
        b'{"jobs": [{"job_id": 7}], "jobs": []}',
        b'{"jobs": [], "\\u006aobs": []}',
        b'{"jobs": [], "jobs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'\n  {"jobs": {}}',
        '{"jobs": []}'.encode("utf-16"),
        b'{"jobs": [], "errors": [{"description": "no database"}]}',
        table(row()).replace(b"|", b";"),
        table(row()).replace(b"\n", b"\r"),
        table(row(), row()).replace(b"lab1", b"lab1\x00"),
        b"sacct: error: slurm_persist_conn_open: failed\n",
        b"PK\x03\x04 a spreadsheet\n",
        b"\x1f\x8b\x08 compressed",
    ],
)
def test_what_is_no_answer_of_sacct_is_one_fault_and_says_nothing(content: bytes) -> None:
    (fault,) = items(content)
    assert isinstance(fault, Fault)
    assert fault.zh
    assert fault.en


def test_a_job_of_a_document_that_cannot_be_read_is_named_and_the_others_are_read() -> None:
    job = {
        "job_id": 7, "account": "lab1", "state": {"current": ["COMPLETED"]},
        "time": {"submission": T, "start": T + 14, "end": T + 34},
        "tres": {"allocated": [{"type": "gres", "name": "gpu", "count": 2}]},
    }  # fmt: skip
    jobs = [job, {**job, "job_id": "7"}, {**job, "tres": None}, {**job, "job_id": -1}, {}]
    first, *rest = items(b" \n" + json.dumps({"jobs": jobs}).encode())
    assert gpu_seconds([first]) == 40
    assert [(f.row, f.column) for f in rest if isinstance(f, Fault)] == [
        (2, "jobs"), (3, "jobs"), (4, "JobIDRaw"), (5, "jobs"),
    ]  # fmt: skip


def test_jobs_twice_are_refused_and_an_account_of_that_name_is_none() -> None:
    job = {
        "job_id": 7, "account": "jobs", "state": {"current": ["COMPLETED"], "jobs": 1},
        "time": {"submission": T, "start": T + 14, "end": T + 34},
        "tres": {"allocated": [{"type": "gres", "name": "gpu", "count": 2}]},
    }  # fmt: skip
    content = json.dumps({"jobs": [job]})
    assert gpu_seconds(items(content.encode())) == 40
    (fault,) = items(content.replace("}]}", '}], "jobs": []}').encode())
    assert isinstance(fault, Fault)
    assert fault.en == '"jobs" stands twice: two outputs belong in a file each'


def test_a_bar_in_a_jobs_name_is_the_names_own_where_it_stands_last() -> None:
    content = table(f"{row()}|a|b|c", header=f"{HEADER}|JobName")
    assert items(content) == items(table(row()))
    (fault,) = items(table(f"a|b|{row()}", header=f"JobName|{HEADER}"))
    assert isinstance(fault, Fault)
    assert "put such a column last" in fault.en


def test_two_tables_one_after_the_other_are_read_as_one() -> None:
    both = table(row()) + table(row(JobIDRaw=2))
    assert items(both) == items(table(row(), row(JobIDRaw=2)))


def test_a_running_row_that_does_not_say_how_long_is_not_known_yet() -> None:
    assert items(table(row(**BEGUN, ElapsedRaw="", State="RUNNING"))) == [Silence.PENDING]


def test_a_suspended_run_goes_on() -> None:
    line = row(**BEGUN, ElapsedRaw=3600, Suspended="1-00:00:00", State="SUSPENDED")
    assert gpu_seconds(items(table(line))) == 2 * 25 * 3600


def test_nothing_is_told_beyond_now() -> None:
    context = Context("testc", (T + 3 * 3600 + 60) * 1000)
    (run,) = items(table(row(**BEGUN, ElapsedRaw=10**8, State="RUNNING")), context)
    assert gpu_seconds([run]) == 2 * 3 * 3600


def test_who_holds_it_without_an_account_is_not_known() -> None:
    (run,) = items(table(row(Account="")))
    assert gpu_seconds([run]) == 40


def test_a_word_for_a_state_that_we_do_not_know_is_not_known_yet() -> None:
    assert items(table(row(State="EXPEDITING"))) == [Silence.PENDING]
