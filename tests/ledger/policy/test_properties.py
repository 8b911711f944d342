"""What holds of every clause of every policy, whatever the facts."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.policy.decide.engine import decide
from ledger.policy.decide.fact_checks import names
from ledger.policy.decide.tree import Decision
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.published import load
from ledger.units import round_half_up
from tests.support.invented_policy import harbour, rated

POLICIES = (load("yinchuan-2024-draft"), harbour(), rated())
EVERY = [(policy, clause) for policy in POLICIES for clause in policy.clauses]
ANY = st.sampled_from(EVERY)


def right(policy: Policy, name: str) -> st.SearchStrategy[Any]:
    """Values that are right for a fact, near the thresholds more often than not."""
    kind = policy.facts[name]
    if kind.kind == "choice":
        return st.sampled_from(list(kind.choices))
    if kind.kind == "yes_no":
        return st.sampled_from([True, True, True, False])
    if kind.kind == "decimal":
        return st.sampled_from(["0", "1", "3", "99.99", "100", "119.999", "120", "1000.5"])
    near = [low + d for low in _thresholds(policy, name) for d in (-1, 0, 1)]
    return st.one_of(st.sampled_from(near or [0, 1]), st.integers(0, 10**12))


def _thresholds(policy: Policy, name: str) -> list[int]:
    related = {name, *(n for n, d in policy.derived.items() if name in d.inputs)}
    lows = [
        c.value for clause in policy.clauses for c in clause.require
        if c.fact in related and isinstance(c.value, int)
    ]  # fmt: skip
    lows += [
        b.low for clause in policy.clauses for b in clause.amount.bands
        if clause.amount.base in related and isinstance(b.low, int)
    ]  # fmt: skip
    return [int(low) for low in lows]


@st.composite
def decisions(draw: Callable[..., Any]) -> tuple[Policy, Clause, dict[str, Any], Decision]:
    policy, clause = draw(ANY)
    facts = {name: draw(right(policy, name)) for name in names(policy, clause)}
    return policy, clause, facts, decide(policy, clause.id, facts)


@given(case=decisions(), data=st.data())
@settings(deadline=None, max_examples=150)
def test_a_missing_fact_is_never_zero_and_never_no(case: Any, data: st.DataObject) -> None:
    """What is decided without a fact is decided so whatever the fact would be."""
    policy, clause, facts, whole = case
    if whole.result == "rejected":
        return
    hidden = data.draw(st.sets(st.sampled_from(sorted(facts)), min_size=1))
    known_facts = {name: value for name, value in facts.items() if name not in hidden}
    less = decide(policy, clause.id, known_facts)
    assert less.result in ("ineligible", "insufficient", whole.result)
    if less.result == "ineligible":
        assert whole.result == "ineligible"
    if less.result == "insufficient":
        assert set(less.missing) <= hidden
    assert less.amount_fen is less.ceiling_fen is less.posts is None or less[5:8] == whole[5:8]


@given(case=decisions())
@settings(deadline=None, max_examples=100)
def test_every_result_explains_itself_and_is_the_same_again(case: Any) -> None:
    policy, clause, facts, decision = case
    fields = {
        "eligible": not decision.unmet and not decision.missing and not decision.to_judge,
        "ineligible": decision.unmet, "insufficient": decision.missing,
        "judgement": decision.to_judge, "rejected": decision.errors,
    }  # fmt: skip
    assert fields[decision.result]
    assert decision == decide(policy, clause.id, dict(reversed(facts.items())))
    if decision.proof:
        assert decision.proof.facts == facts
        for judged in decision.proof.conditions:
            if judged.distance is not None and judged.state in ("met", "unmet"):
                below = {">=": judged.distance < 0, ">": judged.distance <= 0}
                below |= {"<": judged.distance >= 0, "<=": judged.distance > 0}
                assert below[judged.requirement.op] == (judged.state == "unmet")


@given(case=decisions(), more=st.integers(1, 10**10))
@settings(deadline=None, max_examples=150)
def test_more_of_the_base_never_gives_less(case: Any, more: int) -> None:
    policy, clause, facts, decision = case
    base = clause.amount.base or clause.amount.limit
    base = policy.derived[base].plus[0] if base in policy.derived else base
    if decision.result != "eligible" or not isinstance(facts.get(base or ""), int):
        return
    further = decide(policy, clause.id, facts | {base: facts[base] + more})
    if further.result == "rejected":
        return  # beyond what a sum of money can be
    assert further.result == "eligible"
    for before, after in zip(decision[5:8], further[5:8], strict=True):
        assert before is None or after >= before


@given(cost=st.integers(0, 10**13), paid=st.integers(0, 10**10))
@settings(deadline=None)
def test_a_draw_is_the_exact_share_rounded_once_capped_less_what_was_paid(
    cost: int, paid: int
) -> None:
    facts = {
        "subject_kind": "enterprise", "legal_person": True, "landed_in_city": True,
        "parameters": 10**10, "scenarios": 5, "compute_cost_fen": cost, "paid_before_fen": paid,
    }  # fmt: skip
    amount = decide(POLICIES[0], "09-1", facts).amount_fen
    assert amount == min(round_half_up(Fraction(3, 10) * cost), 500_000_000) - paid


@given(costs=st.lists(st.integers(0, 10**9), max_size=20))
@settings(deadline=None)
def test_many_draws_never_drift_from_one(costs: list[int]) -> None:
    facts: dict[str, Any] = {
        "subject_kind": "talent", "talent_category": "academician", "paid_before_fen": 0,
    }  # fmt: skip
    paid = total = 0
    for cost in costs:
        total += cost
        decision = decide(
            POLICIES[0], "14-1", facts | {"compute_cost_fen": total, "paid_before_fen": paid}
        )
        paid += decision.amount_fen or 0
    at_once = decide(POLICIES[0], "14-1", facts | {"compute_cost_fen": total})
    assert paid == at_once.amount_fen
