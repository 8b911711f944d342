"""Take back allocations when red documents (红冲) stand.

A standing red document takes its part of its invoice's allocations back, and the freeze that waited
for it (R18) is lifted; matched amounts fall in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from ledger.documents.queries import documents as document_queries
from ledger.documents.steps.freezes import lift
from ledger.errors import Refused
from ledger.reconciliation.queries.allocations import contracts_of
from ledger.reconciliation.steps.match import settle, take_back


def reverse(db: Session, documents: Sequence[int], actor: str, now: datetime) -> None:
    """Let the standing red documents among these take back their part.

    Raises:
        Refused: the blue one waits for its own confirmation (`blue_unconfirmed`).
    """
    reds = document_queries.reds(db, documents)
    for red in reds:
        if not red.stands:
            raise Refused("blue_unconfirmed", number=red.number)
        take_back(db, red.id, actor, now)
        if red.confirmation:
            lift(db, red.blue, actor=actor, now=now, confirmation=red.confirmation)
    settle(db, contracts_of(db, [red.id for red in reds]), actor, now)
