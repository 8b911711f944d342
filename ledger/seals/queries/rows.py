"""Rows as they are, held to the leaves that sealed them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from ledger.seals.codes import Algorithm, FaultCode
from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw, Shape, shapes
from ledger.seals.rules.contents import content_check
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.form import row_hash, unescape
from ledger.seals.rules.heads import Head
from ledger.seals.rules.relations import SEALED

_STEP = 1_000  # rows between two words on how far it is

# The last leaf of each row, beside the row; whether a change of it waits to be sealed. What is in
# no tree is no leaf.
_HELD = sql.SQL("""
    COPY (
        SELECT l.key, l.hash, w.key IS NOT NULL, {there} IS NOT NULL, {values}
        FROM (SELECT DISTINCT ON (key) key, seal, hash, away FROM kept_leaves
              WHERE relation = {relation} AND seal = ANY({all_seals}) ORDER BY key, seal DESC) l
        LEFT JOIN {table} t ON {key} = l.key
        LEFT JOIN (SELECT DISTINCT key FROM unsealed_rows WHERE relation = {relation}) w
            ON w.key = l.key
        WHERE l.seal = ANY({seals}) AND NOT l.away
    ) TO STDOUT
""")
_NEW = sql.SQL("""
    COPY (
        SELECT {key}, {waits}
        FROM {table} t
        WHERE NOT EXISTS (SELECT FROM kept_leaves l WHERE l.relation = {relation} AND l.key = {key}
                          AND l.seal = ANY({all_seals}))
    ) TO STDOUT
""")
_REWRITTEN = """
    SELECT relation, key, max(seal) FROM kept_leaves WHERE relation = ANY(%s)
    GROUP BY relation, key HAVING count(*) > 1 AND count(DISTINCT coalesce(hash, '')) > 1
"""


# Whether a row that no seal took is yet to be sealed.
_NOTED = sql.SQL("""
    EXISTS (SELECT FROM unsealed_rows w WHERE w.relation = {relation} AND w.key = {key})
""")
_BEHIND = {
    "postings": sql.SQL("coalesce(t.number > {last_posting}, false)"),
    "movements": sql.SQL("""
        EXISTS (SELECT FROM postings p
                WHERE p.id = t.posting_id AND p.number > {last_posting})
    """),
}


@dataclass(frozen=True)
class Edition:
    """The columns and the algorithm with which some seals took a relation's rows."""

    columns: tuple[str, ...]
    algorithm: Algorithm


def check_rows(
    raw: Raw,
    heads: Mapping[int, Head],
    tally: Tally,
    look: Callable[[Tally], None],
    relations: Sequence[str] = tuple(SEALED),
) -> None:
    """Hold every row of sealed relations to its last leaf; `look` is shown how far it is."""
    of_relation = _editions(heads)
    agent_keys = dict(raw.execute("SELECT id::text, public_key FROM agents").fetchall())
    last_posting = max((head.postings for head in heads.values()), default=0)
    for relation, shape in sorted(shapes(raw, relations).items()):
        editions = of_relation.get(relation, {})
        all_seals = [number for seals in editions.values() for number in seals]
        check = _Check(raw, shape, all_seals, last_posting, agent_keys, tally, look)
        for edition, seals in editions.items():
            if set(edition.columns) <= set(shape.columns):
                check.check_leaves(edition, seals)
            else:
                tally.faults.append(Fault(FaultCode.COLUMNS, relation, seal=seals[-1]))
        check.check_unsealed()
        look(tally)
    once = [relation for relation in relations if not SEALED[relation].changes]
    for relation, key, number in raw.execute(_REWRITTEN, (once,)):
        tally.faults.append(Fault(FaultCode.REWRITTEN, relation, key, number))


def _editions(heads: Mapping[int, Head]) -> dict[str, dict[Edition, list[int]]]:
    of_relation: dict[str, dict[Edition, list[int]]] = {}
    for number, head in heads.items():
        for tree in head.trees:
            edition = Edition(tree.columns, head.algorithm)
            of_relation.setdefault(tree.relation, {}).setdefault(edition, []).append(number)
    return of_relation


@dataclass(frozen=True)
class _Check:
    """One relation that is looked at; `all_seals` are those whose heads have a tree of it.

    `last_posting` is the number of the last posting that was sealed, `agent_keys` are the public
    keys by agent.
    """

    raw: Raw
    shape: Shape
    all_seals: list[int]
    last_posting: int
    agent_keys: Mapping[str, bytes]
    tally: Tally
    look: Callable[[Tally], None]

    def check_leaves(self, edition: Edition, seals: list[int]) -> None:
        """Hold the rows that these seals took last to their leaves."""
        shape, tally = self.shape.in_columns(edition.columns), self.tally
        query = self._query(
            _HELD,
            there=sql.Identifier("t", shape.key[0][0]),
            values=shape.values("t"),
            seals=sql.Literal(seals),
        )
        digest = row_hash(shape.relation, edition.columns, edition.algorithm)
        content = content_check(shape.relation, edition.columns, self.agent_keys)
        is_once = not SEALED[shape.relation].changes
        for line in lines(self.raw, query):
            key, leaf_hash, waits, is_there, row = line.split(b"\t", 4)
            tally.rows += 1
            if not tally.rows % _STEP:
                self.look(tally)
            row_now = b"\\\\x" + digest(row).hex().encode() if is_there == b"t" else b"\\N"
            if row_now == leaf_hash:
                code = content(row) if is_there == b"t" else None
            elif waits == b"t" and not is_once:
                tally.rows_waiting += 1
                code = None
            else:
                code = _code(is_there == b"t", leaf_hash != b"\\N")
            if code:
                tally.faults.append(Fault(code, shape.relation, unescape(key).decode()))

    def check_unsealed(self) -> None:
        """Count what waits for its first seal; what does not wait was slipped in."""
        waits_when = _BEHIND.get(self.shape.relation, _NOTED).format(
            relation=sql.Literal(self.shape.relation),
            key=self.shape.key_json("t"),
            last_posting=sql.Literal(self.last_posting),
        )
        query = self._query(_NEW, waits=waits_when)
        for key, waits in _pairs(lines(self.raw, query)):
            self.tally.rows += 1
            if waits:
                self.tally.rows_waiting += 1
            else:
                self.tally.faults.append(Fault(FaultCode.ADDED, self.shape.relation, key))

    def _query(self, query: sql.SQL, **parts: sql.Composable) -> sql.Composed:
        return query.format(
            key=self.shape.key_json("t"),
            relation=sql.Literal(self.shape.relation),
            table=self.shape.view,
            all_seals=sql.SQL("{}::bigint[]").format(sql.Literal(self.all_seals)),
            **parts,
        )


def _code(is_there: bool, was_there: bool) -> FaultCode:  # noqa: FBT001
    if not is_there:
        return FaultCode.MISSING
    return FaultCode.CHANGED if was_there else FaultCode.CAME_BACK


def _pairs(copied_lines: Iterator[bytes]) -> Iterator[tuple[str, bool]]:
    for line in copied_lines:
        key, waits = line[:-1].split(b"\t")
        yield unescape(key).decode(), waits == b"t"
