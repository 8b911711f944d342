"""What an entry hangs on, as it is registered: a line's contract, a dated fact's cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from api.registry.entry_form import prefilled
from ledger.desk.queries.registry_entries import RegistryReader
from ledger.errors import Finding
from ledger.registry.codes import EntryState, RegistrySection

_CLUSTER = (RegistrySection.CLUSTERS, "cluster", "name", "unknown_cluster")
PARENTS: Mapping[RegistrySection, tuple[RegistrySection, str, str, str]] = MappingProxyType(
    {
        RegistrySection.PRICES: (
            RegistrySection.CONTRACTS, "contract", "number", "unknown_contract",
        ),
        RegistrySection.BILLING: _CLUSTER,
        RegistrySection.WITNESSES: _CLUSTER,
    }
)  # fmt: skip
"""The parent's section, the field that names it, its own column of that, the fault without it."""


@dataclass
class Parents:
    """The parents that the registry knows; a section of them is read once."""

    registry: RegistryReader
    _by_name: dict[RegistrySection, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def parent(
        self, section: RegistrySection, fields: Mapping[str, str]
    ) -> dict[str, Any] | Finding:
        """How an entry's parent is stated in a file, or that there is none; {}: it needs none."""
        if section not in PARENTS:
            return {}
        where, naming, column, fault = PARENTS[section]
        if where not in self._by_name:
            self._by_name[where] = self._read(where, column)
        name = fields.get(naming, "")
        return self._by_name[where].get(name) or Finding(naming, fault, (("name", name),))

    def _read(self, section: RegistrySection, column: str) -> dict[str, dict[str, Any]]:
        return {
            str(entry.values[column]): _in_file(section, prefilled(section, entry, {}))
            for entry in self.registry.entries(section)
            if entry.state is not EntryState.SUPERSEDED
        }


def _in_file(section: RegistrySection, fields: dict[str, str]) -> dict[str, Any]:
    """The fields of a parent that stand in a file; a cluster's dated facts are left as they are."""
    if section is RegistrySection.CLUSTERS:
        return {name: fields[name] for name in ("name", "centre")}
    return fields
