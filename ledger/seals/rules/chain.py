"""Hold the chain of seals to itself: heads, hashes, signatures, keys, the trees of the leaves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from ledger.seals.codes import FaultCode
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import leaf_bytes
from ledger.seals.rules.heads import Head, hash_of, is_signed, read_head
from ledger.seals.rules.merkle import Tree


@dataclass(frozen=True)
class Leaf:
    """A leaf: the row's key as it is in JSON, and the row's hash; None: the row was gone."""

    seal: int
    relation: str
    key: bytes
    row: bytes | None


@dataclass(frozen=True)
class KeptSeal:
    """A seal as it is kept; what its columns say must stand in its head too."""

    number: int
    kind: str
    month: date | None
    sealed_at: datetime
    algorithm: str
    previous: bytes | None
    head: str
    hash: bytes
    signature: bytes
    public_key: bytes | None


def check_chain(seals: Sequence[KeptSeal], tally: Tally, first: int = 1) -> dict[int, Head]:
    """Check every head, signature and link; return the heads that can be read, by number.

    `first` is the number of the first one; what stands before it is not there to be looked at.
    """
    heads: dict[int, Head] = {}
    before: KeptSeal | None = None
    for place, seal in enumerate(seals, start=first):
        tally.seals += 1
        try:
            head = heads[seal.number] = read_head(seal.head)
        except ValueError:
            tally.faults.append(Fault(FaultCode.HEAD, seal=seal.number))
        else:
            tally.hashes.add(hash_of(seal.head, head.algorithm).hex())
            codes = _faults(seal, head, before, place)
            last_head = heads.get(before.number) if before else None
            if last_head and head.key != last_head.key_after:
                tally.faults.append(Fault(FaultCode.KEY, seal=seal.number))
            tally.faults += [Fault(code, seal=seal.number) for code in codes]
        before = seal
    return heads


def _faults(seal: KeptSeal, head: Head, before: KeptSeal | None, place: int) -> Iterator[FaultCode]:
    of_head = (head.number, head.kind, head.month, head.sealed_at, head.algorithm, head.previous)
    previous = seal.previous.hex() if seal.previous is not None else None
    if of_head != (
        seal.number, seal.kind, seal.month, seal.sealed_at, seal.algorithm, previous,
    ) or seal.hash != hash_of(seal.head, head.algorithm):  # fmt: skip
        yield FaultCode.HEAD
    is_first_seen = before is None and place > 1
    if seal.number != place or (
        not is_first_seen and seal.previous != (before.hash if before else None)
    ):
        yield FaultCode.CHAIN
    if before and seal.sealed_at <= before.sealed_at:
        yield FaultCode.CLOCK
    if seal.public_key is None or seal.public_key.hex() != head.key:
        yield FaultCode.KEY
    elif not is_signed(seal.head, seal.signature, seal.public_key):
        yield FaultCode.SIGNATURE


def check_trees(leaves: Iterable[Leaf], heads: Mapping[int, Head], tally: Tally) -> None:
    """Build every tree from its leaves again, and hold its root to the head's.

    Args:
        leaves: those of each seal and relation one after the other, by key.
        heads: of the seals, by number.
        tally: takes the faults, and how many leaves there were.
    """
    trees = {(n, tree.relation): tree for n, head in heads.items() for tree in head.trees}
    for (number, relation), of_tree in groupby(leaves, key=lambda leaf: (leaf.seal, leaf.relation)):
        tree = trees.pop((number, relation), None)
        algorithm = heads[number].algorithm if number in heads else None
        if tree is None or algorithm is None:
            tally.faults.append(Fault(FaultCode.TREE, relation, seal=number))
            continue
        grown = Tree(algorithm)
        for leaf in of_tree:
            grown.add(leaf_bytes(leaf.key, leaf.row))
        tally.leaves += grown.rows
        if (grown.rows, grown.root().hex()) != (tree.rows, tree.root):
            tally.faults.append(Fault(FaultCode.TREE, relation, seal=number))
    tally.faults += [Fault(FaultCode.TREE, name, seal=number) for number, name in trees]
