"""Pods with fractions of a GPU as jobs: the columns of Alibaba's cluster-trace-gpu-v2023 ("openb").

`gpu_milli` is the thousandths that a pod has of each of its `num_gpu` GPUs. Times are whole seconds
since the trace began, which has no date: it is laid on 2023-01-01 UTC. There is no user, so the
`qos` is the account. A pod that was never scheduled held nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agents import wire
from agents.sources.job_trace import GPUS_MAX, UNSPECIFIED, Job
from agents.sources.trace_table import Columns, Fault, count_fault, read_table

HEADER = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time"
)
COLUMNS = tuple(HEADER.split(","))
WHOLE = 1000  # thousandths of a GPU
START_MS = wire.start_ms(datetime(2023, 1, 1, tzinfo=UTC))

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_NAME = re.compile(r"[^/\s]{1,128}")


def parse(content: bytes, _now: datetime) -> tuple[list[Job], list[Fault]]:
    """Parse pods into jobs and faults; do not use the jobs of a file with faults."""
    rows: dict[str, int] = {}

    def read(number: int, columns: Columns, values: list[str]) -> tuple[Job, list[Fault]]:
        if len(values) != len(columns):
            return _NOTHING, [count_fault(number, columns, values)]
        row = _Row(number, dict(zip(columns, values, strict=True)))
        return row.job(rows), row.faults

    return read_table(content, COLUMNS, read)


_NOTHING = Job("", "", 0, "", 0, 0)


class _Row:
    """One row while it is parsed; `faults` collects its faults."""

    def __init__(self, number: int, cells: dict[str, str]) -> None:
        self.number = number
        self.cells = cells
        self.faults: list[Fault] = []

    def job(self, rows: dict[str, int]) -> Job:
        """Return the job of this pod; meaningless if there are faults."""
        name, account = self._name("name"), self._name("qos")
        if (first := rows.setdefault(name, self.number)) != self.number:
            self._fault("name", f"与第 {first} 行重复", f"is the same as in row {first}")
        gpus, milli = self._count("num_gpu", GPUS_MAX), self._count("gpu_milli", WHOLE)
        start_ms, end_ms = self._span()
        if gpus and not milli and not self.faults:
            self._fault("gpu_milli", "为零，而 num_gpu 不是", "is 0 and num_gpu is not")
        model = self.cells["gpu_spec"] or UNSPECIFIED
        if len(model) > wire.MODEL_MAX or not model.isprintable():
            self._fault("gpu_spec", "不是型号", "is no model")
        return Job(name, account, gpus, model, start_ms, end_ms, num=milli or WHOLE, den=WHOLE)

    def _fault(self, column: str, zh: str, en: str) -> None:
        self.faults.append(Fault(self.number, column, zh, en))

    def _name(self, column: str) -> str:
        value = self.cells[column]
        if not _NAME.fullmatch(value) or not value.isprintable():
            self._fault(
                column,
                f"「{value[:80]}」须为 1 至 128 个字符，不含空格和斜杠",
                f"{value[:80]!r} must be 1 to 128 characters without blank or slash",
            )
        return value

    def _count(self, column: str, most: int) -> int:
        value = self.cells[column]
        if not _NUMBER.fullmatch(value) or int(value) > most:
            self._fault(
                column,
                f"「{value[:80]}」须为 0 至 {most} 的整数",
                f"{value[:80]!r} must be an integer from 0 to {most}",
            )
            return 0
        return int(value)

    def _span(self) -> tuple[int, int]:
        """Return from when to when it held its GPUs, in ms since 1970."""
        if not self.cells["scheduled_time"]:
            return 0, 0
        most = 10**9 - 1
        begin, end = (self._count(name, most) for name in ("scheduled_time", "deletion_time"))
        if end < begin and not self.faults:
            self._fault("deletion_time", "早于 scheduled_time", "is earlier than scheduled_time")
        return START_MS + begin * 1000, START_MS + end * 1000
