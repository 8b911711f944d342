"""Register entities by name: organisations, centres, clusters, GPUs, projects, contracts.

An entity registered under the same name must be the same. Entities have no dates and do not change
(only a GPU may be moved or retired, and a contract's end and total stated anew), so a difference is
a finding that shows both. References are by name, and every unknown name is a finding too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.registry.steps.effective_dating import Proposal


@dataclass(frozen=True)
class EntityFact:
    """An entity of a file; `fields` refer to others by name."""

    name: str
    fields: Mapping[str, object]
    place: Place


@dataclass(frozen=True)
class Section:
    """How entities of a kind are looked up, added and, some of them, changed."""

    name: str
    singular: str
    fields: tuple[str, ...]
    lookup: str  # SQL: named, id, and the fields as a file would state them; of all :names
    add: str
    refers: Mapping[str, "Section"] = field(default_factory=dict)  # field → whose name it is
    change: str = ""
    changeable: frozenset[str] = frozenset()


ORGANISATIONS = Section(
    "organisations",
    "organisation",
    ("name",),
    "SELECT uscc AS named, id, name FROM organisations WHERE uscc = ANY(:names)",
    """INSERT INTO organisations (uscc, name, recorded_at, recorded_by)
       VALUES (:named, :name, :now, :actor)""",
)
CENTRES = Section(
    "centres",
    "centre",
    ("organisation", "simulated"),
    """SELECT c.name AS named, c.id, o.uscc AS organisation, c.simulated
       FROM centres c JOIN organisations o ON o.id = c.organisation_id
       WHERE c.name = ANY(:names)""",
    """INSERT INTO centres (name, organisation_id, simulated, recorded_at, recorded_by)
       VALUES (:named, :organisation, :simulated, :now, :actor)""",
    {"organisation": ORGANISATIONS},
)
CLUSTERS = Section(
    "clusters",
    "cluster",
    ("centre",),
    """SELECT k.name AS named, k.id, c.name AS centre
       FROM clusters k JOIN centres c ON c.id = k.centre_id WHERE k.name = ANY(:names)""",
    """INSERT INTO clusters (name, centre_id, recorded_at, recorded_by)
       VALUES (:named, :centre, :now, :actor)""",
    {"centre": CENTRES},
)
CATALOGUE = Section(
    "catalogue",
    "model",
    (),
    "SELECT name AS named, id FROM catalogue_models WHERE name = ANY(:names)",
    """INSERT INTO catalogue_models (name, recorded_at, recorded_by)
       VALUES (:named, :now, :actor)""",
)
CATALOGUE_NAMES = Section(  # known by both columns, with a line break between them
    "catalogue_names",
    "name",
    ("nvml", "mig_profile", "model"),
    """SELECT n.nvml_name || E'\\n' || n.mig_profile AS named, NULL AS id, n.nvml_name AS nvml,
              n.mig_profile, m.name AS model
       FROM catalogue_names n JOIN catalogue_models m ON m.id = n.model_id
       WHERE n.nvml_name || E'\\n' || n.mig_profile = ANY(:names)""",
    """INSERT INTO catalogue_names (nvml_name, mig_profile, model_id, recorded_at, recorded_by)
       VALUES (:nvml, :mig_profile, :model, :now, :actor)""",
    {"model": CATALOGUE},
)
PROJECTS = Section(
    "projects",
    "project",
    ("name", "kind", "organisation", "drill"),
    """SELECT p.code AS named, p.id, p.name, p.kind, o.uscc AS organisation, p.drill
       FROM projects p JOIN organisations o ON o.id = p.organisation_id
       WHERE p.code = ANY(:names)""",
    """INSERT INTO projects (code, name, kind, organisation_id, drill, recorded_at, recorded_by)
       VALUES (:named, :name, :kind, :organisation, :drill, :now, :actor)""",
    {"organisation": ORGANISATIONS},
)
CONTRACTS = Section(
    "contracts",
    "contract",
    ("centre", "project", "from", "until", "total", "sha256"),
    """SELECT k.number AS named, k.id, c.name AS centre, p.code AS project,
              lower(k.valid) AS "from", upper(k.valid) - 1 AS until, k.total_fen AS total,
              k.text_sha256 AS sha256
       FROM contracts k JOIN centres c ON c.id = k.centre_id JOIN projects p ON p.id = k.project_id
       WHERE k.number = ANY(:names)""",
    """INSERT INTO contracts (number, centre_id, project_id, valid, total_fen, text_sha256,
                              recorded_at, recorded_by)
       VALUES (:named, :centre, :project, daterange(:from, :until, '[]'), :total, :sha256,
               :now, :actor)""",
    {"centre": CENTRES, "project": PROJECTS},
    """UPDATE contracts SET valid = daterange(lower(valid), CAST(:until AS date), '[]'),
              total_fen = :total, changed_at = :now, changed_by = :actor, decision_id = NULL
       WHERE number = :named""",
    frozenset({"until", "total"}),
)
# A moment at +08:00 is a Beijing day's; the last day of a GPU is the one before it is retired.
GPUS = Section(
    "gpus",
    "gpu",
    ("cluster", "node", "from", "until"),
    """SELECT g.gpu AS named, NULL AS id, k.name AS cluster, g.node,
              (g.registered_from AT TIME ZONE interval '+08:00')::date AS "from",
              ((g.retired_at - interval '1 us') AT TIME ZONE interval '+08:00')::date AS until
       FROM gpus g JOIN clusters k ON k.id = g.cluster_id WHERE g.gpu = ANY(:names)""",
    """INSERT INTO gpus (gpu, cluster_id, node, registered_from, retired_at,
                         recorded_at, recorded_by)
       VALUES (:named, :cluster, :node,
               CAST(:from AS timestamp) AT TIME ZONE interval '+08:00',
               (CAST(:until AS date) + 1)::timestamp AT TIME ZONE interval '+08:00',
               :now, :actor)""",
    {"cluster": CLUSTERS},
    """UPDATE gpus SET cluster_id = :cluster, node = :node,
              retired_at = (CAST(:until AS date) + 1)::timestamp AT TIME ZONE interval '+08:00',
              changed_at = :now, changed_by = :actor, decision_id = NULL
       WHERE gpu = :named""",
    frozenset({"cluster", "node", "until"}),
)


@dataclass(frozen=True)
class EntityChange:
    """An entity that is new, or what of it is stated anew: the fields before and after."""

    section: str
    name: str
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass
class Registration:
    """The registration of one file.

    After the first finding nothing more is added, but the rest is still checked, so that all faults
    are reported at once.
    """

    db: Session
    actor: str
    now: datetime
    supersede: bool
    findings: list[Finding]
    faulty: frozenset[tuple[str, str]]  # (section, name) of entries that could not be read
    created: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    superseded: Counter[str] = field(default_factory=Counter)
    ids: dict[str, dict[str, int | None]] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    at_once: list[Proposal] = field(default_factory=list)
    entities: list[EntityChange] = field(default_factory=list)

    def state(self, section: Section, entries: Iterable[EntityFact]) -> None:
        """Add new entities, compare existing ones, and resolve all names."""
        facts = {entry.name: entry for entry in entries}
        for name, target in section.refers.items():
            self.look_up(target, [(str(f.fields[name]), f.place.at(name)) for f in facts.values()])
        rows = {row["named"]: row for row in self._rows(section, list(facts))}
        updates = [facts[name] for name in rows if self._differs(section, facts[name], rows[name])]
        new = [fact for fact in facts.values() if fact.name not in rows]
        self.unchanged[section.name] += len(rows) - len(updates)
        if not self.findings:
            self._write(section.add, section, new)
            self._write(section.change, section, updates)
            self.created[section.name] += len(new)
            self.superseded[section.name] += len(updates)
            self.entities += [
                _entity_change(section, fact, rows.get(fact.name)) for fact in (*new, *updates)
            ]
            rows |= {row["named"]: row for row in self._rows(section, [fact.name for fact in new])}
        ids = self.ids.setdefault(section.name, {})
        ids.update({name: rows[name]["id"] if name in rows else None for name in facts})

    def look_up(self, section: Section, names: Sequence[tuple[str, Place]]) -> None:
        """Resolve names; report each unknown one at its place."""
        ids = self.ids.setdefault(section.name, {})
        rows = self._rows(section, sorted({name for name, _ in names if name not in ids}))
        ids.update({row["named"]: row["id"] for row in rows})
        for name, place in names:
            if name not in ids and (section.name, name) not in self.faulty:
                self.findings.append(place.finding(f"unknown_{section.singular}", name=name))

    def id(self, section: Section, name: str) -> int | None:
        """Return the id of a name; None if it is not in the database yet."""
        return self.ids[section.name].get(name)

    def _rows(self, section: Section, names: list[str]) -> Sequence[RowMapping]:
        if not names:
            return []
        return self.db.execute(text(section.lookup), {"names": names}).mappings().all()

    def _write(self, sql: str, section: Section, facts: Sequence[EntityFact]) -> None:
        if not facts:
            return
        rows = [
            {"named": fact.name, "actor": self.actor, "now": self.now}
            | {k: self._value(section, k, value) for k, value in fact.fields.items()}
            for fact in facts
        ]
        self.db.execute(text(sql), rows)

    def _value(self, section: Section, key: str, value: object) -> object:
        target = section.refers.get(key)
        return self.id(target, str(value)) if target else value

    def _differs(self, section: Section, fact: EntityFact, row: RowMapping) -> bool:
        """Report each field that differs, unless it may be changed."""
        keys = [key for key, value in fact.fields.items() if row[key] != value]
        for key in keys:
            place = fact.place.at(key) if fact.place.node.child(key) else fact.place
            texts = {"there": _text(row[key]), "here": _text(fact.fields[key])}
            if key not in section.changeable:
                self.findings.append(place.finding("differs", field=key, **texts))
            elif not self.supersede:
                self.findings.append(place.finding("contradicts", **texts))
        return bool(keys)


def _entity_change(section: Section, fact: EntityFact, row: RowMapping | None) -> EntityChange:
    after = {k: v for k, v in fact.fields.items() if row is None or row[k] != v}
    before = {} if row is None else {key: row[key] for key in after}
    return EntityChange(section.name, fact.name, before, after)


def _text(value: object) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
