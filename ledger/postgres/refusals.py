"""The database's refusals in our own words: those that a step foresees; the others pass."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ledger.errors import LedgerError


@contextmanager
def refusals(foreseen: Callable[[object], LedgerError | None]) -> Iterator[None]:
    """Raise, instead of what the driver raised, what `foreseen` makes of it."""
    try:
        yield
    except DBAPIError as error:
        refusal = foreseen(error.orig)
        if refusal is None:
            raise
        raise refusal from error
