"""The shape of a relation: its columns in order, with their types, and its primary key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from ledger.seals.rules.relations import SEALED, Sealed

Raw = psycopg.Connection[Any]

_SHAPES = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
           array_position(i.indkey::int2[], a.attnum)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)
    ORDER BY c.relname, a.attnum
"""
# How values are written by COPY, whatever the server's own settings are.
_FORM = """
    SET LOCAL client_encoding = 'UTF8'; SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601';
    SET LOCAL bytea_output = 'hex'; SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0
"""


@dataclass(frozen=True)
class Shape:
    """A sealed relation; `columns` are `name:type` or `name:type:sha256`, `key` names and types."""

    relation: str
    columns: tuple[str, ...]
    key: tuple[tuple[str, str], ...]

    @property
    def view(self) -> sql.Identifier:
        """By which its rows are read, in whatever form they are kept."""
        return sql.Identifier(SEALED.get(self.relation, Sealed()).view or self.relation)

    def in_columns(self, columns: tuple[str, ...]) -> "Shape":
        """Return the shape with these columns, as an earlier seal had them."""
        return replace(self, columns=columns)

    def key_json(self, of: str) -> sql.Composed:
        """Return the expression of a row's key, as `note_unsealed` writes it."""
        names = (sql.Identifier(of, name) for name, _ in self.key)
        return sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(names))

    def same_key(self, of: str, key: str) -> sql.Composed:
        """Return the condition that a row is that of a key's JSON, by its primary key's index."""
        return sql.SQL(" AND ").join(
            sql.SQL("{column} = ({key}::jsonb ->> {place})::{type}").format(
                column=sql.Identifier(of, name),
                key=sql.SQL(key),
                place=sql.Literal(place),
                type=sql.SQL(kind),
            )
            for place, (name, kind) in enumerate(self.key)
        )

    def values(self, of: str) -> sql.Composed:
        """Return the expressions whose COPY is the canonical line."""
        return sql.SQL(", ").join(_value(of, column) for column in self.columns)


def _value(of: str, column: str) -> sql.Composed:
    name, kind, *secret = column.split(":")
    value = sql.Identifier(of, name)
    if not secret:
        return sql.Composed([value])
    content = value if kind == "bytea" else sql.SQL("convert_to({}, 'UTF8')").format(value)
    return sql.SQL("encode(sha256({}), 'hex')").format(content)


def shapes(raw: Raw, relations: Sequence[str] = tuple(SEALED)) -> dict[str, Shape]:
    """Return the shapes of sealed relations, as they are in this database."""
    columns: dict[str, list[str]] = {}
    keys: dict[str, dict[int, tuple[str, str]]] = {}
    for relation, column, kind, place in raw.execute(_SHAPES, (list(relations),)):
        how = SEALED.get(relation, Sealed())
        if place is not None:
            keys.setdefault(relation, {})[place] = (column, kind)
        if column not in how.without:
            secret = ":sha256" if column in how.secrets else ""
            columns.setdefault(relation, []).append(f"{column}:{kind}{secret}")
    return {
        relation: Shape(
            relation, tuple(names), tuple(key for _, key in sorted(keys[relation].items()))
        )
        for relation, names in columns.items()
    }


def write_as_sealed(raw: Raw) -> None:
    """Have this transaction write values in the canonical form, and take its time."""
    raw.execute(_FORM.encode())
