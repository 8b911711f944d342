"""Follow a living Slurm: ask sacct, keep its answer wholly or not at all, tell what is new.

Each question reaches a day further back than the last answer, because records arrive late. A run
that goes on and is not in the answer (it ended long before anybody said so) is asked for by its
number.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from agents import wire
from agents.commands.slurm.report import Reporter
from agents.errors import SourceError, Unreachable
from agents.sources.slurm import sacct
from agents.sources.slurm.fault import BadCell, Fault
from agents.sources.slurm.read import read
from agents.sources.slurm.rows import Context, Silence
from agents.sources.slurm.sinfo import Sinfo
from agents.sources.slurm.store import RunStore

EVERY_S = 300.0
OVERLAP_MS = 24 * wire.HOUR_MS
_PATIENCE_S = 120.0
_log = logging.getLogger(__name__)


def follow(
    reporter: Reporter, store: RunStore, context: Context, cluster: str | None, *, once: bool
) -> int:
    """Ask and tell until SIGTERM, or once. Raises SourceError and Unreachable only if `once`."""
    stop = threading.Event()
    if not once:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    sinfo = Sinfo(cluster)
    while True:
        code = 0
        try:
            code = _round(reporter, store, context, cluster, sinfo)
        except (SourceError, Unreachable) as error:
            if once:
                raise
            _log.error("%s", error)
        if once or stop.wait(EVERY_S):
            return code if once else 0


def _round(
    reporter: Reporter, store: RunStore, context: Context, cluster: str | None, sinfo: Sinfo
) -> int:
    now = datetime.now(UTC)
    now_ms = wire.start_ms(now)
    counter = ask(store, replace(context, now_ms=now_ms), cluster)
    over, going_on, unknown = (counter[n] for n in ("final", "running", Silence.UNKNOWN))
    print(
        f"sacct：已结束 {over} 次，在跑 {going_on} 次，没有写 GPU 的 {unknown} 次；"
        f"当前这一小时过完才上报\nsacct: {over} runs are over, {going_on} go on, {unknown} do not "
        "say their GPUs; the present hour is told once it is over",
        file=sys.stderr,
    )
    before_ms = now_ms - now_ms % wire.HOUR_MS
    return reporter.send(before_ms, patience_s=_PATIENCE_S, partitions=sinfo.news(now))


def ask(store: RunStore, context: Context, cluster: str | None) -> Counter[str]:
    """Ask sacct and keep what it says, wholly or not at all. Raises SourceError.

    A row that cannot be believed is left out and logged: it must not stop all the others.
    """
    counter: Counter[str] = Counter()
    last_ms = store.last_answer_ms or context.now_ms
    with store.transaction():
        job_numbers: set[str] = set()
        with sacct.of_time(min(last_ms, context.now_ms) - OVERLAP_MS, cluster) as content:
            _keep(store, context, content, counter, job_numbers)
        missing = [number for number in store.open_jobs() if number not in job_numbers]
        for content in sacct.of_jobs(missing, cluster):
            _keep(store, context, content, counter, job_numbers)
        store.note_answer(context.now_ms)
    for reason in (Silence.UNKNOWN, Silence.PENDING):
        if counter[reason]:
            _log.info("%d rows: %s", counter[reason], reason)
    return counter


def _keep(
    store: RunStore,
    context: Context,
    content: BinaryIO,
    counter: Counter[str],
    job_numbers: set[str],
) -> None:
    for number, item in read(content, "sacct", context):
        if isinstance(item, Fault):
            if not item.column:  # the answer itself is broken
                raise SourceError(f"sacct：{item.zh}", f"sacct line {number}: {item.en}")
            counter["faults"] += 1
            _log.error("sacct line %d %s: %s", number, item.column, item.en)
        elif isinstance(item, Silence):
            counter[item] += 1
        else:
            counter["final" if item.is_final else "running"] += 1
            job_numbers.add(item.key.rpartition(":")[2].partition("@")[0])
            try:
                store.take(item)
            except BadCell as error:
                counter["faults"] += 1
                _log.error("sacct line %d %s: %s", number, error.column, error.en)
