"""Bring archived rolls back into the database for some days, to be read as all others.

The database takes them by their digests, which it has kept.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import psycopg
from sqlmodel import Session

from ledger.archive.queries.parts import Lying, RollKey, parts, where_they_lie
from ledger.archive.queries.rolls import lend_rolls
from ledger.archive.rules.manifests import read_manifest
from ledger.archive.rules.rolls import batches_of, row_of
from ledger.archive.steps.part_files import open_part
from ledger.archive.steps.places import Place
from ledger.archive.tables import Archive
from ledger.errors import Refused
from ledger.metering.queries.windows import raw_connection


def bring_back(db: Session, keys: Sequence[RollKey], now: datetime) -> None:
    """Bring back rolls that lie in files alone.

    Raises:
        Busy: the archive is not there (`archive_away`).
        Refused: a file is missing or is not what was archived (`archive_file`).
    """
    raw = raw_connection(db)
    of_part = {(part.month, part.part): part for part in parts(raw)}
    lying = where_they_lie(raw, keys)
    for key, of_file in groupby(lying, key=attrgetter("month", "part")):
        archive = of_part[key]
        try:
            lend_rolls(raw, _rows(archive, list(of_file)), now)
        except (ValueError, psycopg.errors.CheckViolation) as error:
            raise Refused("archive_file", file=read_manifest(archive.manifest).file) from error


def _rows(archive: Archive, lying: Sequence[Lying]) -> list[Sequence[object]]:
    rows = []
    with open_part(Place(archive.place), read_manifest(archive.manifest).file) as file:
        for group, of_group in groupby(lying, key=attrgetter("group")):
            keys = {roll.key for roll in of_group}
            for kept in file.rolls(group, {first for _, first in keys}):
                if (kept.stream, kept.first) in keys:
                    rows.append(row_of(kept, list(batches_of(kept))))
                    keys.remove((kept.stream, kept.first))
            if keys:
                raise ValueError(f"{len(keys)} rolls are missing")
    return rows
