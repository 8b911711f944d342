"""Exact quantities in JSON."""

from dataclasses import dataclass
from fractions import Fraction

from pydantic import TypeAdapter

from ledger.formats.json.exact import Exact


@dataclass(frozen=True)
class Amount:
    """Something with an exact quantity, and perhaps another one."""

    device_ms: Exact
    rate: Exact | None


def test_a_whole_quantity_is_an_integer_and_any_other_a_ratio() -> None:
    """3/1 is 3, 1/3 is "1/3": nothing is a float, and nothing is rounded."""
    json = TypeAdapter(Amount).dump_json
    assert json(Amount(Fraction(3), Fraction(1, 3))) == b'{"device_ms":3,"rate":"1/3"}'
    assert json(Amount(Fraction(-7, 2), None)) == b'{"device_ms":"-7/2","rate":null}'
