"""Job traces as windows.

A trace is a CSV file, one job a row. It has the user (which is the Slurm account and the project
that pays), the number of GPUs, start and end, but not which GPUs. So each GPU of a job gets a name
of its own, `job/<cluster>/<job>/0/<k>`, and its time is cut at full hours; time outside the job is
`unallocated`. The milliseconds held add up to exactly `gpu_num x (end_time - start_time)`, and the
same file gives the same windows every time. Two more columns may follow, `partition` and `qos`, as
sacct calls them; an empty cell means unknown.

A file with a fault gives no window: every fault is reported with its row and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from agents import wire
from agents.sources.trace_table import Fault, count_fault, read_table

HEADER = "job_id,user,gpu_num,gpu_type,submit_time,start_time,end_time,state"
COLUMNS = tuple(HEADER.split(","))
SELECTORS = ("partition", "qos")  # columns that may follow, either or both
GPUS_MAX = 100_000  # of one job: more is a typing error
UNSPECIFIED = "unspecified"  # the model of a job whose trace does not name one

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"[^/\s]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_COUNT = re.compile(r"\d{1,6}", re.ASCII)
_UNMEASURED = {"energy_mj": "job_trace", "readings": "job_trace"}


@dataclass(frozen=True, slots=True)
class Job:
    """One job: `gpus` devices from `start_ms` to `end_ms` (since 1970, UTC), equal if it never ran.

    `account` is the Slurm account, and also the code of the project that pays.
    """

    job: str
    account: str
    gpus: int
    model: str
    start_ms: int
    end_ms: int
    partition: str | None = None
    qos: str | None = None
    num: int = 1  # of each GPU it holds num/den
    den: int = 1

    @property
    def held_ms(self) -> Fraction:
        """Device-milliseconds."""
        return Fraction(self.gpus * (self.end_ms - self.start_ms) * self.num, self.den)

    @property
    def windows(self) -> int:
        """The number of its windows."""
        return self.gpus * len(_hours(self))


def windows(jobs: Iterable[Job], cluster: str) -> Iterator[wire.Window]:
    """Yield the windows of these jobs, job by job, each GPU's in the order of time."""
    for job in jobs:
        spans = [(_moment(hour), _parts(job, hour)) for hour in _hours(job)]
        for k in range(job.gpus):
            gpu = f"job/{cluster}/{job.job}/0/{k}"
            for start, parts in spans:
                yield wire.Window(gpu, job.model, start, wire.HOUR_MS, parts, missing=_UNMEASURED)


def _hours(job: Job) -> range:
    """Return the full hours that the job touches, by their first millisecond."""
    if job.start_ms == job.end_ms:
        return range(0)
    return range(job.start_ms - job.start_ms % wire.HOUR_MS, job.end_ms, wire.HOUR_MS)


def _parts(job: Job, hour_ms: int) -> tuple[wire.Part, ...]:
    low = max(job.start_ms - hour_ms, 0)
    high = min(job.end_ms - hour_ms, wire.HOUR_MS)
    holder = wire.Slurm(job.account, job.job, job.partition, job.qos)
    spans: tuple[tuple[wire.Holder, int, int], ...] = (
        (wire.Unallocated(), 0, low),
        (holder, low, high),
        (wire.Unallocated(), high, wire.HOUR_MS),
    )
    return tuple(
        wire.Part(holder, start, stop)
        if isinstance(holder, wire.Unallocated)
        else wire.Part(holder, start, stop, job.num, job.den)
        for holder, start, stop in spans
        if start < stop
    )


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def beijing_day(ms: int) -> str:
    """Return the Beijing day of a moment, like 2026-03-01."""
    return (_moment(ms) + timedelta(hours=8)).date().isoformat()


def parse(content: bytes, now: datetime) -> tuple[list[Job], list[Fault]]:
    """Parse a trace into jobs and faults; do not use the jobs of a file with faults.

    A time after `now` is a fault.
    """
    rows_by_job: dict[str, int] = {}
    now_ms = wire.start_ms(now)

    def read(number: int, columns: tuple[str, ...], values: list[str]) -> tuple[Job, list[Fault]]:
        row = _Row(number, columns, values)
        return row.job(now_ms, rows_by_job), row.faults

    return read_table(content, COLUMNS, read, SELECTORS)


class _Row:
    """One row while it is parsed; `faults` collects its faults."""

    def __init__(self, number: int, columns: tuple[str, ...], values: list[str]) -> None:
        self.number = number
        self.faults: list[Fault] = []
        self.cells = dict(zip(columns, values, strict=False))
        if len(values) != len(columns):
            self.faults.append(count_fault(number, columns, values))

    def job(self, now_ms: int, rows_by_job: dict[str, int]) -> Job:
        """Return the job of this row; meaningless if there are faults."""
        if self.faults:
            return Job("", "", 0, "", 0, 0)
        name = self._name("job_id", 128)
        if (first := rows_by_job.setdefault(name, self.number)) != self.number and name:
            self._fault("job_id", f"与第 {first} 行重复", f"is the same as in row {first}")
        account, gpus = self._name("user", 64), self._gpus()
        start_ms, end_ms = self._span(now_ms)
        model = self._model()
        partition, qos = (
            self._name(column, 64) if self.cells.get(column) else None for column in SELECTORS
        )
        return Job(name, account, gpus, model, start_ms, end_ms, partition, qos)

    def _fault(self, column: str, zh: str, en: str) -> None:
        self.faults.append(Fault(self.number, column, zh, en))

    def _name(self, column: str, length: int) -> str:
        value = self.cells[column]
        if not value:
            self._fault(column, "为空", "is empty")
        elif len(value) > length or not _NAME.fullmatch(value) or not value.isprintable():
            self._fault(
                column,
                f"「{value[:80]}」须为 1 至 {length} 个字符，不含空格和斜杠",
                f"{value[:80]!r} must be 1 to {length} characters without blank or slash",
            )
        return value

    def _model(self) -> str:
        value = self.cells["gpu_type"]
        if len(value) > wire.MODEL_MAX or not value.isprintable() or value != value.strip():
            self._fault(
                "gpu_type",
                f"须为至多 {wire.MODEL_MAX} 个可见字符",
                f"must be at most {wire.MODEL_MAX} characters",
            )
        return value or UNSPECIFIED

    def _gpus(self) -> int:
        value = self.cells["gpu_num"]
        if not _COUNT.fullmatch(value) or int(value) > GPUS_MAX:
            self._fault(
                "gpu_num",
                f"「{value[:80]}」须为 0 至 {GPUS_MAX} 的整数",
                f"{value[:80]!r} must be an integer from 0 to {GPUS_MAX}",
            )
            return 0
        return int(value)

    def _span(self, now_ms: int) -> tuple[int, int]:
        """Return the span in which the job held its GPUs, in ms; empty if it never started.

        A job that was cancelled while it waited has an end and no start.
        """
        submit = self._time("submit_time", now_ms)
        start = self._time("start_time", now_ms, may_lack=True)
        end = self._time("end_time", now_ms, may_lack=True)
        if start is not None and not self.cells["end_time"]:
            self._fault(
                "end_time", "为空：作业已开始而未结束", "is empty: the job has begun and not ended"
            )
        spans = (("submit_time", submit), ("start_time", start), ("end_time", end))
        times = [(column, ms) for column, ms in spans if ms is not None]
        for (before, earlier), (column, later) in pairwise(times):
            if later < earlier:
                self._fault(column, f"早于 {before}", f"is earlier than {before}")
        return (start, end) if start is not None and end is not None else (0, 0)

    def _time(self, column: str, now_ms: int, *, may_lack: bool = False) -> int | None:
        value = self.cells[column]
        if may_lack and not value:
            return None
        try:
            ms = wire.start_ms(datetime.fromisoformat(value)) if _MOMENT.fullmatch(value) else -1
        except (ValueError, OverflowError):  # such as the 31st of February
            ms = -1
        if ms < 0:
            self._fault(
                column,
                f"「{value[:80]}」须为带时区的时间，如 2026-03-01T08:00:00+08:00",
                f"{value[:80]!r} must be a time with its zone, such as 2026-03-01T08:00:00+08:00",
            )
            return None
        if ms > now_ms:
            self._fault(column, f"「{value}」在未来", f"{value!r} lies in the future")
        return ms
