"""What a clerk does at the reconcile desk: match, choose and propose, move a share, ask the centre.

Each act is a form of `reconcile.py`'s pages and leads back to them, or to the decision that another
person is to confirm.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from api.door.access import Right
from api.door.dependencies import Db, Now, having
from api.reconciliation import difference_view as differences
from api.reconciliation.pages import found_in, named
from api.web import forms
from api.web.forms import Sent, text
from api.web.layout import refuse
from api.web.months import month_of
from ledger.errors import Refused
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.reconciliation.steps import messages, reconcile
from ledger.reconciliation.steps.match import match, move

router = APIRouter(include_in_schema=False)
Clerk = Annotated[Viewer, having(Right.RECONCILE)]
Note = Annotated[str, Form(max_length=2_000)]


@router.post("/reconcile/match")
def run_match(*, viewer: Clerk, db: Db, now: Now) -> Response:
    """Allocate every document line that is not allocated yet."""
    match(db, actor=viewer.actor, now=now)
    return RedirectResponse("/reconcile", 303)


@router.post("/reconcile/tolerable")
def tolerable(*, viewer: Clerk, db: Db, now: Now, month: Annotated[str, Form()]) -> Response:
    """Propose in one act every contract's month in which nothing asks for a person."""
    reconcile.propose_tolerable(db, month_of(month), actor=viewer.actor, now=now)
    return RedirectResponse("/reconcile", 303)


@router.post("/reconcile/{contract}/{month}")
def propose(contract: int, month: str, *, sent: Sent, viewer: Clerk, db: Db, now: Now) -> Response:
    """Propose what of the month counts; another person confirms it on the decision's page."""
    found, first = named(db, viewer, contract, month)
    choices = differences.chosen(found_in(db, found, first), sent)
    done = reconcile.propose(
        db, found, first, choices=choices, reason=text(sent, "reason"), actor=viewer.actor, now=now
    )
    if not isinstance(done, Decision):
        refuse(done, "not_proposed")
    return RedirectResponse(f"/decisions/{done.id}", 303)


@router.post("/reconcile/{contract}/{month}/extra")
def extra(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    cell: Annotated[str, Form()],
    yuan: Annotated[str, Form(max_length=30)],
    reason: Note,
) -> Response:
    """Propose that more was used in a cell than was metered."""
    found, first = named(db, viewer, contract, month)
    price, policy = _cell(cell)
    made = reconcile.propose_extra(
        db, found, first, price=price, policy=policy, extra_fen=forms.fen(yuan), reason=reason,
        actor=viewer.actor, now=now,
    )  # fmt: skip
    return RedirectResponse(f"/decisions/{made.id}", 303)


@router.post("/reconcile/{contract}/{month}/move")
def move_share(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    share: Annotated[str, Form()],
    target: Annotated[str, Form()],
    yuan: Annotated[str, Form(max_length=30)],
) -> Response:
    """Move fen of a document line to another cell of the month, or let them be unallocated."""
    _contract, first = named(db, viewer, contract, month)
    document, _sep, rest = share.partition(":")
    line, _sep, cell = rest.partition(":")
    if not (document.isdecimal() and line.isdecimal()):
        raise Refused("unusable_value")
    goal = (contract, first, *_cell(target)) if target else None
    move(
        db, int(document), int(line), source=(contract, first, *_cell(cell)), target=goal,
        fen=forms.fen(yuan), actor=viewer.actor, now=now,
    )  # fmt: skip
    return RedirectResponse(f"/reconcile/{contract}/{month}#documents", 303)


@router.post("/reconcile/{contract}/{month}/messages")
def ask(
    contract: int,
    month: str,
    *,
    viewer: Clerk,
    db: Db,
    now: Now,
    code: Annotated[str, Form(pattern=r"^R(0[1-9]|1[0-9]|20)$")],
    body: Note,
    document: Annotated[str, Form()] = "",
) -> Response:
    """Ask the centre; it has some working days to answer."""
    found, first = named(db, viewer, contract, month)
    messages.send(
        db, found, first, code=code, body=body,
        document=int(document) if document.isdecimal() else None,
        process=reconcile.process_of(db, found), actor=viewer.actor, now=now,
    )  # fmt: skip
    return RedirectResponse(f"/reconcile/{contract}/{month}#messages", 303)


def _cell(said: str) -> tuple[int, str]:
    price, _sep, policy = said.partition("/")
    if not price.isdecimal():
        raise Refused("unusable_value")
    return int(price), policy
