"""Hold a dossier to itself: signature, members, heads, each row's way to its head, its sums."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from ledger.seals.codes import FaultCode
from ledger.seals.rules import dossier, export
from ledger.seals.rules.chain import check_chain
from ledger.seals.rules.contents import Values, content_check, public_key, row_of
from ledger.seals.rules.dossier import Manifest, ProvenRow
from ledger.seals.rules.export import Archive, Malformed
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import leaf_bytes, row_hash, unescape
from ledger.seals.rules.heads import Head, SealedTree
from ledger.seals.rules.paths import root_by

Rows = Mapping[str, list[Values]]


class WholeArchive(Archive, Protocol):
    """An archive whose members are small enough to be read whole."""

    def content(self, member: str) -> bytes:
        """Return a member's bytes; none where it is not there.

        Raises:
            ValueError: it cannot be read, or is larger than any member may be.
        """
        ...

    def repeated(self) -> set[str]:
        """Return the names that stand more than once."""
        ...


def check_dossier(archive: WholeArchive) -> tuple[Manifest | None, Tally]:
    """Check everything that a dossier holds.

    Returns:
        What it says it is, where that can be read; what was looked at, and every fault. A
        member stands in a fault in the place of a relation.
    """
    tally = Tally()
    check = _Check(archive, tally)
    manifest = check.manifest()
    check.check_members(manifest)
    rows: dict[str, list[Values]] = defaultdict(list)
    for relation, values in check.proven_rows(manifest):
        rows[relation].append(values)
    if manifest is not None:
        tally.faults += _own_faults(manifest, rows)
    return manifest, tally


class _Check:
    """A dossier that is looked at, and what was found."""

    def __init__(self, archive: WholeArchive, tally: Tally) -> None:
        self.archive, self.tally = archive, tally

    def manifest(self) -> Manifest | None:
        """What the dossier says it is, signed by the key that it names."""
        line = self._content(dossier.MANIFEST)
        try:
            manifest = dossier.read_manifest(line)
        except ValueError:
            self._note(FaultCode.FORM, dossier.MANIFEST)
            return None
        if not dossier.is_signed(line, self._content(dossier.SIGNATURE), manifest.key):
            self._note(FaultCode.SIGNATURE, dossier.MANIFEST)
        return manifest

    def check_members(self, manifest: Manifest | None) -> None:
        """The members are those that were signed, each to the byte."""
        digests = manifest.members if manifest else {}
        names = self.archive.names() - {dossier.MANIFEST, dossier.SIGNATURE}
        for name in sorted(self.archive.repeated() | (names - digests.keys())):
            self._note(FaultCode.ADDED, name)
        for name, digest in sorted(digests.items()):
            if name not in names:
                self._note(FaultCode.MISSING, name)
            elif dossier.digest_of(self._content(name)) != digest:
                self._note(FaultCode.CHANGED, name)

    def proven_rows(self, manifest: Manifest | None) -> Iterator[tuple[str, Values]]:
        """The rows by relation, each held to its head and to itself."""
        heads = self._heads(manifest)
        keys: dict[str, bytes] = {}
        relations = sorted(export.relations_of(self.archive), key=lambda name: name != "agents")
        for relation in relations:
            row_check = _RowCheck(self, relation, heads, keys)
            try:
                for row in dossier.rows_of(self.archive, relation):
                    values = row_check.values(row)
                    if relation == "agents":
                        keys.update([public_key(values)])
                    yield relation, values
            except Malformed as error:
                self._note(FaultCode.FORM, error.member, str(error.line))
            except (KeyError, ValueError):
                self._note(FaultCode.FORM, export.rows_member(relation))

    def _heads(self, manifest: Manifest | None) -> Mapping[int, Head]:
        try:
            seals = list(export.seals_of(self.archive))
        except Malformed as error:
            self._note(FaultCode.FORM, error.member, str(error.line))
            return {}
        heads = check_chain(seals, self.tally, seals[0].number if seals else 1)
        last = seals[-1] if seals else None
        if manifest and (last is None or (last.number, last.hash.hex()) != _named(manifest)):
            self._note(FaultCode.CHAIN, dossier.MANIFEST)
        elif manifest and last and last.number in heads:
            last_head = heads[last.number]
            if last_head.key_after != manifest.key:
                self._note(FaultCode.KEY, dossier.MANIFEST)
            self._check_policies(last_head)
        return heads

    def _check_policies(self, last: Head) -> None:
        for name, digest in last.policies.items():
            member = export.policy_member(name)
            if dossier.digest_of(self._content(member)) != digest:
                self._note(FaultCode.CHANGED, member)

    def original(self, hash_: str) -> bytes:
        """The bytes of an original; none where it is not there."""
        for name in self.archive.names():
            if name.partition(".")[0] == f"files/{hash_}":
                return self._content(name)
        return b""

    def _content(self, member: str) -> bytes:
        try:
            return self.archive.content(member)
        except ValueError:
            self._note(FaultCode.FORM, member)
            return b""

    def _note(self, code: FaultCode, member: str, key: str = "") -> None:
        fault = Fault(code, member, key)
        if fault not in self.tally.faults:
            self.tally.faults.append(fault)


class _RowCheck:
    """The rows of one relation, each with its way to a head."""

    def __init__(
        self, check: _Check, relation: str, heads: Mapping[int, Head], keys: Mapping[str, bytes]
    ) -> None:
        self.check, self.relation, self._heads, self._keys = check, relation, heads, keys
        self._trees = {
            number: tree
            for number, head in heads.items()
            for tree in head.trees
            if tree.relation == relation
        }

    def values(self, row: ProvenRow) -> Values:
        """The values of a row; what is wrong with it is noted. Raises KeyError, ValueError."""
        tally = self.check.tally
        tally.rows += 1
        tree = self._trees[row.seal]
        line = self._whole(row, tree)
        if self._root(row, line, tree) != tree.root:
            self._note(FaultCode.CHANGED, row)
        else:
            tally.leaves += 1
            content: Callable[[bytes], FaultCode | None] = content_check(
                self.relation, tree.columns, self._keys
            )
            if code := content(line):
                self._note(code, row)
        return row_of(tree.columns, row.line)

    def _root(self, row: ProvenRow, line: bytes, tree: SealedTree) -> str | None:
        algorithm = self._heads[row.seal].algorithm
        leaf = leaf_bytes(row.key, row_hash(self.relation, tree.columns, algorithm)(line))
        try:
            return root_by(leaf, row.place, tree.rows, row.path, algorithm).hex()
        except ValueError:
            return None

    def _whole(self, row: ProvenRow, tree: SealedTree) -> bytes:
        """The line with the original's bytes in their place."""
        if self.relation != "originals":
            return row.line
        names = [column.partition(":")[0] for column in tree.columns]
        values = row.line.rstrip(b"\n").split(b"\t")
        if values[names.index("content")] != dossier.ELSEWHERE:
            raise ValueError(row.key)
        content = self.check.original(values[names.index("hash")].decode())
        values[names.index("content")] = b"\\\\x" + content.hex().encode()
        return b"\t".join(values) + b"\n"

    def _note(self, code: FaultCode, row: ProvenRow) -> None:
        key = row.key.decode(errors="replace")
        self.check.tally.faults.append(Fault(code, self.relation, key, row.seal))


def _named(manifest: Manifest) -> tuple[int, str]:
    return manifest.seal, manifest.hash


def _own_faults(manifest: Manifest, rows: Rows) -> Iterator[Fault]:
    """What a dossier must have to be one: its claim, all steps of it, all months, all files."""
    claims = rows.get("claims", [])
    if [unescape(claim["number"]).decode() for claim in claims] != [manifest.claim]:
        yield Fault(FaultCode.DIFFERS, "claims", manifest.claim)
        return
    (claim,) = claims
    steps = sorted(int(event["seq"]) for event in rows.get("claim_events", []))
    if steps != list(range(1, len(steps) + 1)):
        yield Fault(FaultCode.MISSING, "claim_events", manifest.claim)
    cells = sum(int(cell["fen"]) for cell in rows.get("claim_cells", []))
    if cells != int(claim["fen"]):
        yield Fault(FaultCode.DIFFERS, "claim_cells", manifest.claim)
    originals = {row["hash"] for row in rows.get("originals", [])}
    for relation in ("claim_files", "cost_documents", "receipts", "bank_returns"):
        for row in rows.get(relation, []):
            if row["original"] not in originals:
                yield Fault(FaultCode.MISSING, "originals", row["original"].decode())
