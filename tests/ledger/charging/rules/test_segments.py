"""A month's matched cost falls to the versions under which it was used, to the fen."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.rules.segments import Payment, Segment, Span, policy_on, segments, share

OCTOBER, END = date(2026, 10, 1), date(2026, 11, 1)
MIDDLE = date(2026, 10, 16)


def on(day: int, last: int, fen: int) -> Payment:
    """What a document pays for days of October, the last included."""
    return Payment(date(2026, 10, day), date(2026, 10, last), fen)


# --- versions and their days --------------------------------------------------------------


def test_of_the_versions_in_force_the_first_counts() -> None:
    spans: list[Span] = [("new", MIDDLE, None), ("old", None, END)]
    assert policy_on(date(2026, 10, 15), spans) == "old"
    assert policy_on(MIDDLE, spans) == "new"
    assert policy_on(END, spans) == "new"
    assert policy_on(END, [("old", None, END)]) == ""
    assert policy_on(MIDDLE, []) == ""


def test_a_month_under_one_version_is_one_segment() -> None:
    whole = [Segment("v1", ((OCTOBER, END),), 100)]
    assert segments(OCTOBER, [("v1", None, None)], [("v1", 100)]) == whole
    assert segments(OCTOBER, [("v1", OCTOBER, END)], [("v1", 100)]) == whole
    assert segments(OCTOBER, [], [("", 100)]) == [Segment("", ((OCTOBER, END),), 100)]


def test_a_month_is_cut_where_the_version_changes() -> None:
    spans: list[Span] = [("v2", MIDDLE, None), ("v1", None, None)]
    assert segments(OCTOBER, spans, [("v2", 30), ("v1", 70)]) == [
        Segment("v1", ((OCTOBER, MIDDLE),), 70), Segment("v2", ((MIDDLE, END),), 30),
    ]  # fmt: skip


def test_days_under_no_version_are_a_segment_of_their_own() -> None:
    third, tenth = date(2026, 10, 3), date(2026, 10, 10)
    assert segments(OCTOBER, [("v1", third, tenth)], [("v1", 70), ("", 30)]) == [
        Segment("", ((OCTOBER, third), (tenth, END)), 30), Segment("v1", ((third, tenth),), 70),
    ]  # fmt: skip


def test_what_was_metered_under_a_version_without_days_here_is_not_lost() -> None:
    assert segments(OCTOBER, [("v2", None, None)], [("v1", 70)]) == [
        Segment("v1", (), 70), Segment("v2", ((OCTOBER, END),), 0),
    ]  # fmt: skip


# --- shares -------------------------------------------------------------------------------

OUTSIDE, INSIDE = Segment("", ((OCTOBER, MIDDLE),), 60), Segment("v1", ((MIDDLE, END),), 40)
HALVES = [OUTSIDE, INSIDE]


def test_a_document_of_the_days_of_one_segment_pays_it_first() -> None:
    assert share(40, HALVES, [on(16, 31, 40)]) == {0: 0, 1: 40}
    assert share(40, HALVES, [on(1, 15, 40)]) == {0: 40, 1: 0}
    assert share(50, HALVES, [on(16, 20, 30), on(1, 5, 20)]) == {0: 20, 1: 30}


def test_a_document_over_both_is_shared_by_what_was_metered() -> None:
    assert share(50, HALVES, [on(1, 31, 50)]) == {0: 30, 1: 20}
    assert share(50, HALVES, [on(15, 16, 50)]) == {0: 30, 1: 20}
    assert share(50, HALVES, []) == {0: 30, 1: 20}


def test_what_is_left_is_shared_by_what_is_not_paid_yet() -> None:
    # 20 of the 40 are paid by the days; the other 40 fall on 60 and 20.
    assert share(60, HALVES, [on(16, 31, 20), on(1, 31, 40)]) == {0: 30, 1: 30}
    assert share(1, [Segment("a", (), 1), Segment("b", (), 2)], []) == {
        0: Fraction(1, 3), 1: Fraction(2, 3),
    }  # fmt: skip


def test_a_document_pays_its_segment_no_more_than_was_metered_there() -> None:
    assert share(70, HALVES, [on(16, 31, 70)]) == {0: 30, 1: 40}


def test_documents_pay_no_more_than_is_matched() -> None:
    assert share(10, HALVES, [on(16, 31, 40), on(1, 15, 60)]) == {0: 6, 1: 4}


def test_what_is_held_already_stays_and_more_goes_by_what_is_not_held() -> None:
    floors = {"": Fraction(50), "v1": Fraction(10)}
    assert share(80, HALVES, [], floors) == {0: 55, 1: 25}
    assert share(60, HALVES, [on(16, 31, 40)], floors) == {0: 50, 1: 10}
    assert share(70, HALVES, [on(16, 31, 40)], floors) == {0: 50, 1: 20}
    assert share(100, HALVES, [], floors) == {0: 60, 1: 40}


def test_days_in_several_stretches_are_one_segment() -> None:
    third, tenth = date(2026, 10, 3), date(2026, 10, 10)
    around = [
        Segment("", ((OCTOBER, third), (tenth, END)), 60), Segment("v1", ((third, tenth),), 40),
    ]  # fmt: skip
    assert share(30, around, [on(1, 2, 10), on(10, 31, 20)]) == {0: 30, 1: 0}


def test_what_was_used_beyond_the_meter_is_shared_like_the_whole() -> None:
    assert share(150, HALVES, []) == {0: 90, 1: 60}
    assert share(110, HALVES, [on(16, 31, 110)]) == {0: 66, 1: 44}


def test_where_nothing_was_metered_it_is_shared_evenly() -> None:
    empty = [Segment("", ((OCTOBER, MIDDLE),), 0), Segment("v1", ((MIDDLE, END),), 0)]
    assert share(9, empty, [on(16, 31, 9)]) == {0: Fraction(9, 2), 1: Fraction(9, 2)}
    assert share(0, empty, []) == {0: 0, 1: 0}


POLICIES = ["", "v1", "v2"]
DAYS = st.sampled_from([None, *(OCTOBER + timedelta(days=n) for n in range(-5, 40, 5))])
SPANS = st.lists(st.tuples(st.sampled_from(POLICIES[1:]), DAYS, DAYS), max_size=4)
METERED = st.dictionaries(st.sampled_from(POLICIES), st.integers(0, 10**12)).map(
    lambda by_policy: sorted(by_policy.items())
)
PAYMENTS = st.lists(
    st.builds(
        lambda first, days, fen: on(first, min(first + days, 31), fen),
        st.integers(1, 31),
        st.integers(0, 30),
        st.integers(0, 10**12),
    ),
    max_size=5,
)


@given(SPANS, METERED)
def test_every_day_and_every_fen_of_a_month_is_in_one_segment(
    spans: list[Span], metered: list[tuple[str, int]]
) -> None:
    parts = segments(OCTOBER, spans, metered)
    for number in range(31):
        day = OCTOBER + timedelta(days=number)
        policies_of_day = [
            p.policy for p in parts for since, until in p.days if since <= day < until
        ]
        assert policies_of_day == [policy_on(day, spans)]
    assert len({part.policy for part in parts}) == len(parts)
    assert {part.policy: part.metered_fen for part in parts if part.metered_fen} == {
        policy: fen for policy, fen in metered if fen
    }


@given(SPANS, METERED, PAYMENTS, st.integers(0, 10**13))
def test_shares_sum_to_the_fen(
    spans: list[Span], metered: list[tuple[str, int]], payments: list[Payment], fen: int
) -> None:
    parts = segments(OCTOBER, spans, metered)
    shares = share(fen, parts, payments)
    assert sum(shares.values()) == fen
    assert all(part >= 0 for part in shares.values())
    if fen <= sum(part.metered_fen for part in parts):
        assert all(shares[n] <= part.metered_fen for n, part in enumerate(parts))


@given(SPANS, METERED, PAYMENTS)
def test_a_wholly_matched_month_is_shared_exactly_by_the_day_whatever_the_documents(
    spans: list[Span], metered: list[tuple[str, int]], payments: list[Payment]
) -> None:
    parts = segments(OCTOBER, spans, metered)
    shares = share(sum(fen for _, fen in metered), parts, payments)
    assert shares == {n: part.metered_fen for n, part in enumerate(parts)}


@given(SPANS, METERED, PAYMENTS)
def test_documents_within_a_segment_pay_it_first(
    spans: list[Span], metered: list[tuple[str, int]], payments: list[Payment]
) -> None:
    """Each segment gets at least what the documents of its own days pay for it."""
    parts = segments(OCTOBER, spans, metered)
    own = [
        sum(
            payment.fen
            for payment in payments
            if any(since <= payment.since and payment.until < until for since, until in part.days)
        )
        for part in parts
    ]
    paid = [min(fen, part.metered_fen) for fen, part in zip(own, parts, strict=True)]
    shares = share(sum(paid), parts, payments)
    assert [shares[n] for n in range(len(parts))] == paid
