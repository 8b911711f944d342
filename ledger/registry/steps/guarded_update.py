"""Change rows only as long as they are what they were when the change was seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import TextClause
from sqlmodel import Session

from ledger.errors import Conflict


class Marks(TypedDict):
    """Who changes rows, when, and by which decision; None where one person may."""

    now: datetime
    actor: str
    decision: int | None


def update_each(
    db: Session, statement: TextClause, rows: Iterable[Mapping[str, Any]], marks: Marks
) -> None:
    """Run a statement for each of these rows; its condition names what the row was.

    Raises:
        Conflict: a row is not as it was (`registry_moved`).
    """
    for row in rows:
        result = db.execute(statement, {**row, **marks})
        if result.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("registry_moved")
