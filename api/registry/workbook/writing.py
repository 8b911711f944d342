"""Write the registry as a workbook that can be brought back: what holds, held and will hold."""

from collections.abc import Iterator

from api.language.labels import label
from api.registry.entry_form import FORMS, prefilled
from api.registry.workbook.sheets import columns
from api.web.sheets import sheet_rows
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.formats.spreadsheets.export import xlsx_book
from ledger.registry.codes import EntryState, RegistrySection


def write_workbook(registry: RegistryReader) -> bytes:
    """The sections that are the reader's to see, a sheet each; what was superseded is left out."""
    codes = registry.organisation_codes()
    return xlsx_book(
        {
            label(section): sheet_rows(columns(section), _typed(registry, section, codes))
            for section in FORMS
            if registry.may_read(section)
        }
    )


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
