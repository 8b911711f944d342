"""What belongs together is one incident; nothing is lost, doubled or added on the way."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.metering.rules.incidents import SILENT, Incident, Span, incidents, join_spans, silences

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def span(
    low: float, high: float, gpu: str = "g0", *, cause: str = SILENT, node: str = "n1", xid: int = 0
) -> Span:
    return Span(at(low), at(high), gpu, node, cause, (xid,) if xid else ())


def times(results: list[Incident]) -> list[tuple[float, float]]:
    return [((i.since - NOON) / timedelta(minutes=1), (i.until - NOON) / timedelta(minutes=1))
            for i in results]  # fmt: skip


def test_a_node_that_stops_is_one_incident_of_its_gpus() -> None:
    (incident,) = incidents(span(10, 60, f"g{n}") for n in range(8))
    assert (incident.cause, incident.gpus, incident.nodes) == (
        SILENT,
        [f"g{n}" for n in range(8)],
        ["n1"],
    )
    assert incident.lost_ms == 8 * 50 * 60_000


def test_a_gpu_that_is_seen_again_later_than_the_others_is_in_the_same_incident() -> None:
    (incident,) = incidents([span(0, 30), span(1, 500, "g1", node="n2")])
    assert (incident.since, incident.until, incident.nodes) == (at(0), at(500), ["n1", "n2"])
    assert incident.lost_ms == (30 + 499) * 60_000


def test_two_causes_are_two_incidents() -> None:
    found_incidents = incidents(
        [span(0, 5, cause="gpu_lost"), span(0, 5, "g1", cause="driver_reload")]
    )
    assert sorted(i.cause for i in found_incidents) == ["driver_reload", "gpu_lost"]


def test_what_begins_apart_is_apart_though_it_overlaps() -> None:
    found_incidents = incidents(
        [span(0, 47, cause="agent_down"), span(46, 90, "g1", cause="agent_down")]
    )
    assert times(found_incidents) == [(46, 90), (0, 47)]


def test_a_gpu_that_comes_and_goes_is_one_incident_and_only_what_was_lost_counts() -> None:
    (incident,) = incidents(span(n, n + 1, cause="kubelet_unreachable") for n in range(0, 20, 4))
    assert (incident.since, incident.until, len(incident.spans)) == (at(0), at(17), 5)
    assert incident.lost_ms == 5 * 60_000


def test_after_a_while_it_is_another_incident() -> None:
    found_incidents = incidents([span(0, 1), span(7, 8)])
    assert times(found_incidents) == [(7, 8), (0, 1)]


def test_pieces_that_touch_are_one_and_keep_what_the_driver_said() -> None:
    pieces = [
        span(1, 2, cause="gpu_lost", xid=79),
        span(0, 1, cause="gpu_lost"),
        span(2, 3, cause="gpu_lost", xid=45),
    ]
    assert join_spans(pieces) == [Span(at(0), at(3), "g0", "n1", "gpu_lost", (45, 79))]
    (incident,) = incidents([*pieces, span(0, 3, "g1", cause="gpu_lost", xid=79)])
    assert incident.xids == [45, 79]


def test_minutes_become_spans() -> None:
    minutes = [at(n) for n in (3, 4, 5, 9)]
    assert silences("g0", "n1", minutes) == [span(3, 6), span(9, 10)]
    assert silences("g0", "n1", []) == []


SPANS = st.lists(
    st.builds(
        lambda low, length, gpu, cause: span(low, low + length, f"g{gpu}", cause=cause),
        st.integers(0, 60), st.integers(1, 20), st.integers(0, 3),
        st.sampled_from([SILENT, "agent_down"]),
    ), max_size=20,
)  # fmt: skip


@given(SPANS, st.randoms())
def test_every_span_is_in_one_incident_in_whatever_order_they_come(
    spans: list[Span], dice: Random
) -> None:
    found_incidents = incidents(spans)
    reported_spans = [s for i in found_incidents for s in i.spans]
    assert sorted(reported_spans) == sorted(join_spans(spans))
    assert all({s.cause for s in i.spans} == {i.cause} for i in found_incidents)
    assert [i.until for i in found_incidents] == sorted(
        (i.until for i in found_incidents), reverse=True
    )
    mixed = list(spans)
    dice.shuffle(mixed)
    assert incidents(mixed) == found_incidents
