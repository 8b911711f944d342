"""Contract lines as a file states them: what their names mean, and which devices they reserve.

A line may reserve single GPUs or whole nodes; a node stands for the GPUs that are registered on it
when the file is registered. A device belongs to the contract's centre, and on one day it is
reserved by one line; what the file itself cannot tell is asked of the database after writing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.registry.rules.entries import Contract
from ledger.registry.rules.price_entry import Price
from ledger.registry.rules.registry_file import Registry
from ledger.registry.steps import effective_dating as dated
from ledger.registry.steps import entities as named
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

Asked = tuple[Contract, Price, Place]


def stated(done: Registration, registry: Registry) -> tuple[list[dated.Stated], list[dated.Stated]]:
    """The file's contract lines as dated facts, metered ones and others.

    Names that mean nothing become findings.
    """
    asked: list[Asked] = [
        (contract, price, place.at("prices", i))
        for contract, place in registry.contracts
        for i, price in enumerate(contract.prices)
    ]
    done.look_up(named.CATALOGUE, [(p.model, at.at("model")) for _, p, at in asked if p.model])
    _refuse_unknown_profiles(done, registry, asked)
    devices = _devices(done, registry, asked)
    metered, others = [], []
    for contract, price, at in asked:
        key = done.id(named.CONTRACTS, contract.number)
        model = done.id(named.CATALOGUE, price.model) if price.model else None
        span = price.span(contract.span)
        if key is None or span.empty or (price.model and model is None):
            continue
        name, chosen = price.name or "", (model, *price.selectors)
        says = _says(price, devices.get(str(at)))
        if price.kind == "metered":
            metered.append(dated.Stated((key, price.kind, *chosen), (name, *says), span, at))
        else:
            others.append(dated.Stated((key, price.kind, name, *chosen), says, span, at))
    return metered, others


def _says(price: Price, devices: Sequence[str] | None) -> dated.Columns:
    counts = bool(price.counts) if price.kind == "fixed" else None
    return (
        price.unit, price.yuan, price.gpus, price.hours, price.tax_included, price.tax_rate,
        price.rounding, tuple(devices) if devices else None, price.quantity, price.expires, counts,
    )  # fmt: skip


def _refuse_unknown_profiles(
    done: Registration, registry: Registry, asked: Iterable[Asked]
) -> None:
    """A price for a slice that no device name has would never apply: `1g.10g` for `1g.10gb`."""
    sliced = [(p.model, p.mig_profile, at) for _, p, at in asked if p.mig_profile is not None]
    rows = done.db.execute(_PROFILES, {"models": [model for model, _, _ in sliced]})
    known = {(row.name, row.mig_profile) for row in rows}
    known |= {(m.model, n.mig_profile or "") for m, _ in registry.catalogue for n in m.names}
    models = {model for model, _ in known}
    for model, profile, at in sliced:
        if model in models and (model, profile) not in known:
            name = profile or "whole"
            done.findings.append(at.at("mig_profile").finding("unknown_mig_profile", name=name))


def _devices(
    done: Registration, registry: Registry, asked: Sequence[Asked]
) -> dict[str, list[str]]:
    """The GPUs of each reserved line, by its place, in their order."""
    reserved = [one for one in asked if one[1].kind == "reserved"]
    if not reserved:
        return {}
    done.look_up(
        named.GPUS,
        [(gpu, at.at("gpus", i)) for _, p, at in reserved for i, gpu in enumerate(p.reserved)],
    )
    standing = _standing(done, registry, reserved)
    found = {}
    for contract, price, at in reserved:
        done.findings += _not_there(done, contract, price, at, standing)
        nodes = (g for node in price.nodes for g, (where, _) in standing.items() if where == node)
        found[str(at)] = sorted({*price.reserved, *nodes})
    return found


def _standing(
    done: Registration, registry: Registry, reserved: Iterable[Asked]
) -> dict[str, tuple[str, str]]:
    """Where GPUs stand, `(cluster/node, centre)`: as registered, and as the file says."""
    gpus = [gpu for _, price, _ in reserved for gpu in price.reserved]
    nodes = [node for _, price, _ in reserved for node in price.nodes]
    rows = done.db.execute(_GPUS, {"gpus": gpus, "nodes": nodes})
    standing = {row.gpu: (row.node, row.centre) for row in rows}
    centres = {cluster.name: cluster.centre for cluster, _ in registry.clusters}
    for gpu, _ in registry.gpus:
        node = f"{gpu.cluster}/{gpu.node}"
        if gpu.gpu not in standing and (gpu.gpu in gpus or node in nodes):
            standing[gpu.gpu] = (node, centres.get(gpu.cluster, ""))
    return standing


def _not_there(
    done: Registration,
    contract: Contract,
    price: Price,
    at: Place,
    standing: Mapping[str, tuple[str, str]],
) -> Iterator[Finding]:
    """Nodes without a GPU, and devices of another centre."""
    centres = dict(standing.values())
    told_apart = all(section != "gpus" for section, _ in done.faulty)
    for i, node in enumerate(price.nodes):
        if node not in centres and told_apart:
            yield at.at("nodes", i).finding("unknown_node", name=node)
    named_ones = [
        (standing[g][1], at.at("gpus", i), g) for i, g in enumerate(price.reserved) if g in standing
    ]
    named_ones += [
        (centres[n], at.at("nodes", i), n) for i, n in enumerate(price.nodes) if n in centres
    ]
    for centre, place, name in named_ones:
        if centre and centre != contract.centre:
            yield place.finding("other_centre", name=name, centre=centre)


def reserved_twice(db: Session, lines: Sequence[dated.Stated]) -> list[Finding]:
    """Devices of lines just written, none of them metered, that another line reserves as well."""
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
