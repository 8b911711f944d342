"""A list of the registry: narrowed, sorted, and written for a spreadsheet.

The page, the JSON list, the files and the command take one query, so that a file holds what the
page shows.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.door.dependencies import Limit, Offset
from api.door.schemas import LINE_MAX, OfField
from api.language.i18n import gettext as _
from api.language.labels import label
from api.registry.columns import cell, code_of, columns_of, title, words_of
from ledger.desk.queries.registry_entries import Mark, RegistryEntry
from ledger.desk.queries.registry_lists import EntrySelection
from ledger.formats.spreadsheets.export import Rows
from ledger.people.steps.decisions import person
from ledger.registry.codes import EntryState, RegistrySection
from ledger.units import BEIJING

_STATES: dict[str | None, tuple[EntryState, ...]] = {
    **{state: (state,) for state in EntryState},
    None: tuple(state for state in EntryState if state is not EntryState.SUPERSEDED),
    "all": tuple(EntryState),
}


class EntriesQuery(BaseModel):
    """Which entries, in which order: a column, `-` before it for the greatest.

    Without a state those that are not superseded; `text` is a part of any value.
    """

    model_config = ConfigDict(frozen=True)

    text: Annotated[str, Field(max_length=LINE_MAX)] = ""
    state: Annotated[EntryState | Literal["all"] | None, OfField] = None
    sort: Annotated[str, Field(pattern=r"^(-?[a-z_0-9]{1,30})?$")] = ""


class EntriesPart(EntriesQuery):
    """Which entries, and which part of a long list."""

    limit: Limit = 100
    offset: Offset = 0


def selection(section: RegistrySection, query: EntriesQuery) -> EntrySelection:
    """Which entries a query asks for; its text is looked for in what the reader reads."""
    words = {column: _words(section, column) for column in columns_of(section)}
    return EntrySelection(
        text=query.text.strip(),
        words={**words, "boolean": {"true": _("是"), "false": _("否")}},
        states=_STATES[query.state],
        sort=query.sort,
    )


def _words(section: RegistrySection, column: str) -> dict[str, str]:
    code = code_of(section, column)
    return {member.value: label(member) for member in code} if code else words_of(column)


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
