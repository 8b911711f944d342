"""The registry as it stands, and as it stood: lists, one entry with its history, files."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api.door.access import Right
from api.door.dependencies import Now, ReadDb, having
from api.door.files import download, download_table
from api.registry.entry_list import EntriesPart, EntriesQuery, selection, table
from api.registry.schemas import EntryDetailsRead, EntryRead
from api.registry.workbook.writing import write_workbook
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.errors import NotFound
from ledger.people.steps.credentials import Viewer
from ledger.registry.codes import RegistrySection

router = APIRouter(tags=["registry"])


def reader(
    viewer: Annotated[Viewer, having(Right.READ_REGISTRY)], db: ReadDb, now: Now
) -> RegistryReader:
    """The registry as far as it is the viewer's to see."""
    return RegistryReader(db, now, viewer.centre)


Registry = Annotated[RegistryReader, Depends(reader)]


def readable_section(section: RegistrySection, registry: Registry) -> RegistrySection:
    """The section of the address; one that is not the viewer's to see is not there."""
    if not registry.may_read(section):
        raise NotFound("registry_entry", key=section.value)
    return section


Section = Annotated[RegistrySection, Depends(readable_section)]


@router.get("/registry/{section}.{form}", response_class=Response)
def entries_file(
    *,
    section: Section,
    form: Literal["csv", "xlsx"],
    query: Annotated[EntriesQuery, Query()],
    registry: Registry,
) -> Response:
    """Download the same list as a table for a spreadsheet, amounts in yuan."""
    rows = table(section, registry.entries(section, selection(section, query)))
    return download_table(rows, f"{section}.{form}")


@router.get("/registry.xlsx", response_class=Response)
def workbook(registry: Registry) -> Response:
    """Download the whole registry as a workbook that can be changed and registered again."""
    return download(write_workbook(registry), "registry.xlsx")


@router.get("/registry/{section}")
def entries(
    *, section: Section, query: Annotated[EntriesPart, Query()], registry: Registry
) -> list[EntryRead]:
    """List a section of the registry: what holds, held and will hold, who proposed and decided."""
    rows = registry.entries(
        section, selection(section, query), limit=query.limit, offset=query.offset
    )
    return [EntryRead.model_validate(row) for row in rows]


@router.get("/registry/{section}/{key}")
def entry(section: Section, key: str, registry: Registry) -> EntryDetailsRead:
    """Return one entry: all that was ever registered of its subject, and all that names it."""
    current, history = registry.entry(section, key)
    concerning = registry.concerning(section, key)
    return EntryDetailsRead(
        entry=EntryRead.model_validate(current),
        history=[EntryRead.model_validate(row) for row in history],
        concerning={
            naming: [EntryRead.model_validate(row) for row in rows]
            for naming, rows in concerning.items()
        },
    )
