"""Codes of charging. Their labels: `api/language/labels/charging.py`."""

from enum import StrEnum


class Part(StrEnum):
    """Which part of a contract month's cost; each is reconciled by itself."""

    COMPUTE = "compute"  # usage, reserved devices, fees that are compute cost
    PACKAGE = "package"  # hours paid before they are used
    FEE = "fee"  # no compute cost: it earns nothing
