"""Decide cases and describe the result, in one shape for the command line and the API.

An answer carries the clause, the case's own note, the result, the one outcome that its kind of
clause has (`amount_fen`, `ceiling_fen` or `posts`) and the reasons; with `explain` everything that
the decision rests on, and its record.
"""

from collections.abc import Mapping
from typing import Any

from api.messages.sentences import findings
from api.policy.explain.explanation import as_values
from ledger.policy.decide.cases import Case, decide_case
from ledger.policy.decide.reasons import reasons
from ledger.policy.text.clauses import Policy

OUTCOMES = ("amount_fen", "ceiling_fen", "posts")


def evaluated(policy: Policy, case: Case, *, explain: bool = False) -> dict[str, Any]:
    """One case, decided; one that is wrong in itself is answered `rejected`."""
    decision = decide_case(policy, case)
    outcome = {name: getattr(decision, name) for name in OUTCOMES}
    extra: Mapping[str, Any] = {"explanation": as_values(policy, decision)} if explain else {}
    return {
        "clause": _printable(case.clause),
        "note": _printable(case.note),
        "result": decision.result,
        **{name: value for name, value in outcome.items() if value is not None},
        "reasons": findings(reasons(policy, decision)),
        **extra,
    }


def _printable(text: str) -> str:
    """A text without what cannot be written as UTF-8."""
    return text.encode(errors="replace").decode()
