"""`suanquan-agent cluster`: the cluster's witness, one for each cluster.

A thread for each kind of object watches the API server (agents/witness/watch.py); every ten seconds
what has changed goes into the spool, and the reporting thread sends it once a minute. Where the API
server could not be read, no watch is reported, so the server knows that nobody looked.

The API server is found as the official client finds it: the pod's service account, else KUBECONFIG.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from agents import exposition, wire
from agents.commands.health import page_url, serve
from agents.commands.reporter import LAST_TRY_S, Reporter, obey_signals, open_spool
from agents.errors import IdentityError, SettingsError, SpoolDamaged, SpoolError
from agents.reporting.identity import Identity
from agents.reporting.spool import Spool
from agents.settings import Settings
from agents.witness.view import View, now_utc

if TYPE_CHECKING:
    from agents.witness.watch import Watcher

TAKE_S = 10.0
STALE_S = 180.0  # no complete view for so long: not healthy
HELP = {
    "complete_age_seconds": "time since the view of the cluster was complete",
    "objects": "objects in view, by kind",
    "watch_lists_total": "whole lists read, by kind",
    "watch_events_total": "events read, by kind",
    "watch_gone_total": "watches that the API server had forgotten (410), by kind",
    "watch_failures_total": "lists and watches that failed, by kind",
    "watch_unreadable_total": "objects that could not be read, by kind",
    "spool_records": "records that wait for the server",
    "spool_oldest_age_seconds": "age of the oldest record that waits; 0 when none",
    "spool_refused": "records that the server refused: kept, and told again each hour",
    "answered_records_total": "records that the server answered, by outcome",
    "answer_age_seconds": "time since the server's last answer; -1 when none yet",
    "server_refuses": "1 while the server refuses this witness, by its code",
}
_log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Witness and report until SIGTERM or SIGINT; return the exit code. Raises AgentError."""
    url = settings.server
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if Identity.load(settings.data) is None and settings.read_code() is None:
        raise IdentityError(
            "集群见证尚未注册：请向管理员索取 witness 来源的注册码并设置 SUANQUAN_ENROL_CODE",
            "the witness is not enrolled: ask an administrator for a code of the source `witness` "
            "and set SUANQUAN_ENROL_CODE",
        )
    stopping = threading.Event()
    view = View(settings.labels, now_utc)
    watchers = make_watchers(view, stopping)
    with open_spool(settings.spool) as spool:
        health = WitnessHealth(spool, view, watchers)
        port, stop_pages = serve(health, settings.health_port, settings.health_host)
        _log.info("witnessing; health pages on %s", page_url(settings.health_host, port))
        obey_signals(stopping)
        reporter = Reporter(settings, url, spool, health, stopping)
        report = threading.Thread(target=reporter.run, name="report", daemon=True)
        threads = [threading.Thread(target=w.run, name=w.kind, daemon=True) for w in watchers]
        for thread in (*threads, report):
            thread.start()
        try:
            while not stopping.wait(TAKE_S):
                store(view, spool)
            store(view, spool)
        finally:
            stopping.set()
            for watcher in watchers:
                watcher.close()
            report.join(LAST_TRY_S + 2)
            stop_pages()
    return 0


def make_watchers(view: View, stopping: threading.Event) -> Sequence[Watcher]:
    """Connect to the API server. Raises SettingsError if it is not known, or the client absent."""
    try:
        from kubernetes import config  # noqa: PLC0415  only this command needs it, and it is heavy
        from kubernetes.client import (  # noqa: PLC0415
            ApiClient,
            Configuration,
            CoreV1Api,
            ResourceV1Api,
        )

        from agents.witness.watch import Watcher  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            f"缺少 Kubernetes 客户端（{error}）：请安装 suanquan[cluster]",
            f"the Kubernetes client is missing ({error}): install suanquan[cluster]",
        ) from error
    settings = Configuration()
    settings.retries = 0  # the watcher tries again by itself, and says so
    try:
        try:
            config.load_incluster_config(client_configuration=settings)
        except config.ConfigException:
            config.load_kube_config(client_configuration=settings)
    except (config.ConfigException, OSError, ValueError) as error:
        raise SettingsError(
            f"找不到 Kubernetes API server（{error}）：请在 Pod 中运行，或设置 KUBECONFIG",
            f"there is no Kubernetes API server ({error}): run in a pod, or set KUBECONFIG",
        ) from error
    client = ApiClient(settings)
    core, resource = CoreV1Api(client), ResourceV1Api(client)
    lists: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("claims", resource.list_resource_claim_for_all_namespaces),
        ("slices", resource.list_resource_slice),
        ("nodes", core.list_node),
        ("pods", core.list_pod_for_all_namespaces),
    )
    for kind in ("pods", "claims"):
        view.expect(kind)
    return [Watcher(kind, ask, view, stopping) for kind, ask in lists]


def store(view: View, spool: Spool) -> None:
    """Put what has changed into the spool; while that is full, keep it in memory."""
    changes = view.take()
    try:
        spool.add_sightings(changes)
    except SpoolDamaged:
        raise  # the next start moves the file away
    except SpoolError as error:
        _log.error("%s", error)
        view.give_back(changes)


class WitnessHealth:
    """Figures of the running witness: /healthz and /metrics.

    Healthy means that the view was complete within three minutes: an API server that is away is no
    fault of ours for that long, and after it a restart may find another way.
    """

    def __init__(self, spool: Spool, view: View, watchers: Sequence[Watcher]) -> None:
        self._spool, self._view, self._watchers = spool, view, watchers
        self._lock = threading.Lock()
        self._complete_s = time.monotonic()
        self._records: dict[str, int] = dict.fromkeys(("kept", "known", "refused"), 0)
        self._answer_s: float | None = None
        self._refusal = ""

    def record_answer(self, answer: wire.Answer) -> None:
        """Record the server's answer to a batch."""
        with self._lock:
            self._answer_s, self._refusal = time.monotonic(), ""
            self._records["kept"] += answer.kept
            self._records["known"] += answer.known
            self._records["refused"] += len(answer.refused)

    def record_refusal(self, code: str) -> None:
        """Record why the server refuses this agent, or why nothing was sent."""
        with self._lock:
            self._refusal = code

    def verdict(self) -> tuple[bool, str]:
        """Return whether the witness is healthy, and a sentence in both languages."""
        if self._age_s() <= STALE_S:
            return True, "正常\nhealthy\n"
        why = "; ".join(f"{w.kind}: {w.fault}" for w in self._watchers if w.fault)
        return False, f"API server 无法完整读取（{why}）\nthe API server is not read ({why})\n"

    def metrics(self) -> str:
        """Return the figures in the Prometheus text format."""
        counts, oldest = self._view.counts(), self._spool.oldest()
        figures: dict[str, dict[str, float]] = {
            "complete_age_seconds": {"": self._age_s()},
            "objects": dict(counts),
            **{
                f"watch_{event}_total": {w.kind: w.counts[event] for w in self._watchers}
                for event in ("lists", "events", "gone", "failures", "unreadable")
            },
            "spool_records": {"": self._spool.depth()},
            "spool_refused": {"": self._spool.refused()},
            "spool_oldest_age_seconds": {
                "": 0 if oldest is None else time.time() - oldest.timestamp()
            },
        }
        with self._lock:
            answer_age_s = -1 if self._answer_s is None else time.monotonic() - self._answer_s
            figures["answered_records_total"] = dict(self._records)
            figures["answer_age_seconds"] = {"": answer_age_s}
            figures["server_refuses"] = {self._refusal: 1} if self._refusal else {}
        return exposition.write(
            exposition.our(f"suanquan_agent_{name}", text, exposition.kinds(figures[name]))
            for name, text in HELP.items()
        )

    def _age_s(self) -> float:
        """Return for how long the view was not complete."""
        with self._lock:
            if self._view.is_complete():
                self._complete_s = time.monotonic()
            return time.monotonic() - self._complete_s
