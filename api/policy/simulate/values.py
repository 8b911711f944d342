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

Values = dict[str, Any]


def as_values(simulation: Simulation, readings: Mapping[str, str]) -> Values:
    """All that came of it."""
    sides = [simulation.first, *([simulation.second] if simulation.second else [])]
    return {
        "policy": simulation.first.policy.version,
        "against": simulation.second and simulation.second.policy.version,
        "readings": dict(readings),
        "applicants": simulation.applicants,
        "decisions": simulation.decisions,
        "bad_rows": simulation.bad,
        "first_bad_rows": [
            {"line": bad.line, "number": bad.number or None, "faults": findings(bad.faults)}
            for bad in simulation.bad_rows
        ],
        "versions": [_version(side) for side in sides],
        "changes": {name: _movers(movers) for name, movers in simulation.changes.measures.items()},
        "moved": [
            {"clause": clause, "before": before, "after": after, "decisions": count}
            for (clause, before, after), count in sorted(simulation.moved.items(), key=str)
        ],
    }


def _version(side: Side) -> Values:
    policy = side.policy
    clauses = [_clause(side, clause.id, clause.title) for clause in policy.clauses]
    sums = ("asked_fen", "paid_fen", "recovered_fen", "ceiling_fen", "posts")
    exposure = exposures(policy)
    without = unbounded(exposure)
    return {
        "version": policy.version,
        "title": policy.title,
        "total": {name: sum(row[name] for row in clauses) for name in sums},
        "clauses": clauses,
        "departments": [
            {
                "name": row.name,
                "clauses": row.clauses,
                "named": _sums(row.named),
                "named_first": _sums(row.named_first),
            }
            for row in departments(side)
        ],
        "pools": [_pool(row) for row in side.rounds.dilutions],
        "lists": [row._asdict() for row in side.rounds.listed],
        "cliffs": [_cliff(side, row) for row in side.cliffs.all],
        "exposure": {
            "total_fen": None if without else bounded(exposure),
            "bounded_fen": bounded(exposure),
            "unbounded": list(without),
            "clauses": [row._asdict() for row in exposure],
        },
        "questions": [
            {**row._asdict(), "asks": policy.questions[row.question].asks}
            for row in open_questions(side)
        ],
    }


def _clause(side: Side, clause: str, title: str) -> Values:
    tally = side.tallies[clause]
    definition = side.policy.clause(clause)
    return {
        "id": clause,
        "title": title,
        "kind": definition and definition.amount.kind,
        "results": dict(tally.results),
        "asked_fen": tally.asked_fen,
        "paid_fen": tally.paid_fen,
        "recovered_fen": tally.recovered_fen,
        "ceiling_fen": tally.ceiling_fen,
        "posts": tally.posts,
        "largest_fen": tally.largest_fen,
    }


def _pool(dilution: Dilution) -> Values:
    rules = [rule._asdict() for rule in dilution.rules]
    return {**dilution._asdict(), "factor": str(dilution.factor), "rules": rules}


def _cliff(side: Side, cliff: Cliff) -> Values:
    fact = side.policy.facts.get(cliff.fact) or side.policy.derived.get(cliff.fact)
    kind = side.policy.facts.get(cliff.fact)
    sum_fact = side.policy.derived.get(cliff.fact)
    return {
        "clause": cliff.clause,
        "fact": cliff.fact,
        "words": fact.words if fact else cliff.fact,
        "money": (kind is not None and kind.kind == "money") or bool(sum_fact and sum_fact.plus),
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


def _movers(movers: Movers) -> Values:
    return {
        "gains": {"applicants": movers.gains[0], "sum": movers.gains[1]},
        "losses": {"applicants": movers.losses[0], "sum": movers.losses[1]},
        "winners": [_mover(mover) for mover in movers.winners],
        "losers": [_mover(mover) for mover in movers.losers],
    }


def _mover(mover: Mover) -> Values:
    return {"number": mover.number, "change": mover.change, "by": dict(mover.by)}


def _sums(sums: Sums) -> Values:
    return {"paid_fen": sums.fen, "ceiling_fen": sums.ceiling_fen, "posts": sums.posts}
