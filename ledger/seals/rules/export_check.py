"""Hold an export to its own heads: chain, trees, rows, signatures of agents, balances, numbers."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from ledger.seals.codes import FaultCode
from ledger.seals.rules import export
from ledger.seals.rules.chain import KeptSeal, Leaf, check_chain, check_trees
from ledger.seals.rules.contents import ContentCheck, Values, content_check, public_key, row_of
from ledger.seals.rules.export import Archive, Malformed, Row
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import row_hash
from ledger.seals.rules.heads import Head
from ledger.seals.rules.outside.stamps import stamp_check
from ledger.seals.rules.recomputation.all import CHECKS, Check, recompute
from ledger.seals.rules.recomputation.notes import Notes
from ledger.seals.rules.recomputation.of_export import ExportEvidence
from ledger.seals.rules.relations import SEALED, Sealed

_STEP = 1_000  # rows between two words on how far it is

Look = Callable[[Tally], None]
T = TypeVar("T")


def check_export(
    archive: Archive,
    look: Look = lambda _: None,
    checks: Sequence[Check] = CHECKS,
    roots: bytes | None = None,
) -> Tally:
    """Check everything that an export holds.

    Memory grows with the rows that changed after they were sealed, and with nothing else.

    Args:
        archive: the members of the export.
        look: is shown, now and then, what was looked at so far.
        checks: what is computed again; rows that were exported alone follow from nothing.
        roots: the certificates, PEM, that time stamps are traced to.

    Returns:
        What was looked at, and every fault. A member that is not as an export writes it is one
        too, with the number of its line as the key.
    """
    tally = Tally()
    with _noting(tally):
        seals = list(export.seals_of(archive))
        heads = check_chain(seals, tally)
        every = (*checks, stamp_check(heads, roots))
        check = _Check(archive, heads, tally, look, every)
        with _noting(tally):
            check.check_last(seals)
        check_trees(check.leaves(), check.heads, tally)
        check.check_all_rows()
        for last_check in (check.check_balances, check.check_numbers, check.recompute):
            with _noting(tally):
                last_check()
    return tally


@contextmanager
def _noting(tally: Tally) -> Iterator[None]:
    """What is not as an export writes it ends one check, and not the others."""
    try:
        yield
    except Malformed as error:
        tally.faults.append(Fault(FaultCode.FORM, error.member, str(error.line)))


@dataclass(frozen=True)
class _Check:
    """An export that is looked at, and its heads as far as they can be read."""

    archive: Archive
    heads: Mapping[int, Head]
    tally: Tally
    look: Look
    checks: Sequence[Check]

    def check_last(self, seals: Sequence[KeptSeal]) -> None:
        """The last head is the one that the export names."""
        last = (seals[-1].number, seals[-1].hash.hex()) if seals else None
        if last != export.last_seal_of(self.archive):
            self.tally.faults.append(Fault(FaultCode.CHAIN, export.MANIFEST))

    def leaves(self) -> Iterator[Leaf]:
        """All leaves, by relation."""
        for relation in sorted(export.relations_of(self.archive)):
            with _noting(self.tally):
                yield from export.leaves_of(self.archive, relation)
            self.look(self.tally)

    def check_all_rows(self) -> None:
        """Hold every row to its last leaf, and to itself."""
        keys: Mapping[str, bytes] = {}
        with _noting(self.tally):
            keys = dict(self.values("agents", public_key))
        for relation in sorted(export.relations_of(self.archive)):
            with _noting(self.tally):
                _RowCheck(self, relation, keys).run()
            self.look(self.tally)

    def values(self, relation: str, read: Callable[[Values], T]) -> Iterator[T]:
        """What is read of a relation's rows, each under the columns with which it was sealed."""
        columns = self.columns(relation)
        for place, row in enumerate(export.rows_of(self.archive, relation), start=1):
            try:
                yield read(row_of(columns[row.seal], row.line))
            except (KeyError, ValueError) as error:
                raise Malformed(export.rows_member(relation), place) from error

    def columns(self, relation: str) -> dict[int, tuple[str, ...]]:
        """The columns of a relation in each seal that has rows of it."""
        return {
            number: tree.columns
            for number, head in self.heads.items()
            for tree in head.trees
            if tree.relation == relation
        }

    def check_balances(self) -> None:
        """Add the movements up; an account that differs is a fault."""
        balances: dict[tuple[int, str], int] = defaultdict(int)
        versions: dict[tuple[int, str], int] = defaultdict(int)
        for legs in self.values("movements", _legs):
            for account, amount in legs:
                balances[account] += amount
                versions[account] += 1
                self.tally.entries += 1
        for stands in export.balances_of(self.archive):
            account = stands.book, stands.role
            come_to = balances.pop(account, 0), versions.pop(account, 0)
            if come_to != (stands.balance, stands.version):
                self.tally.note_difference("accounts", *account)
        for account in balances:
            self.tally.note_difference("accounts", *account)

    def check_numbers(self) -> None:
        """The numbers of the postings have no gap, and end where the last seal says."""
        count = highest = 0
        for number in self.values("postings", lambda row: int(row["number"])):
            count, highest = count + 1, max(highest, number)
        last = max((head.postings for head in self.heads.values()), default=0)
        if not count == highest == last:
            self.tally.note_difference("numbering", True)  # noqa: FBT003 - the key of its one row

    def recompute(self) -> None:
        """Compute again what follows from the rows."""
        evidence = ExportEvidence(self.archive, self.heads, self.tally)
        recompute(evidence, Notes(self.tally, self.look), self.checks)


def _legs(movement: Values) -> tuple[tuple[tuple[int, str], int], ...]:
    """The two accounts of a movement, and what it adds to each."""
    book, amount = int(movement["book_id"]), int(movement["amount"])
    return (
        ((book, movement["from_role"].decode()), -amount),
        ((book, movement["to_role"].decode()), amount),
    )


class _RowCheck:
    """The rows of one relation beside its leaves, both in the order of seal and key.

    A leaf without its row there is either not the last of its row, or the row is gone: what is
    kept of it is let go when a later leaf comes.
    """

    def __init__(self, check: _Check, relation: str, agent_keys: Mapping[str, bytes]) -> None:
        self.relation, self.tally, self.look = relation, check.tally, check.look
        self.is_once = not SEALED.get(relation, Sealed()).changes
        self.leaves = export.leaves_of(check.archive, relation)
        self.rows = export.rows_of(check.archive, relation)
        self.row = next(self.rows, None)
        self.without_row: dict[bytes, Leaf] = {}
        self._heads, self._columns = check.heads, check.columns(relation)
        self._keys = agent_keys
        self._reading = cache(self._read)

    def run(self) -> None:
        """Go through both."""
        for leaf in self.leaves:
            while self.row and (self.row.seal, self.row.key) < (leaf.seal, leaf.key):
                self._note(FaultCode.ADDED, self.row.key, self.row.seal)
                self._next()
            before = self.without_row.pop(leaf.key, None)
            if before and self.is_once and before.row != leaf.row:
                self._note(FaultCode.REWRITTEN, leaf.key, leaf.seal)
            if self.row and (self.row.seal, self.row.key) == (leaf.seal, leaf.key):
                self._compare(self.row, leaf)
                self._next()
            else:
                self.without_row[leaf.key] = leaf
        while self.row:
            self._note(FaultCode.ADDED, self.row.key, self.row.seal)
            self._next()
        for leaf in self.without_row.values():
            if leaf.row is not None:
                self._note(FaultCode.MISSING, leaf.key, leaf.seal)

    def _next(self) -> None:
        self.row = next(self.rows, None)
        self.tally.rows += 1
        if not self.tally.rows % _STEP:
            self.look(self.tally)

    def _compare(self, row: Row, leaf: Leaf) -> None:
        if row.seal not in self._columns:
            return  # its tree is a fault already
        digest, content = self._reading(row.seal)
        if leaf.row is None:
            self._note(FaultCode.CAME_BACK, row.key, row.seal)
        elif digest(row.line) != leaf.row:
            self._note(FaultCode.CHANGED, row.key, row.seal)
        elif code := content(row.line):
            self._note(code, row.key, row.seal)

    def _read(self, seal: int) -> tuple[Callable[[bytes], bytes], ContentCheck]:
        """What hashes a row of this seal, and what holds it to itself."""
        columns, algorithm = self._columns[seal], self._heads[seal].algorithm
        return (
            row_hash(self.relation, columns, algorithm),
            content_check(self.relation, columns, self._keys),
        )

    def _note(self, code: FaultCode, key: bytes, seal: int) -> None:
        self.tally.faults.append(Fault(code, self.relation, key.decode(errors="replace"), seal))
