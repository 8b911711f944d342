"""A list of the registry: narrowed, sorted, and written for a spreadsheet.

The page, the JSON list, the files and the command take one query, so that a file holds what the
page shows.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.door.schemas import LINE_MAX, OfField
from api.language.i18n import gettext as _
from api.language.labels import label
from api.registry.columns import cell, columns_of, show, title
from ledger.desk.queries.registry_entries import Mark, RegistryEntry
from ledger.errors import Refused
from ledger.formats.spreadsheets.export import Rows
from ledger.people.steps.decisions import person
from ledger.registry.codes import EntryState, RegistrySection
from ledger.units import BEIJING

_MARKS: dict[str, Callable[[RegistryEntry], Any]] = {
    "since": lambda entry: entry.since,
    "until": lambda entry: entry.until,
    "state": lambda entry: entry.state,
    "recorded": lambda entry: entry.recorded.at,
}


class EntriesQuery(BaseModel):
    """Which entries, in which order: a column, `-` before it for the greatest.

    Without a state those that are not superseded; `text` is a part of any value.
    """

    model_config = ConfigDict(frozen=True)

    text: Annotated[str, Field(max_length=LINE_MAX)] = ""
    state: Annotated[EntryState | Literal["all"] | None, OfField] = None
    sort: Annotated[str, Field(pattern=r"^(-?[a-z_0-9]{1,30})?$")] = ""


def listed(
    entries: Iterable[RegistryEntry], section: RegistrySection, query: EntriesQuery
) -> list[RegistryEntry]:
    """The entries that a query asks for, in its order; what a column lacks stands last.

    Raises:
        Refused: the section has no such column (`registry_sort`).
    """
    part = query.text.strip().casefold()
    narrowed = [entry for entry in entries if _shows(entry, query.state) and _says(entry, part)]
    column = query.sort.removeprefix("-")
    if not column:
        return narrowed
    if column not in _MARKS and column not in columns_of(section):
        raise Refused("registry_sort", column=column)
    with_value: list[tuple[Any, RegistryEntry]] = []
    without_value: list[tuple[Any, RegistryEntry]] = []
    for entry in narrowed:
        value = _MARKS[column](entry) if column in _MARKS else entry.values[column]
        (without_value if value is None else with_value).append((value, entry))
    with_value.sort(key=lambda pair: pair[0], reverse=query.sort.startswith("-"))
    return [entry for _value, entry in (*with_value, *without_value)]


def _shows(entry: RegistryEntry, state: EntryState | Literal["all"] | None) -> bool:
    if state is None:
        return entry.state is not EntryState.SUPERSEDED
    return state in ("all", entry.state)


def _says(entry: RegistryEntry, part: str) -> bool:
    return any(
        part in show(entry.section, column, value).casefold()
        for column, value in entry.values.items()
    )


def table(section: RegistrySection, entries: Iterable[RegistryEntry]) -> Rows:
    """The entries for a spreadsheet, under their titles, with who registered them."""
    columns = columns_of(section)
    yield [
        *(title(section, column) for column in columns), _("起"), _("止"), _("状态"), _("登记于"),
        _("提出者"), _("确认者"), _("决定"), _("被取代于"), _("取代者"), _("取代的确认者"),
    ]  # fmt: skip
    for entry in entries:
        yield [
            *(cell(section, column, entry.values[column]) for column in columns),
            entry.since.isoformat() if entry.since else "",
            entry.until.isoformat() if entry.until else "",
            label(entry.state),
            *_mark(entry.recorded),
            str(entry.recorded.decision or ""),
            *_mark(entry.superseded),
        ]


def _mark(mark: Mark) -> tuple[str, str, str]:
    at = mark.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if mark.at else ""
    return at, person(mark.by or ""), person(mark.confirmed_by or "")
