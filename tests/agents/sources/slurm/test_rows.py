"""What was seen on a real Slurm 22.05, case by case, and the variations of each."""

import time
from zoneinfo import ZoneInfo

import pytest

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
