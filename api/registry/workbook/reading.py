"""Read a workbook as the registry file that it stands for, an entry a line.

Rows that are one entry of the file come together: a cluster with its dated facts, a contract with
its lines, a model with its names. Faults of the file are told at their sheet and row.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.door.problems import Refusal
from api.registry.entry_form import FORMS, entry_of
from api.registry.parents import PARENTS, Parents
from api.registry.workbook.sheets import columns, section_names
from api.web.sheets import plain, read_sheet
from ledger.errors import Finding
from ledger.formats.bounded_call import bounded_call
from ledger.formats.spreadsheets.reading import Row, read_sheets
from ledger.registry.codes import RegistrySection

_PARTS = {"clusters": "name", "contracts": "number", "catalogue": "model"}
"""Entries that several rows make, by what they are known by."""

_PLACE = re.compile(r"^line \d+: (\w+\[\d+\][^ ]*)$", re.ASCII)


@dataclass(frozen=True)
class RegistryFile:
    """A registry file as text, and from which row of a workbook each of its places is."""

    text: str
    rows: Mapping[str, str] = field(default_factory=dict)

    def at_rows(self, faults: Iterable[Finding]) -> list[Finding]:
        """Faults of the file at their sheet and row, where it was a workbook."""
        return [
            replace(
                fault,
                where=self._row(fault.where),
                params=tuple((name, self._row(value)) for name, value in fault.params),
            )
            for fault in faults
        ]

    def _row(self, where: str) -> str:
        place = _PLACE.match(where)
        if place is None:
            return where
        entry, rest = place[1], ""
        while entry and entry not in self.rows:
            entry, dot, leaf = entry.rpartition(".")
            rest = dot + leaf + rest
        return f"{self.rows[entry]}: {rest[1:]}".rstrip(": ") if entry else where


def read_workbook(content: bytes, parents: Parents) -> RegistryFile:
    """The registry file that a workbook stands for.

    Raises:
        Refusal: it is no workbook, or has a sheet, a column or a name of a parent that is unknown;
            every such fault is told.
        Refused: it is too hard to read (`file_too_hard`).
    """
    sheets, faults = bounded_call(read_sheets, content)
    gathering = _Gathering(parents, list(faults))
    sections = section_names()
    titles = {sections[plain(title)]: title for title in sheets if plain(title) in sections}
    gathering.faults += [
        Finding(title, "unknown_key")
        for title, rows in sheets.items()
        if rows and plain(title) not in sections
    ]
    for section in FORMS:
        if section in titles:
            gathering.take(section, titles[section], sheets[titles[section]])
    if gathering.faults:
        raise Refusal.with_faults("registry", gathering.faults)
    return RegistryFile(_text(gathering.entries), gathering.rows)


@dataclass
class _Gathering:
    """The entries so far, by section of the file, and the rows that they are from."""

    parents: Parents
    faults: list[Finding]
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, section: RegistrySection, title: str, rows: list[Row]) -> None:
        entries, faults = read_sheet(title, rows, columns(section))
        self.faults += faults
        for entry in entries:
            self._add(section, entry.fields, entry.where)

    def _add(self, section: RegistrySection, fields: Mapping[str, str], row: str) -> None:
        parent = self._parent(section, fields)
        if isinstance(parent, Finding):
            self.faults.append(replace(parent, where=f"{row}: {parent.where}"))
            return
        name, entry = entry_of(section, fields, parent)
        if section is RegistrySection.CLUSTERS:
            del entry["billing"]
        parts = {part: value for part, value in entry.items() if isinstance(value, list)}
        parts = parts if name in _PARTS else {}
        place = self._place(section, name, entry, row)
        whole = self.entries[name][place]
        for part, items in parts.items():
            whole.setdefault(part, []).extend(items)
            self.rows[f"{name}[{place}].{part}[{len(whole[part]) - 1}]"] = row

    def _parent(
        self, section: RegistrySection, fields: Mapping[str, str]
    ) -> dict[str, Any] | Finding:
        """What a row hangs on: an entry of this workbook, or else one of the registry."""
        if section in PARENTS:
            where, naming, column, _fault = PARENTS[section]
            name = fields.get(naming, "")
            if (where.value, name) in self._places:
                return {column: name}
        return self.parents.parent(section, fields)

    def _place(self, section: RegistrySection, name: str, entry: dict[str, Any], row: str) -> int:
        """Where the entry stands that a row is, or is a part of; it begins there if it is new."""
        known_by = (name, str(entry.get(_PARTS.get(name, ""), "")))
        is_part = section in PARENTS or section is RegistrySection.CATALOGUE
        if is_part and known_by in self._places:
            return self._places[known_by]
        entries = self.entries.setdefault(name, [])
        without_parts = {k: v for k, v in entry.items() if not isinstance(v, list)}
        entries.append(without_parts if name in _PARTS else entry)
        place = len(entries) - 1
        self._places.setdefault(known_by, place)
        self.rows[f"{name}[{place}]"] = row
        return place


def _text(entries: Mapping[str, list[dict[str, Any]]]) -> str:
    return (
        "{\n" + ",\n".join(_section(name, of_name) for name, of_name in entries.items()) + "\n}\n"
    )


def _section(name: str, entries: Iterable[Mapping[str, Any]]) -> str:
    lines: Iterator[str] = (json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"{json.dumps(name)}: [\n" + ",\n".join(lines) + "\n]"
