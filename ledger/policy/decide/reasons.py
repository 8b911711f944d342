"""The reasons of a decision as findings: invalid, unmet, missing, or to be judged."""

from ledger.errors import Finding
from ledger.policy.decide.tree import Decision, JudgedCondition
from ledger.policy.text.clauses import Policy


def reasons(policy: Policy, decision: Decision) -> list[Finding]:
    """Return the reasons of any result but «eligible», each at its fact, quoting the text."""
    missing = [
        Finding(fact, "fact_missing", (("words", policy.facts[fact].words),))
        for fact in decision.missing
    ]
    unmet = [_reason("condition_unmet", j) for j in decision.unmet]
    to_judge = [_reason("condition_to_judge", j) for j in decision.to_judge]
    return [*decision.errors, *unmet, *missing, *to_judge]


def _reason(code: str, condition: JudgedCondition) -> Finding:
    about = (("words", condition.requirement.words), ("article", condition.article))
    return Finding(condition.requirement.fact, code, about)
