"""The reporting thread of an agent that runs until it is stopped: the node's, the cluster's.

It shares only the spool with what fills it, so a slow or absent server costs no observation.
"""

from __future__ import annotations

import logging
import signal
import sqlite3
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Protocol

from agents import wire
from agents.errors import AgentError, IdentityError, Refused, SpoolDamaged, Unreachable
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import drain, phase_s
from agents.reporting.spool import Spool
from agents.settings import Settings

LAST_TRY_S = 20.0
_PAUSE_S = 300.0  # after an error that a person must fix
_ENROL_AGAIN_S = 30.0
_log = logging.getLogger(__name__)


class Answers(Protocol):
    """Where the thread records what became of the batches."""

    def record_answer(self, answer: wire.Answer) -> None:
        """Record the server's answer to a batch."""

    def record_refusal(self, code: str) -> None:
        """Record why the server refuses this agent, or why nothing was sent."""


class _StopRequest(Exception):
    """A request to stop, while the thread waits."""


class Reporter:
    """The reporting thread."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        spool: Spool,
        health: Answers,
        stopping: threading.Event,
    ) -> None:
        self._settings, self._url, self._spool = settings, url, spool
        self._health, self._stopping = health, stopping

    def run(self) -> None:
        """Enrol if necessary, then send once a minute until a request to stop."""
        identity = None
        try:
            while identity is None:
                identity = self._identity()
            while True:
                self._send(identity)
                identity = self._reload_identity(identity)
                self._wait((phase_s(identity.agent) - time.time()) % 60 or 60)
        except _StopRequest:
            if identity is not None:
                self._last_try(identity)

    def _identity(self) -> Identity | None:
        try:
            identity = Identity.load(self._settings.data)
            if identity is None:
                code = self._settings.read_code() or ""
                identity = enrol(self._settings.data, self._url, code, self._settings.node)
                _log.info("enrolled as %s in cluster %s", identity.agent, identity.cluster)
        except AgentError as error:
            _log.error("%s", error)
            code = error.code if isinstance(error, IdentityError) else ""
            self._health.record_refusal(code or "not_enrolled")
            self._wait(_ENROL_AGAIN_S if isinstance(error, Unreachable) else _PAUSE_S)
            return None
        return identity

    def _reload_identity(self, identity: Identity) -> Identity:
        """Read the identity again: `enrol --rotate` may have replaced the key."""
        try:
            return Identity.load(self._settings.data) or identity
        except AgentError as error:
            _log.error("%s", error)
            return identity

    def _send(self, identity: Identity) -> None:
        try:
            drain(
                self._spool,
                identity,
                self._url,
                on_answer=self._health.record_answer,
                wait=self._wait,
            )
        except AgentError as error:  # a person must fix it; metering goes on
            _log.error("%s", error)
            self._health.record_refusal(error.code if isinstance(error, Refused) else "spool")
            self._wait(_PAUSE_S)
        except (ValueError, TypeError, sqlite3.Error):  # a bug must not end the thread
            _log.exception("sending failed")
            self._health.record_refusal("fault")
            self._wait(_PAUSE_S)

    def _last_try(self, identity: Identity) -> None:
        try:
            drain(self._spool, identity, self._url, give_up_after_s=0)
        except AgentError as error:
            _log.warning("%s", error)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _StopRequest


def open_spool(path: Path) -> Spool:
    """Open the spool; rename a damaged file and start a new one, which is a new stream."""
    try:
        return Spool(path)
    except SpoolDamaged as error:
        backup = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        path.rename(backup)
        for rest in ("-wal", "-shm"):
            path.with_name(path.name + rest).unlink(missing_ok=True)
        _log.error("%s", error)
        _log.error("the damaged spool is kept as %s; a new one begins", backup)
        return Spool(path)


def obey_signals(stopping: threading.Event) -> None:
    """Set `stopping` at SIGTERM and SIGINT."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
