"""Register a file: organisations, centres, machines, contracts, bindings, relations.

Everything in a file is registered, or nothing. Existing entries are left as they are, so a file may
be registered again, and a longer one adds what is new. All faults are reported at once: those of
the file, unknown names, contradictions with the registry. A contradicted dated fact is superseded
only if the caller asks for it (`supersede`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic.fields import FieldInfo
from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.formats.bounded_call import bounded_read
from ledger.formats.field_parsers import Shape
from ledger.formats.yaml_with_lines import Place, line_of
from ledger.registry.rules import registry_file
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.entries import Relation
from ledger.registry.rules.registry_file import Registry
from ledger.registry.steps import (
    contract_lines,
    contract_terms,
    effective_dating,
    entities,
    gpu_moves,
    safeguards,
)
from ledger.registry.steps.contract_terms import TermsChange
from ledger.registry.steps.effective_dating import Proposal
from ledger.registry.steps.entities import EntityChange, EntityFact, Registration, Section
from ledger.registry.steps.gpu_moves import GpuMove

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.registry', 0))")
_PARTIES = text("""
    SELECT k.number, c.name AS centre, p.code AS project FROM contracts k
    JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
    WHERE k.number = ANY(:numbers)
""")
_LABELS = text("""
    SELECT c.name AS cluster, b.holder, split_part(b.holder, '=', 1) AS key,
           lower(b.valid) AS since, upper(b.valid) AS until
    FROM bindings b JOIN clusters c ON c.id = b.cluster_id
    WHERE b.holder_kind = 'label' AND b.superseded_at IS NULL AND c.name = ANY(:names)
""")
_WITH_WITNESS = text("""
    SELECT c.name FROM clusters c WHERE c.name = ANY(:names) AND EXISTS (
        SELECT FROM agents a WHERE a.cluster_id = c.id AND a.source = 'witness'
            AND a.approved_at IS NOT NULL AND a.revoked_at IS NULL)
""")
_CENTRES = text("""
    SELECT k.name, c.name AS centre FROM clusters k JOIN centres c ON c.id = k.centre_id
    WHERE k.name = ANY(:names)
""")


@dataclass(frozen=True)
class RegistrationReport:
    """Counts by section; with findings nothing was kept.

    `entities` and `at_once` are what was registered. `proposals`, `terms` and `moves` are not in
    the books: they touch charged usage (`desk/steps/take_registry.py`).
    """

    created: dict[str, int]
    unchanged: dict[str, int]
    findings: tuple[Finding, ...]
    superseded: dict[str, int]
    proposals: tuple[Proposal, ...] = ()
    terms: tuple[TermsChange, ...] = ()
    moves: tuple[GpuMove, ...] = ()
    entities: tuple[EntityChange, ...] = ()
    at_once: tuple[Proposal, ...] = ()


def read_file(content: str) -> tuple[Registry | None, list[Finding]]:
    """Read a YAML or JSON file (docs/registry.md), a long one beside the server.

    Read it before a transaction begins: nobody's connection waits for a file.
    """
    return bounded_read(registry_file.read, content)


def register(
    db: Session,
    registry: Registry | None,
    findings: list[Finding],
    *,
    actor: str,
    now: datetime,
    supersede: bool = False,
) -> RegistrationReport:
    """Register what was read of a file (`read_file`) in the caller's transaction.

    Users' faults are returned, not raised; then the transaction is as it was before.

    Args:
        db: a session with the application's rights.
        registry: what the file says; None where it cannot be read.
        findings: the file's faults.
        actor: who registers it.
        now: when; every dated fact bears this moment.
        supersede: whether what the file contradicts is superseded.
    """
    if registry is None:
        return RegistrationReport({}, {}, tuple(findings), {})
    with db.begin_nested() as savepoint:
        one_at_a_time(db)
        registration = Registration(db, actor, now, supersede, findings, registry.faulty)
        terms, moves = _register_entities(registration, registry)
        _register_dated_facts(registration, registry, actor, now)
        if registration.findings:
            savepoint.rollback()
            return RegistrationReport({}, {}, tuple(sorted(registration.findings, key=line_of)), {})
    return RegistrationReport(
        +registration.created,
        +registration.unchanged,
        (),
        +registration.superseded,
        tuple(registration.proposals),
        tuple(terms),
        tuple(moves),
        tuple(registration.entities),
        tuple(registration.at_once),
    )


def one_at_a_time(db: Session) -> None:
    """Wait until nobody else changes the registry; until the end of the transaction."""
    db.execute(_ONE_AT_A_TIME)


def _register_entities(
    registration: Registration, registry: Registry
) -> tuple[list[TermsChange], list[GpuMove]]:
    """Register all entities, each after those it refers to; return what waits for two."""
    organisations = list(_entity_facts(entities.ORGANISATIONS, registry.organisations))
    registration.state(
        entities.ORGANISATIONS, safeguards.known_by_any_name(registration, organisations)
    )
    for section in (
        entities.CENTRES,
        entities.CLUSTERS,
        entities.CATALOGUE,
    ):
        registration.state(section, _entity_facts(section, getattr(registry, section.name)))
    registration.state(entities.CATALOGUE_NAMES, _device_names(registry))
    registration.findings += safeguards.real_in_a_drill(registration, registry)
    gpus, moves = gpu_moves.without_moves(registration, _entity_facts(entities.GPUS, registry.gpus))
    registration.state(entities.GPUS, gpus)
    registration.state(entities.PROJECTS, _entity_facts(entities.PROJECTS, registry.projects))
    registration.findings += safeguards.contracts_elsewhere(registration, registry)
    contracts, terms = contract_terms.without_proposals(
        registration, _entity_facts(entities.CONTRACTS, registry.contracts)
    )
    registration.state(entities.CONTRACTS, contracts)
    return terms, moves


def _entity_facts(section: Section, entries: Iterable[tuple[Shape, Place]]) -> Iterator[EntityFact]:
    for entry, place in entries:
        values = {field.alias or name: getattr(entry, name) for name, field in _fields(entry)}
        fields = {key: values[key] for key in section.fields}
        yield EntityFact(values[registry_file.KEY_FIELDS[section.name]], fields, place)


def _fields(entry: Shape) -> Iterable[tuple[str, FieldInfo]]:
    return type(entry).model_fields.items()


def _device_names(registry: Registry) -> Iterator[EntityFact]:
    for entry, place in registry.catalogue:
        for i, name in enumerate(entry.names):
            profile = name.mig_profile or ""
            fields = {"nvml": name.nvml, "mig_profile": profile, "model": entry.model}
            yield EntityFact(f"{name.nvml}\n{profile}", fields, place.at("names", i))


def _register_dated_facts(
    registration: Registration, registry: Registry, actor: str, now: datetime
) -> None:
    metered, other_lines = contract_lines.line_facts(registration, registry)
    for kind, facts in (
        (effective_dating.BILLING, _billing(registration, registry)),
        (effective_dating.WITNESSES, _witnesses(registration, registry)),
        (effective_dating.METERED, metered),
        (effective_dating.PRICES, other_lines),
        (effective_dating.BINDINGS, _bindings(registration, registry)),
        *_relations(registration, registry),
        *safeguards.facts(registration, registry),
    ):
        outcome = effective_dating.state(
            registration.db, kind, facts, actor=actor, now=now,
            supersede=registration.supersede, write=not registration.findings,
        )  # fmt: skip
        registration.findings += outcome.findings
        registration.created[kind.name] += outcome.created
        registration.unchanged[kind.name] += outcome.unchanged
        registration.superseded[kind.name] += outcome.superseded
        registration.proposals += outcome.proposals
        registration.at_once += outcome.at_once
    safeguards.assign(registration, registry, actor=actor, now=now)
    if not registration.findings:
        registration.findings += contract_lines.reserved_twice(registration.db, other_lines)


def _billing(registration: Registration, registry: Registry) -> list[effective_dating.DatedFact]:
    return [
        effective_dating.DatedFact((cluster,), (bill.source,), bill.span, place.at("billing", i))
        for entry, place in registry.clusters
        if (cluster := registration.id(entities.CLUSTERS, entry.name)) is not None
        for i, bill in enumerate(entry.billing)
    ]


def _witnesses(registration: Registration, registry: Registry) -> list[effective_dating.DatedFact]:
    registration.findings += _without_witness(registration, registry)
    return [
        effective_dating.DatedFact(
            (cluster,), (want.required,), want.span, place.at("witnesses", i)
        )
        for entry, place in registry.clusters
        if (cluster := registration.id(entities.CLUSTERS, entry.name)) is not None
        for i, want in enumerate(entry.witnesses)
    ]


def _without_witness(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Report clusters that shall need two witnesses and have no approved one of their own."""
    wants = [
        (entry.name, place.at("witnesses", i))
        for entry, place in registry.clusters
        for i, want in enumerate(entry.witnesses)
        if want.required > 1
    ]
    names = {"names": [name for name, _ in wants]}
    with_witness = set(registration.db.scalars(_WITH_WITNESS, names))
    for name, place in wants:
        if name not in with_witness:
            yield place.finding("no_witness_yet", cluster=name)


def _bindings(registration: Registration, registry: Registry) -> list[effective_dating.DatedFact]:
    bound = registry.bindings
    registration.look_up(entities.CLUSTERS, [(e.cluster, p.at("cluster")) for e, p in bound])
    registration.look_up(entities.PROJECTS, [(e.project, p.at("project")) for e, p in bound])
    contract_places = [(e.contract, p.at("contract")) for e, p in bound if e.contract]
    registration.look_up(entities.CONTRACTS, contract_places)
    registration.findings += _other_contracts(registration, registry)
    registration.findings += _other_label_keys(registration, registry)
    return [
        # A project that is not there yet can still contradict: it stands for itself by its code.
        effective_dating.DatedFact(
            (cluster, e.holder.kind, e.holder.name),
            (
                registration.id(entities.PROJECTS, e.project) or e.project,
                e.market,
                registration.id(entities.CONTRACTS, e.contract) if e.contract else None,
            ),
            e.span,
            place,
        )
        for e, place in bound
        if (cluster := registration.id(entities.CLUSTERS, e.cluster)) is not None
    ]


def _other_label_keys(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Report labels of another key than those that bind a cluster's pods on the same days."""
    labels = [(b, p) for b, p in registry.bindings if b.holder.label_key is not None]
    restated = {(b.cluster, b.holder.name) for b, _ in labels}
    rows = registration.db.execute(_LABELS, {"names": [b.cluster for b, _ in labels]})
    bound = [
        (row.cluster, row.key, Span(row.since, row.until))
        for row in rows
        if (row.cluster, row.holder) not in restated
    ]
    for binding, place in labels:
        for cluster, key, span in bound:
            is_other = (cluster, key) != (binding.cluster, binding.holder.label_key)
            if cluster == binding.cluster and is_other and span.overlaps(binding.span):
                at = place.at("holder")
                yield at.finding("label_keys", cluster=cluster, key=key)
                break
        bound.append((binding.cluster, binding.holder.label_key, binding.span))


def _other_contracts(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Report bindings that name a contract of another project or centre."""
    names = [e.contract for e, _ in registry.bindings if e.contract]
    rows = registration.db.execute(_PARTIES, {"numbers": names})
    parties = {row.number: (row.centre, row.project) for row in rows}
    parties |= {k.number: (k.centre, k.project) for k, _ in registry.contracts}
    clusters = {"names": [e.cluster for e, _ in registry.bindings if e.contract]}
    centres = {row.name: row.centre for row in registration.db.execute(_CENTRES, clusters)}
    centres |= {cluster.name: cluster.centre for cluster, _ in registry.clusters}
    for binding, place in registry.bindings:
        if binding.contract in parties and binding.cluster in centres:
            own = (centres[binding.cluster], binding.project)
            if parties[binding.contract] != own:
                at = place.at("contract")
                yield at.finding("contract_of_others", number=binding.contract)


_TARGETS = {"seller": "centre", "buyer": "project", "payee": "project", "related": "other"}
_TARGET_SECTIONS = {
    "centre": entities.CENTRES,
    "project": entities.PROJECTS,
    "other": entities.ORGANISATIONS,
}


def _relations(
    registration: Registration, registry: Registry
) -> list[tuple[effective_dating.Kind, list[effective_dating.DatedFact]]]:
    """Return payees (one per project at a time), and all other relations."""
    relations = registry.relations
    registration.look_up(
        entities.ORGANISATIONS,
        [(relation.organisation, at.at("organisation")) for relation, at in relations],
    )
    for field, section in _TARGET_SECTIONS.items():
        of_it = [(relation, at) for relation, at in relations if _TARGETS[relation.kind] == field]
        registration.look_up(section, [(relation.target, at.at(field)) for relation, at in of_it])
    payees, other_relations = [], []
    for relation, place in relations:
        organisation = registration.id(entities.ORGANISATIONS, relation.organisation)
        target = registration.id(_TARGET_SECTIONS[_TARGETS[relation.kind]], relation.target)
        if organisation is None or target is None:
            continue
        if relation.kind == "payee":
            says = (organisation,)
            payees.append(effective_dating.DatedFact((target, "payee"), says, relation.span, place))
        else:
            other_relations.append(
                effective_dating.DatedFact(
                    _about(relation, organisation, target), (), relation.span, place
                )
            )
    return [(effective_dating.PAYEES, payees), (effective_dating.RELATIONS, other_relations)]


def _about(relation: Relation, organisation: int, target: int) -> effective_dating.Columns:
    """Return the subject of a relation; related organisations are ordered by key."""
    if relation.kind == "related":
        low, high = sorted((organisation, target))
        return (low, relation.kind, None, None, high)
    centre, project = (target, None) if relation.kind == "seller" else (None, target)
    return (organisation, relation.kind, centre, project, None)
