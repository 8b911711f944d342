"""The sheets of a registry's workbook: one a section, its columns those of the section's form."""

from collections.abc import Iterator
from functools import partial

from api.language.labels import label
from api.registry.entry_form import FORMS, Field, choices, field_title
from api.web.sheets import SheetColumn, names_of
from ledger.registry.codes import RegistrySection

_OF_BILLING = frozenset({"source", "from", "until"})  # of a cluster: they have a sheet


def columns(section: RegistrySection) -> list[SheetColumn]:
    """The columns of a sheet, in their order."""
    is_cluster = section is RegistrySection.CLUSTERS
    return [
        _column(section, field)
        for field in FORMS[section]
        if not (is_cluster and field.name in _OF_BILLING)
    ]


def section_names() -> dict[str, RegistrySection]:
    """Every name by which a sheet is known, as `plain` writes it."""
    return dict(_section_names())


def _column(section: RegistrySection, field: Field) -> SheetColumn:
    title = partial(field_title, section, field.name)
    return SheetColumn(field.name, title, partial(choices, section, field))


def _section_names() -> Iterator[tuple[str, RegistrySection]]:
    for section in FORMS:
        for name in names_of(section, partial(label, section)):
            yield name, section
