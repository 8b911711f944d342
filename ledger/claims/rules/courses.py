"""The steps of cases (办件), and the courses that they take: who may do what, and what follows.

A claim (兑付申请) is a case. A course lists the stages that a case goes through, in their order; it
is data, for each call (申报通知) has its own. The table of steps stands once for all of them: which
step reaches a stage follows from the stage, and where it is taken from follows from the course. So
`moves` is (state, action, role) → the next state, and what it does not list cannot be done. The
database holds the same table (`case_steps`, `case_courses`), derives the same moves (`case_moves`)
and refuses every other step.

A state is the stage that a case has reached, or the end at which it left. A builder moves her own
claim, and an operator what his centre redeems: whose a claim is stands with it (`claimant_moves`).
What holds a case up (`holds.py`) is apart from its stage.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from ledger.errors import Conflict, Refused

FIRST = "draft"

VOUCHER_COURSE = "voucher"
VOUCHER = ("draft", "submitted", "accepted", "published", "approved", "listed", "paid")
"""The stages of a claim of a voucher's money."""

# action: (who, in which states, the next state; None where it stays). «< accepted» is the stage
# before that one, whichever the course has there; «submitted < published» every stage from the
# first on and before the second; else the states are named.
STEPS: Mapping[str, tuple[str, str, str | None]] = MappingProxyType(
    {
        "submit": ("builder operator clerk", "< submitted", "submitted"),
        "return": ("clerk", "submitted < published", "draft"),
        "review": ("clerk", "< reviewed", "reviewed"),
        "accept": ("clerk", "< accepted", "accepted"),
        "reject": ("clerk", "submitted < accepted", "rejected"),
        "verify": ("clerk", "< verified", "verified"),
        "check": ("clerk", "< checked", "checked"),
        "inspect": ("clerk", "< inspected", "inspected"),
        "score": ("clerk", "< scored", "scored"),
        "agree": ("clerk", "< agreed", "agreed"),
        "nominate": ("clerk", "< nominated", "nominated"),
        "publish": ("clerk", "< published", "published"),
        "object": ("clerk", "published < approved", None),
        "dismiss": ("approver", "published < approved", None),
        "uphold": ("approver", "published < approved", "refused"),
        "propose": ("clerk", "< approved", None),
        "approve": ("approver", "< approved", "approved"),
        # Also of what was approved: a red invoice may leave less than the claim is for.
        "refuse": ("approver", "submitted < listed", "refused"),
        "withdraw": ("builder operator clerk", "draft < approved", "withdrawn"),
        "terminate": ("approver", "accepted < approved", "terminated"),
        "list": ("finance approver", "< listed", "listed"),
        # What becomes of it at the bank; of what was paid or came back, by two persons.
        "bounce": ("finance approver", "listed paid", "approved"),
        "pay": ("finance approver", "listed approved refused", "paid"),
        "reopen": ("finance approver", "paid approved", "listed"),
    }
)

ACTIONS = tuple(STEPS)
ROLES = tuple(dict.fromkeys(role for roles, _, _ in STEPS.values() for role in roles.split()))
STAGES = (FIRST, *(following for _, states, following in STEPS.values() if following and
                   states == f"< {following}"), "paid")  # fmt: skip
"""Every stage that a course may have, about in the order in which most have them."""
DROPPED = ("rejected", "refused", "withdrawn", "terminated")
"""The ends at which a case leaves its course; nothing more is promised of it."""
STATES = (*STAGES, *DROPPED)
OPEN = tuple(stage for stage in STAGES if stage != "paid")
"""The states of a case that is not over."""

Moves = Mapping[tuple[str, str, str], str]
"""(state, action, role) → the next state."""


@cache
def moves(course: tuple[str, ...]) -> Moves:
    """Return all moves of a case that goes through these stages."""
    return MappingProxyType(
        {
            (state, action, role): following or state
            for action, (roles, states, following) in STEPS.items()
            for state in _states(states, course)
            if following is None or following in (*course, *DROPPED)
            for role in roles.split()
        }
    )


def next_state(course: tuple[str, ...], state: str, action: str, role: str) -> str:
    """Return the state after this action by this role.

    Raises:
        Refused: it is not this role's to take in this state (`not_your_step`).
        Conflict: nobody may take it in this state (`no_such_step`).
    """
    of_course = moves(course)
    if following := of_course.get((state, action, role)):
        return following
    if any((state, action) == step[:2] for step in of_course):
        raise Refused("not_your_step", action=action, role=role)
    raise Conflict("no_such_step", action=action, state=state)


def actions(course: tuple[str, ...], state: str, role: str) -> tuple[str, ...]:
    """Return what this role may do in this state, in the order of the table."""
    return tuple(action for action in ACTIONS if (state, action, role) in moves(course))


def stands(course: Sequence[str]) -> bool:
    """Return whether these stages, in this order, are a course.

    It begins with filing; accepted comes before published, and published before approved. What is
    paid is listed and paid right after it is approved, and a title or a place ends there.
    """
    fixed = ("draft", "submitted", "accepted", "published", "approved")
    places = [course.index(stage) if stage in course else -1 for stage in fixed]
    return (
        len(set(course)) == len(course)
        and set(course) <= set(STAGES)
        and places[:2] == [0, 1]
        and places == sorted(places)
        and tuple(course[places[-1] + 1 :]) in ((), ("listed", "paid"))
    )


def _states(states: str, course: tuple[str, ...]) -> Iterator[str]:
    since, before, until = (part.strip() for part in states.partition("<"))
    if not before:
        yield from (state for state in since.split() if state in (*course, *DROPPED))
        return
    end = course.index(until) if until in course else len(course)
    start = course.index(since) if since else end - 1
    if since or until in course:
        yield from course[start:end]
