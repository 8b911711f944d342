"""Sealed rows that lie outside of the database: batches in archives.

Seals know of them only this: who reads them, in the order of the leaves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from ledger.seals.codes import FaultCode
from ledger.seals.rules.contents import content_check
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import row_hash
from ledger.seals.rules.heads import Head, SealedTree

RELATION = "batches"
_STEP = 1_000  # rows between two words on how far it is

Note = Callable[[Fault], object]


class AwayRow(NamedTuple):
    """A row: the seal that took it, its key as it is in JSON, its canonical line, its leaf."""

    seal: int
    key: bytes
    line: bytes
    leaf: bytes


class Away(Protocol):
    """Whoever reads them."""

    def rows(self, heads: Mapping[int, Head], note: Note) -> Iterator[AwayRow]:
        """Return the rows by seal and key, in the columns of their seal; `note` takes faults."""
        ...


class Nowhere:
    """Nothing lies outside."""

    def rows(self, heads: Mapping[int, Head], note: Note) -> Iterator[AwayRow]:  # noqa: ARG002
        """Return no row."""
        return iter(())


def tree_of(head: Head) -> SealedTree:
    """Return what a head says of the relation whose rows may lie outside.

    Raises:
        ValueError: it has nothing of it.
    """
    for tree in head.trees:
        if tree.relation == RELATION:
            return tree
    raise ValueError(head.number)


def leaf_hash(row: AwayRow, head: Head) -> bytes:
    """Return the hash of a row, as its seal took it."""
    return row_hash(RELATION, tree_of(head).columns, head.algorithm)(row.line)


def check_away(
    rows: Iterable[AwayRow],
    heads: Mapping[int, Head],
    agent_keys: Mapping[str, bytes],
    tally: Tally,
    look: Callable[[Tally], None] = lambda _: None,
) -> None:
    """Hold rows that lie outside to their leaves, and to themselves."""
    for row in rows:
        head = heads[row.seal]
        tally.rows += 1
        if not tally.rows % _STEP:
            look(tally)
        code: FaultCode | None = FaultCode.CHANGED
        if leaf_hash(row, head) == row.leaf:
            code = content_check(RELATION, tree_of(head).columns, agent_keys)(row.line)
        if code:
            tally.faults.append(Fault(code, RELATION, row.key.decode(), row.seal))
