"""Seal and verify a test's database."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa
from nacl.signing import SigningKey
from sqlmodel import Session

from api.door.archive.bring_back import evidence
from ledger.metering.queries.windows import raw_connection
from ledger.policy.text.file import Source
from ledger.policy.text.published import source
from ledger.postgres.database import Database
from ledger.seals.codes import Algorithm, SealKind
from ledger.seals.queries.verify import verify
from ledger.seals.rules import export
from ledger.seals.rules.chain import Leaf
from ledger.seals.rules.faults import Tally
from ledger.seals.rules.form import leaf_bytes, row_hash
from ledger.seals.rules.heads import Head, SealedTree, hash_of, read_head, sign, write_head
from ledger.seals.rules.merkle import Tree
from ledger.seals.rules.occasions import BY_THE_HOUR, Occasion
from ledger.seals.rules.recomputation.evidence import Row
from ledger.seals.steps.export import write_export
from ledger.seals.steps.seal import seal
from ledger.seals.tables import Seal

KEY = SigningKey(bytes(32))
NOON = datetime(2026, 8, 1, 4, tzinfo=UTC)


def seal_at(
    engine: sa.Engine,
    hour: int = 0,
    *,
    key: SigningKey = KEY,
    occasion: Occasion = BY_THE_HOUR,
    algorithm: Algorithm = Algorithm.SHA256,
) -> Seal:
    """One seal, so many hours after the first noon."""
    with Session(engine, expire_on_commit=False) as db, db.begin():
        now = NOON + timedelta(hours=hour)
        return seal(db, key, "test", now, occasion=occasion, algorithm=algorithm)


def export_at(engine: sa.Engine, file: Path, hour: int = 0) -> None:
    """One seal, and everything that was sealed by then in a file."""
    with Session(engine, expire_on_commit=False) as db, db.begin():
        last = seal(db, KEY, "test", NOON + timedelta(hours=hour))
        write_export(raw_connection(db), file, last, evidence)


class StatedRows(dict[str, list[dict[str, str | None]]]):
    """Rows by relation, for recomputation (`Evidence`); columns that are left out are NULL."""

    def rows(self, relation: str, *columns: str) -> Iterator[Row]:
        """Return these columns of a relation's rows."""
        for row in self.get(relation, ()):
            yield tuple(row.get(column) for column in columns)

    def policy_source(self) -> Source:
        """Return what gives the text of a version."""
        return source


class Members(dict[str, bytes]):
    """The members of an export, in memory."""

    @classmethod
    def of_file(cls, file: Path) -> "Members":
        """All of them."""
        with zipfile.ZipFile(file) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    def names(self) -> set[str]:
        """Return the members that are there."""
        return set(self)

    def lines(self, member: str) -> Iterator[bytes]:
        """Return the lines of a member."""
        yield from io.BytesIO(self.get(member, b""))

    def forged(self, relation: str, edit: Callable[[dict[str, str]], dict[str, str]]) -> "Members":
        """As somebody makes it who has the key: rows that were edited, under leaves and heads anew.

        `edit` gets a row's values as COPY writes them, by column.
        """
        forged = Members(self)
        heads = [read_head(json.loads(line)["head"]) for line in self.lines(export.HEADS)]
        trees = {h.number: t for h in heads for t in h.trees if t.relation == relation}
        leaves = list(export.leaves_of(self, relation))
        lines, digests = [], {}
        for row in export.rows_of(self, relation):
            columns = trees[row.seal].columns
            names = [column.partition(":")[0] for column in columns]
            values = dict(zip(names, row.line[:-1].decode().split("\t"), strict=True))
            line = "\t".join(edit(values).values()).encode() + b"\n"
            lines.append(b"%d\t%b\t%b" % (row.seal, row.key.replace(b"\\", b"\\\\"), line))
            algorithm = heads[row.seal - 1].algorithm
            digests[row.seal, row.key] = row_hash(relation, columns, algorithm)(line)
        forged[export.rows_member(relation)] = b"".join(lines)
        leaves = [replace(f, row=digests.get((f.seal, f.key), f.row)) for f in leaves]
        forged[export.leaves_member(relation)] = b"".join(map(_leaf_line, leaves))
        roots = {}
        for number in trees:
            tree = Tree(heads[number - 1].algorithm)
            for leaf in leaves:
                if leaf.seal == number:
                    tree.add(leaf_bytes(leaf.key, leaf.row))
            roots[number] = tree.root().hex()
        forged.seal_anew(
            lambda head: tuple(
                replace(tree, root=roots[head.number]) if tree.relation == relation else tree
                for tree in head.trees
            )
        )
        return forged

    def seal_anew(self, trees_of: Callable[[Head], tuple[SealedTree, ...]]) -> None:
        """Other trees in each head: all heads are chained and signed again."""
        heads, before = [], None
        for line in self.lines(export.HEADS):
            head = read_head(json.loads(line)["head"])
            text = write_head(replace(head, trees=trees_of(head), previous=before))
            before = hash_of(text, head.algorithm).hex()
            heads.append(json.dumps({"head": text, "signature": sign(text, KEY).hex()}))
        self[export.HEADS] = "".join(f"{line}\n" for line in heads).encode()
        manifest = {"form": export.FORM, "seal": len(heads), "hash": before}
        self[export.MANIFEST] = f"{json.dumps(manifest)}\n".encode()

    def with_relations(self, keep: Callable[[str], bool]) -> "Members":
        """The export of a database that had these relations alone, with heads of its own."""
        dropped_ones = [relation for relation in export.relations_of(self) if not keep(relation)]
        few = Members(self)
        for relation in dropped_ones:
            del few[export.rows_member(relation)], few[export.leaves_member(relation)]
        few.seal_anew(lambda head: tuple(tree for tree in head.trees if keep(tree.relation)))
        return few


def _leaf_line(leaf: Leaf) -> bytes:
    key = leaf.key.replace(b"\\", b"\\\\")
    return b"%d\t%b\t%b\n" % (leaf.seal, key, leaf.row.hex().encode() if leaf.row else b"\\N")


def verified(database: Database, roots: bytes | None = None) -> Tally:
    """What verify says, asked with the application's login."""
    with psycopg.connect(database.app_url) as connection:
        return verify(connection, away=evidence, roots=roots)


def write_tiny_export(file: Path) -> None:
    """An export of a database in which nothing stands but the key that sealed it."""
    columns = ("id:bigint", "public_key:bytea")
    public_key = bytes(KEY.verify_key).hex()
    row = b"1\t\\\\x" + public_key.encode() + b"\n"
    row_digest = row_hash("seal_keys", columns, Algorithm.SHA256)(row)
    tree = Tree(Algorithm.SHA256)
    tree.add(leaf_bytes(b"[1]", row_digest))
    head = Head(
        number=1, kind=SealKind.LIGHT, month=None, sealed_at=NOON, algorithm=Algorithm.SHA256,
        previous=None, key=public_key, next_key=None, program="test", policies={}, postings=0,
        trees=(SealedTree("seal_keys", columns, tree.rows, tree.root().hex()),),
    )  # fmt: skip
    text = write_head(head)
    manifest = {
        "form": export.FORM, "seal": 1, "hash": hash_of(text, head.algorithm).hex(),
    }  # fmt: skip
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(export.MANIFEST, json.dumps(manifest) + "\n")
        line = {"head": text, "signature": sign(text, KEY).hex()}
        archive.writestr(export.HEADS, json.dumps(line) + "\n")
        archive.writestr(export.leaves_member("seal_keys"), f"1\t[1]\t{row_digest.hex()}\n")
        archive.writestr(export.rows_member("seal_keys"), b"1\t[1]\t" + row)
