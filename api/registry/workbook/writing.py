"""Write the registry as a workbook that can be brought back: what holds, held and will hold."""

from collections.abc import Iterator

from api.language.labels import label
from api.registry.entry_form import FORMS, choices, field_title, prefilled
from api.registry.workbook.sheets import columns
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.formats.spreadsheets.export import Rows, xlsx_book
from ledger.registry.codes import EntryState, RegistrySection


def write_workbook(registry: RegistryReader) -> bytes:
    """The sections that are the reader's to see, a sheet each; what was superseded is left out."""
    codes = registry.organisation_codes()
    return xlsx_book(
        {
            label(section): _rows(registry, section, codes)
            for section in FORMS
            if registry.may_read(section)
        }
    )


def _rows(registry: RegistryReader, section: RegistrySection, codes: dict[str, str]) -> Rows:
    fields = columns(section)
    yield [field_title(section, field.name) for field in fields]
    words = {field.name: choices(section, field) for field in fields}
    for typed in _typed(registry, section, codes):
        values = ((field.name, typed.get(field.name, "")) for field in fields)
        yield [words[name].get(value, value) for name, value in values]


def _typed(
    registry: RegistryReader, section: RegistrySection, codes: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Each entry as its form would have stated it; an organisation has its first name itself."""
    if section is RegistrySection.CATALOGUE:
        for model, nvml, profile in registry.device_names():
            yield {"model": model, "nvml": nvml, "mig_profile": profile}
        return
    for entry in registry.entries(section):
        is_first_name = section is RegistrySection.NAMES and entry.since is None
        if entry.state is not EntryState.SUPERSEDED and not is_first_name:
            codes_of_entry = {
                column: codes[entry.keys[column]]
                for column in ("organisation", "other")
                if column in entry.keys
            }
            yield prefilled(section, entry, codes_of_entry)
