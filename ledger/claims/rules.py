"""The workflow of cases (办件): who may do what in which state, and where it leads.

A claim (兑付申请) is a case: submitted, accepted, published, approved, listed, paid. What the table
does not list cannot be done. The database holds the same rows (`case_moves`) and refuses every
other step. A builder moves her own claim, and an operator what his centre redeems: whose a claim is
stands with it (`claimant_moves`). Two steps leave the state unchanged and are only recorded: a
second objection, and the proposal to approve.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ledger.errors import Conflict, Refused

FIRST = "draft"

# action: (who, in which states, the next state; None where it stays)
_STEPS: Mapping[str, tuple[str, str, str | None]] = MappingProxyType(
    {
        "submit": ("builder operator clerk", "draft", "submitted"),
        "return": ("clerk", "submitted accepted", "draft"),
        "accept": ("clerk", "submitted", "accepted"),
        "publish": ("clerk", "accepted", "published"),
        "object": ("clerk", "published objected", "objected"),
        "dismiss": ("approver", "objected", "published"),
        "uphold": ("approver", "objected", "refused"),
        "propose": ("clerk", "published", None),
        "approve": ("approver", "published", "approved"),
        # Also of what was approved: a red invoice may leave less than the claim is for.
        "refuse": ("approver", "submitted accepted published approved", "refused"),
        "withdraw": ("builder operator clerk", "draft submitted accepted published", "withdrawn"),
        "list": ("finance approver", "approved", "listed"),
        # What becomes of it at the bank; of what was paid or came back, by two persons.
        "bounce": ("finance approver", "listed paid", "approved"),
        "pay": ("finance approver", "listed approved refused", "paid"),
        "reopen": ("finance approver", "paid approved", "listed"),
    }
)

MOVES: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        (state, action, role): following or state
        for action, (roles, states, following) in _STEPS.items()
        for state in states.split()
        for role in roles.split()
    }
)
"""(state, action, role) → the next state."""

ACTIONS = tuple(_STEPS)
ROLES = tuple(dict.fromkeys(role for _, _, role in MOVES))
STATES = tuple(dict.fromkeys((*(state for state, _, _ in MOVES), *MOVES.values())))
OPEN = tuple(state for state in STATES if state not in ("paid", "refused", "withdrawn"))
"""The states of a case that is not over."""


def next_state(state: str, action: str, role: str) -> str:
    """Return the state after this action by this role.

    Raises:
        Refused: it is not this role's to take in this state (`not_your_step`).
        Conflict: nobody may take it in this state (`no_such_step`).
    """
    if following := MOVES.get((state, action, role)):
        return following
    if any((state, action) == step[:2] for step in MOVES):
        raise Refused("not_your_step", action=action, role=role)
    raise Conflict("no_such_step", action=action, state=state)


def actions(state: str, role: str) -> tuple[str, ...]:
    """Return what this role may do in this state, in the order of the table."""
    return tuple(action for action in ACTIONS if (state, action, role) in MOVES)
