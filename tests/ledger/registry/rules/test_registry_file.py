import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from ledger.registry.codes import LineKind, PriceUnit
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.entries import RelationKind
from ledger.registry.rules.price_entry import Price
from ledger.registry.rules.registry_file import SECTIONS, Registry, read
from tests.support.paths import DOCS

HERE = Path(__file__).parents[1]
EXAMPLE = (DOCS / "examples/registry.yaml").read_text(encoding="utf-8")
BAD = (HERE / "bad_registry.yaml").read_text(encoding="utf-8")


def example() -> Registry:
    registry, findings = read(EXAMPLE)
    assert registry
    assert findings == []
    return registry


def test_every_fault_of_a_file_is_told_at_its_line() -> None:
    expected = Counter(
        (number, code)
        for number, line in enumerate(BAD.splitlines(), start=1)
        if (remark := line.partition("#! ")[2])
        for code in remark.split(", ")
    )
    _, findings = read(BAD)
    counter = Counter((int(re.findall(r"\d+", f.where)[0]), f.code) for f in findings)
    assert counter == expected
    assert [f.where for f in findings] == sorted(
        (f.where for f in findings), key=lambda where: int(re.findall(r"\d+", where)[0])
    )


def test_the_documentation_lists_every_fault() -> None:
    page = (DOCS / "registry.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    assert {f.code for f in read(BAD)[1]} <= listed


def test_a_fault_names_the_place_and_what_it_is_about() -> None:
    by_place = {f.where: f for f in read(BAD)[1]}
    assert by_place["line 3: organisations[0].uscc"].params == (("uscc", "91640100MADEM0001X"),)
    overlap = by_place["line 92: contracts[1].prices[6]"]
    assert overlap.params == (("other", "line 91: contracts[1].prices[5]"),)


def test_the_example_has_every_section_and_every_key() -> None:
    registry = example()
    shapes = {name: type(getattr(registry, name)[0].entry) for name in SECTIONS}
    for name, shape in shapes.items():
        keys = set().union(*(entry.model_fields_set for entry, _ in getattr(registry, name)))
        assert keys == set(shape.model_fields), name
    prices = [price for contract, _ in registry.contracts for price in contract.prices]
    assert set().union(*(p.model_fields_set for p in prices)) == set(Price.model_fields)
    assert {p.unit for p in prices} == set(PriceUnit)
    assert {p.kind for p in prices} == set(LineKind)
    assert {r.kind for r, _ in registry.relations} == set(get_args(RelationKind))
    assert {b.holder.kind for b, _ in registry.bindings} == {"pod", "slurm", "static"}
    assert {bill.source for c, _ in registry.clusters for bill in c.billing} == {"slurm", "nvml"}


def test_values_of_the_example() -> None:
    registry = example()
    contract = registry.contracts[0].entry
    month, old, new, day, package, fee = contract.prices
    assert (month.yuan, month.gpus, month.hours) == (Decimal("29800.00"), 8, 720)
    assert (day.gpus, day.hours) == (8, 24)
    assert (month.mig_profile, old.mig_profile, day.mig_profile) == ("", "1g.10gb", None)
    assert old.span(contract.span) == Span(date(2026, 1, 1), date(2026, 4, 1))
    assert new.span(contract.span) == Span(date(2026, 4, 1), date(2027, 1, 1))
    assert package.span(contract.span) == Span(date(2026, 3, 1), date(2026, 7, 1))
    assert (package.quantity, package.rounding) == (Decimal(5000), "ms")
    assert (fee.unit, fee.gpus, fee.hours, fee.counts) == ("month", 1, 1, False)
    by_gpu, by_node = registry.contracts[1].entry.prices[-2:]
    assert (by_gpu.reserved, by_node.nodes) == (
        ("GPU-0c0f4d5e-1111-4222-8333-000000000002",),
        ("helan-a/gpu-02",),
    )
    assert registry.bindings[2].entry.holder.name == "贺兰团队"
    assert registry.bindings[2].entry.span == Span(date(2026, 1, 1), None)
    assert registry.gpus[2].entry.span == Span(date(2026, 1, 1), date(2026, 10, 1))
    assert (registry.centres[0].entry.simulated, registry.projects[0].entry.drill) == (True, True)


def test_a_reference_to_a_faulty_entry_can_be_told_from_one_to_nothing() -> None:
    registry, _ = read(BAD)
    assert registry
    assert ("clusters", "k3") in registry.faulty
    assert ("organisations", "91640100MADEM00022") in registry.faulty
    assert ("clusters", "k4") not in registry.faulty


@pytest.mark.parametrize("text", ["{}", "organisations:\n", "{organisations: []}"])
def test_nothing_to_register_is_no_fault(text: str) -> None:
    registry, findings = read(text)
    assert registry
    assert findings == []
    assert not any(getattr(registry, name) for name in SECTIONS)


def test_what_cannot_be_read_gives_no_registry() -> None:
    registry, findings = read("organisations: [")
    assert registry is None
    assert [f.code for f in findings] == ["not_yaml"]


def test_json_is_welcome() -> None:
    registry, findings = read('{"organisations":[{"uscc":"91640100MADEM0001Y","name":"甲"}]}')
    assert registry
    assert findings == []
    assert registry.organisations[0].entry.name == "甲"


def test_a_large_file_is_read_whole() -> None:
    gpus = "".join(
        f"  - {{gpu: GPU-00000000-0000-4000-8000-{n:012x}, cluster: k, node: n{n // 8},"
        f" from: 2026-01-01}}\n"
        for n in range(5_000)
    )
    registry, findings = read("gpus:\n" + gpus)
    assert registry
    assert findings == []
    assert len(registry.gpus) == 5_000
