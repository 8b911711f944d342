"""Asking again at a confirmation (step-up): for a code of whoever confirms, at the place itself.

A route that confirms takes the code in its request and calls `Prover.take`. A page puts the field
where `Prover.asks` says so, and answers with `Prover.keep`, as the session has another secret
then. Who forgets the first of it confirms nothing: the steps refuse an unproven viewer.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.door.dependencies import Db, Wall, keep_session, place_of, stands
from api.door.problems import Refusal
from ledger.people.steps import step_up
from ledger.people.steps.credentials import Viewer


@dataclass
class Prover:
    """One request, in which somebody may be asked for a code."""

    request: Request
    db: Session
    now: datetime
    _secret: str = ""

    def asks(self, viewer: Viewer) -> bool:
        """Whether she is asked for a code before she confirms."""
        return step_up.is_wanted(self.db, viewer, stands(self.request), self.now)

    def take(self, viewer: Viewer, code: str) -> Viewer:
        """The viewer, after she has shown a code where one is wanted.

        Raises:
            Refusal: none is there (`step_up`), or it is wrong or too soon (`step_up_code`).
            Refused: she has no authenticator (`step_up_none`).
        """
        if not viewer.unproven:
            return viewer
        if not step_up.has_authenticator(self.db, viewer, self.now):
            raise Refusal(422, "step_up_none")
        if not code:
            raise Refusal(422, "step_up")
        if not step_up.prove(self.db, viewer, code, place_of(self.request), self.now):
            self.db.commit()  # the guess counts, whatever becomes of the request
            raise Refusal(422, "step_up_code")
        if viewer.session is not None:
            self._secret = step_up.keep_proof(self.db, viewer.session, self.now)
        return replace(viewer, unproven=False)

    def keep(self, response: Response) -> Response:
        """The response, with the session's new secret if it has one."""
        if self._secret:
            keep_session(self.request, response, self._secret)
        return response


def prover(request: Request, db: Db, wall: Wall) -> Prover:
    """What asks for codes in this request."""
    return Prover(request, db, wall)


Proving = Annotated[Prover, Depends(prover)]
