"""Have at hand what is archived and somebody met; nobody else needs pyarrow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.archive.queries.parts import RollKey
from ledger.errors import Busy
from ledger.metering.queries.windows import Raw
from ledger.seals.rules.outside.away import Away, Nowhere


def bring_back(engine: Engine, keys: Sequence[RollKey], now: datetime) -> None:
    """Bring archived rolls back for some days, in a transaction of its own.

    Raises:
        Busy: the archive is not there (`archive_away`), or nothing here reads it (`archive_extra`).
        Refused: a file of it is missing or not what it was (`archive_file`).
    """
    with needing_pyarrow():
        from ledger.archive.steps.bring_back import bring_back as do  # noqa: PLC0415 - pyarrow
    with Session(engine) as db, db.begin():
        do(db, keys, now)


def evidence(raw: Raw) -> Away:
    """Return who reads what is archived, as this transaction has it.

    Raises:
        Busy: there are archives, and nothing here reads them (`archive_extra`).
    """
    if raw.execute("SELECT FROM archives LIMIT 1").fetchone() is None:
        return Nowhere()
    with needing_pyarrow():
        from ledger.archive.steps.evidence import Evidence  # noqa: PLC0415 - pyarrow
    return Evidence(raw)


@contextmanager
def needing_pyarrow() -> Iterator[None]:
    """Say what to install where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Busy("archive_extra") from error
