"""Holds: which steps wait for what, and what passes."""

import pytest

from ledger.claims.codes import HoldKind
from ledger.claims.rules.courses import ACTIONS, STEPS
from ledger.claims.rules.holds import HOLDS, shut

BANK = {"bounce", "pay", "reopen"}


@pytest.mark.parametrize("kind", HoldKind)
def test_whatever_holds_a_case_it_is_not_paid_and_the_bank_is_believed(kind: HoldKind) -> None:
    assert shut([kind], "list") == kind
    assert not any(shut([kind], action) for action in BANK)


def test_nothing_goes_on_while_the_applicant_or_an_objector_is_waited_for() -> None:
    onward = {action for action, (_, states, _) in STEPS.items() if states.startswith("<")}
    for kind in (HoldKind.APPLICANT, HoldKind.OBJECTION):
        assert onward <= set(HOLDS[kind].gates)


def test_only_an_open_objection_keeps_a_case_from_being_ended() -> None:
    ends = {action for action, (_, _, n) in STEPS.items() if n in ("refused", "withdrawn")}
    stopped = {kind for kind in HoldKind for action in ends if shut([kind], action)}
    assert stopped == {HoldKind.OBJECTION}
    assert shut([HoldKind.OBJECTION], "uphold") is None
    assert shut([HoldKind.OBJECTION], "dismiss") is None


def test_an_undecided_question_lets_everything_pass_but_payment() -> None:
    assert [action for action in ACTIONS if shut([HoldKind.QUESTION], action)] == ["list"]


def test_where_nothing_holds_nothing_is_shut() -> None:
    assert not any(shut([], action) for action in ACTIONS)
