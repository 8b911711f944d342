"""The policy as code: its versions, and what a version decides on given facts.

`clauses` defines the file, `file` reads it, `published` finds it; `engine` decides, and `tree`
holds the decision as values. `pools` settles a round, `stacking` combines several awards.
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
