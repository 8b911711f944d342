"""Policy decisions a second on one core, beside zen-engine; and a long register in bounded memory.

Both decide the same facts under 05-1, 06-1 and 12-1, in turns, so that load from elsewhere meets
both; the ratio is the median of the turns' ratios. Ours gives the whole tree as values (not
rendered); zen, from its static loader, once without a trace and once with one, its explanation.
Then edge cases: in how many zen's table answers otherwise, and what. Last, registers of made-up
applicants through `simulate`, each in a process of its own whose peak memory is read at its end.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import zen

from bench.zen_tables import TABLES, table
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.simulation.applicants import read
from ledger.policy.simulation.columns import Columns
from ledger.policy.simulation.sample_register import sample_applicants
from ledger.policy.simulation.simulation import simulate
from ledger.policy.text.published import load

POLICY = "yinchuan-2024-draft"
TURNS = 5
CASES_MAX = 2_000  # decisions of each clause in a turn
REGISTERS = (10_000, 100_000)
FIRM: dict[str, object] = {"subject_kind": "enterprise", "legal_person": True}
SITE = {**FIRM, "infrastructure": True}
MAKER = {**FIRM, "listed_product": True, "drives_local_industry": True}
SOFTWARE = {**FIRM, "industry": "software", "paid_before_fen": 0}

EDGES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("05-1", "PUE 1.2", {**SITE, "facility_kwh": "12000000", "it_kwh": "10000000"}),
    ("05-1", "just below 1.2", {**SITE, "facility_kwh": "11999999", "it_kwh": "10000000"}),
    ("05-1", "half a kWh", {**SITE, "facility_kwh": "123456789.5", "it_kwh": "110000000"}),
    ("05-1", "it_kwh missing", {**SITE, "facility_kwh": "11999999"}),
    ("05-1", "PUE below 1", {**SITE, "facility_kwh": "9999999", "it_kwh": "10000000"}),
    ("06-1", "one fen below", {**MAKER, "annual_sales_fen": 1_999_999_999}),
    ("06-1", "at the threshold", {**MAKER, "annual_sales_fen": 2_000_000_000}),
    ("06-1", "half a fen", {**MAKER, "annual_sales_fen": 2_000_000_050}),
    ("06-1", "beyond the cap", {**MAKER, "annual_sales_fen": 120_000_000_000}),
    ("06-1", "sales missing", MAKER),
    ("06-1", "product missing", {**MAKER, "listed_product": None, "annual_sales_fen": 2 * 10**9}),
    ("06-1", "sales a float", {**MAKER, "annual_sales_fen": 2_000_000_000.5}),
    ("06-1", "sales a text", {**MAKER, "annual_sales_fen": "2000000000"}),
    ("12-1", "one fen below a step", {**SOFTWARE, "annual_revenue_fen": 4_999_999_999}),
    ("12-1", "at a step", {**SOFTWARE, "annual_revenue_fen": 5_000_000_000}),
    (
        "12-1",
        "topped up",
        {**SOFTWARE, "annual_revenue_fen": 10**10, "paid_before_fen": 50_000_000},
    ),
    ("12-1", "paid before missing", {**FIRM, "industry": "software", "annual_revenue_fen": 10**10}),
    ("12-1", "revenue negative", {**SOFTWARE, "annual_revenue_fen": -1}),
    ("12-1", "revenue a yes", {**SOFTWARE, "annual_revenue_fen": True}),
)


def run() -> dict[str, object]:
    """The figures of one run."""
    policy = load(POLICY)
    cases = _cases()
    content = {clause: json.loads(table(clause)) for clause in TABLES}
    engine = zen.ZenEngine({"loader": {"type": "static", "content": content}})  # its fastest way

    def decide_ours(clause: str, facts: dict[str, object]) -> Decision:
        return decide(policy, clause, facts)

    def decide_zen(clause: str, facts: dict[str, object]) -> object:
        return engine.evaluate(clause, facts)

    def traced(clause: str, facts: dict[str, object]) -> object:
        return engine.evaluate(clause, facts, {"trace": True})

    turns = [
        [_speed(decide, cases) for decide in (decide_ours, decide_zen, traced)]
        for _ in range(TURNS)
    ]
    figures: dict[str, object] = {
        "decisions_per_s": round(statistics.median(t[0] for t in turns)),
        "goal_per_s": 20_000,
        "zen_per_s": round(statistics.median(t[1] for t in turns)),
        "zen_traced_per_s": round(statistics.median(t[2] for t in turns)),
        "ours_of_zen": round(statistics.median(t[0] / t[1] for t in turns), 2),
        "ours_of_zen_traced": round(statistics.median(t[0] / t[2] for t in turns), 2),
    }
    figures |= _differences(decide_ours, decide_zen)
    for count in REGISTERS:
        figures |= _register(count)
    return figures


def _cases() -> list[tuple[str, dict[str, object]]]:
    """Facts around the thresholds, with all that each clause asks for: the same for both."""
    policy = load(POLICY)
    clauses = [policy.clause(clause) for clause in TABLES]
    narrowed = policy.model_copy(update={"clauses": tuple(c for c in clauses if c)})
    cases_of: dict[str, list[tuple[str, dict[str, object]]]] = {clause: [] for clause in TABLES}
    for applicant in sample_applicants(narrowed, 1):
        for clause, own in applicant.own.items():
            if len(cases_of[clause]) < CASES_MAX:
                cases_of[clause].append((clause, {**applicant.facts, **own}))
        if all(len(cases) == CASES_MAX for cases in cases_of.values()):
            break
    return [case for cases in cases_of.values() for case in cases]


def _speed(
    decide: Callable[[str, dict[str, object]], object],
    cases: Sequence[tuple[str, dict[str, object]]],
) -> float:
    began = time.perf_counter()
    for clause, facts in cases:
        decide(clause, facts)
    return len(cases) / (time.perf_counter() - began)


def _differences(
    decide_ours: Callable[[str, dict[str, object]], Decision],
    decide_zen: Callable[[str, dict[str, object]], Any],
) -> dict[str, object]:
    """The edge cases in which zen says something else: ours / zen's (None: no row applies)."""
    fields: dict[str, object] = {}
    for clause, text, facts in EDGES:
        decision = decide_ours(clause, facts)
        own_result = decision.amount_fen if decision.result == "eligible" else decision.result
        try:
            zen_result = decide_zen(clause, facts)["result"].get("fen")
        except RuntimeError:
            zen_result = "error"
        if own_result != zen_result and not (own_result == "ineligible" and zen_result is None):
            fields[f"zen_differs {clause}, {text}"] = f"{own_result} / {zen_result}"
    return {"edge_cases": len(EDGES), "zen_differs_in": len(fields), **fields}


def _register(count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "register.jsonl"
        with file.open("w", encoding="utf-8") as into:
            into.writelines(_lines(count))
        result = subprocess.run(
            [sys.executable, "-m", "bench.policy", str(file)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    told_of: dict[str, object] = json.loads(result.stdout)
    return {f"register_{count}_{key}": value for key, value in told_of.items()}


def _lines(count: int) -> Iterator[str]:
    for applicant in islice(sample_applicants(load(POLICY), 1), count):
        own = {f"{c}.{name}": v for c, facts in applicant.own.items() for name, v in facts.items()}
        row = {"number": applicant.number, "rank": applicant.rank, **applicant.facts, **own}
        yield json.dumps(row) + "\n"


def through(file: Path) -> dict[str, object]:
    """A register through one version in this process."""
    policy = load(POLICY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with file.open("rb") as stream:
        rows, _ = read(stream, Columns(policy))
        assert rows is not None
        simulation = simulate(rows, policy)
    spent = time.perf_counter() - began
    assert simulation.bad == 0
    assert simulation.decisions == simulation.applicants * len(policy.clauses)
    return {
        "decisions": simulation.decisions,
        "s": round(spent, 1),
        "decisions_per_s": round(simulation.decisions / spent),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "mib_before": before // 1024,
    }


if __name__ == "__main__":
    print(json.dumps(through(Path(sys.argv[1]))))
