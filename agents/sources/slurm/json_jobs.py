"""`sacct --json`: the jobs of a document, as rows of a table.

Its shape depends on the version: a state is a word or a list of words, a number may stand in
`{"set": …, "infinite": …, "number": …}`. What we read are the same columns as of a table; times are
seconds since 1970, and 0 is none. The table is the steadier source: prefer `sacct -P`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from agents.sources.slurm.fault import BadCell, Fault
from agents.sources.slurm.rows import ENDED, Context, Silence, read_row
from agents.sources.slurm.runs import Run


class _Number(msgspec.Struct):
    set: bool = True
    infinite: bool = False
    number: int | float = 0


_Seconds = int | _Number | None


class _Time(msgspec.Struct):
    submission: _Seconds = None
    start: _Seconds = None
    end: _Seconds = None
    elapsed: _Seconds = None
    suspended: _Seconds = None


class _State(msgspec.Struct):
    current: str | list[str]


class _Tres(msgspec.Struct):
    type: str
    name: str | None = None
    count: int | None = None


class _TresLists(msgspec.Struct):
    allocated: list[_Tres]


class _Job(msgspec.Struct):
    job_id: int
    time: _Time
    state: _State
    tres: _TresLists
    cluster: str | None = None
    account: str | None = None
    user: str | None = None
    partition: str | None = None
    qos: str | None = None


class _Document(msgspec.Struct):
    jobs: list[msgspec.Raw]
    errors: list[Any] = []


def read(
    content: bytes, file: str, context: Context
) -> Iterator[tuple[int, Run | Silence | Fault]]:
    """Yield (number of the job, what it says)."""
    try:
        content.decode()  # msgspec looks only at what it reads
        document = msgspec.json.decode(content, type=_Document)
        has_jobs_twice = _says_jobs_twice(content)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        text = f"{error}"
        yield (
            1,
            Fault(file, 1, "", f"不是 sacct --json：{text}", f"this is no sacct --json: {text}"),
        )
        return
    if has_jobs_twice:
        yield (
            1,
            Fault(
                *(file, 1, "jobs"),
                "「jobs」写了两次：两份输出须各成一个文件",
                '"jobs" stands twice: two outputs belong in a file each',
            ),
        )
        return
    if document.errors:
        yield 1, Fault(file, 1, "errors", "sacct 自己报错", "sacct itself reports errors")
        return
    for number, raw in enumerate(document.jobs, 1):
        try:
            yield number, read_row(_cells(msgspec.json.decode(raw, type=_Job)), context)
        except (msgspec.DecodeError, RecursionError) as error:
            yield (
                number,
                Fault(file, number, "jobs", f"看不懂：{error}", f"cannot be read: {error}"),
            )
        except BadCell as error:
            yield number, Fault.of(file, number, error)


def _says_jobs_twice(content: bytes) -> bool:
    """Return whether the document has its jobs twice, of which a reader would take the last.

    Only where the word stands more than once, or could be written in another way, is it looked at
    closely, keeping nothing.
    """
    if content.count(b'"jobs"') == 1 and b"\\u00" not in content:
        return False
    count = 0

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal count  # the outermost object comes last
        count = sum(name == "jobs" for name, _ in pairs)

    json.loads(content, object_pairs_hook=look)
    return count > 1


def _cells(job: _Job) -> dict[str, str]:
    state = job.state.current
    words = [state] if isinstance(state, str) else state
    return {
        "Cluster": job.cluster or "",
        "JobIDRaw": str(job.job_id),
        "Submit": _moment(job.time.submission),
        "Start": _moment(job.time.start),
        "End": _moment(job.time.end),
        "ElapsedRaw": str(_seconds(job.time.elapsed)),
        "Suspended": str(_seconds(job.time.suspended)),
        "State": _word(words),
        "Account": job.account or "",
        "User": job.user or "",
        "Partition": job.partition or "",
        "QOS": job.qos or "",
        "AllocTRES": ",".join(
            f"{t.type}/{t.name}={t.count}" if t.name else f"{t.type}={t.count}"
            for t in job.tres.allocated
            if t.count is not None
        ),
    }


def _word(words: list[str]) -> str:
    """Return the state of several words (`["COMPLETED", "COMPLETING"]`): one that has not ended."""
    return next((word for word in words if word not in ENDED), words[0] if words else "")


def _seconds(value: _Seconds) -> int:
    if isinstance(value, _Number):
        return int(value.number) if value.set and not value.infinite else 0
    return value or 0


def _moment(value: _Seconds) -> str:
    seconds = _seconds(value)
    return str(seconds) if seconds else "Unknown"
