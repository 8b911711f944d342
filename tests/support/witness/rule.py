"""The rule by which `compare_day` (metering/33_evidence.sql) compares, told in plain Python.

| the time of a holder is | when                                                              |
|-------------------------|-------------------------------------------------------------------|
| contradicting           | a witness watched then, and its pod did not run there             |
| agreeing                | every witness that watched then saw its pod run on that node      |
| pending                 | no witness has reported up to then yet, and its key is still good |
| single                  | no witness watched then: there is none, or it was blind. Where    |
|                         | the pod's own times, seen later, cover it, that is told beside    |

A pod runs from its first container's start to its end, by the kubelet's clock, give or take a
minute: the kubelet gives a device before it pulls the image, and takes it back after the end. So a
pod that never ran (Pending, an image that cannot be pulled) contradicts what was metered of it. An
admin's access to a device (DRA) is no use, hence no run either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ledger.metering.codes import WitnessReason, WitnessVerdict

EDGE = timedelta(minutes=1)


@dataclass(frozen=True)
class Hold:
    """A pod held a device of a node from `low` to `high`, as metered; its UID where it is known."""

    gpu: str
    node: str
    namespace: str
    pod: str
    uid: str | None
    low: datetime
    high: datetime


@dataclass(frozen=True)
class PodTimes:
    """A pod as a witness saw it last."""

    uid: str
    namespace: str
    pod: str
    node: str | None
    started_at: datetime | None
    ended_at: datetime | None
    seen_at: datetime
    gone_at: datetime | None
    is_admin: bool = False


@dataclass(frozen=True)
class WitnessView:
    """What one witness saw: its spans in order, and the pods that may be meant."""

    watches: Sequence[tuple[datetime, datetime]]
    pods: Sequence[PodTimes]
    is_revoked: bool = False


@dataclass(frozen=True)
class Verdict:
    """A stretch of a hold, and what the witnesses say to it."""

    low: datetime
    high: datetime
    verdict: WitnessVerdict
    reason: WitnessReason | None = None


def compare(hold: Hold, views: Sequence[WitnessView]) -> list[Verdict]:
    """Split a hold where the witnesses' word changes."""
    own = [_about(hold, view) for view in views]
    cuts = sorted({hold.low, hold.high, *(cut for t in own for cut in _cuts(hold, t))})
    verdicts: list[Verdict] = []
    for low, high in pairwise(cuts):
        words = [_word(hold, view, low, high) for view in own]
        verdict, reason = min(words, key=lambda word: _RANK[word[0]], default=_NOBODY)
        last = verdicts[-1] if verdicts else None
        if last is not None and (last.verdict, last.reason) == (verdict, reason):
            verdicts[-1] = Verdict(last.low, high, verdict, reason)
        else:
            verdicts.append(Verdict(low, high, verdict, reason))
    return verdicts


_NOBODY = (WitnessVerdict.SINGLE, WitnessReason.NO_WITNESS)
_RANK = {
    WitnessVerdict.CONTRADICTING: 0,
    WitnessVerdict.AGREEING: 1,
    WitnessVerdict.PENDING: 2,
    WitnessVerdict.SINGLE: 3,
}


def _about(hold: Hold, view: WitnessView) -> WitnessView:
    pods = [
        pod
        for pod in view.pods
        if (pod.namespace, pod.pod) == (hold.namespace, hold.pod) and hold.uid in (None, pod.uid)
    ]
    return WitnessView(view.watches, pods, view.is_revoked)


def _cuts(hold: Hold, view: WitnessView) -> Iterable[datetime]:
    """Yield the moments inside the hold at which this witness's word may change."""
    moments = [moment for watch in view.watches for moment in watch]
    for pod in view.pods:
        moments += [edge for edge in (_begin(pod), _end(pod), pod.seen_at) if edge is not None]
    return (moment for moment in moments if hold.low < moment < hold.high)


def _begin(pod: PodTimes) -> datetime | None:
    return None if pod.started_at is None else pod.started_at - EDGE


def _end(pod: PodTimes) -> datetime | None:
    end = pod.ended_at or pod.gone_at
    return None if end is None else end + EDGE


def _word(
    hold: Hold, view: WitnessView, low: datetime, high: datetime
) -> tuple[WitnessVerdict, WitnessReason | None]:
    """Return what one witness says of a stretch in which its word does not change."""
    watch = next((w for w in view.watches if w[0] <= low and high <= w[1]), None)
    if watch is None:
        if not view.watches:
            return _NOBODY
        if low >= max(until for _, until in view.watches):
            return _NOBODY if view.is_revoked else (WitnessVerdict.PENDING, None)
        covers = any(_covers(hold, pod, low, high) for pod in view.pods)
        return WitnessVerdict.SINGLE, WitnessReason.TIMES_COVER if covers else WitnessReason.BLIND
    obstacles = [_obstacle(hold, pod, low, high, watch[0]) for pod in view.pods]
    if None in obstacles:
        return WitnessVerdict.AGREEING, None
    reasons = [reason for reason in obstacles if reason is not None]
    return WitnessVerdict.CONTRADICTING, min(reasons, default=WitnessReason.NOT_THERE)


def _covers(hold: Hold, pod: PodTimes, low: datetime, high: datetime) -> bool:
    """Return whether the pod's own times, seen after `high`, tell that it ran all the while.

    Of a pod that went while nobody watched, without an end, nobody knows when it went.
    """
    is_told = pod.seen_at >= high and not (pod.ended_at is None and pod.gone_at is not None)
    return is_told and _obstacle(hold, pod, low, high) is None


def _obstacle(
    hold: Hold, pod: PodTimes, low: datetime, high: datetime, since: datetime | None = None
) -> WitnessReason | None:
    """Return why this pod did not hold the device from `low` to `high`; None if it may have.

    `since` is the begin of a span of watching: a pod that was not seen again in it was not there.
    """
    begin, end = _begin(pod), _end(pod)
    if pod.is_admin:
        return WitnessReason.ADMIN_ACCESS
    if pod.node != hold.node:
        return WitnessReason.OTHER_NODE
    if begin is None or high <= begin:
        return WitnessReason.NEVER_RAN if begin is None else WitnessReason.NOT_YET
    if end is not None and end <= low:
        return WitnessReason.OVER
    if since is not None and end is None and pod.seen_at < since:
        return WitnessReason.NOT_THERE
    return None
