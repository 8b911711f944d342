"""The policy as law that computes: its versions, and what one of them says about somebody's facts.

`clauses` shapes the file, `file` reads it, `published` finds it; `engine` decides, and what it
found is told as values in `tree`. `pools` settles a round, `stacking` puts several awards together.
"""

from ledger.policy.codes import Result
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision, JudgedCondition, Proof, Step
from ledger.policy.text.clauses import Clause, Policy
from ledger.policy.text.published import DIGEST_FORMAT, digest, law, load, versions

__all__ = [
    "DIGEST_FORMAT",
    "Clause",
    "Decision",
    "JudgedCondition",
    "Policy",
    "Proof",
    "Result",
    "Step",
    "decide",
    "digest",
    "law",
    "load",
    "versions",
]
