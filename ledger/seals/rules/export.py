r"""The form of an export: everything that is sealed, in one file that verifies without us.

A ZIP archive, UTF-8, its tables written as PostgreSQL's COPY writes them (`rules/form.py`):

| member          | what stands in it                                                            |
|-----------------|------------------------------------------------------------------------------|
| export.json     | the form, the last seal's number and the hash of its head                    |
| heads.jsonl     | a line for each seal: the head as it was signed, the signature in hexadecimal |
| leaves/NAME.tsv | seal, key, hash in hexadecimal (`\N`: the row was gone), in the trees' order |
| rows/NAME.tsv   | the seal that took it last, key, and the row's canonical line                |
| accounts.tsv    | book, role, balance, number of entries: what the movements come to           |
| derived/NAME.tsv | what was worked out of the rows (`DERIVED_COLUMNS`), to be worked out again |
| policies/NAME   | the versions of the policy, as the last head names them                      |

An export is what one seal saw, so nothing in it waits for the next one.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol, TypeVar

from ledger.seals.rules.chain import KeptSeal, Leaf
from ledger.seals.rules.form import unescape
from ledger.seals.rules.heads import hash_of, read_head

T = TypeVar("T")

FORM = "suanquan export 1"
MANIFEST, HEADS, ACCOUNTS = "export.json", "heads.jsonl", "accounts.tsv"

_OF_HOLDERS = (
    "gpu", "day", "cluster_id", "source", "model", "holder_kind", "holder", "mig_profile",
    "partition", "qos", "den", "held",
)  # fmt: skip
DERIVED_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "coverage": ("gpu", "day", "cluster_id", "source", "windows", "window_ms", "gap_ms"),
        "day_totals": _OF_HOLDERS,
        "use_corrections": _OF_HOLDERS,
    }
)
"""What is exported beside the sealed rows, by relation: its columns in their order."""


class Archive(Protocol):
    """The members of an export."""

    def names(self) -> set[str]:
        """Return the members that are there."""
        ...

    def lines(self, member: str) -> Iterator[bytes]:
        """Return the lines of a member, each with its newline; none where it is not there.

        Raises:
            ValueError: the member cannot be read on.
        """
        ...


class Malformed(Exception):
    """A member is not as an export writes it, from this line on (the first is 1)."""

    def __init__(self, member: str, line: int) -> None:
        super().__init__(member, line)
        self.member, self.line = member, line


@dataclass(frozen=True)
class Row:
    """A row: the seal that took it last, its key as it is in JSON, its canonical line."""

    seal: int
    key: bytes
    line: bytes


@dataclass(frozen=True)
class Balance:
    """An account as it stands, in fen, and how many entries it has."""

    book: int
    role: str
    balance: int
    version: int


def leaves_member(relation: str) -> str:
    """Where the leaves of a relation stand."""
    return f"leaves/{relation}.tsv"


def rows_member(relation: str) -> str:
    """Where the rows of a relation stand."""
    return f"rows/{relation}.tsv"


def derived_member(relation: str) -> str:
    """Where the rows of a relation stand that is derived."""
    return f"derived/{relation}.tsv"


def policy_member(name: str) -> str:
    """Where a policy stands, by the name of its file."""
    return f"policies/{name}"


def relations_of(archive: Archive) -> set[str]:
    """Return the relations that have leaves or rows in an export."""
    return {
        name.partition("/")[2].removesuffix(".tsv")
        for name in archive.names()
        if name.startswith(("leaves/", "rows/"))
    }


def leaves_of(archive: Archive, relation: str) -> Iterator[Leaf]:
    """Return the leaves of a relation. Raises Malformed."""

    def leaf(line: bytes) -> Leaf:
        number, key, row = line[:-1].split(b"\t")
        content = None if row == b"\\N" else bytes.fromhex(row.decode())
        return Leaf(int(number), relation, unescape(key), content)

    return _read(archive, leaves_member(relation), leaf)


def rows_of(archive: Archive, relation: str) -> Iterator[Row]:
    """Return the rows of a relation. Raises Malformed."""

    def row(line: bytes) -> Row:
        number, key, content = line.split(b"\t", 2)
        return Row(int(number), unescape(key), content)

    return _read(archive, rows_member(relation), row)


def balances_of(archive: Archive) -> Iterator[Balance]:
    """Return the accounts as they stand. Raises Malformed."""

    def balance(line: bytes) -> Balance:
        book, role, *numbers = line[:-1].split(b"\t")
        balance, version = map(int, numbers)
        return Balance(int(book), unescape(role).decode(), balance, version)

    return _read(archive, ACCOUNTS, balance)


def derived_of(archive: Archive, relation: str) -> Iterator[list[bytes]]:
    """Return the values of the rows of a derived relation. Raises Malformed."""
    width = len(DERIVED_COLUMNS[relation])

    def values(line: bytes) -> list[bytes]:
        row = line[:-1].split(b"\t")
        if len(row) != width:
            raise ValueError(line)
        return row

    return _read(archive, derived_member(relation), values)


def last_seal_of(archive: Archive) -> tuple[int, str]:
    """Return the number of the last seal and the hash of its head. Raises Malformed."""

    def manifest(line: bytes) -> tuple[int, str]:
        content = json.loads(line)
        if content["form"] != FORM:
            raise ValueError(content["form"])
        return int(content["seal"]), str(content["hash"])

    manifests = list(_read(archive, MANIFEST, manifest))
    if len(manifests) != 1:
        raise Malformed(MANIFEST, 1)
    return manifests[0]


def seals_of(archive: Archive) -> Iterator[KeptSeal]:
    """Return the seals; a head that cannot be read stays for the check. Raises Malformed."""

    def seal(line: bytes) -> KeptSeal:
        content = json.loads(line)
        return _seal(str(content["head"]), bytes.fromhex(content["signature"]))

    return _read(archive, HEADS, seal)


def _seal(text: str, signature: bytes) -> KeptSeal:
    try:
        head = read_head(text)
    except ValueError:
        long_ago = datetime.min.replace(tzinfo=UTC)
        return KeptSeal(0, "", None, long_ago, "", None, text, b"", signature, None)
    previous = bytes.fromhex(head.previous) if head.previous is not None else None
    return KeptSeal(
        head.number, head.kind, head.month, head.sealed_at, head.algorithm, previous, text,
        hash_of(text, head.algorithm), signature, bytes.fromhex(head.key),
    )  # fmt: skip


def _read(archive: Archive, member: str, parse: Callable[[bytes], T]) -> Iterator[T]:
    number = 0
    try:
        for line in archive.lines(member):
            number += 1
            yield parse(line)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(member, number) from error
