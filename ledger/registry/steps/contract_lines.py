"""Turn contract lines of a file into facts: resolve names, find reserved devices.

A line may reserve single GPUs or whole nodes; a node stands for the GPUs registered on it at this
time. A device must belong to the contract's centre and be reserved by one line on a day; what the
file cannot show is checked in the database after writing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.registry.rules.entries import Contract
from ledger.registry.rules.price_entry import Price
from ledger.registry.rules.registry_file import Registry
from ledger.registry.steps import effective_dating, entities
from ledger.registry.steps.entities import Registration

_PROFILES = text("""
    SELECT m.name, n.mig_profile FROM catalogue_names n JOIN catalogue_models m ON m.id = n.model_id
    WHERE m.name = ANY(:models)
""")
_GPUS = text("""
    SELECT g.gpu, k.name || '/' || g.node AS node, c.name AS centre
    FROM gpus g JOIN clusters k ON k.id = g.cluster_id JOIN centres c ON c.id = k.centre_id
    WHERE g.gpu = ANY(:gpus) OR k.name || '/' || g.node = ANY(:nodes) ORDER BY g.gpu
""")
_TWICE = text("""
    SELECT a.gpu, p.contract_id AS contract, p.name, k.number, b.valid * a.valid AS days
    FROM reserved_devices a
    JOIN reserved_devices b ON b.gpu = a.gpu AND b.price_id <> a.price_id AND b.valid && a.valid
    JOIN prices p ON p.id = a.price_id
    JOIN prices q ON q.id = b.price_id JOIN contracts k ON k.id = q.contract_id
    WHERE p.contract_id = ANY(:contracts) ORDER BY a.gpu, days
""")

LineEntry = tuple[Contract, Price, Place]


def line_facts(
    registration: Registration, registry: Registry
) -> tuple[list[effective_dating.DatedFact], list[effective_dating.DatedFact]]:
    """Return the file's contract lines as dated facts, metered ones and others.

    Names that mean nothing become findings.
    """
    entries: list[LineEntry] = [
        (contract, price, place.at("prices", i))
        for contract, place in registry.contracts
        for i, price in enumerate(contract.prices)
    ]
    registration.look_up(
        entities.CATALOGUE, [(p.model, at.at("model")) for _, p, at in entries if p.model]
    )
    _refuse_unknown_profiles(registration, registry, entries)
    devices = _devices(registration, registry, entries)
    metered, other_lines = [], []
    for contract, price, at in entries:
        key = registration.id(entities.CONTRACTS, contract.number)
        model = registration.id(entities.CATALOGUE, price.model) if price.model else None
        span = price.span(contract.span)
        if key is None or span.empty or (price.model and model is None):
            continue
        name, selectors = price.name or "", (model, *price.selectors)
        says = _says(price, devices.get(str(at)))
        if price.kind == "metered":
            metered.append(
                effective_dating.DatedFact((key, price.kind, *selectors), (name, *says), span, at)
            )
        else:
            other_lines.append(
                effective_dating.DatedFact((key, price.kind, name, *selectors), says, span, at)
            )
    return metered, other_lines


def _says(price: Price, devices: Sequence[str] | None) -> effective_dating.Columns:
    counts = bool(price.counts) if price.kind == "fixed" else None
    return (
        price.unit, price.yuan, price.gpus, price.hours, price.tax_included, price.tax_rate,
        price.rounding, price.session_price, tuple(devices) if devices else None, price.quantity,
        price.expires, counts,
    )  # fmt: skip


def _refuse_unknown_profiles(
    registration: Registration, registry: Registry, entries: Iterable[LineEntry]
) -> None:
    """Report prices of slices that no device name has: `1g.10g` for `1g.10gb`."""
    sliced = [(p.model, p.mig_profile, at) for _, p, at in entries if p.mig_profile is not None]
    rows = registration.db.execute(_PROFILES, {"models": [model for model, _, _ in sliced]})
    profiles = {(row.name, row.mig_profile) for row in rows}
    profiles |= {(m.model, n.mig_profile or "") for m, _ in registry.catalogue for n in m.names}
    models = {model for model, _ in profiles}
    for model, profile, at in sliced:
        if model in models and (model, profile) not in profiles:
            name = profile or "whole"
            registration.findings.append(
                at.at("mig_profile").finding("unknown_mig_profile", name=name)
            )


def _devices(
    registration: Registration, registry: Registry, entries: Sequence[LineEntry]
) -> dict[str, list[str]]:
    """Return the GPUs of each reserved line, sorted, by the line's place."""
    reserved = [entry for entry in entries if entry[1].kind == "reserved"]
    if not reserved:
        return {}
    registration.look_up(
        entities.GPUS,
        [(gpu, at.at("gpus", i)) for _, p, at in reserved for i, gpu in enumerate(p.reserved)],
    )
    locations = _locations(registration, registry, reserved)
    devices = {}
    for contract, price, at in reserved:
        registration.findings += _device_faults(registration, contract, price, at, locations)
        nodes = (g for node in price.nodes for g, (where, _) in locations.items() if where == node)
        devices[str(at)] = sorted({*price.reserved, *nodes})
    return devices


def _locations(
    registration: Registration, registry: Registry, reserved: Iterable[LineEntry]
) -> dict[str, tuple[str, str]]:
    """Return `(cluster/node, centre)` of GPUs, as registered or as in the file."""
    gpus = [gpu for _, price, _ in reserved for gpu in price.reserved]
    nodes = [node for _, price, _ in reserved for node in price.nodes]
    rows = registration.db.execute(_GPUS, {"gpus": gpus, "nodes": nodes})
    locations = {row.gpu: (row.node, row.centre) for row in rows}
    centres = {cluster.name: cluster.centre for cluster, _ in registry.clusters}
    for gpu, _ in registry.gpus:
        node = f"{gpu.cluster}/{gpu.node}"
        if gpu.gpu not in locations and (gpu.gpu in gpus or node in nodes):
            locations[gpu.gpu] = (node, centres.get(gpu.cluster, ""))
    return locations


def _device_faults(
    registration: Registration,
    contract: Contract,
    price: Price,
    at: Place,
    locations: Mapping[str, tuple[str, str]],
) -> Iterator[Finding]:
    """Report nodes without a GPU, and devices of another centre."""
    centres = dict(locations.values())
    told_apart = all(section != "gpus" for section, _ in registration.faulty)
    for i, node in enumerate(price.nodes):
        if node not in centres and told_apart:
            yield at.at("nodes", i).finding("unknown_node", name=node)
    named_ones = [
        (locations[g][1], at.at("gpus", i), g)
        for i, g in enumerate(price.reserved)
        if g in locations
    ]
    named_ones += [
        (centres[n], at.at("nodes", i), n) for i, n in enumerate(price.nodes) if n in centres
    ]
    for centre, place, name in named_ones:
        if centre and centre != contract.centre:
            yield place.finding("other_centre", name=name, centre=centre)


def reserved_twice(db: Session, lines: Sequence[effective_dating.DatedFact]) -> list[Finding]:
    """Report devices of new lines that another line also reserves."""
    places = {
        (line.about[0], line.about[2]): line.place for line in lines if line.about[1] == "reserved"
    }
    if not places:
        return []
    rows = db.execute(_TWICE, {"contracts": sorted({key for key, _ in places})})
    return [
        places[row.contract, row.name].finding("reserved_twice", gpu=row.gpu, contract=row.number)
        for row in rows
        if (row.contract, row.name) in places
    ]
