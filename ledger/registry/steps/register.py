"""Register a file: organisations, centres, machines, contracts, bindings, relations.

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
from ledger.formats.field_parsers import Shape
from ledger.formats.yaml_with_lines import Place, line_of
from ledger.registry.rules import registry_file as files
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.entries import Relation
from ledger.registry.rules.registry_file import Registry
from ledger.registry.steps import contract_lines
from ledger.registry.steps import effective_dating as dated
from ledger.registry.steps import entities as named
from ledger.registry.steps.entities import Registration, Section, Stated

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.registry', 0))")
_CONTRACTS = text("""
    SELECT k.number, c.name AS centre, p.code AS project,
           lower(k.valid) AS since, upper(k.valid) AS until
    FROM contracts k JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
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
    metered, others = contract_lines.stated(done, registry)
    for kind, stated in (
        (dated.BILLING, _billing(done, registry)),
        (dated.METERED, metered),
        (dated.PRICES, others),
        (dated.BINDINGS, _bindings(done, registry)),
        *_relations(done, registry),
    ):
        outcome = dated.state(
            done.db, kind, stated, actor=actor, now=now,
            supersede=done.supersede, write=not done.findings,
        )  # fmt: skip
        done.findings += outcome.findings
        done.created[kind.name] += outcome.created
        done.unchanged[kind.name] += outcome.unchanged
        done.superseded[kind.name] += outcome.superseded
    if not done.findings:
        done.findings += contract_lines.reserved_twice(done.db, others)


def _billing(done: Registration, registry: Registry) -> list[dated.Stated]:
    return [
        dated.Stated((cluster,), (bill.source,), bill.span, place.at("billing", i))
        for entry, place in registry.clusters
        if (cluster := done.id(named.CLUSTERS, entry.name)) is not None
        for i, bill in enumerate(entry.billing)
    ]


def _bindings(done: Registration, registry: Registry) -> list[dated.Stated]:
    bound = registry.bindings
    done.look_up(named.CLUSTERS, [(e.cluster, p.at("cluster")) for e, p in bound])
    done.look_up(named.PROJECTS, [(e.project, p.at("project")) for e, p in bound])
    return [
        # A project that is not there yet can still contradict: it stands for itself by its code.
        dated.Stated(
            (cluster, e.holder.kind, e.holder.name),
            (done.id(named.PROJECTS, e.project) or e.project, e.market),
            e.span,
            place,
        )
        for e, place in bound
        if (cluster := done.id(named.CLUSTERS, e.cluster)) is not None
    ]


_TARGETS = {"seller": "centre", "buyer": "project", "payee": "project", "related": "other"}
_MEANT = {
    "centre": named.CENTRES,
    "project": named.PROJECTS,
    "other": named.ORGANISATIONS,
}


def _relations(
    done: Registration, registry: Registry
) -> list[tuple[dated.Kind, list[dated.Stated]]]:
    """Payees, of whom a project has one at a time, and all others."""
    said = registry.relations
    done.look_up(
        named.ORGANISATIONS, [(one.organisation, at.at("organisation")) for one, at in said]
    )
    for field, section in _MEANT.items():
        of_it = [(one, at) for one, at in said if _TARGETS[one.kind] == field]
        done.look_up(section, [(one.target, at.at(field)) for one, at in of_it])
    payees, others = [], []
    for one, place in said:
        organisation = done.id(named.ORGANISATIONS, one.organisation)
        target = done.id(_MEANT[_TARGETS[one.kind]], one.target)
        if organisation is None or target is None:
            continue
        if one.kind == "payee":
            says = (organisation,)
            payees.append(dated.Stated((target, "payee"), says, one.span, place))
        else:
            others.append(dated.Stated(_about(one, organisation, target), (), one.span, place))
    return [(dated.PAYEES, payees), (dated.RELATIONS, others)]


def _about(one: Relation, organisation: int, target: int) -> dated.Columns:
    """Two are related whichever is named first: the table has the lower key first."""
    if one.kind == "related":
        low, high = sorted((organisation, target))
        return (low, one.kind, None, None, high)
    centre, project = (target, None) if one.kind == "seller" else (None, target)
    return (organisation, one.kind, centre, project, None)
