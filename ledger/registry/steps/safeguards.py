"""Turn what guards public money into facts: names, controllers, usual prices, other support.

A contract is subsidised once: a number that is registered here, however it is written, or that
another programme supports, is refused.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.formats.organisation_names import same_name
from ledger.formats.yaml_with_lines import Place
from ledger.registry.rules.effective_dating import Span
from ledger.registry.rules.registry_file import Registry
from ledger.registry.steps import entities
from ledger.registry.steps.effective_dating import Columns, DatedFact, Kind, table
from ledger.registry.steps.entities import EntityChange, EntityFact, Registration
from ledger.registry.tables import Controller, OrganisationName, OtherSupport, PriceBand
from ledger.units import yuan

BEGINNING = date(1900, 1, 1)  # of a name that was there before anybody said since when

_NAMES = text("""
    SELECT o.uscc, o.name AS newest, n.name FROM organisations o
    LEFT JOIN organisation_names n ON n.organisation_id = o.id AND n.superseded_at IS NULL
    WHERE o.uscc = ANY(:codes)
""")
_SAME = text("""
    SELECT wanted.number AS stated, k.number, NULL AS programme
    FROM unnest(CAST(:numbers AS text[])) AS wanted (number)
    JOIN contracts k ON plain_code(k.number) = plain_code(wanted.number)
    UNION ALL
    SELECT wanted.number, a.number, a.programme
    FROM unnest(CAST(:numbers AS text[])) AS wanted (number)
    JOIN assignments a ON plain_code(a.number) = plain_code(wanted.number)
""")
_SAME_TEXT = text("SELECT number, text_sha256 FROM contracts WHERE text_sha256 = ANY(:texts)")
_PLAIN = text("""
    SELECT plain_code(number)
    FROM unnest(CAST(:numbers AS text[])) WITH ORDINALITY AS n (number, place) ORDER BY place
""")
_IS_DRILL = text("SELECT EXISTS (SELECT FROM persons WHERE created_by = 'machine:drill')")
_ASSIGN = text("""
    INSERT INTO assignments (number, programme, recorded_at, recorded_by)
    VALUES (:number, :programme, :now, :actor)
""")


def _show_text(_: Session, says: Columns) -> str:
    return " ".join(str(value) for value in says if value is not None)


def _show_fen(_: Session, says: Columns) -> str:
    (fen,) = says
    return yuan(int(str(fen)))


NAMES = Kind("names", table(OrganisationName), ("organisation_id",), ("name",), _show_text)
CONTROLLERS = Kind(
    "controllers",
    table(Controller),
    ("organisation_id", "role", "person"),
    ("id_tail",),
    _show_text,
)
BANDS = Kind(
    "price_bands",
    table(PriceBand),
    ("model_id", "mig_profile"),
    ("low_yuan", "high_yuan"),
    _show_text,
)
SUPPORT = Kind(
    "other_support",
    table(OtherSupport),
    ("project_id", "contract_id", "programme"),
    ("fen",),
    _show_fen,
)


def facts(registration: Registration, registry: Registry) -> list[tuple[Kind, list[DatedFact]]]:
    """Return these sections as dated facts; names that mean nothing become findings."""
    return [
        (NAMES, list(_names(registration, registry))),
        (CONTROLLERS, list(_controllers(registration, registry))),
        (BANDS, list(_bands(registration, registry))),
        (SUPPORT, list(_support(registration, registry))),
    ]


def known_by_any_name(
    registration: Registration, organisations: Sequence[EntityFact]
) -> list[EntityFact]:
    """Return the organisations of a file, those under a former name by their newest one."""
    codes = [fact.name for fact in organisations]
    names: dict[str, set[str]] = {}
    newest: dict[str, str] = {}
    for row in registration.db.execute(_NAMES, {"codes": codes}):
        newest[row.uscc] = row.newest
        names.setdefault(row.uscc, set()).add(row.name)
    return [
        EntityFact(fact.name, {"name": newest[fact.name]}, fact.place)
        if fact.fields["name"] in names.get(fact.name, ())
        else fact
        for fact in organisations
    ]


def _names(registration: Registration, registry: Registry) -> Iterator[DatedFact]:
    """Return new names, each with the one before it where nobody dated that."""
    codes = [(name.organisation, p.at("organisation")) for name, p in registry.names]
    registration.look_up(entities.ORGANISATIONS, codes)
    rows = registration.db.execute(_NAMES, {"codes": [code for code, _ in codes]}).all()
    undated = {row.uscc: row.newest for row in rows if row.name is None}
    for name, place in sorted(registry.names, key=lambda entry: entry[0].since):
        key = registration.id(entities.ORGANISATIONS, name.organisation)
        if key is None:
            continue
        before = undated.pop(name.organisation, name.name)
        if not same_name(before, name.name):
            yield DatedFact((key,), (before,), Span(BEGINNING, name.since), place)
        yield DatedFact((key,), (name.name,), name.span, place)


def _controllers(registration: Registration, registry: Registry) -> Iterator[DatedFact]:
    entries = registry.controllers
    codes = [(c.organisation, p.at("organisation")) for c, p in entries]
    registration.look_up(entities.ORGANISATIONS, codes)
    for entry, place in entries:
        key = registration.id(entities.ORGANISATIONS, entry.organisation)
        if key is not None:
            about = (key, str(entry.role), entry.person)
            yield DatedFact(about, (entry.id_tail,), entry.span, place)


def _bands(registration: Registration, registry: Registry) -> Iterator[DatedFact]:
    bands = registry.price_bands
    registration.look_up(entities.CATALOGUE, [(b.model, p.at("model")) for b, p in bands])
    for band, place in bands:
        model = registration.id(entities.CATALOGUE, band.model)
        if model is not None:
            yield DatedFact((model, band.mig_profile), (band.low, band.high), band.span, place)


def _support(registration: Registration, registry: Registry) -> Iterator[DatedFact]:
    entries = registry.other_support
    registration.look_up(entities.PROJECTS, [(s.project, p.at("project")) for s, p in entries])
    numbers = [(s.contract, p.at("contract")) for s, p in entries if s.contract]
    registration.look_up(entities.CONTRACTS, numbers)
    for entry, place in entries:
        project = registration.id(entities.PROJECTS, entry.project)
        contract = registration.id(entities.CONTRACTS, entry.contract) if entry.contract else None
        if project is not None and (contract is not None) == (entry.contract is not None):
            about = (project, contract, entry.programme)
            yield DatedFact(about, (entry.fen,), entry.span, place)


def real_in_a_drill(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Find real projects where the made-up people of a drill are (`drill_stays`)."""
    real = [place for entry, place in registry.projects if not entry.drill]
    if real and registration.db.execute(_IS_DRILL).scalar_one():
        yield from (place.finding("drill_stays") for place in real)


def contracts_elsewhere(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Report contracts under another spelling of a known number, or of another programme."""
    numbers = [(k.number, place.at("number")) for k, place in registry.contracts]
    texts = {k.sha256: (k.number, place.at("sha256")) for k, place in registry.contracts}
    for row in registration.db.execute(_SAME_TEXT, {"texts": [t for t in texts if t]}):
        number, place = texts[row.text_sha256]
        if number != row.number:
            yield place.finding("same_contract", number=row.number)
    yield from _alike_in_file(registration, registry)
    for number, place, registered_number, programme in _same(registration, numbers):
        if programme is not None:
            yield place.finding("assigned_elsewhere", programme=programme)
        elif registered_number != number:
            yield place.finding("same_contract", number=registered_number)


def _alike_in_file(registration: Registration, registry: Registry) -> Iterator[Finding]:
    """Report contracts of the file that are one: by their numbers, or by their text."""
    plain = registration.db.scalars(_PLAIN, {"numbers": [k.number for k, _ in registry.contracts]})
    first: dict[tuple[str, str], str] = {}
    for (contract, place), number in zip(registry.contracts, plain, strict=True):
        for field, value in (("number", number), ("sha256", contract.sha256)):
            if value and first.setdefault((field, value), contract.number) != contract.number:
                yield place.at(field).finding("same_contract", number=first[field, value])


def assign(registration: Registration, registry: Registry, *, actor: str, now: datetime) -> None:
    """Register contracts that another programme supports; report those that are supported here."""
    numbers = [(a.contract, place.at("contract")) for a, place in registry.assignments]
    programmes = {a.contract: a.programme for a, _ in registry.assignments}
    unchanged = set()
    for number, place, registered_number, programme in _same(registration, numbers):
        unchanged.add(number)
        if programme is None:
            finding = place.finding("subsidised_here", number=registered_number)
            registration.findings.append(finding)
        elif programme != programmes[number]:
            registration.findings.append(place.finding("assigned_elsewhere", programme=programme))
    if registration.findings:
        return
    for number in programmes.keys() - unchanged:
        row = {"number": number, "programme": programmes[number], "now": now, "actor": actor}
        registration.db.execute(_ASSIGN, row)
        after = {"programme": programmes[number]}
        registration.entities.append(EntityChange("assignments", number, {}, after))
    registration.created["assignments"] += len(programmes.keys() - unchanged)
    registration.unchanged["assignments"] += len(unchanged)


def _same(
    registration: Registration, numbers: Sequence[tuple[str, Place]]
) -> Iterator[tuple[str, Place, str, str | None]]:
    places = dict(numbers)
    for row in registration.db.execute(_SAME, {"numbers": list(places)}):
        yield row.stated, places[row.stated], row.number, row.programme
