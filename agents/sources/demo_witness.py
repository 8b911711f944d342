"""What the made-up centre's API server says of its pods: the same as the kubelets, but for one.

That one was waiting for its image all the time and never ran, while the node counted its GPU. What
the nodes missed (an agent that was down, a node that was silent) the pods' own times cover.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agents.sightings import Phase, PodSighting, Run, Sighting, Watch
from agents.sources.demo_centre import NODES, Card, Stay, cards, stays_of_day

WITNESS = "kube-witness"  # the name that it is enrolled under
_DAY_MS = 86_400_000
_NEVER_RAN_DAY = 2  # of the history, counted from 0
_RESOURCE = "nvidia.com/gpu"


def sightings(first_ms: int, from_ms: int, to_ms: int) -> Iterator[Sighting]:
    """Yield what changed from `from_ms` to before `to_ms`, and that nothing was missed."""
    for node in NODES:
        for card in cards(node):
            for stay in _stays(card, from_ms, to_ms):
                yield _pod(card, stay, to_ms, never_ran=stay == never_ran(first_ms))
    if to_ms > first_ms:
        yield Watch(_moment(first_ms), _moment(to_ms))


def never_ran(first_ms: int) -> Stay:
    """Return the stay of the pod that never ran: the first of a whole GPU on one day."""
    card = cards(NODES[0])[1]
    return min(stays_of_day(card, first_ms + _NEVER_RAN_DAY * _DAY_MS))


def _stays(card: Card, from_ms: int, to_ms: int) -> Iterator[Stay]:
    """Yield who came or went in this time; a stay lies within a Beijing day."""
    for at_ms in range(from_ms, to_ms + _DAY_MS, _DAY_MS):
        for stay in stays_of_day(card, min(at_ms, to_ms)):
            if stay[0] < to_ms and stay[1] >= from_ms:
                yield stay


def _pod(card: Card, stay: Stay, to_ms: int, *, never_ran: bool) -> PodSighting:
    low, high, pod = stay
    is_over = high < to_ms
    run = Run(pod.container, _moment(low), _moment(high) if is_over else None)
    phase = Phase.SUCCEEDED if is_over else Phase.RUNNING
    return PodSighting(
        pod.uid or "",
        pod.namespace,
        pod.pod,
        Phase.PENDING if never_ran else phase,
        _moment(low),
        _moment(high if is_over else to_ms),
        node=card.node,
        requests={_RESOURCE: 1},
        runs=() if never_ran else (run,),
        gone_at=_moment(high) if is_over else None,
    )


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
