"""Write a dossier: a claim's rows with their ways to the head that was just made, in one file.

The seal and the dossier are one transaction in one snapshot, so none of its rows waits for a seal.
"""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from sqlmodel import Session

from ledger.claims.tables import Claim
from ledger.metering.queries.windows import raw_connection
from ledger.policy.text.published import beside
from ledger.postgres.columns import key as key_of
from ledger.seals.queries.chain import kept_seals
from ledger.seals.queries.claim_rows import CLAIM_ROWS
from ledger.seals.queries.claim_use import DayOfUse, days_of_use
from ledger.seals.queries.proofs import Prover
from ledger.seals.queries.shapes import Raw, Shape, shapes, write_as_sealed
from ledger.seals.rules import dossier, export
from ledger.seals.rules.chain import KeptSeal
from ledger.seals.rules.dossier import Manifest, ProvenRow
from ledger.seals.rules.heads import BureauKey, Head, read_head
from ledger.seals.tables import Seal

_ORIGINAL = "SELECT name, content FROM originals WHERE hash = %s"
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True)
class Dossier:
    """What stands in a dossier, for the summary."""

    last: Head
    last_hash: str
    rows: Mapping[str, int]
    use: list[DayOfUse]


def write_dossier(
    db: Session,
    claim: Claim,
    last: Seal,
    key: BureauKey,
    *,
    summary: Callable[[Dossier], str],
    now: datetime,
    target: IO[bytes],
) -> None:
    """Write a claim's dossier, in the transaction that made the last seal.

    Args:
        db: the session of that transaction.
        claim: whose.
        last: the last seal.
        key: which signed it; the next head's, where it names another, signs no dossier yet.
        summary: writes the page for readers from what stands in the dossier.
        now: when.
        target: where to.

    Raises:
        Refused: a row of it stands in no tree of a head (`unproven`).
    """
    raw = raw_connection(db)
    write_as_sealed(raw)
    seals = kept_seals(raw)
    heads = {seal.number: read_head(seal.head) for seal in seals}
    use = days_of_use(db, claim)
    rows = dict(_rows(raw, heads, claim, use))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        members = _Members(archive)
        counts = {relation: len(proven) for relation, (_, proven) in rows.items()}
        dossier_made = Dossier(heads[last.number], last.hash.hex(), counts, use)
        members.add(dossier.SUMMARY, summary(dossier_made).encode())
        members.add(dossier.USE, _use_lines(use))
        first = min(row.seal for _, proven in rows.values() for row in proven)
        members.add(export.HEADS, _head_lines(seal for seal in seals if seal.number >= first))
        for relation, (shape, proven) in sorted(rows.items()):
            members.add(export.rows_member(relation), _row_lines(shape, proven))
        for row in rows["originals"][1] if "originals" in rows else ():
            _add_original(raw, members, json.loads(row.key)[0])
        for name in sorted(heads[last.number].policies):
            if file := beside(name):
                members.add(export.policy_member(name), file.read_bytes())
        manifest = dossier.write_manifest(
            Manifest(
                claim=claim.number,
                made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
                seal=last.number,
                hash=last.hash.hex(),
                key=bytes(key.verify_key).hex(),
                members=members.digests,
            )
        )
        archive.writestr(dossier.MANIFEST, manifest)
        archive.writestr(dossier.SIGNATURE, dossier.sign(manifest, key))


class _Members:
    """The members that were written, and the digest of each."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        self._archive.writestr(name, content)
        self.digests[name] = dossier.digest_of(content)


def _rows(
    raw: Raw, heads: Mapping[int, Head], claim: Claim, use: list[DayOfUse]
) -> Iterator[tuple[str, tuple[Shape, list[ProvenRow]]]]:
    """The rows of each relation that has some."""
    prover, of_name = Prover(raw, heads), shapes(raw)
    for relation, condition in CLAIM_ROWS.items():
        condition_here = condition.format(claim=key_of(claim))
        if proven := list(prover.rows_where(of_name[relation], condition_here)):
            yield relation, (of_name[relation], proven)
    batches = sorted({(d.stream, d.number) for d in use if d.stream and d.number is not None})
    if batches:
        shape = of_name["batches"]
        proven = [prover.batch(shape, str(stream), int(number or 0)) for stream, number in batches]
        yield "batches", (shape, sorted(proven, key=lambda row: (row.seal, row.key)))
        agents = {_value(shape, row, "agent_id").decode() for row in proven}
        who_sent = f"t.id = ANY('{{{','.join(sorted(agents))}}}')"
        yield "agents", (of_name["agents"], list(prover.rows_where(of_name["agents"], who_sent)))


def _row_lines(shape: Shape, proven: list[ProvenRow]) -> bytes:
    if shape.relation == "originals":
        proven = [_without_content(shape, row) for row in proven]
    return b"".join(dossier.row_line(row, _escaped(row.key)) for row in proven)


def _without_content(shape: Shape, row: ProvenRow) -> ProvenRow:
    values = row.line.rstrip(b"\n").split(b"\t")
    values[_place(shape, "content")] = dossier.ELSEWHERE
    return ProvenRow(row.seal, row.place, row.path, row.key, b"\t".join(values) + b"\n")


def _value(shape: Shape, row: ProvenRow, column: str) -> bytes:
    return row.line.rstrip(b"\n").split(b"\t")[_place(shape, column)]


def _place(shape: Shape, column: str) -> int:
    return [name.partition(":")[0] for name in shape.columns].index(column)


def _escaped(key: bytes) -> bytes:
    return "".join(_ESCAPES.get(character, character) for character in key.decode()).encode()


def _add_original(raw: Raw, members: _Members, hash_: str) -> None:
    row = raw.execute(_ORIGINAL, (hash_,)).fetchone()
    assert row is not None  # noqa: S101 - its row was just read in this snapshot
    members.add(dossier.file_member(hash_, row[0]), bytes(row[1]))


def _head_lines(seals: Iterator[KeptSeal]) -> bytes:
    return b"".join(
        json.dumps({"head": s.head, "signature": s.signature.hex()}, ensure_ascii=False).encode()
        + b"\n"
        for s in seals
    )


def _use_lines(use: list[DayOfUse]) -> bytes:
    return "".join(
        f"{d.day}\t{d.device_ms}\t{d.stream or ''}\t{d.number or ''}\n" for d in use
    ).encode()
