"""Counts of GPUs in use, minute by minute, as jobs: the columns of SenseTime's Helios.

Who counts GPUs by the minute knows no jobs. So each count is taken apart into levels: level k is
held in all minutes in which more than k GPUs were in use, and every unbroken run of such minutes
is a job of one GPU. The sum over the levels is the count. A minute that is missing belongs to no
run. The times have no zone and are taken as UTC; the virtual cluster (`vc`) is the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from agents import wire
from agents.sources.job_trace import GPUS_MAX, UNSPECIFIED, Job
from agents.sources.trace_table import Columns, Fault, count_fault, read_table

HEADER = "vc,minute,gpujobs_running,gpus_total,gpus_running,gpujobs_pending"
COLUMNS = tuple(HEADER.split(","))

_MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:00", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_NAME = re.compile(r"[^/\s]{1,64}")


class Count(NamedTuple):
    """How many GPUs an account had in use in the minute that begins at `start_ms`."""

    account: str
    start_ms: int
    gpus: int


def parse(content: bytes, now: datetime) -> tuple[list[Job], list[Fault]]:
    """Parse counts into jobs and faults; do not use the jobs of a file with faults."""
    rows: dict[tuple[str, int], int] = {}
    now_ms = wire.start_ms(now)

    def read(number: int, columns: Columns, values: list[str]) -> tuple[Count, list[Fault]]:
        if len(values) != len(columns):
            return Count("", 0, 0), [count_fault(number, columns, values)]
        faults: list[Fault] = []
        count = _count(number, dict(zip(columns, values, strict=True)), now_ms, faults)
        first = rows.setdefault((count.account, count.start_ms), number)
        if first != number and not faults:
            faults.append(
                Fault(number, "minute", f"与第 {first} 行重复", f"is the same as in row {first}")
            )
        return count, faults

    counts, faults = read_table(content, COLUMNS, read)
    return ([] if faults else list(_jobs(sorted(counts)))), faults


def _count(number: int, cells: dict[str, str], now_ms: int, faults: list[Fault]) -> Count:
    def fault(column: str, zh: str, en: str) -> None:
        value = cells[column][:80]
        faults.append(Fault(number, column, f"「{value}」{zh}", f"{value!r} {en}"))

    if not _NAME.fullmatch(cells["vc"]) or not cells["vc"].isprintable():
        fault("vc", "须为 1 至 64 个字符，不含空格和斜杠", "must be 1 to 64 characters, no slash")
    gpus = []
    for column in ("gpus_running", "gpus_total"):
        if not _NUMBER.fullmatch(cells[column]) or int(cells[column]) > GPUS_MAX:
            fault(column, f"须为 0 至 {GPUS_MAX} 的整数", f"must be an integer, 0 to {GPUS_MAX}")
        else:
            gpus.append(int(cells[column]))
    if len(gpus) == 2 and gpus[0] > gpus[1]:  # noqa: PLR2004 - both are numbers
        fault("gpus_running", "多于 gpus_total", "is more than gpus_total")
    start_ms = _minute_ms(cells["minute"])
    if start_ms is None:
        fault("minute", "须如 2020-05-01 00:00:00", "must be like 2020-05-01 00:00:00")
    elif start_ms + wire.MINUTE_MS > now_ms:
        fault("minute", "在未来", "lies in the future")
    return Count(cells["vc"], start_ms or 0, gpus[0] if gpus else 0)


def _minute_ms(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value) if _MINUTE.fullmatch(value) else None
    except ValueError:  # such as the 31st of February
        return None
    return wire.start_ms(moment.replace(tzinfo=UTC)) if moment else None


def _jobs(counts: list[Count]) -> Iterator[Job]:
    """Yield the runs of each level; counts come by account and time."""
    starts: list[int] = []  # of the levels that are held, lowest first
    account, end_ms = "", 0
    for count in [*counts, Count("", 0, 0)]:
        is_next = (count.account, count.start_ms) == (account, end_ms)
        rest = count.gpus if is_next else 0
        while len(starts) > rest:
            yield _job(account, len(starts) - 1, starts.pop(), end_ms)
        starts += [count.start_ms] * (count.gpus - len(starts))
        account, end_ms = count.account, count.start_ms + wire.MINUTE_MS


def _job(account: str, level: int, start_ms: int, end_ms: int) -> Job:
    name = f"{account}:{level}@{start_ms // 1000}"
    return Job(name, account, 1, UNSPECIFIED, start_ms, end_ms)
