"""What was metered beside what witnesses saw: one rule, told minute by minute."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.metering.codes import WitnessReason as Why
from ledger.metering.codes import WitnessVerdict as Is
from tests.support.simulation import gpu_id, minute
from tests.support.witness.rule import Hold, PodTimes, WitnessView, compare

HOLD = Hold(gpu_id(0), "n1", "lab", "train", "u-1", minute(100), minute(200))


def pod(
    start: int | None = 50,
    end: int | None = None,
    seen_at: int = 1000,
    is_gone: int | None = None,
    *,
    node: str = "n1",
    uid: str = "u-1",
    is_admin: bool = False,
) -> PodTimes:
    def at(number: int | None) -> datetime | None:
        return None if number is None else minute(number)

    return PodTimes(
        uid, "lab", "train", node, at(start), at(end), minute(seen_at), at(is_gone), is_admin
    )


def verdicts_of(
    pods: list[PodTimes], *watches: tuple[int, int]
) -> list[tuple[int, int, Is, Why | None]]:
    view = WitnessView([(minute(low), minute(high)) for low, high in watches], pods)
    return [
        (
            int((v.low - minute(0)).total_seconds() // 60),
            int((v.high - minute(0)).total_seconds() // 60),
            v.verdict,
            v.reason,
        )
        for v in compare(HOLD, [view])
    ]


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ([pod(None)], Why.NEVER_RAN),  # Pending, an image that cannot be pulled
        ([pod(node="n2")], Why.OTHER_NODE),
        ([pod(is_admin=True)], Why.ADMIN_ACCESS),
        ([], Why.NOT_THERE),
        ([pod(uid="u-2")], Why.NOT_THERE),  # a reused name is another pod
        ([pod(10, 20)], Why.OVER),
        ([pod(300)], Why.NOT_YET),
        ([pod(seen_at=-5)], Why.NOT_THERE),  # not seen again in this span of watching
    ],
)
def test_a_pod_that_did_not_run_there_contradicts(pods: list[PodTimes], reason: Why) -> None:
    assert verdicts_of(pods, (0, 1000)) == [(100, 200, Is.CONTRADICTING, reason)]


def test_a_pod_that_ran_agrees_give_or_take_a_minute() -> None:
    assert verdicts_of([pod()], (0, 1000)) == [(100, 200, Is.AGREEING, None)]
    assert verdicts_of([pod(101, 199)], (0, 1000)) == [(100, 200, Is.AGREEING, None)]
    assert verdicts_of([pod(111, 189)], (0, 1000)) == [
        (100, 110, Is.CONTRADICTING, Why.NOT_YET),
        (110, 190, Is.AGREEING, None),
        (190, 200, Is.CONTRADICTING, Why.OVER),
    ]


def test_two_incarnations_of_one_pod_agree_one_after_the_other() -> None:
    hold = Hold(gpu_id(0), "n1", "lab", "train", None, minute(100), minute(200))
    pods = [pod(50, 150, uid="u-1"), pod(151, uid="u-2")]
    verdicts = compare(hold, [WitnessView([(minute(0), minute(1000))], pods)])
    assert [v.verdict for v in verdicts] == [Is.AGREEING]


def test_what_no_witness_has_reported_yet_is_pending() -> None:
    assert verdicts_of([pod()], (0, 150)) == [
        (100, 150, Is.AGREEING, None),
        (150, 200, Is.PENDING, None),
    ]


def test_a_gap_of_the_witness_is_never_nobody_was_there() -> None:
    assert verdicts_of([pod()], (0, 120), (180, 1000)) == [
        (100, 120, Is.AGREEING, None),
        (120, 180, Is.SINGLE, Why.TIMES_COVER),
        (180, 200, Is.AGREEING, None),
    ]
    lost = pod(seen_at=190, is_gone=190)  # it went while nobody watched: nobody knows when
    assert (120, 180, Is.SINGLE, Why.BLIND) in verdicts_of([lost], (0, 120), (180, 1000))
    assert verdicts_of([], (210, 1000)) == [(100, 200, Is.SINGLE, Why.BLIND)]


def test_without_a_witness_there_is_one_source() -> None:
    assert [(v.verdict, v.reason) for v in compare(HOLD, [])] == [(Is.SINGLE, Why.NO_WITNESS)]
    assert verdicts_of([]) == [(100, 200, Is.SINGLE, Why.NO_WITNESS)]


def test_of_two_witnesses_the_one_who_contradicts_is_heard() -> None:
    watch = [(minute(0), minute(1000))]
    both = [WitnessView(watch, [pod()]), WitnessView(watch, [])]
    assert [v.verdict for v in compare(HOLD, both)] == [Is.CONTRADICTING]
    blind = [WitnessView(watch, [pod()]), WitnessView([], [])]
    assert [v.verdict for v in compare(HOLD, blind)] == [Is.AGREEING]


NUMBERS = st.integers(0, 300)


@given(
    spans=st.lists(st.tuples(NUMBERS, NUMBERS).map(sorted), max_size=4),
    start=st.none() | NUMBERS,
    length=st.none() | NUMBERS,
    seen_at=NUMBERS,
)
def test_verdicts_tile_the_hold_and_each_minute_is_judged_alone(
    spans: list[list[int]], start: int | None, length: int | None, seen_at: int
) -> None:
    end = start + length if start is not None and length is not None else None
    watches = sorted((low, high) for low, high in spans)
    verdicts = verdicts_of([pod(start, end, seen_at)], *watches)
    assert (verdicts[0][0], verdicts[-1][1]) == (100, 200)
    assert all(a[1] == b[0] for a, b in pairwise(verdicts))
    for low, high, verdict, _ in verdicts:
        for at in range(low, high):
            watched = [w for w in watches if w[0] <= at and at + 1 <= w[1]]
            runs = start is not None and start - 1 <= at and (end is None or at < end + 1)
            if not watched:
                assert verdict in (Is.PENDING, Is.SINGLE)
            elif not runs:
                assert verdict == Is.CONTRADICTING
            elif end is not None:
                assert verdict == Is.AGREEING
