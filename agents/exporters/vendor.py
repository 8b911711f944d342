"""What a vendor's exporter calls things: one `Vendor` is all that a new kind of card needs.

The reader (reader.py) is the same for all of them. An entry is held to be right by captures in the
tests; what could not be tried on a real card is said in the entry itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agents import wire

Labels = Mapping[str, str]
Target = Mapping[str, frozenset[str]]  # the labels that a Prometheus server gave to its target


@dataclass(frozen=True, slots=True)
class Unit:
    """How a family's value becomes a whole number of ours: times `by`, at most `at_most`."""

    reading: str  # util_ppm, engine_ppm, memory_mib, power_mw or energy_mj
    by: int
    at_most: int = 2**53


@dataclass(frozen=True, slots=True)
class Vendor:
    """One exporter's names. `device` returns the id on the wire, None if the row names none."""

    name: str
    device: Callable[[Labels], str | None]
    model: Callable[[Labels], str]
    units: Mapping[str, Unit]  # by family; the first that a device has counts
    names: Mapping[str, tuple[str, ...]]  # namespace, pod, container, uid → its labels
    slice_of: Callable[[Labels, str], wire.Mig | None] = lambda _labels, _uuid: None
    slot_of: Callable[[Labels], tuple[str, str, str]] = lambda _labels: ("whole", "", "")
    unnamed_use: Callable[[str, Labels], str] = lambda _family, _labels: ""
    """Why a row's holder cannot be said, though there is one; else empty."""
    blanks: Callable[[float], bool] = lambda _value: False
    index: str = ""  # the label that says which device a row without an id is of
    xids: str = ""  # the family of the last error's number
    more_families: frozenset[str] = field(
        default_factory=frozenset
    )  # families read for their labels only

    @property
    def families(self) -> frozenset[str]:
        """Every family that is read."""
        return frozenset(self.units) | self.more_families | ({self.xids} if self.xids else set())


def first_label(labels: Labels, *names: str) -> str:
    """Return the first of these labels that is not blank, or an empty text."""
    return next((labels[name].strip() for name in names if labels.get(name, "").strip()), "")
