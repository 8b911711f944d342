"""The table of a case: every state, action and role, and what must never be possible."""

import itertools

import pytest

from ledger.claims.rules import ACTIONS, FIRST, MOVES, OPEN, ROLES, STATES, actions, next_state
from ledger.errors import Conflict, Refused

STRANGERS = ("auditor", "securityadmin", "server", "")
OVER = {"paid", "refused", "withdrawn"}


def test_the_way_of_a_claim_that_is_paid() -> None:
    state = FIRST
    for action, role in (
        ("submit", "builder"), ("return", "clerk"), ("submit", "clerk"), ("accept", "clerk"),
        ("publish", "clerk"), ("object", "clerk"), ("object", "clerk"), ("dismiss", "approver"),
        ("propose", "clerk"), ("approve", "approver"), ("list", "finance"), ("bounce", "finance"),
        ("list", "approver"), ("pay", "finance"),
    ):  # fmt: skip
        state = next_state(state, action, role)
    assert state == "paid"


@pytest.mark.parametrize("state", STATES)
def test_what_a_role_may_do_is_what_leads_somewhere(state: str) -> None:
    for action, role in itertools.product(ACTIONS, (*ROLES, *STRANGERS)):
        if action in actions(state, role):
            assert next_state(state, action, role) in STATES
        else:
            with pytest.raises((Refused, Conflict)) as caught:
                next_state(state, action, role)
            possible = any(action in actions(state, any_role) for any_role in ROLES)
            assert caught.value.code == ("not_your_step" if possible else "no_such_step")


def test_administrators_and_strangers_take_no_step() -> None:
    assert not set(STRANGERS) & set(ROLES)


def test_an_action_leads_to_one_state_whoever_takes_it() -> None:
    led = {(state, action): following for (state, action, _), following in MOVES.items()}
    assert all(led[state, action] == following for (state, action, _), following in MOVES.items())


def test_what_is_over_stays_over() -> None:
    assert set(STATES) - set(OPEN) == OVER
    after = {action for state, action, _ in MOVES if state in OVER}
    assert after == {"bounce", "pay", "reopen"}  # only the bank's rows, as two persons decide them


@pytest.mark.parametrize("claimant", ["builder", "operator"])
def test_a_claimant_only_hands_in_and_takes_back(claimant: str) -> None:
    assert {action for _, action, role in MOVES if role == claimant} == {"submit", "withdraw"}
    assert actions("approved", claimant) == ()


def test_money_is_only_reached_through_publication_and_approval() -> None:
    into = {following: set[str]() for following in MOVES.values()}
    for (state, _, _), following in MOVES.items():
        if state != following:
            into[following].add(state)
    assert into["paid"] == {"listed", "approved", "refused"}  # what had been approved was paid late
    assert into["listed"] == {"approved", "paid"}
    assert into["approved"] == {"published", "listed", "paid"}
    assert into["published"] == {"accepted", "objected"}
    assert into["accepted"] == {"submitted"}
