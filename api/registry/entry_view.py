"""Entries of the registry as rows of a page: texts, where they lead, who proposed and decided."""

from collections.abc import Iterable, Sequence
from typing import Any

from api.language.labels import label
from api.registry.columns import NUMBERS, columns_of, show, title
from api.web.mark import Mark
from ledger.desk.queries.registry_entries import RegistryEntry, RegistryReader
from ledger.desk.queries.registry_sections import NAMED_SECTIONS
from ledger.people.steps.decisions import person
from ledger.registry.codes import EntryState, RegistrySection

_SHAPES = {
    EntryState.IN_FORCE: "●",
    EntryState.FUTURE: "◔",
    EntryState.ENDED: "○",
    EntryState.SUPERSEDED: "◇",
}


def address(section: RegistrySection, key: str) -> str:
    """The page of an entry."""
    return f"/registry/{section}/{key}"


def heads(section: RegistrySection, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The titles of columns."""
    return [
        {"column": column, "name": title(section, column), "number": column in NUMBERS}
        for column in columns
    ]


def rows(
    registry: RegistryReader, entries: Iterable[RegistryEntry], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """The entries in these columns."""
    return [_row(registry, entry, columns) for entry in entries]


def _row(registry: RegistryReader, entry: RegistryEntry, columns: Sequence[str]) -> dict[str, Any]:
    first, *rest = [_cell(registry, entry, column) for column in columns]
    return {
        "entry": entry,
        "url": address(entry.section, entry.key),
        "first": first,
        "cells": rest,
        "mark": Mark(_SHAPES[entry.state], label(entry.state)),
        "by": person(entry.recorded.by or ""),
        "confirmed_by": person(entry.recorded.confirmed_by or ""),
        "ended_by": person(entry.superseded.by or ""),
        "end_confirmed_by": person(entry.superseded.confirmed_by or ""),
    }


def _cell(registry: RegistryReader, entry: RegistryEntry, column: str) -> dict[str, Any]:
    target, key = NAMED_SECTIONS.get(column), entry.keys.get(column)
    leads = target is not None and key is not None and registry.may_read(target)
    return {
        "text": show(entry.section, column, entry.values[column]),
        "number": column in NUMBERS,
        "url": address(target, key) if leads and target and key else "",
    }


def facts(registry: RegistryReader, entry: RegistryEntry) -> list[dict[str, Any]]:
    """Everything that an entry says, by name; what it does not say is left out."""
    return [
        {"name": title(entry.section, column), **_cell(registry, entry, column)}
        for column in columns_of(entry.section)
        if entry.values[column] not in (None, "")
    ]


def headline(entry: RegistryEntry) -> str:
    """What an entry is called: what its first columns say."""
    values = [(column, entry.values[column]) for column in columns_of(entry.section)[:3]]
    return " · ".join(
        show(entry.section, column, value) for column, value in values if value not in (None, "")
    )
