"""Why the policy decided as it did, as findings: what is wrong, unmet, missing, or to be judged."""

from ledger.errors import Finding
from ledger.policy import Decision, Judged, Policy


def reasons(policy: Policy, decision: Decision) -> list[Finding]:
    """The reasons of anything but «eligible», each at its fact, in the words of the text."""
    missing = [
        Finding(fact, "fact_missing", (("words", policy.facts[fact].words),))
        for fact in decision.missing
    ]
    unmet = [_judged("condition_unmet", j) for j in decision.unmet]
    to_judge = [_judged("condition_to_judge", j) for j in decision.to_judge]
    return [*decision.errors, *unmet, *missing, *to_judge]


def _judged(code: str, judged: Judged) -> Finding:
    about = (("words", judged.requirement.words), ("article", judged.article))
    return Finding(judged.requirement.fact, code, about)
