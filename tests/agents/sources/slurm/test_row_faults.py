"""Rows and files of sacct that cannot be read: each is one fault that says where."""

import codecs
import json
from zoneinfo import ZoneInfo

import pytest

from agents.sources.slurm.fault import Fault
from agents.sources.slurm.rows import Context
from tests.support.agents.sacct import (
    DAY_S,
    HEADER,
    NOW_MS,
    gpu_seconds,
    items,
    row,
    table,
)  # fmt: skip

T = DAY_S + 3600


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
    (row(Partition="x" * 254), "Partition", "at most 253"),
    (row(QOS="长" * 253, Account="户" * 253), "Account", "1521 bytes, at most 1500"),
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
