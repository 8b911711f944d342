"""The sheets of a registry's workbook: a sheet a section, its columns those of the section's form.

A sheet, a column and a choice (按用量, 是) are known by the code of the file (`prices`, `tax_rate`)
or by the words of either language. So a workbook comes back as it was taken away, and one that a
program writes may use codes.
"""

from collections.abc import Iterator

from api.language.i18n import LANGUAGES, speaking
from api.language.labels import label
from api.registry.entry_form import FORMS, Field, choices, field_title
from ledger.registry.codes import RegistrySection

_OF_BILLING = frozenset({"source", "from", "until"})  # of a cluster: they have a sheet


def columns(section: RegistrySection) -> list[Field]:
    """The columns of a sheet, in their order."""
    is_cluster = section is RegistrySection.CLUSTERS
    return [field for field in FORMS[section] if not (is_cluster and field.name in _OF_BILLING)]


def section_names() -> dict[str, RegistrySection]:
    """Every name by which a sheet is known, as `plain` writes it."""
    return dict(_section_names())


def column_names(section: RegistrySection) -> dict[str, Field]:
    """Every name by which a column of a section is known, as `plain` writes it."""
    return dict(_column_names(section))


def choice_words(section: RegistrySection, field: Field) -> dict[str, str]:
    """The codes of a column by every word that stands for one; empty: any text may stand there."""
    words: dict[str, str] = {}
    for language in LANGUAGES:
        with speaking(language):
            for code, word in choices(section, field).items():
                words |= {plain(code): code, plain(word): code}
    return words


def plain(word: str) -> str:
    """A name as it is compared: not by capitals, nor by space around it."""
    return word.strip().casefold()


def _section_names() -> Iterator[tuple[str, RegistrySection]]:
    for section in FORMS:
        yield plain(section), section
        for language in LANGUAGES:
            with speaking(language):
                yield plain(label(section)), section


def _column_names(section: RegistrySection) -> Iterator[tuple[str, Field]]:
    for field in columns(section):
        yield plain(field.name), field
        for language in LANGUAGES:
            with speaking(language):
                yield plain(field_title(section, field.name)), field
