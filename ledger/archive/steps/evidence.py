"""Read archives for whoever verifies or exports them, and hold the files to their manifests."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import attrgetter

from ledger.archive.queries.parts import Lying, RollKey, all_lying, parts, rolls_of_part
from ledger.archive.rules.manifests import (
    Manifest,
    manifest_bytes,
    manifest_name,
    read_manifest,
    root_of,
)
from ledger.archive.rules.rolls import HASH, ArchivedRoll, batches_of
from ledger.archive.rules.rows import away_row
from ledger.archive.steps.part_files import PartFile, is_as_written, open_part
from ledger.archive.steps.places import Place
from ledger.archive.tables import Archive
from ledger.errors import LedgerError
from ledger.metering.queries.windows import Raw
from ledger.seals.codes import FaultCode
from ledger.seals.rules.faults import Fault
from ledger.seals.rules.heads import Head, is_signed
from ledger.seals.rules.outside.away import RELATION as BATCHES
from ledger.seals.rules.outside.away import AwayRow, Note

RELATION = "archives"
GROUPS_OPEN = 4
"""Row groups that are held: those of one seal lie near one another."""

PartKey = tuple[date, int]


@dataclass(frozen=True)
class Evidence:
    """The parts that are registered, read in one transaction (an `Away` of the seals)."""

    raw: Raw

    def rows(self, heads: Mapping[int, Head], note: Note) -> Iterator[AwayRow]:
        """Return the rows of all parts by seal and key; of a part that is not whole, none."""
        with ExitStack() as stack:
            reader = _Reader(self.check(heads, note), stack)
            for (seal, _), spots in groupby(all_lying(self.raw), key=attrgetter("seal", "stream")):
                if seal in heads:
                    yield from sorted(reader.rows(spots, heads, note))

    def check(self, heads: Mapping[int, Head], note: Note) -> dict[PartKey, tuple[Place, Manifest]]:
        """Return the parts that are as they were archived; what is wrong with others is noted."""
        good_parts = {}
        for archive in parts(self.raw):
            key = f'["{archive.month}", {archive.part}]'
            try:
                manifest = read_manifest(archive.manifest)
            except ValueError:
                note(Fault(FaultCode.HEAD, RELATION, key))
                continue
            if code := _why_not(archive, manifest, heads) or self._wrong_content(archive, manifest):
                note(Fault(code, RELATION, key, archive.seal))
                continue
            place, wrong = _place_and_damage(archive, manifest)
            for name in wrong:
                note(Fault(FaultCode.ARCHIVE, RELATION, name, archive.seal))
            if place and not wrong:
                good_parts[archive.month, archive.part] = place, manifest
        return good_parts

    def _wrong_content(self, archive: Archive, manifest: Manifest) -> FaultCode | None:
        """Hold what the database knows of a part to its manifest: its rolls, and their leaves."""
        leaves = {key: roll.leaves for key, roll in rolls_of_part(self.raw, archive).items()}
        of_books = len(leaves), sum(map(len, leaves.values())) // HASH, root_of(leaves)
        is_same = of_books == (manifest.rolls, manifest.batches, manifest.root)
        return None if is_same else FaultCode.TREE


def _why_not(archive: Archive, manifest: Manifest, heads: Mapping[int, Head]) -> FaultCode | None:
    """Return what is wrong with a manifest: it is another month's, another key's, or forged."""
    after = {number: head for number, head in heads.items() if number >= archive.seal}
    following = [head.previous for number, head in after.items() if number == archive.seal + 1]
    if (manifest.month, manifest.part) != (archive.month, archive.part):
        return FaultCode.HEAD
    if following and following != [manifest.head]:
        return FaultCode.CHAIN
    keys = {key for head in after.values() for key in (head.key, head.key_after)}
    if manifest.key not in keys:
        return FaultCode.KEY
    is_sound = is_signed(archive.manifest, archive.signature, bytes.fromhex(manifest.key))
    return None if is_sound else FaultCode.SIGNATURE


def _place_and_damage(archive: Archive, manifest: Manifest) -> tuple[Place | None, Sequence[str]]:
    """Return where a part lies, and the names of its files that are not as they were written."""
    try:
        place = Place(archive.place)
        wrong = [] if is_as_written(place, manifest) else [manifest.file]
        expected = manifest_bytes(archive.manifest, archive.signature)
        if not place.holds(manifest_name(manifest), expected):
            wrong.append(manifest_name(manifest))
    except LedgerError:
        return None, [archive.place.partition("?")[0]]
    return place, wrong


@dataclass
class _Reader:
    """The rolls of parts, of which some row groups are held."""

    good_parts: Mapping[PartKey, tuple[Place, Manifest]]
    stack: ExitStack
    files: dict[PartKey, PartFile] = field(default_factory=dict)
    groups: OrderedDict[tuple[PartKey, int], dict[RollKey, ArchivedRoll]] = field(
        default_factory=OrderedDict
    )

    def rows(
        self, spots: Iterator[Lying], heads: Mapping[int, Head], note: Note
    ) -> Iterator[AwayRow]:
        """Return the batches of some rolls; a roll that cannot be read is noted."""
        for roll in spots:
            part = roll.month, roll.part
            if part not in self.good_parts:
                continue
            try:
                archival = self._group(part, roll.group)[roll.key]
                leaves = (roll.leaves[at : at + HASH] for at in range(0, len(roll.leaves), HASH))
                rows = [
                    away_row(batch, heads, leaf)
                    for batch, leaf in zip(batches_of(archival), leaves, strict=True)
                ]
            except (LedgerError, ValueError, KeyError):
                note(Fault(FaultCode.ARCHIVE, BATCHES, f'["{roll.stream}", {roll.first}]'))
            else:
                yield from rows

    def _group(self, part: PartKey, group: int) -> Mapping[RollKey, ArchivedRoll]:
        if (part, group) not in self.groups:
            if part not in self.files:
                place, manifest = self.good_parts[part]
                self.files[part] = self.stack.enter_context(open_part(place, manifest.file))
            rolls = self.files[part].rolls(group)
            self.groups[part, group] = {(own.stream, own.first): own for own in rolls}
            while len(self.groups) > GROUPS_OPEN:
                self.groups.popitem(last=False)
        return self.groups[part, group]
