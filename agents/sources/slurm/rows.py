"""One row of sacct: what it says about a run, and whether that can be believed yet.

A row is final only if its End is a time and its State is one that ends. State alone, Start alone
and AllocTRES alone each say wrong things for seconds: a job that just began is PENDING with a Start
and no AllocTRES; one whose end the database missed is COMPLETED with an End that is Unknown. Such
rows are not known yet, and say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from agents.sources.slurm.fault import BadCell, BadName, short
from agents.sources.slurm.runs import Run
from agents.sources.slurm.times import length_ms, moment_ms
from agents.sources.slurm.tres import COLUMN, Devices, devices
from agents.values import TEXT_MAX

REQUIRED = ("JobIDRaw", "Submit", "Start", "End", "State", "Account", "AllocTRES")
OPTIONAL = (
    *("Cluster", "JobID", "ElapsedRaw", "Elapsed", "Suspended"),
    *("User", "Partition", "QOS", "ReqTRES"),
)

NAMES = ("Account", "Partition", "QOS", "User")

ENDED = frozenset(
    {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED"),
        *("NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "RECONFIG_FAIL", "REQUEUED", "RESIZING"),
        *("REVOKED", "TIMEOUT"),
    }
)
"""States of a run that has ended, if its End is a time."""

GOES_ON = frozenset(
    {"COMPLETING", "RESIZING", "RUNNING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}
)
"""States of a run that holds its GPUs; a suspended one keeps them."""

_CANCELLED_BY = re.compile(r"CANCELLED by \S+", re.ASCII)
_STATE = re.compile(r"[A-Z][A-Z_]{0,39}", re.ASCII)
_RAW = re.compile(r"\d{1,19}", re.ASCII)
_STEP = re.compile(r"\d{1,19}\.[\w+-]{1,64}", re.ASCII)
_CLUSTER = re.compile(r"[^/\s:@]{1,64}")
_NAMES_BYTES_MAX = 1_500  # beside the longest cluster, model and slice (wire.KEY_BYTES_MAX)
_SKEW_MS = 300_000  # Slurm's clock may be this much ahead of ours


class Silence(StrEnum):
    """Why a row says nothing of use."""

    STEP = "step"  # it repeats the job's
    PENDING = "pending"  # not known yet
    NEVER_RAN = "never_ran"
    UNKNOWN = "unknown"  # it ran, and its AllocTRES says no GPUs: unknown, which is not none


@dataclass(frozen=True, slots=True)
class Context:
    """How to read rows: our cluster's name, and what the rows do not say of themselves."""

    cluster: str
    now_ms: int
    zone: tzinfo | None = None
    shards_per_gpu: int | None = None


def read_row(cells: Mapping[str, str], context: Context) -> Run | Silence:
    """Read one row by its column names. Raises BadCell."""
    raw = cells["JobIDRaw"]
    if _STEP.fullmatch(raw):
        return Silence.STEP
    if not _RAW.fullmatch(raw):
        raise _bad("JobIDRaw", raw, "应为作业编号，如 1234", "must be a job's number, such as 1234")
    state = _state(cells["State"])
    submit, start, end = (
        moment_ms(column, cells[column], context.zone) for column in ("Submit", "Start", "End")
    )
    kinds = devices(cells[COLUMN], context.shards_per_gpu)
    suspended_ms = length_ms("Suspended", cells.get("Suspended", "")) or 0
    if end is not None and state in GOES_ON and state not in ENDED:
        raise _bad(
            "End",
            cells["End"],
            f"状态为 {state} 却有结束时间：导出时请勿加 -T",
            f"is an end of a job that is {state}: export without -T",
        )
    if state == "PENDING" or (state not in ENDED and state not in GOES_ON):
        return Silence.PENDING
    if end is None:
        if state not in GOES_ON or start is None:
            return Silence.PENDING
    elif start is None:
        return Silence.NEVER_RAN
    if submit is None:
        raise _bad("Submit", cells["Submit"], "应为时间", "must be a time")
    return _run(cells, context, (submit, start, end), kinds, suspended_ms)


def _state(value: str) -> str:
    state = "CANCELLED" if _CANCELLED_BY.fullmatch(value) else value
    if not _STATE.fullmatch(state):
        raise _bad(
            "State",
            value,
            "应为状态，如 COMPLETED；末尾带「+」是被截断的，请加 -P 导出",
            "must be a state such as COMPLETED; one that ends in + was cut off: export with -P",
        )
    return state


def _run(
    cells: Mapping[str, str],
    context: Context,
    times: tuple[int, int, int | None],
    kinds: tuple[Devices, ...] | None,
    suspended_ms: int,
) -> Run | Silence:
    """Return the run from the later of Start and Submit: a resized run keeps its first Start."""
    submit, first_start, end = times
    start = max(first_start, submit)
    until = _seen_ms(cells, first_start, suspended_ms, context) if end is None else end
    if until is None:
        return Silence.PENDING
    if end is not None and end > context.now_ms + _SKEW_MS:
        raise _bad("End", cells["End"], "在未来", "lies in the future")
    if end is not None and end < start:
        raise _bad("End", cells["End"], "早于开始或提交", "is earlier than its start or submission")
    if end == start:
        return Silence.NEVER_RAN
    if kinds is None:
        return Silence.PENDING if end is None and not cells[COLUMN] else Silence.UNKNOWN
    account, partition, qos, user = (_name(cells, column) for column in NAMES)
    _check_length(account, partition, qos)
    return Run(
        _key(cells, context, submit),
        account or "",
        kinds,
        start,
        until,
        end is not None,
        partition,
        qos,
        user,
        suspended_ms,
    )


def _seen_ms(
    cells: Mapping[str, str], start: int, suspended_ms: int, context: Context
) -> int | None:
    """Return the last moment at which a run was seen to go on; None if the row does not say.

    Its Elapsed leaves out the time in which it was suspended.
    """
    for column in ("ElapsedRaw", "Elapsed"):
        elapsed = length_ms(column, cells.get(column, ""))
        if elapsed is not None:
            return max(start, min(start + elapsed + suspended_ms, context.now_ms))
    return None


def _key(cells: Mapping[str, str], context: Context, submit_ms: int) -> str:
    cluster = cells.get("Cluster") or context.cluster
    if not _CLUSTER.fullmatch(cluster) or not cluster.isprintable():
        raise _bad("Cluster", cluster, "应为集群名", "must be a cluster's name")
    return f"{cluster}:{cells['JobIDRaw']}@{submit_ms // 1000}"


def _name(cells: Mapping[str, str], column: str) -> str | None:
    value = cells.get(column, "")
    if len(value) > TEXT_MAX or not value.isprintable() or value != value.strip():
        place = short(value)
        raise BadName(
            column,
            f"「{place}」应为至多 {TEXT_MAX} 个可见字符，首尾无空格",
            f"{place!r} must be at most {TEXT_MAX} visible characters without blanks at its ends",
        )
    return value or None


def _check_length(*names: str | None) -> None:
    length = sum(len(name.encode()) for name in names if name)
    if length > _NAMES_BYTES_MAX:
        raise BadName(
            "Account",
            f"账户、分区与 QOS 共 {length} 字节，至多 {_NAMES_BYTES_MAX}",
            f"account, partition and QOS have {length} bytes, at most {_NAMES_BYTES_MAX}",
        )


def _bad(column: str, value: str, zh: str, en: str) -> BadCell:
    return BadCell(column, f"「{short(value)}」{zh}", f"{short(value)!r} {en}")
