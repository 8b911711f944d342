"""What a reviewer may approve: any sum up to the policy's ceiling.

The text often says «最高不超过» without a formula. Then people set the sum, and the engine only
checks the ceiling.
"""

from ledger.errors import Finding
from ledger.policy.decide.tree import Decision
from ledger.units import Fen, yuan


def approval(decision: Decision, fen: Fen) -> list[Finding]:
    """Return why a sum may not be approved; empty if it may."""
    if decision.ceiling_fen is None:
        return [Finding("approved_fen", "no_ceiling")]
    if fen < 0:
        return [Finding("approved_fen", "negative_approval")]
    if fen > decision.ceiling_fen:
        about = (("fen", yuan(fen)), ("ceiling", yuan(decision.ceiling_fen)))
        return [Finding("approved_fen", "above_ceiling", about)]
    return []
