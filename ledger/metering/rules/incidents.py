"""Group gaps and silences of one cause and time into incidents, across GPUs.

A node that stops is eight silent GPUs; a kubelet that restarts five times in ten minutes is forty
gaps. Spans of one GPU and cause that lie close together are a *bout*; bouts of one cause that begin
together are an *incident*, on any GPU or node. Every span is in exactly one incident, and no time
is added: an incident's loss is the sum of its spans, not the time between its ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from ledger.metering.codes import GapCause

SILENT = GapCause.SILENT
"""The cause of time of which nobody said anything; the other causes are the wire's gap reasons."""

MINUTE = timedelta(minutes=1)
CLOSE = timedelta(minutes=5)  # between two pieces of one bout
TOGETHER = timedelta(minutes=2)  # between the beginnings of two bouts of one incident


@dataclass(frozen=True, order=True)
class Span:
    """Time of one GPU without coverage, for one cause; `xids` fell into it."""

    since: datetime
    until: datetime
    gpu: str
    node: str
    cause: str
    xids: tuple[int, ...] = ()

    @property
    def lost_ms(self) -> int:
        """Device-milliseconds."""
        return (self.until - self.since) // timedelta(milliseconds=1)


@dataclass(frozen=True)
class Incident:
    """Spans of one cause that belong together, by time."""

    cause: str
    spans: tuple[Span, ...]

    @property
    def since(self) -> datetime:
        """Start of the first span."""
        return min(span.since for span in self.spans)

    @property
    def until(self) -> datetime:
        """End of the last span."""
        return max(span.until for span in self.spans)

    @property
    def gpus(self) -> list[str]:
        """The GPUs concerned."""
        return sorted({span.gpu for span in self.spans})

    @property
    def nodes(self) -> list[str]:
        """The nodes concerned."""
        return sorted({span.node for span in self.spans})

    @property
    def lost_ms(self) -> int:
        """Device-milliseconds that are not usage because of it."""
        return sum(span.lost_ms for span in self.spans)

    @property
    def xids(self) -> list[int]:
        """The XIDs of these GPUs in that time."""
        return sorted({xid for span in self.spans for xid in span.xids})


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Join spans that touch (cut at a minute or midnight), by GPU, cause and time."""
    joined_spans: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.gpu, s.cause, s.since, s.until)):
        last = joined_spans[-1] if joined_spans else None
        if last and _alike(last, span) and span.since <= last.until:
            xids = tuple(sorted({*last.xids, *span.xids}))
            joined_spans[-1] = replace(last, until=max(last.until, span.until), xids=xids)
        else:
            joined_spans.append(span)
    return joined_spans


def incidents(spans: Iterable[Span]) -> list[Incident]:
    """Group spans, newest first; they must not overlap within a GPU and a cause."""
    by_cause = sorted(_bouts(join_spans(spans)), key=lambda bout: (bout[0].cause, bout[0].since))
    groups: list[list[Span]] = []
    began: datetime | None = None
    for bout in by_cause:
        first = bout[0]
        same = groups and began and groups[-1][0].cause == first.cause
        if same and began and first.since - began <= TOGETHER:
            groups[-1].extend(bout)
        else:
            groups.append(list(bout))
        began = first.since
    incident_list = [Incident(group[0].cause, tuple(sorted(group))) for group in groups]
    return sorted(incident_list, key=lambda i: (i.until, i.since, i.cause), reverse=True)


def silences(gpu: str, node: str, minutes: Sequence[datetime]) -> list[Span]:
    """Return silent minutes of one GPU as spans."""
    return join_spans(Span(at, at + MINUTE, gpu, node, SILENT) for at in minutes)


def _bouts(spans: Iterable[Span]) -> list[list[Span]]:
    """Group joined spans of one GPU and cause that lie close together."""
    bouts: list[list[Span]] = []
    for _, alike in groupby(spans, key=lambda s: (s.gpu, s.cause)):
        bout: list[Span] = []
        for span in alike:
            if bout and span.since - bout[-1].until > CLOSE:
                bouts.append(bout)
                bout = []
            bout.append(span)
        bouts.append(bout)
    return bouts


def _alike(first: Span, second: Span) -> bool:
    return (first.gpu, first.node, first.cause) == (second.gpu, second.node, second.cause)
