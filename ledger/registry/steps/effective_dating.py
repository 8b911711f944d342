"""Record dated facts: billing sources, witnesses, contract lines, bindings, relations.

The file's facts are compared with the current ones (`rules/effective_dating.py` decides). A fact is
never edited: if it is contradicted and the caller allows it, it is superseded and what remains true
is written anew, with the same moment, so that past states can be queried. Facts may begin in the
past; the next charge recomputes what depends on them.

What touches usage that was charged already is not recorded here: it comes back as proposals, for
two persons to decide (`changes.py`). The database asks the same at the end of a transaction.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping, Table, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, SQLModel

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Place
from ledger.registry.rules.effective_dating import Fact, Plan, Span, plan
from ledger.registry.tables import (
    BillingSource,
    Binding,
    Contract,
    Organisation,
    Price,
    Project,
    Relation,
    WitnessRequirement,
)

Columns = tuple[object, ...]

_TOUCHED = text("""
    SELECT number
    FROM jsonb_array_elements(CAST(:facts AS jsonb)) WITH ORDINALITY AS f (fact, number)
    WHERE charged_days(:relation, fact)
        && daterange((fact ->> 'since')::date, (fact ->> 'until')::date)
""")


@dataclass(frozen=True)
class Kind:
    """A kind of dated facts: its table, the columns of its subject and of its content."""

    name: str
    table: Table
    about: tuple[str, ...]
    says: tuple[str, ...]
    show: Callable[[Session, Columns], str]
    together: Callable[[Columns], object] = lambda about: about  # subjects that wait as one


@dataclass(frozen=True)
class Proposal:
    """A change of one subject: what is superseded and what recorded.

    `superseded` are the rows, where it touches charged usage and waits for two persons.
    """

    kind: Kind
    about: Columns
    plan: Plan[Columns]
    superseded: tuple[RowMapping, ...]


@dataclass(frozen=True)
class DatedFact:
    """A dated fact from a file."""

    about: Columns
    says: Columns
    span: Span
    place: Place


@dataclass(frozen=True)
class Outcome:
    """Counts of facts created, unchanged, superseded; with findings nothing was written.

    Nor is written what waits for two persons.
    """

    created: int
    unchanged: int
    superseded: int
    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...] = ()
    at_once: tuple[Proposal, ...] = ()


def _show_metered(db: Session, says: Columns) -> str:
    name, *rest = says
    return f"{name} {_show_price(db, tuple(rest))}".strip()


def _show_price(_: Session, says: Columns) -> str:
    (
        unit,
        yuan,
        gpus,
        hours,
        tax_included,
        tax_rate,
        rounding,
        session_price,
        devices,
        quantity,
        expires,
        counts,
    ) = says
    parts = [f"{len(devices)} GPU: {' '.join(devices)}"] if isinstance(devices, tuple) else []
    parts += [
        f"{yuan}/{unit} ({gpus} × {hours} h)",
        f"tax_included {str(tax_included).lower()}",
        f"tax_rate {tax_rate}",
    ]
    parts += [f"rounding {rounding}"] if rounding != "ms" else []
    parts += [f"session_price {session_price}"] if session_price != "start" else []
    parts += [f"{quantity} h, expires {expires}"] if quantity else []
    parts += [f"counts {str(counts).lower()}"] if counts is not None else []
    return ", ".join(parts)


def _show_project(db: Session, says: Columns) -> str:
    project, market, contract = says
    parts = [project if isinstance(project, str) else db.get_one(Project, project).code]
    parts += [str(market)] if market != "on-demand" else []
    parts += [db.get_one(Contract, contract).number] if contract is not None else []
    return ", ".join(parts)


def _show_organisation(db: Session, says: Columns) -> str:
    return db.get_one(Organisation, says[0]).uscc


def table(of: type[SQLModel]) -> Table:
    """Return the table of a model."""
    return SQLModel.metadata.tables[str(of.__tablename__)]


BILLING = Kind(
    "billing", table(BillingSource), ("cluster_id",), ("source",), lambda _, says: str(says[0])
)
WITNESSES = Kind(
    "witnesses",
    table(WitnessRequirement),
    ("cluster_id",),
    ("required",),
    lambda _, says: f"required {says[0]}",
)
_SELECTORS = ("model_id", "mig_profile", "partition", "qos", "market")
_TERMS = (
    "unit", "yuan", "gpus", "hours", "tax_included", "tax_rate", "rounding", "session_price",
    "devices",
    "quantity", "expires", "counts",
)  # fmt: skip
# Usage has one metered price, whatever that is called; other lines are told apart by their names.
METERED = Kind(
    "prices",
    table(Price),
    ("contract_id", "kind", *_SELECTORS),
    ("name", *_TERMS),
    _show_metered,
    lambda about: about[0],  # its lines price the same usage
)
PRICES = Kind(
    "prices",
    table(Price),
    ("contract_id", "kind", "name", *_SELECTORS),
    _TERMS,
    _show_price,
    lambda about: about[0],
)
BINDINGS = Kind(
    "bindings",
    table(Binding),
    ("cluster_id", "holder_kind", "holder"),
    ("project_id", "market", "contract_id"),
    _show_project,
)
# Many may sell for a centre and buy for a project at a time; a project is paid through one.
RELATIONS = Kind(
    "relations",
    table(Relation),
    ("organisation_id", "kind", "centre_id", "project_id", "other_id"),
    (),
    lambda _, __: "",
)
PAYEES = Kind(
    "relations", table(Relation), ("project_id", "kind"), ("organisation_id",), _show_organisation
)


def state(
    db: Session,
    kind: Kind,
    facts: Iterable[DatedFact],
    *,
    actor: str,
    now: datetime,
    supersede: bool,
    write: bool,
) -> Outcome:
    """Make these facts current, or report what they contradict.

    Args:
        db: the transaction; the caller holds the registry's lock.
        kind: what kind of facts they are.
        facts: facts that do not overlap each other.
        actor: who states them.
        now: when; the moment of everything superseded and written.
        supersede: whether what they contradict is superseded, or a finding each.
        write: false to look only.
    """
    by_subject: dict[Columns, list[DatedFact]] = {}
    for entry in facts:
        by_subject.setdefault(entry.about, []).append(entry)
    current = _current(db, kind, {about[0] for about in by_subject})
    plans = {
        about: plan(list(current.get(about, {})), [Fact(o.says, o.span) for o in ones])
        for about, ones in by_subject.items()
    }
    findings = () if supersede else _findings(db, kind, by_subject, plans)
    proposals: list[Proposal] = []
    at_once: list[Proposal] = []
    if write and not findings:
        proposals = _proposals(db, kind, plans, current)
        for proposal in proposals:
            plans[proposal.about] = _as_it_is(proposal.plan)
        old = [current[about][fact] for about, p in plans.items() for fact in p.superseded]
        record(db, kind, plans, old, actor=actor, now=now)
        at_once = [
            Proposal(kind, about, change, ())
            for about, change in plans.items()
            if change.created or change.superseded
        ]
    return Outcome(
        created=sum(len(p.created) for p in plans.values()),
        unchanged=sum(len(p.unchanged) for p in plans.values()),
        superseded=sum(len(p.superseded) for p in plans.values()),
        findings=tuple(findings),
        proposals=tuple(proposals),
        at_once=tuple(at_once),
    )


def record(
    db: Session,
    kind: Kind,
    plans: Mapping[Columns, Plan[Columns]],
    old: Sequence[RowMapping],
    *,
    actor: str,
    now: datetime,
) -> list[int]:
    """Supersede the old rows and write the new ones; return the keys of the new ones."""
    # A clock that was set back must not end a fact before it began.
    moment = max([now, *(row["recorded_at"] for row in old)])
    _supersede(db, kind, old, actor, moment)
    return _write(db, kind, plans, actor, moment)


def _as_it_is(change: Plan[Columns]) -> Plan[Columns]:
    return Plan(change.unchanged, change.contradictions, (), (), ())


def _proposals(
    db: Session,
    kind: Kind,
    plans: Mapping[Columns, Plan[Columns]],
    current: Mapping[Columns, Mapping[Fact[Columns], RowMapping]],
) -> list[Proposal]:
    """Return the changes that touch charged usage, and those that go together with one of them."""
    pieces = [
        (about, {**dict(zip(kind.about, about, strict=True)), **fact})
        for about, change in plans.items()
        for fact in _differences(kind, change)
    ]
    if not pieces:
        return []
    facts = json.dumps([fact for _, fact in pieces], default=str)
    numbers = db.scalars(_TOUCHED, {"relation": kind.table.name, "facts": facts})
    groups = {kind.together(pieces[number - 1][0]) for number in numbers}
    return [
        Proposal(kind, about, change, tuple(current[about][fact] for fact in change.superseded))
        for about, change in plans.items()
        if kind.together(about) in groups and (change.created or change.superseded)
    ]


def _differences(kind: Kind, change: Plan[Columns]) -> Iterator[dict[str, object]]:
    """Return what a plan changes: each content with the days that it loses or takes over."""
    new = (*change.remainders, *change.created)
    for facts, opposite in ((change.superseded, new), (new, change.superseded)):
        for fact in facts:
            same = [o.span for o in opposite if o.value == fact.value]
            for span in fact.span.without(same):
                days = {"since": span.start, "until": span.end}
                yield dict(zip(kind.says, fact.value, strict=True)) | days


def _current(
    db: Session, kind: Kind, first: set[object]
) -> dict[Columns, dict[Fact[Columns], RowMapping]]:
    columns = kind.table.c
    query = select(kind.table).where(
        columns[kind.about[0]].in_(first), columns.superseded_at.is_(None)
    )
    current: dict[Columns, dict[Fact[Columns], RowMapping]] = {}
    for row in db.execute(query).mappings():
        about, says = (tuple(_plain(row[c]) for c in ns) for ns in (kind.about, kind.says))
        fact = Fact(says, Span(row["valid"].lower or date.min, row["valid"].upper))
        current.setdefault(about, {})[fact] = row
    return current


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _findings(
    db: Session,
    kind: Kind,
    facts: dict[Columns, list[DatedFact]],
    plans: dict[Columns, Plan[Columns]],
) -> Sequence[Finding]:
    findings = []
    for about, change in plans.items():
        places = {Fact(fact.says, fact.span): fact.place for fact in facts[about]}
        for want, current in change.contradictions:
            stated_text, current_text = (
                f"{kind.show(db, f.value)} {f.span}".strip() for f in (want, current)
            )
            findings.append(
                places[want].finding("contradicts", there=current_text, here=stated_text)
            )
    return findings


def _supersede(
    db: Session, kind: Kind, rows: Sequence[RowMapping], actor: str, moment: datetime
) -> None:
    marks = {"superseded_at": moment, "superseded_by": actor}
    keys = [row["id"] for row in rows]
    db.execute(update(kind.table).where(kind.table.c.id.in_(keys)).values(marks))


def _write(
    db: Session,
    kind: Kind,
    plans: Mapping[Columns, Plan[Columns]],
    actor: str,
    moment: datetime,
) -> list[int]:
    rows = [
        dict(zip((*kind.about, *kind.says), (*about, *fact.value), strict=True))
        | {
            "valid": Range(fact.span.start, fact.span.end),
            "recorded_at": moment,
            "recorded_by": actor,
        }
        for about, change in plans.items()
        for fact in (*change.remainders, *change.created)
    ]
    return list(db.scalars(insert(kind.table).returning(kind.table.c.id), rows)) if rows else []
