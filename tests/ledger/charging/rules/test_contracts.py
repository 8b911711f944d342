"""Usage that several contracts of a centre and project could price."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from ledger.charging.rules.billing import bill
from ledger.registry.rules.pricing import PricedUsage, PriceLine, UnpricedUsage, Usage
from ledger.units import HOUR_MS

DAY = date(2026, 11, 1)
CATALOGUE = {("H100", ""): 1, ("A100", ""): 2}
USED = Usage(7, 3, "H100", "", DAY, Fraction(HOUR_MS))


def line(contract: int, **fields: object) -> PriceLine:
    plain = PriceLine(
        price=contract * 10, contract=contract, project=7, centre=3, model=None, mig_profile=None,
        since=None, until=None, fen_per_ms=Fraction(contract),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def contract_of(*lines: PriceLine, usage: Usage = USED) -> int | str:
    """The contract that pays, or the reason why none does."""
    (item,) = bill([usage], lines, CATALOGUE, [], DAY)
    if isinstance(item, UnpricedUsage):
        return item.reason
    assert isinstance(item, PricedUsage)
    return item.line.contract


def test_the_more_exact_line_tells_the_contract() -> None:
    assert contract_of(line(1), line(2, model=1)) == 2
    assert contract_of(line(1), line(2, model=2)) == 1


def test_two_that_are_equally_exact_are_for_a_person_to_tell() -> None:
    assert contract_of(line(1), line(2)) == "two_contracts"
    assert contract_of(line(1, model=1), line(2, model=1)) == "two_contracts"


def test_the_binding_names_the_contract() -> None:
    assert contract_of(line(1), line(2), usage=replace(USED, contract=2)) == 2
    assert contract_of(line(1), line(2, model=2), usage=replace(USED, contract=2)) == "no_price"


def test_a_package_of_one_and_a_meter_of_another_contract() -> None:
    package = line(2, kind="package", quantity_ms=Fraction(HOUR_MS), expires=DAY)
    assert contract_of(line(1), package) == "two_contracts"
    assert contract_of(line(1), replace(package, model=1)) == 2
    assert contract_of(line(1), package, usage=replace(USED, contract=1)) == 1


def test_contracts_after_each_other_are_no_question() -> None:
    assert contract_of(line(1, until=DAY), line(2, since=DAY)) == 2


def test_lines_of_one_contract_are_no_question() -> None:
    assert contract_of(line(1), line(1, price=11, model=1)) == 1
