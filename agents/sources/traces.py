"""Traces of every kind that we know, told apart by their header."""

from __future__ import annotations

from datetime import datetime

from agents.sources import count_trace, job_trace, pod_trace
from agents.sources.job_trace import Job
from agents.sources.trace_table import Fault, unpack

_KINDS = {pod_trace.COLUMNS[0]: pod_trace.parse, count_trace.COLUMNS[0]: count_trace.parse}


def parse(content: bytes, now: datetime) -> tuple[list[Job], list[Fault]]:
    """Parse a trace into jobs and faults; do not use the jobs of a file with faults.

    The header's first column tells what it is; a job trace if it is none of the others. The file
    may be packed by gzip.
    """
    text = unpack(content)
    if isinstance(text, Fault):
        return [], [text]
    first = text.partition(b"\n")[0].partition(b",")[0].decode(errors="replace").strip()
    return _KINDS.get(first, job_trace.parse)(text, now)
