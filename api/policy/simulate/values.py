"""A simulation as plain values: what `--json` prints, and what the tables and the picture show.

Money is fen, an exact fraction its text (`"6/5"`), and what does not exist is null: where a version
sets no upper bound there is no total, and the clauses that have none are named instead.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from api.messages.sentences import findings
from ledger.policy.analysis.cliffs import Cliff
from ledger.policy.analysis.exposure import bounded, exposures, unbounded
from ledger.policy.simulation.dilution import Dilution
from ledger.policy.simulation.movers import Mover, Movers, Sums
from ledger.policy.simulation.simulation import Simulation, departments, open_questions
from ledger.policy.simulation.tallies import Side

Told = dict[str, Any]


def told(made: Simulation, readings: Mapping[str, str]) -> Told:
    """All that came of it."""
    sides = [made.first, *([made.second] if made.second else [])]
    return {
        "policy": made.first.policy.version,
        "against": made.second and made.second.policy.version,
        "readings": dict(readings),
        "applicants": made.applicants,
        "decisions": made.decisions,
        "bad_rows": made.bad,
        "first_bad_rows": [
            {"line": bad.line, "number": bad.number or None, "faults": findings(bad.faults)}
            for bad in made.bad_rows
        ],
        "versions": [_version(side) for side in sides],
        "changes": {name: _movers(one) for name, one in made.changes.measures.items()},
        "moved": [
            {"clause": clause, "before": before, "after": after, "decisions": count}
            for (clause, before, after), count in sorted(made.moved.items(), key=str)
        ],
    }


def _version(side: Side) -> Told:
    policy = side.policy
    clauses = [_clause(side, clause.id, clause.title) for clause in policy.clauses]
    sums = ("asked_fen", "paid_fen", "recovered_fen", "ceiling_fen", "posts")
    found = exposures(policy)
    without = unbounded(found)
    return {
        "version": policy.version,
        "title": policy.title,
        "total": {name: sum(one[name] for one in clauses) for name in sums},
        "clauses": clauses,
        "departments": [
            {
                "name": one.name,
                "clauses": one.clauses,
                "named": _sums(one.named),
                "named_first": _sums(one.named_first),
            }
            for one in departments(side)
        ],
        "pools": [_pool(one) for one in side.rounds.dilutions],
        "lists": [one._asdict() for one in side.rounds.listed],
        "cliffs": [_cliff(side, one) for one in side.cliffs.all],
        "exposure": {
            "total_fen": None if without else bounded(found),
            "bounded_fen": bounded(found),
            "unbounded": list(without),
            "clauses": [one._asdict() for one in found],
        },
        "questions": [
            {**one._asdict(), "asks": policy.questions[one.question].asks}
            for one in open_questions(side)
        ],
    }


def _clause(side: Side, clause: str, title: str) -> Told:
    tally = side.tallies[clause]
    found = side.policy.clause(clause)
    return {
        "id": clause,
        "title": title,
        "kind": found and found.amount.kind,
        "results": dict(tally.results),
        "asked_fen": tally.asked_fen,
        "paid_fen": tally.paid_fen,
        "recovered_fen": tally.recovered_fen,
        "ceiling_fen": tally.ceiling_fen,
        "posts": tally.posts,
        "largest_fen": tally.largest_fen,
    }


def _pool(one: Dilution) -> Told:
    rules = [rule._asdict() for rule in one.rules]
    return {**one._asdict(), "factor": str(one.factor), "rules": rules}


def _cliff(side: Side, cliff: Cliff) -> Told:
    named = side.policy.facts.get(cliff.fact) or side.policy.derived.get(cliff.fact)
    kind = side.policy.facts.get(cliff.fact)
    derived = side.policy.derived.get(cliff.fact)
    return {
        "clause": cliff.clause,
        "fact": cliff.fact,
        "words": named.words if named else cliff.fact,
        "money": (kind is not None and kind.kind == "money") or bool(derived and derived.plus),
        "op": cliff.op,
        "threshold": _exact(cliff.threshold),
        "gives": cliff.gives,
        "before": cliff.before,
        "after": cliff.after,
        "adds": cliff.adds,
        "short": cliff.short,
        "past": cliff.past,
        "nearest": [{"number": n, "value": _exact(value)} for n, value in cliff.nearest],
    }


def _exact(value: int | Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def _movers(movers: Movers) -> Told:
    return {
        "gains": {"applicants": movers.gains[0], "sum": movers.gains[1]},
        "losses": {"applicants": movers.losses[0], "sum": movers.losses[1]},
        "winners": [_mover(one) for one in movers.winners],
        "losers": [_mover(one) for one in movers.losers],
    }


def _mover(one: Mover) -> Told:
    return {"number": one.number, "change": one.change, "by": dict(one.by)}


def _sums(sums: Sums) -> Told:
    return {"paid_fen": sums.fen, "ceiling_fen": sums.ceiling_fen, "posts": sums.posts}
