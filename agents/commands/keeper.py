"""What a look completed goes into the spool; while the disk is full it waits in memory."""

from __future__ import annotations

import logging

from agents.errors import SpoolDamaged, SpoolError
from agents.metering.meter import ClosedMinutes
from agents.reporting.gap_runs import overflow
from agents.reporting.spool import Spool

BACKLOG_MAX = 2_000  # windows in memory while the disk is full
_log = logging.getLogger(__name__)


class Keeper:
    """The way of windows and gaps into the spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._backlog = ClosedMinutes()

    def keep(self, minutes: ClosedMinutes, checkpoint: bytes) -> None:
        """Store them with the meter's open minute. Raises SpoolDamaged."""
        backlog = self._backlog
        backlog.windows += minutes.windows
        backlog.gaps += minutes.gaps
        try:
            self._spool.add(backlog.windows, gaps=backlog.gaps, checkpoint=checkpoint)
            self._backlog = ClosedMinutes()
        except SpoolDamaged:
            raise  # the next start moves the file away
        except SpoolError as error:
            _log.error("%s", error)
            backlog.gaps += [overflow(window) for window in backlog.windows[:-BACKLOG_MAX]]
            del backlog.windows[:-BACKLOG_MAX]
