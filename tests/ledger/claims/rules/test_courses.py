"""The table of steps: every course, state, action and role, and what must never be possible."""

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from ledger.claims.rules.courses import (
    ACTIONS,
    DROPPED,
    FIRST,
    OPEN,
    ROLES,
    STAGES,
    STATES,
    VOUCHER,
    actions,
    moves,
    next_state,
    stands,
)
from ledger.errors import Conflict, Refused
from tests.support.cases.courses import COURSES, NO_COURSES, TITLE

STRANGERS = ("auditor", "securityadmin", "server", "")
some_courses = st.lists(
    st.sampled_from([stage for stage in STAGES if stage not in (*TITLE, "listed", "paid")]),
    unique=True,
).flatmap(
    lambda between: st.tuples(
        st.permutations(["accepted", "published", *between]).map(
            lambda middle: ("draft", "submitted", *middle, "approved")
        ),
        st.sampled_from([(), ("listed", "paid")]),
    ).map(lambda parts: parts[0] + parts[1])
)


def test_the_way_of_a_claim_that_is_paid() -> None:
    state = FIRST
    for action, role in (
        ("submit", "builder"), ("return", "clerk"), ("submit", "clerk"), ("accept", "clerk"),
        ("publish", "clerk"), ("object", "clerk"), ("object", "clerk"), ("dismiss", "approver"),
        ("propose", "clerk"), ("approve", "approver"), ("list", "finance"), ("bounce", "finance"),
        ("list", "approver"), ("pay", "finance"),
    ):  # fmt: skip
        state = next_state(VOUCHER, state, action, role)
    assert state == "paid"


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_both_real_orders_are_courses_and_lead_to_their_end(course: tuple[str, ...]) -> None:
    assert stands(course)
    for state, stage in itertools.pairwise(course):
        following_of = {
            action for (s, action, _), n in moves(course).items() if (s, n) == (state, stage)
        }
        assert len(following_of - {"reopen"}) == 1, f"one step leads from {state} to {stage}"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_what_a_role_may_do_is_what_leads_somewhere(course: tuple[str, ...], state: str) -> None:
    for action, role in itertools.product(ACTIONS, (*ROLES, *STRANGERS)):
        if action in actions(course, state, role):
            assert next_state(course, state, action, role) in (*course, *DROPPED)
        else:
            with pytest.raises((Refused, Conflict)) as caught:
                next_state(course, state, action, role)
            possible = any(action in actions(course, state, any_role) for any_role in ROLES)
            assert caught.value.code == ("not_your_step" if possible else "no_such_step")


def test_administrators_and_strangers_take_no_step() -> None:
    assert not set(STRANGERS) & set(ROLES)


@given(some_courses)
def test_whatever_the_course_one_step_leads_on_and_nothing_is_leapt_over(
    course: tuple[str, ...],
) -> None:
    assume(stands(course))
    following_of = {
        (state, action): following for (state, action, _), following in moves(course).items()
    }
    assert all(following_of[state, action] == n for (state, action, _), n in moves(course).items())
    bank = {"bounce", "pay", "reopen"}
    for (state, action), following in following_of.items():
        if following in course and state in course and action not in {*bank, "return"}:
            assert course.index(following) - course.index(state) in (0, 1)
    assert set(following_of.values()) <= {*course, *DROPPED}


@given(some_courses)
def test_whatever_the_course_money_is_reached_through_publication_and_approval(
    course: tuple[str, ...],
) -> None:
    assume(stands(course))
    into = {stage: set[str]() for stage in (*course, *DROPPED)}
    for (state, _, _), following in moves(course).items():
        if state != following:
            into[following].add(state)
    before = course[course.index("approved") - 1]
    if "paid" not in course:
        assert into["approved"] == {before}
        return
    assert into["paid"] == {"listed", "approved", "refused"}  # what had been approved, paid late
    assert into["listed"] == {"approved", "paid"}
    assert into["approved"] == {before, "listed", "paid"}
    assert course.index("published") <= course.index(before)


@given(st.lists(st.sampled_from(STAGES), max_size=len(STAGES)).map(tuple))
def test_only_what_begins_with_filing_and_is_published_before_it_is_decided_stands(
    course: tuple[str, ...],
) -> None:
    if stands(course):
        assert course[:2] == ("draft", "submitted")
        assert course.index("accepted") < course.index("published") < course.index("approved")
        assert len(set(course)) == len(course)


@pytest.mark.parametrize("course", [(), *NO_COURSES], ids=str)
def test_what_is_no_course(course: tuple[str, ...]) -> None:
    assert not stands(course)


def test_what_is_over_stays_over() -> None:
    assert set(STATES) - set(OPEN) == {"paid", *DROPPED}
    after = {action for state, action, _ in moves(VOUCHER) if state in {"paid", *DROPPED}}
    assert after == {"bounce", "pay", "reopen"}  # only the bank's rows, as two persons decide them


@pytest.mark.parametrize("claimant", ["builder", "operator"])
def test_a_claimant_only_hands_in_and_takes_back(claimant: str) -> None:
    for course in COURSES.values():
        steps = {action for _, action, role in moves(course) if role == claimant}
        assert steps == {"submit", "withdraw"}
        assert actions(course, "approved", claimant) == ()
