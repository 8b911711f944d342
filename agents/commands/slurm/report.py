"""Send what the run store has to tell: spool, signed batches, one in flight."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from datetime import UTC, datetime

from agents import wire
from agents.errors import IdentityError, SpoolDamaged, SpoolError
from agents.reporting.identity import Identity, enrol
from agents.reporting.records import window_body
from agents.reporting.report import drain
from agents.reporting.spool import Spool
from agents.settings import Settings
from agents.sightings import Partitions
from agents.sources.slurm.runs import Run
from agents.sources.slurm.store import RunStore

FAULTY, NOT_KEPT = 9, 10  # exit codes beside those of agents/errors.py
_CHUNK = 5_000  # windows a transaction of the spool
_log = logging.getLogger(__name__)


def identity_of(settings: Settings) -> Identity:
    """Return this agent's identity; enrol it by its code the first time. Raises AgentError."""
    identity = Identity.load(settings.data)
    if identity is not None:
        return identity
    code = settings.read_code()
    if code is None:
        raise IdentityError(
            "尚未注册：请用 suanquan agent code 集群 --source=slurm 领注册码，"
            "设为 SUANQUAN_ENROL_CODE",
            "not enrolled: get a code by suanquan agent code CLUSTER --source=slurm and set "
            "SUANQUAN_ENROL_CODE",
        )
    return enrol(settings.data, settings.server, code, settings.node)


class Reporter:
    """Tells the server of runs; what is told is remembered when it is safely in the spool."""

    def __init__(
        self, settings: Settings, identity: Identity, store: RunStore, *, as_json: bool = False
    ) -> None:
        self._url = settings.server
        self._path = settings.spool
        self._identity = identity
        self._store = store
        self._as_json = as_json
        self.counts: Counter[str] = Counter()

    @property
    def cluster(self) -> str:
        """The cluster for which this agent is enrolled."""
        return self._identity.cluster

    def send(
        self, before_ms: int | None, *, patience_s: float, partitions: Partitions | None = None
    ) -> int:
        """Tell everything of the hours that begin before `before_ms`; return the exit code.

        `partitions` is told too.
        Raises Unreachable and Refused: what waits is kept and sent the next time.
        """
        self.counts.clear()
        corrections = 0
        with Spool(self._path) as spool:
            self._drain(spool, patience_s)  # what an earlier call left
            self._tell(spool, partitions, patience_s)
            chunk: list[tuple[int, bytes]] = []
            runs: list[Run] = []
            for report in self._store.reports(self.cluster, before_ms):
                corrections += len(report.corrections)
                chunk += [(wire.start_ms(w.start), window_body(w)) for w in report.corrections]
                for body in report.bodies:
                    chunk.append(body)
                    if len(chunk) >= _CHUNK:
                        self._pass_on(spool, chunk, runs, before_ms, patience_s)
                runs.append(report.run)
                if len(runs) >= _CHUNK:
                    self._pass_on(spool, chunk, runs, before_ms, patience_s)
            self._pass_on(spool, chunk, runs, before_ms, patience_s)
        return self._end(corrections)

    def _tell(self, spool: Spool, partitions: Partitions | None, patience_s: float) -> None:
        """Send it alone, so that the answer to it is not counted as one to windows."""
        if partitions is None:
            return
        counts = Counter(self.counts)
        try:
            spool.add_sightings([partitions])
        except SpoolDamaged:
            raise
        except SpoolError as error:  # it is full: what waits goes first
            _log.warning("%s", error)
        self._drain(spool, patience_s)
        self.counts = counts

    def _pass_on(
        self,
        spool: Spool,
        chunk: list[tuple[int, bytes]],
        runs: list[Run],
        before_ms: int | None,
        patience_s: float,
    ) -> None:
        """Put windows into the spool, remember the runs that are wholly in it, and send."""
        if chunk:
            spool.add_bound(chunk, self._identity.agent, datetime.now(UTC))
        self._store.mark(runs, before_ms)
        chunk.clear()
        runs.clear()
        self._drain(spool, patience_s)

    def _drain(self, spool: Spool, patience_s: float) -> None:
        drain(spool, self._identity, self._url, give_up_after_s=patience_s, on_answer=self._take)

    def _take(self, answer: wire.Answer) -> None:
        future = sum(item.reason == "future" for item in answer.quarantined)
        self.counts.update(
            kept=answer.kept,
            known=answer.known,
            waiting=future,  # they count by themselves when their hour is over
            conflicts=len(answer.conflicts),
            quarantined=len(answer.quarantined) - future,
            refused=len(answer.refused),
        )

    def _end(self, corrections: int) -> int:
        counts = {name: self.counts[name] for name in sorted(self.counts)}
        if self._as_json:
            print(json.dumps({**counts, "corrections": corrections}), flush=True)
        else:
            total, new = self.counts.total(), self.counts["kept"]
            print(f"已发送 {total} 个窗口，新收 {new}", file=sys.stderr)
            print(f"sent {total} windows, {new} new", file=sys.stderr)
            if waiting := self.counts["waiting"]:
                print(f"其中 {waiting} 个所在的小时还没有过完，过完自动算上", file=sys.stderr)
                print(f"{waiting} of them count once their hour is over", file=sys.stderr)
        if corrections:
            _log.warning(
                "%d hours differ from what was reported before: the server keeps the first word "
                "and sets ours aside for a person", corrections,
            )  # fmt: skip
        problems = {name: self.counts[name] for name in ("conflicts", "quarantined", "refused")}
        if not any(problems.values()):
            return 0
        listing = ", ".join(f"{name} {count}" for name, count in problems.items() if count)
        print(f"有窗口与服务器已存的不符或不被接受：{listing}", file=sys.stderr)
        print(f"the server kept not all of it: {listing}", file=sys.stderr)
        if problems["refused"]:
            print(
                "拒收的留在上报队列，下次再报：服务器若比采集端旧，请先升级服务器", file=sys.stderr
            )
            words = (
                "what it refused is told again: if it is older than this agent, upgrade it first"
            )
            print(words, file=sys.stderr)
        return NOT_KEPT
