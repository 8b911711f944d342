"""Archive a month: its rolls go into files, part by part, and leave the database.

A part is written, flushed to disk and read back; what was read is held to the leaves that sealed
each batch, and then the database holds it to what it has, byte for byte, before it deletes that.
The row that says where the part is comes in the same transaction. Who is stopped before leaves
files that nobody names; the next one begins the part anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from secrets import token_hex
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlmodel import Session, select

from ledger.archive.queries.parts import RollKey, next_part, rolls_of_part
from ledger.archive.queries.rolls import archive_roll, candidates, day_to_pack, is_over, read_on
from ledger.archive.rules.manifests import (
    Manifest,
    manifest_bytes,
    names_of,
    root_of,
    write_manifest,
)
from ledger.archive.rules.rolls import ArchivedRoll, batches_of, row_of
from ledger.archive.rules.rows import leaf_of
from ledger.archive.steps.part_files import (
    USUAL,
    Content,
    Limits,
    PartFile,
    open_part,
    write_part,
)
from ledger.archive.steps.places import Place
from ledger.archive.tables import Archive
from ledger.errors import Busy, Refused
from ledger.metering.queries.windows import Raw, raw_connection
from ledger.seals.rules.heads import BureauKey, Head, read_head, sign
from ledger.seals.tables import Seal
from ledger.units import beijing_day

_MINE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('suanquan.archiving', 0))")
_PATIENT = text(
    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)

Sessions = Callable[[], Session]


@dataclass(frozen=True)
class Order:
    """What to archive and where: a Beijing month, by whom, with which key and when."""

    month: date
    place: Place
    key: BureauKey
    actor: str
    now: datetime
    limits: Limits = USUAL

    @property
    def public_key(self) -> str:
        """That of the bureau, in hexadecimal."""
        return bytes(self.key.verify_key).hex()


def archive_part(session: Sessions, order: Order) -> Archive | None:
    """Archive the next part of a month.

    Args:
        session: opens sessions.
        order: what to archive and where.

    Returns:
        The part; None where nothing of the month is left to archive.

    Raises:
        Busy: another server archives (`archive_busy`), or the place is not there (`archive_away`).
        Refused: the month is not over for a whole month (`archive_early`), not sealed
            (`archive_unsealed`), not packed (`archive_not_packed`), the key is not the one that
            seals (`seal_key_unknown`); or what was read back is not what was sealed
            (`archive_differs`).
    """
    with session() as db, db.begin():
        raw = raw_connection(db)
        db.execute(_PATIENT)
        _refuse(raw, order)
        read_on(raw, order.month)
    with session() as db, db.begin():
        if not db.scalar(_MINE):
            raise Busy("archive_busy")
        db.execute(_PATIENT)
        return _part(db, order).archive()


def _refuse(raw: Raw, order: Order) -> None:
    month = f"{order.month:%Y-%m}"
    if not is_over(order.month, beijing_day(order.now)):
        raise Refused("archive_early", month=month)
    day = day_to_pack(raw, order.month)
    if day is not None:
        raise Refused("archive_not_packed", month=month, day=day.isoformat())


def _part(db: Session, order: Order) -> "_Part":
    seals = {seal.number: seal for seal in db.exec(select(Seal))}
    of_month = next((seal for seal in seals.values() if seal.month == order.month), None)
    if of_month is None:
        raise Refused("archive_unsealed", month=f"{order.month:%Y-%m}")
    heads = {number: read_head(seal.head) for number, seal in seals.items()}
    expected = heads[max(heads)].key_after
    if order.public_key != expected:
        raise Refused("seal_key_unknown", key=order.public_key[:16], expected=expected[:16])
    return _Part(db, order, of_month, next_part(raw_connection(db), order.month), heads)


@dataclass(frozen=True)
class _Part:
    """One part that is being archived."""

    db: Session
    order: Order
    seal: Seal
    number: int
    heads: dict[int, Head]

    def archive(self) -> Archive | None:
        """Write it, and have it in the place of what it holds."""
        raw, place = raw_connection(self.db), self.order.place
        file, manifest_file = names_of(self.order.month, self.number, token_hex(4))
        try:
            rolls = candidates(raw, self.order.month, self.seal.number)
            content = write_part(place, file, rolls, self.order.limits)
            if content is None:
                return None
            archive = self._registered(file, content)
            with place.create(manifest_file) as sink:
                sink.write(manifest_bytes(archive.manifest, archive.signature))
            self.db.add(archive)
            self.db.flush()
            self._replace(raw, archive, file)
        except BaseException:
            for name in (file, manifest_file):
                place.remove(name)
            raise
        return archive

    def _registered(self, file: str, content: Content) -> Archive:
        order = self.order
        size, digest = order.place.digest(file)
        manifest = write_manifest(
            Manifest(
                month=order.month, part=self.number, head=self.seal.hash.hex(),
                key=order.public_key, program=version("suanquan"), file=file, bytes=size,
                sha256=digest, rolls=content.rolls, batches=content.batches,
                windows=content.windows, root=root_of(content.leaves),
            )
        )  # fmt: skip
        return Archive(
            month=order.month, part=self.number, place=order.place.address, manifest=manifest,
            signature=sign(manifest, order.key), seal=self.seal.number, archived_at=order.now,
            archived_by=order.actor,
        )  # fmt: skip

    def _replace(self, raw: Raw, archive: Archive, file: str) -> None:
        """Read the file back, and have its rolls go; both sides hold it to what they know."""
        leaves: dict[RollKey, bytes] = {}
        with open_part(self.order.place, file) as part:
            for group in range(part.groups):
                for roll in _or_refused(file, part, group):
                    leaves[roll.stream, roll.first] = self._archive(raw, archive, group, roll)
        for key, spot in rolls_of_part(raw, archive).items():
            if leaves[key] != spot.leaves:
                raise _differs(*key)

    def _archive(self, raw: Raw, archive: Archive, group: int, roll: ArchivedRoll) -> bytes:
        """Have a roll go; return the leaves of its batches, as the file has them."""
        try:
            batches = list(batches_of(roll))
            leaves = b"".join(leaf_of(batch, self.heads) for batch in batches)
            archive_roll(raw, archive, group, row_of(roll, batches))
        except (ValueError, KeyError, psycopg.errors.CheckViolation) as error:
            raise _differs(roll.stream, roll.first) from error
        return leaves


def _or_refused(file: str, part: PartFile, group: int) -> Sequence[ArchivedRoll]:
    try:
        return part.rolls(group)
    except ValueError as error:
        raise Refused("archive_file", file=file) from error


def _differs(stream: UUID, first: int) -> Refused:
    return Refused("archive_differs", stream=str(stream), number=first)
