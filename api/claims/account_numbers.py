"""Show account numbers by one rule, and record what is shown whole.

Whole numbers are for who has the right: finance for all, a builder and a centre for their own.
Everybody else sees the last four figures.

Whoever is to confirm a new account compares it with its proof, and so sees that one whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session

from api.door import access
from api.door.access import Right
from api.door.dependencies import Db, Now
from ledger.claims.queries import mask
from ledger.claims.steps.number_reads import record_read
from ledger.people.codes import DecisionKind
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision


@dataclass(frozen=True)
class NumberView:
    """How the numbers of one answer are shown to its reader."""

    db: Session
    now: datetime
    place: str

    def show(self, viewer: Viewer, numbers: Mapping[int, str]) -> dict[int, str]:
        """Return the numbers by the keys of their accounts, whole or masked."""
        if not access.may(viewer, Right.READ_NUMBERS):
            return {account: mask(number) for account, number in numbers.items()}
        if numbers:
            self._record(viewer, numbers)
        return dict(numbers)

    def show_decision(
        self, viewer: Viewer, decision: Decision, *, to_answer: bool, accounts: Iterable[int] = ()
    ) -> dict[str, Any]:
        """Return a decision's content; `to_answer`: the viewer is to confirm or refuse it."""
        content = hide_numbers(decision.kind, decision.content)
        compares = to_answer and decision.kind == DecisionKind.ACCOUNT
        if content == decision.content:
            return content
        if not (compares or access.may(viewer, Right.READ_NUMBERS)):
            return content
        self._record(viewer, accounts)
        return dict(decision.content)

    def _record(self, viewer: Viewer, accounts: Iterable[int]) -> None:
        record_read(self.db, accounts, place=self.place, actor=viewer.actor, now=self.now)


def hide_numbers(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision's content with the account numbers in it masked."""
    if kind == DecisionKind.ACCOUNT:
        return {**content, "number": mask(content["number"])}
    if kind == DecisionKind.PAYMENT_LIST:
        lines = [{**line, "account": mask(line["account"])} for line in content["lines"]]
        return {**content, "lines": lines}
    return dict(content)


def number_view(request: Request, db: Db, now: Now) -> NumberView:
    """The view of this request's answer."""
    return NumberView(db, now, request.url.path)


Numbers = Annotated[NumberView, Depends(number_view)]
