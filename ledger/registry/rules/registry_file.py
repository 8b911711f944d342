"""Read a registry file: organisations, machines, contracts, prices.

One file, or several over time, each with any of the sections (shapes: `entries.py`). `read` reports
every fault that can be found without the database; names are resolved when the file is registered
(`steps/register.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from ledger.errors import Finding
from ledger.formats import yaml_with_lines
from ledger.formats.field_parsers import Shape, fill
from ledger.formats.yaml_with_lines import Node, Place, line_of
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.entries import (
    Binding,
    Centre,
    Cluster,
    Contract,
    Gpu,
    Model,
    Organisation,
    Project,
    Relation,
)
from ledger.registry.rules.safeguard_entries import (
    Assignment,
    Controller,
    OtherSupport,
    PriceBand,
    Rename,
)

Entry = TypeVar("Entry", bound=Shape)


class PlacedEntry(NamedTuple, Generic[Entry]):
    """An entry and its place in the file."""

    entry: Entry
    place: Place


@dataclass(frozen=True)
class Registry:
    """The valid entries of a file.

    `faulty` are the names, by section, of those that are not: to refer to one of them is no fault
    of its own.
    """

    organisations: tuple[PlacedEntry[Organisation], ...]
    centres: tuple[PlacedEntry[Centre], ...]
    clusters: tuple[PlacedEntry[Cluster], ...]
    catalogue: tuple[PlacedEntry[Model], ...]
    gpus: tuple[PlacedEntry[Gpu], ...]
    projects: tuple[PlacedEntry[Project], ...]
    contracts: tuple[PlacedEntry[Contract], ...]
    bindings: tuple[PlacedEntry[Binding], ...]
    relations: tuple[PlacedEntry[Relation], ...]
    names: tuple[PlacedEntry[Rename], ...]
    controllers: tuple[PlacedEntry[Controller], ...]
    price_bands: tuple[PlacedEntry[PriceBand], ...]
    other_support: tuple[PlacedEntry[OtherSupport], ...]
    assignments: tuple[PlacedEntry[Assignment], ...]
    faulty: frozenset[tuple[str, str]]


# The key that an entry of a section is known by.
KEY_FIELDS = {
    "organisations": "uscc", "centres": "name", "clusters": "name", "catalogue": "model",
    "gpus": "gpu", "projects": "code", "contracts": "number",
}  # fmt: skip
SECTIONS = (
    *KEY_FIELDS, "bindings", "relations", "names", "controllers", "price_bands", "other_support",
    "assignments",
)  # fmt: skip


def read(text: str) -> tuple[Registry | None, list[Finding]]:
    """Read a registry file (YAML or JSON), with its faults by line.

    None where the text cannot be read at all; else whatever of it is right in itself.
    """
    root, findings = yaml_with_lines.read(text)
    if root is None:
        return None, findings
    reader = _Reader(root, findings)
    registry = Registry(
        organisations=reader.section("organisations", Organisation),
        centres=reader.section("centres", Centre),
        clusters=reader.section("clusters", Cluster),
        catalogue=reader.section("catalogue", Model),
        gpus=reader.section("gpus", Gpu),
        projects=reader.section("projects", Project),
        contracts=reader.section("contracts", Contract),
        bindings=reader.section("bindings", Binding),
        relations=reader.section("relations", Relation),
        names=reader.section("names", Rename),
        controllers=reader.section("controllers", Controller),
        price_bands=reader.section("price_bands", PriceBand),
        other_support=reader.section("other_support", OtherSupport),
        assignments=reader.section("assignments", Assignment),
        faulty=frozenset(reader.faulty),
    )
    return registry, sorted([*findings, *_contradictions(registry)], key=line_of)


class _Reader:
    def __init__(self, root: Node, findings: list[Finding]) -> None:
        self.place = Place(root)
        self.findings = findings
        self.faulty: set[tuple[str, str]] = set()
        for key in root.plain():
            if key not in SECTIONS:
                findings.append(self.place.at(key).finding("unknown_key"))

    def section(self, name: str, shape: type[Entry]) -> tuple[PlacedEntry[Entry], ...]:
        place = self.place.at(name)
        node = self.place.node.child(name)
        if node is None or node.value is None:
            return ()
        if not isinstance(node.value, list):
            self.findings.append(place.finding("not_list"))
            return ()
        entries, names = [], []
        for index in range(len(node.value)):
            at = place.at(index)
            known_by = at.node.child(KEY_FIELDS.get(name, ""))
            entry, faults = fill(shape, at)
            self.findings += faults
            if entry is not None:
                entries.append(PlacedEntry(entry, at))
            elif known_by:
                self.faulty.add((name, str(known_by.plain())))
            if known_by:
                names.append((str(known_by.plain()), at))
        self.findings += _twice(names)
        return tuple(entries)


def _contradictions(registry: Registry) -> Iterator[Finding]:
    """Find entries of the file that contradict each other."""
    yield from _twice(
        ((name.nvml, name.mig_profile), place.at("names", i))
        for model, place in registry.catalogue
        for i, name in enumerate(model.names)
    )
    yield from _overlaps(
        (c.name, bill.span, place.at("billing", i))
        for c, place in registry.clusters
        for i, bill in enumerate(c.billing)
    )
    yield from _overlaps(
        (c.name, want.span, place.at("witnesses", i))
        for c, place in registry.clusters
        for i, want in enumerate(c.witnesses)
    )
    yield from _overlaps(
        ((b.cluster, b.holder.kind, b.holder.name), b.span, p) for b, p in registry.bindings
    )
    for contract, place in registry.contracts:
        yield from _price_contradictions(contract, place)
    yield from _overlaps(_reserved(registry))
    yield from _safeguard_contradictions(registry)
    yield from _overlaps(
        (
            ("payee", r.target) if r.kind == "payee" else (r.kind, r.organisation, r.target),
            r.span,
            p,
        )
        for r, p in registry.relations
    )


def _safeguard_contradictions(registry: Registry) -> Iterator[Finding]:
    yield from _overlaps((name.organisation, name.span, p) for name, p in registry.names)
    yield from _overlaps(
        ((c.organisation, c.role, c.person), c.span, p) for c, p in registry.controllers
    )
    yield from _overlaps(((b.model, b.mig_profile), b.span, p) for b, p in registry.price_bands)
    yield from _overlaps(
        ((s.project, s.contract, s.programme), s.span, p) for s, p in registry.other_support
    )
    yield from _twice((a.contract, p) for a, p in registry.assignments)


def _price_contradictions(contract: Contract, place: Place) -> Iterator[Finding]:
    within = []
    for i, price in enumerate(contract.prices):
        at = place.at("prices", i)
        span = price.span(contract.span)
        if price.last and price.last < span.start:
            last = "expires" if price.expires else "until"
            yield at.at(last).finding("reversed_days", since=span.start)
        elif span.empty or span not in contract.span:
            yield at.finding("outside_contract", contract=contract.span)
        else:
            # Usage has one price, however it is called.
            name = "" if price.kind == "metered" else price.name
            line = (price.kind, name, price.model, *price.selectors)
            within.append((line, span, at))
    yield from _overlaps(within)


def _reserved(registry: Registry) -> Iterator[tuple[object, Span, Place]]:
    """Return the reserved devices and nodes; each is reserved once on a day."""
    for contract, place in registry.contracts:
        for i, price in enumerate(contract.prices):
            span, at = price.span(contract.span), place.at("prices", i)
            if not span.empty:
                yield from ((gpu, span, at.at("gpus", n)) for n, gpu in enumerate(price.reserved))
                yield from ((node, span, at.at("nodes", n)) for n, node in enumerate(price.nodes))


def _twice(keys: Iterable[tuple[object, Place]]) -> Iterator[Finding]:
    first: dict[object, Place] = {}
    for name, place in keys:
        if name in first:
            yield place.finding("duplicate", first=first[name])
        else:
            first[name] = place


def _overlaps(facts_and_spans: Iterable[tuple[object, Span, Place]]) -> Iterator[Finding]:
    """Find overlapping facts about one subject, each compared with the longest."""
    by_thing: dict[object, list[tuple[Span, Place]]] = {}
    for thing, span, place in facts_and_spans:
        by_thing.setdefault(thing, []).append((span, place))
    for facts in by_thing.values():
        facts.sort(key=lambda fact: fact[0].start)
        longest, until_place = facts[0]
        for span, place in facts[1:]:
            if span.overlaps(longest):
                early, late = sorted((until_place, place), key=lambda p: p.node.line)
                yield late.finding("overlaps", other=early)
            if longest.end is not None and (span.end is None or span.end > longest.end):
                longest, until_place = span, place
