"""What came of a courier's batches: for each agent and outcome, how many batches and windows.

The command line counts with it too, so it needs nothing of the server's.
"""

import json
from collections import Counter
from typing import Any

from agents.parcels import Parcel, Receipt

COUNTS = ("kept", "known", "conflicts", "quarantined", "refused")
TAKEN = "taken"
_OK = 200


class Tally:
    """Counts the server's answers."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    def add(self, parcel: Parcel, receipt: Receipt) -> None:
        """Count one answer. Raises ValueError, KeyError, TypeError if it is none."""
        answer = json.loads(receipt.answer)
        if not isinstance(answer, dict):
            raise TypeError(answer)
        outcome = TAKEN if receipt.status == _OK else str(answer["code"])
        count = self._counts.setdefault((parcel.agent, outcome), Counter())
        count["batches"] += 1
        for name in COUNTS:
            value = answer.get(name, 0)
            count[name] += value if isinstance(value, int) else len(value)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each agent and outcome: `taken`, or the code of the refusal."""
        return [
            {
                "agent": agent,
                "outcome": outcome,
                **{name: count[name] for name in ("batches", *COUNTS)},
            }
            for (agent, outcome), count in sorted(self._counts.items())
        ]
