"""The rows of a database, as recomputation reads them: in the snapshot of a verification."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from ledger.policy.text.file import Source
from ledger.policy.text.published import source
from ledger.seals.queries.leaves import lines
from ledger.seals.queries.shapes import Raw
from ledger.seals.rules.contents import row_of
from ledger.seals.rules.heads import Head
from ledger.seals.rules.outside.away import RELATION as AWAY
from ledger.seals.rules.outside.away import Away, tree_of
from ledger.seals.rules.recomputation.evidence import Row, cell
from ledger.seals.rules.relations import SEALED, Sealed

_ROWS = sql.SQL("COPY (SELECT {columns} FROM {table}) TO STDOUT")


@dataclass(frozen=True)
class LiveEvidence:
    """A connection whose transaction writes values in the canonical form (`Evidence`).

    `away` reads what lies outside of the database, under the columns of `heads`.
    """

    raw: Raw
    away: Away
    heads: Mapping[int, Head]

    def rows(self, relation: str, *columns: str) -> Iterator[Row]:
        """Return these columns of a relation's rows, those that wait to be sealed too."""
        query = _ROWS.format(
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(SEALED.get(relation, Sealed()).view or relation),
        )
        for line in lines(self.raw, query):
            yield tuple(map(cell, line[:-1].split(b"\t")))
        if relation == AWAY:
            yield from self._away_rows(columns)

    def _away_rows(self, columns: tuple[str, ...]) -> Iterator[Row]:
        """Those that lie outside; what is wrong with the files was noted before."""
        for row in self.away.rows(self.heads, lambda _: None):
            values = row_of(tree_of(self.heads[row.seal]).columns, row.line)
            yield tuple(cell(values[column]) for column in columns)

    def policy_source(self) -> Source:
        """Return what gives the text of a version of this program, or the site's own."""
        return source
