"""Take back allocations when red documents (红冲) stand.

A standing red document takes back what its blue lines paid, line by line, and the freeze that
waited for it (R18) is lifted. Where it does not say which lines it takes back, a clerk chooses and
a second person confirms; until then nothing new is allocated or decided of its blue document, and
the books hold.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from ledger.documents.queries import documents as document_queries
from ledger.documents.steps.freezes import lift
from ledger.documents.tables import CostDocument
from ledger.errors import Conflict, Refused
from ledger.people.codes import DecisionKind
from ledger.people.steps.decisions import decide
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.reconciliation.queries import allocations, red_lines
from ledger.reconciliation.queries.allocations import contracts_of
from ledger.reconciliation.queries.red_lines import RedDocument
from ledger.reconciliation.rules import reds as rules
from ledger.reconciliation.steps.match import settle
from ledger.units import Fen, yuan

KIND = DecisionKind.RED_PARTS


def reverse(db: Session, documents: Sequence[int], actor: str, now: datetime) -> None:
    """Let the standing red documents among these take back their part.

    Raises:
        Refused: the blue one waits for its own confirmation (`blue_unconfirmed`).
    """
    reds = document_queries.reds(db, documents)
    allocations.lock(db)
    for red in reds:
        if not red.stands:
            raise Refused("blue_unconfirmed", number=red.number)
        document = red_lines.red_document(db, red.id)
        parts = rules.parts_of(document.lines, document.blue_lines)
        if parts is not None:
            _take_back(db, document, parts, actor=actor, now=now)
        if red.confirmation:
            lift(db, red.blue, actor=actor, now=now, confirmation=red.confirmation)
    settle(db, contracts_of(db, [red.id for red in reds]), actor, now)


def propose_parts(
    db: Session, red: int, *, parts: Mapping[int, Fen], reason: str, actor: str, now: datetime
) -> Decision:
    """Propose which lines of its blue document a red one takes back.

    Args:
        db: the transaction.
        red: a red document that does not say it itself.
        parts: by line of the blue document, fen above zero.
        reason: why these.
        actor: who proposes.
        now: when.

    Raises:
        NotFound: there is no such red document.
        Conflict: it is known already (`red_parts_known`), or proposed.
        Refused: the parts do not add up to it (`red_parts_sum`), one is more than what is left of
            that line (`red_parts_line`), or no reason (`reason_missing`).
    """
    document = red_lines.red_document(db, red)
    if red not in {row.id for row in red_lines.unclear_reds(db)}:
        raise Conflict("red_parts_known", id=red)
    if not reason.strip():
        raise Refused("reason_missing")
    if sum(parts.values()) != -document.net_fen or any(fen <= 0 for fen in parts.values()):
        raise Refused("red_parts_sum", fen=yuan(-document.net_fen))
    rest = {line.line: line.fen for line in document.blue_lines}
    for line, fen in parts.items():
        if fen > rest.get(line, 0):
            raise Refused("red_parts_line", line=line, left=yuan(rest.get(line, 0)))
    number = db.get_one(CostDocument, red).number
    content = {
        "document": red,
        "number": number,
        "blue": db.get_one(CostDocument, document.blue).number,
        "parts": [{"line": line, "fen": -fen} for line, fen in sorted(parts.items())],
    }
    return decide(
        db, kind=KIND, subject=number, content=content, reason=reason, actor=actor, now=now
    )


def carry_out_parts(db: Session, decision: Decision, actor: str, now: datetime) -> None:
    """Carry out the confirmed choice: the red document takes back those lines.

    Raises:
        Conflict: something else of the blue document was taken back meanwhile (`figures_changed`).
    """
    allocations.lock(db)
    document = red_lines.red_document(db, decision.content["document"])
    parts = {part["line"]: part["fen"] for part in decision.content["parts"]}
    rest = {line.line: line.fen for line in document.blue_lines}
    if any(-fen > rest.get(line, 0) for line, fen in parts.items()):
        raise Conflict("figures_changed", subject=decision.subject)
    _take_back(db, document, parts, decision=key(decision), actor=actor, now=now)
    settle(db, contracts_of(db, [document.id]), actor, now)


def _take_back(
    db: Session,
    document: RedDocument,
    parts: Mapping[int, Fen],
    *,
    decision: int | None = None,
    actor: str,
    now: datetime,
) -> None:
    red_lines.keep_parts(db, document.id, parts, decision)
    paid = allocations.shares_of(db, document.blue)
    shares = rules.take_back(document.id, parts, document.unallocated, paid, document.months)
    allocations.allocate(db, shares, actor, now)
