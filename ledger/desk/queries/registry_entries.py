"""The registry as it is read: its entries, since when they hold, who proposed and who decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from ledger.desk.queries.registry_lists import EVERYTHING, ORDER, STATE, EntrySelection
from ledger.desk.queries.registry_sections import NAMED_SECTIONS, SOURCES, Scalar
from ledger.errors import NotFound
from ledger.registry.codes import EntryState, RegistrySection
from ledger.registry.steps.safeguards import BEGINNING
from ledger.units import beijing_day

_ENTRIES = f"""
    SELECT s.*, {STATE} AS state, d.decided_by AS proposed_by, d.answered_by AS confirmed_by,
        d.reason, e.decided_by AS end_proposed_by, e.answered_by AS end_confirmed_by
    FROM ({{sql}}) s LEFT JOIN decisions d ON d.id = s.decision_id
    LEFT JOIN decisions e ON e.id = s.superseded_decision_id
    WHERE {{where}} ORDER BY {{order}} LIMIT CAST(:limit AS bigint) OFFSET :offset
"""
_COUNT = "SELECT count(*) FROM ({sql}) s WHERE {where}"
_DEVICE_NAMES = text("""
    SELECT m.name, n.nvml_name, n.mig_profile
    FROM catalogue_names n JOIN catalogue_models m ON m.id = n.model_id ORDER BY 1, 2, 3
""")
_CODES = text("SELECT id::text, uscc FROM organisations")


@dataclass(frozen=True)
class Mark:
    """Who wrote something into the registry and when; `by` proposed it, `confirmed_by` decided.

    Without a decision it was one person's to register.
    """

    at: datetime | None
    by: str | None
    confirmed_by: str | None
    decision: int | None


@dataclass(frozen=True)
class RegistryEntry:
    """An entry of a section: what it says, whom it names (key by column), on which days.

    `until` is its last day.
    """

    section: RegistrySection
    key: str
    subject: str
    values: Mapping[str, Scalar]
    keys: Mapping[str, str]
    since: date | None
    until: date | None
    state: EntryState
    recorded: Mark
    superseded: Mark
    reason: str


@dataclass(frozen=True)
class RegistryReader:
    """The registry as it is to who asks now: a centre reads what has a centre, and only its own."""

    db: Session
    now: datetime
    centre: int | None = None

    def may_read(self, section: RegistrySection) -> bool:
        """Return whether anything of a section may be this reader's to see."""
        return self.centre is None or SOURCES[section].of_centre

    def entries(
        self,
        section: RegistrySection,
        selection: EntrySelection = EVERYTHING,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[RegistryEntry]:
        """Return a section's entries, by subject, the newest first, if no order is asked for.

        Raises:
            Refused: the section has no column to sort by (`registry_sort`).
        """
        source = SOURCES[section]
        where, order = selection.where(source), selection.order(source)
        values = {**selection.values, "limit": limit, "offset": offset}
        return self._read(section, where, order, **values)

    def count(self, section: RegistrySection, selection: EntrySelection) -> int:
        """Return how many entries of a section are asked for."""
        where = self._scope(section, selection.where(SOURCES[section]))
        query = text(_COUNT.format(sql=SOURCES[section].sql, where=where))
        return int(self.db.execute(query, {**self._values, **selection.values}).scalar_one())

    def entry(
        self, section: RegistrySection, key: str
    ) -> tuple[RegistryEntry, list[RegistryEntry]]:
        """Return an entry, and all that was ever registered of its subject.

        Raises:
            NotFound: it is not there, or not the reader's to see (`registry_entry`).
        """
        of_key = f"SELECT q.subject FROM ({SOURCES[section].sql}) q WHERE q.key = :key"
        history = self._read(section, f"s.subject IN ({of_key})", key=key)
        entry_of_key = next((entry for entry in history if entry.key == key), None)
        if entry_of_key is None:
            raise NotFound("registry_entry", key=key)
        return entry_of_key, history

    def concerning(
        self, section: RegistrySection, key: str
    ) -> dict[RegistrySection, list[RegistryEntry]]:
        """Return what is registered about an entry elsewhere: entries that name it, by section."""
        columns = [column for column, target in NAMED_SECTIONS.items() if target is section]
        rows = {}
        for naming_section, source in SOURCES.items():
            naming = [f"s.{name}_id::text = :key" for name in columns if name in source.names]
            if naming:
                where = f"({' OR '.join(naming)})"
                rows[naming_section] = self._read(naming_section, where, key=key)
        return {naming_section: entries for naming_section, entries in rows.items() if entries}

    def device_names(self) -> list[tuple[str, str, str]]:
        """Return what devices are called: the model, the name, the profile of a slice or ""."""
        return [(row[0], row[1], row[2]) for row in self.db.execute(_DEVICE_NAMES)]

    def organisation_codes(self) -> dict[str, str]:
        """Return the code of each organisation by its key."""
        return {row[0]: row[1] for row in self.db.execute(_CODES)}

    def _read(
        self, section: RegistrySection, where: str, order: str = ORDER, **values: object
    ) -> list[RegistryEntry]:
        where = self._scope(section, where)
        query = text(_ENTRIES.format(sql=SOURCES[section].sql, where=where, order=order))
        rows = self.db.execute(query, {"limit": None, "offset": 0, **self._values, **values})
        return [_entry(section, row) for row in rows.mappings()]

    def _scope(self, section: RegistrySection, where: str) -> str:
        """The condition within what this reader may see."""
        if self.centre is None:
            return where
        return f"{where} AND s.centre_id = :centre" if self.may_read(section) else "false"

    @property
    def _values(self) -> dict[str, object]:
        return {"now": self.now, "today": beijing_day(self.now), "centre": self.centre}


def _entry(section: RegistrySection, row: RowMapping) -> RegistryEntry:
    source = SOURCES[section]
    since = None if row["since"] == BEGINNING else row["since"]
    return RegistryEntry(
        section=section,
        key=row["key"],
        subject=row["subject"],
        values={column: row[column] for column in source.columns},
        keys={
            column: str(key) for column in source.names if (key := row[f"{column}_id"]) is not None
        },
        since=since,
        until=row["until"],
        state=EntryState(row["state"]),
        recorded=_mark(row, "recorded", "proposed_by", "confirmed_by", "decision_id"),
        superseded=_mark(
            row, "superseded", "end_proposed_by", "end_confirmed_by", "superseded_decision_id"
        ),
        reason=row["reason"] or "",
    )


def _mark(row: RowMapping, name: str, proposer: str, confirmer: str, decision: str) -> Mark:
    by = row[proposer] or row[f"{name}_by"]
    return Mark(row[f"{name}_at"], by, row[confirmer], row[decision])
