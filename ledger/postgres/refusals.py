"""Translate the database's refusals that a step foresees into our errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ledger.errors import LedgerError


@contextmanager
def refusals(foreseen: Callable[[object], LedgerError | None]) -> Iterator[None]:
    """Raise what `foreseen` makes of a driver's error; unforeseen errors pass."""
    try:
        yield
    except DBAPIError as error:
        refusal = foreseen(error.orig)
        if refusal is None:
            raise
        raise refusal from error
