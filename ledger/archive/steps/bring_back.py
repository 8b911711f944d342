"""Bring archived rolls back into the database for some days, to be read as all others.

The database takes them by their digests, which it has roll.
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
    spots = where_they_lie(raw, keys)
    for key, of_file in groupby(spots, key=attrgetter("month", "part")):
        archive = of_part[key]
        try:
            lend_rolls(raw, _rows(archive, list(of_file)), now)
        except (ValueError, psycopg.errors.CheckViolation) as error:
            raise Refused("archive_file", file=read_manifest(archive.manifest).file) from error


def _rows(archive: Archive, spots: Sequence[Lying]) -> list[Sequence[object]]:
    rows = []
    with open_part(Place(archive.place), read_manifest(archive.manifest).file) as file:
        for group, of_group in groupby(spots, key=attrgetter("group")):
            keys = {place.key for place in of_group}
            for roll in file.rolls(group, {first for _, first in keys}):
                if (roll.stream, roll.first) in keys:
                    rows.append(row_of(roll, list(batches_of(roll))))
                    keys.remove((roll.stream, roll.first))
            if keys:
                raise ValueError(f"{len(keys)} rolls are missing")
    return rows
