"""Which entries of a section are asked for, in which order: the SQL that narrows and sorts them.

The database narrows, sorts and pages, so that a page reads no more rows than it shows.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.desk.queries.registry_sections import SectionSource
from ledger.errors import Refused
from ledger.registry.codes import EntryState
from ledger.registry.steps.safeguards import BEGINNING

STATE = f"""CASE WHEN s.superseded_at IS NOT NULL THEN '{EntryState.SUPERSEDED}'
    WHEN s.since > CAST(:today AS date) THEN '{EntryState.FUTURE}'
    WHEN s.until < CAST(:today AS date) THEN '{EntryState.ENDED}'
    ELSE '{EntryState.IN_FORCE}' END"""
SINCE = f"nullif(s.since, DATE '{BEGINNING}')"
MARKS = {"since": SINCE, "until": "s.until", "state": STATE, "recorded": "s.recorded_at"}
"""What every list has beside its columns, and may be sorted by."""

ORDER = "s.subject, s.superseded_at DESC NULLS FIRST, s.since DESC NULLS LAST, s.key"
# A value as it is read: words for its codes, yuan for fen, 1,234 and 6%, no noughts at the end.
_WHOLE = "to_char({value}::text::numeric, 'FM999,999,999,999,999,999,990')"
_MONEY = "to_char({value}::text::numeric / 100, 'FM¥999,999,999,999,999,990.00')"
_DECIMAL = "trim_scale({value}::text::numeric)::text"
_RATE = "trim_scale({value}::text::numeric * 100)::text || '%'"
_READ = """CASE pg_typeof({value})::text
    WHEN 'integer' THEN {whole} WHEN 'bigint' THEN {whole} WHEN 'numeric' THEN {decimal}
    WHEN 'boolean' THEN CAST(:words AS jsonb) -> 'boolean' ->> {value}::text
    ELSE coalesce(CAST(:words AS jsonb) -> '{column}' ->> {value}::text, {value}::text) END"""


@dataclass(frozen=True)
class EntrySelection:
    """Entries of a section by their state and by a part of any value; `sort` by a column or mark.

    `words` are what people read for a column's codes, and under `boolean` for true and false. A
    `-` before the column is for the greatest first; what lacks a value stands last either way.
    """

    text: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    states: Collection[EntryState] = tuple(EntryState)
    sort: str = ""

    def where(self, source: SectionSource) -> str:
        """Return the condition."""
        parts = [f"{STATE} = ANY(:states)"]
        if self.text:
            said = (f"strpos(lower({_read(c)}), lower(:part)) > 0" for c in source.columns)
            parts.append(f"({' OR '.join(said)})")
        return " AND ".join(parts)

    def order(self, source: SectionSource) -> str:
        """Return the order.

        Raises:
            Refused: the section has no such column (`registry_sort`).
        """
        column = self.sort.removeprefix("-")
        if not column:
            return ORDER
        if column not in MARKS and column not in source.columns:
            raise Refused("registry_sort", column=column)
        way = "DESC" if self.sort.startswith("-") else "ASC"
        return f"{MARKS.get(column, f's.{column}')} {way} NULLS LAST, {ORDER}"

    @property
    def values(self) -> dict[str, Any]:
        """What both are given."""
        return {"states": [*self.states], "part": self.text, "words": json.dumps(self.words)}


EVERYTHING = EntrySelection()
"""All of a section, with its history."""


def _read(column: str) -> str:
    value = f"s.{column}"
    return _READ.format(
        value=value,
        column=column,
        whole=(_MONEY if column.endswith("fen") else _WHOLE).format(value=value),
        decimal=(_RATE if column == "tax_rate" else _DECIMAL).format(value=value),
    )
