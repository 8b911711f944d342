"""Register a file: organisations, centres, machines, contracts, prices, bindings.

All of a file is registered or nothing of it. What is there already is left as it is, so the same
file may be registered again, and a longer one adds what is new. All faults are told at once: those
of the file itself, names that mean nothing, and statements that contradict what is registered.
A dated fact that is contradicted is superseded only when the caller asks for it (`supersede`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic.fields import FieldInfo
from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.rules import registry as files
from ledger.rules.dated import Span
from ledger.rules.document import Place, line_of
from ledger.rules.entries import Contract, Price
from ledger.rules.registry import Registry
from ledger.rules.spelling import Shape
from ledger.steps import dated, named
from ledger.steps.named import Registration, Section, Stated

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.registry', 0))")
_PROFILES = text("""
    SELECT m.name, n.mig_profile FROM catalogue_names n JOIN catalogue_models m ON m.id = n.model
    WHERE m.name = ANY(:models)
""")
_CONTRACTS = text("""
    SELECT k.number, c.name AS centre, p.code AS project,
           lower(k.valid) AS since, upper(k.valid) AS until
    FROM contracts k JOIN centres c ON c.id = k.centre JOIN projects p ON p.id = k.project
    WHERE p.code = ANY(:projects) ORDER BY k.valid
""")


@dataclass(frozen=True)
class Registered:
    """What came of it, counted by section. With findings nothing was kept."""

    created: dict[str, int]
    unchanged: dict[str, int]
    findings: tuple[Finding, ...]
    superseded: dict[str, int]


def register(
    db: Session, content: str, *, actor: str, now: datetime, supersede: bool = False
) -> Registered:
    """Register a YAML or JSON file (docs/registry.md) in the caller's transaction.

    Users' faults are returned, not raised; then the transaction is as it was before.

    Args:
        db: a session with the application's rights.
        content: the file.
        actor: who registers it.
        now: when; every dated fact bears this moment.
        supersede: whether what the file contradicts is superseded.
    """
    registry, findings = files.read(content)
    if registry is None:
        return Registered({}, {}, tuple(findings), {})
    with db.begin_nested() as savepoint:
        db.execute(_ONE_AT_A_TIME)
        done = Registration(db, supersede, findings, registry.faulty)
        _named(done, registry)
        _dated(done, registry, actor, now)
        if done.findings:
            savepoint.rollback()
            return Registered({}, {}, tuple(sorted(done.findings, key=line_of)), {})
    return Registered(+done.created, +done.unchanged, (), +done.superseded)


def _named(done: Registration, registry: Registry) -> None:
    """Everything that is known by a name, each after what it refers to."""
    for section in (named.ORGANISATIONS, named.CENTRES, named.CLUSTERS, named.CATALOGUE):
        done.state(section, _stated(section, getattr(registry, section.name)))
    done.state(named.CATALOGUE_NAMES, _device_names(registry))
    for section in (named.GPUS, named.PROJECTS):
        done.state(section, _stated(section, getattr(registry, section.name)))
    _refuse_second_contracts(done, registry)
    done.state(named.CONTRACTS, _stated(named.CONTRACTS, registry.contracts))


def _stated(section: Section, placed: Iterable[tuple[Shape, Place]]) -> Iterator[Stated]:
    for entry, place in placed:
        written = {field.alias or name: getattr(entry, name) for name, field in _fields(entry)}
        fields = {key: written[key] for key in section.fields}
        yield Stated(written[files.NAMED[section.name]], fields, place)


def _fields(entry: Shape) -> Iterable[tuple[str, FieldInfo]]:
    return type(entry).model_fields.items()


def _device_names(registry: Registry) -> Iterator[Stated]:
    for entry, place in registry.catalogue:
        for i, name in enumerate(entry.names):
            profile = name.mig_profile or ""
            fields = {"nvml": name.nvml, "mig_profile": profile, "model": entry.model}
            yield Stated(f"{name.nvml}\n{profile}", fields, place.at("names", i))


def _refuse_second_contracts(done: Registration, registry: Registry) -> None:
    """A centre and a project have one contract on a day, or usage would have two prices."""
    projects = [contract.project for contract, _ in registry.contracts]
    there: dict[tuple[str, str], list[tuple[str, Span]]] = {}
    for row in done.db.execute(_CONTRACTS, {"projects": projects}):
        parties = there.setdefault((row.centre, row.project), [])
        parties.append((row.number, Span(row.since, row.until)))
    for contract, place in registry.contracts:
        for number, span in there.get((contract.centre, contract.project), []):
            if number != contract.number and span.overlaps(contract.span):
                done.findings.append(place.finding("overlaps", other=f"{number} {span}"))


def _dated(done: Registration, registry: Registry, actor: str, now: datetime) -> None:
    for kind, stated in (
        (dated.BILLING, _billing(done, registry)),
        (dated.PRICES, _prices(done, registry)),
        (dated.BINDINGS, _bindings(done, registry)),
    ):
        outcome = dated.state(
            done.db, kind, stated, actor=actor, now=now,
            supersede=done.supersede, write=not done.findings,
        )  # fmt: skip
        done.findings += outcome.findings
        done.created[kind.name] += outcome.created
        done.unchanged[kind.name] += outcome.unchanged
        done.superseded[kind.name] += outcome.superseded


def _billing(done: Registration, registry: Registry) -> list[dated.Stated]:
    return [
        dated.Stated((cluster,), (bill.source,), bill.span, place.at("billing", i))
        for entry, place in registry.clusters
        if (cluster := done.id(named.CLUSTERS, entry.name)) is not None
        for i, bill in enumerate(entry.billing)
    ]


def _prices(done: Registration, registry: Registry) -> list[dated.Stated]:
    asked = [
        (contract, price, place.at("prices", i))
        for contract, place in registry.contracts
        for i, price in enumerate(contract.prices)
    ]
    done.look_up(named.CATALOGUE, [(p.model, at.at("model")) for _, p, at in asked if p.model])
    _refuse_unknown_profiles(done, registry, asked)
    stated = []
    for contract, price, at in asked:
        key = done.id(named.CONTRACTS, contract.number)
        model = done.id(named.CATALOGUE, price.model) if price.model else None
        span = price.span(contract.span)
        if key is None or span.empty or (price.model and model is None):
            continue
        says = (price.unit, price.yuan, price.gpus, price.hours, price.tax_included, price.tax_rate)
        stated.append(dated.Stated((key, model, price.mig_profile), says, span, at))
    return stated


def _refuse_unknown_profiles(
    done: Registration, registry: Registry, asked: Iterable[tuple[Contract, Price, Place]]
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


def _bindings(done: Registration, registry: Registry) -> list[dated.Stated]:
    bound = registry.bindings
    done.look_up(named.CLUSTERS, [(e.cluster, p.at("cluster")) for e, p in bound])
    done.look_up(named.PROJECTS, [(e.project, p.at("project")) for e, p in bound])
    return [
        # A project that is not there yet can still contradict: it stands for itself by its code.
        dated.Stated(
            (cluster, e.holder.kind, e.holder.name),
            (done.id(named.PROJECTS, e.project) or e.project,),
            e.span,
            place,
        )
        for e, place in bound
        if (cluster := done.id(named.CLUSTERS, e.cluster)) is not None
    ]
