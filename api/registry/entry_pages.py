"""The registry's pages: a list of tab section, and one entry with all that was ever said of it."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from api.door import access
from api.door.access import Right
from api.door.dependencies import having
from api.door.files import SPREADSHEETS
from api.language.format import capital
from api.language.i18n import gettext as _
from api.language.labels import label, labels
from api.registry.columns import short_columns
from api.registry.entry_form import CORRECTED, has_form
from api.registry.entry_list import EntriesQuery, selection
from api.registry.entry_routes import Registry, Section, readable_section
from api.registry.entry_view import facts, headline, heads, rows
from api.web.layout import Frame, Framed, pages
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.people.steps.credentials import Viewer
from ledger.registry.codes import EntryState, RegistrySection

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, having(Right.READ_REGISTRY)]

PAGE_ROWS = 100


class EntriesPage(EntriesQuery):
    """What the list's page asks; `act` is what the act before did, said in a notice."""

    offset: Annotated[int, Field(ge=0, le=10**9)] = 0
    act: Literal["registered", "unchanged"] | None = None


@router.get("/registry")
def first_list(
    *, frame: Framed, viewer: Reader, registry: Registry, query: Annotated[EntriesPage, Query()]
) -> HTMLResponse:
    """The contracts: what most people look for."""
    section = readable_section(RegistrySection.CONTRACTS, registry)
    return _listing(frame, viewer, registry, section, query)


@router.get("/registry/{section}")
def listing(
    *,
    section: Section,
    frame: Framed,
    viewer: Reader,
    registry: Registry,
    query: Annotated[EntriesPage, Query()],
) -> HTMLResponse:
    """One section: sorted by its columns, narrowed, and exported as it is listed."""
    return _listing(frame, viewer, registry, section, query)


def _listing(
    frame: Frame,
    viewer: Viewer,
    registry: RegistryReader,
    section: RegistrySection,
    query: EntriesPage,
) -> HTMLResponse:
    choice = selection(section, query)
    count = registry.count(section, choice)
    page = registry.entries(section, choice, limit=PAGE_ROWS, offset=query.offset)
    more = count > query.offset + PAGE_ROWS
    columns = short_columns(section)
    return frame.page(
        "registry/registry.html",
        {
            "section": section,
            "name": label(section),
            "tabs": tabs(registry, section),
            "query": query,
            "states": labels(EntryState),
            "heads": [_sorting(frame, head, query) for head in heads(section, columns)],
            "mark_heads": _mark_heads(frame, query),
            "rows": rows(registry, page, columns),
            "count": count,
            "files": {form: _file_address(section, form, query) for form in SPREADSHEETS},
            "pages": pages(frame, query.offset, PAGE_ROWS, len(page), more=more),
            "may_register": access.may(viewer, Right.REGISTER),
            "has_form": has_form(section),
        },
    )


def tabs(registry: RegistryReader, section: RegistrySection) -> list[dict[str, Any]]:
    """The sections that the reader may see."""
    return [
        {
            "name": capital(label(tab)),
            "url": f"/registry/{tab}",
            "is_current": tab is section,
            "count": 0,
        }
        for tab in RegistrySection
        if registry.may_read(tab)
    ]


def _mark_heads(frame: Frame, query: EntriesPage) -> list[dict[str, Any]]:
    names = (
        ("since", _("起")),
        ("until", _("止")),
        ("state", _("状态")),
        ("recorded", _("登记于")),
    )
    return [
        _sorting(frame, {"column": column, "name": name, "number": False}, query)
        for column, name in names
    ]


def _sorting(frame: Frame, head: dict[str, Any], query: EntriesPage) -> dict[str, Any]:
    """A title that leads to the list sorted by it, and once more the naming way."""
    column = head["column"]
    order = column if query.sort != column else f"-{column}"
    return {
        **head,
        "url": frame.current_url(sort=order, offset=0),
        "order": {column: "ascending", f"-{column}": "descending"}.get(query.sort),
    }


def _file_address(section: RegistrySection, form: str, query: EntriesPage) -> str:
    """Where exactly what is listed, on all its pages, is a table for a spreadsheet."""
    fields = query.model_dump(mode="json", include=set(EntriesQuery.model_fields))
    query_text = urlencode({name: value for name, value in fields.items() if value})
    return f"/api/v1/registry/{section}.{form}" + (f"?{query_text}" if query_text else "")


@router.get("/registry/{section}/{key}")
def entry_page(
    section: Section, key: str, *, frame: Framed, viewer: Reader, registry: Registry
) -> HTMLResponse:
    """One entry: what it says, its history with who proposed and decided, and what names it."""
    current, history = registry.entry(section, key)
    columns = short_columns(section)
    return frame.page(
        "registry/entry.html",
        {
            "section": section,
            "name": label(section),
            "headline": headline(current),
            "row": rows(registry, [current], columns)[0],
            "facts": facts(registry, current),
            "heads": heads(section, columns),
            "history_rows": rows(registry, history, columns),
            "concerning": [
                {
                    "name": label(naming),
                    "heads": heads(naming, short_columns(naming)),
                    "rows": rows(registry, entries, short_columns(naming)),
                }
                for naming, entries in registry.concerning(section, key).items()
            ],
            "may_correct": access.may(viewer, Right.REGISTER)
            and section in CORRECTED
            and current.since is not None,
        },
    )
