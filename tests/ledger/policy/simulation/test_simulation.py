"""A register through one version or two: no fen is lost, nothing changes by itself, edges show."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import islice

import pytest

from ledger.policy.analysis.exposure import bounded, exposures, unbounded
from ledger.policy.codes import Result
from ledger.policy.decide import fact_checks
from ledger.policy.decide.engine import decide
from ledger.policy.simulation.applicants import Applicant, BadRow
from ledger.policy.simulation.dilution import Rounds
from ledger.policy.simulation.sample_register import sample_applicants
from ledger.policy.simulation.simulation import Simulation, departments, open_questions, simulate
from ledger.policy.text.clauses import Policy
from ledger.policy.text.published import load
from tests.support.invented_policy import harbour

DRAFT = load("yinchuan-2024-draft")
FIRM = {"subject_kind": "enterprise", "legal_person": True}
MAKER = {**FIRM, "listed_product": True, "drives_local_industry": True}
REGISTER = list(islice(sample_applicants(DRAFT, 7), 250))


def firms(clause: str, *facts: Mapping[str, object]) -> list[Applicant]:
    return [
        Applicant(f"A-{n}", n, {**FIRM, **firm_facts}, frozenset({clause}))
        for n, firm_facts in enumerate(facts, start=1)
    ]


def run(
    rows: Iterable[Applicant | BadRow], policy: Policy, alternative: Policy | None = None
) -> Simulation:
    return simulate(rows, policy, alternative, keep=10_000)


def movement(simulation: Simulation) -> dict[str, int]:
    """By measure, what the applicants' changes add up to."""
    return {name: m.gains[1] + m.losses[1] for name, m in simulation.changes.measures.items()}


@pytest.fixture(scope="module")
def alone() -> Simulation:
    return run(REGISTER, DRAFT)


def test_what_clauses_pay_is_what_applicants_get(alone: Simulation) -> None:
    tallies = alone.first.tallies.values()
    assert movement(alone) == {
        "fen": sum(t.paid_fen for t in tallies),
        "ceiling_fen": sum(t.ceiling_fen for t in tallies),
        "posts": sum(t.posts for t in tallies),
    }
    movers = alone.changes.measures["fen"]
    assert sum(m.change for m in (*movers.winners, *movers.losers)) == movement(alone)["fen"]
    assert all(sum(fen for _, fen in m.by) == m.change for m in movers.winners)


def test_every_clause_is_decided_as_the_engine_decides_it(alone: Simulation) -> None:
    for clause in DRAFT.clauses:
        names = fact_checks.names(DRAFT, clause)
        decisions = []
        for applicant in REGISTER:
            facts = {**applicant.facts, **applicant.own.get(clause.id, {})}
            fields = {name: facts[name] for name in names if name in facts}
            decisions.append(decide(DRAFT, clause.id, fields))
        tally = alone.first.tallies[clause.id]
        assert tally.asked_fen == sum(d.amount_fen or 0 for d in decisions)
        assert sum(tally.results.values()) == len(REGISTER)
        assert tally.results[Result.ELIGIBLE] == sum(d.result == Result.ELIGIBLE for d in decisions)
    assert alone.decisions == 29 * len(REGISTER)
    assert alone.bad == 0


def test_what_departments_are_named_first_for_adds_up(alone: Simulation) -> None:
    first = sum(department.named_first.fen for department in departments(alone.first))
    assert first == sum(t.paid_fen for t in alone.first.tallies.values())


def test_a_version_against_itself_changes_nothing() -> None:
    drill = load("yinchuan-2024-drill")  # the same terms; only its questions are decided
    for policy in (DRAFT, drill, DRAFT.model_copy(update={"impossible": ()})):
        simulation = run(REGISTER, DRAFT, policy)
        assert movement(simulation) == {"fen": 0, "ceiling_fen": 0, "posts": 0}
        assert not any(m.gains[0] or m.losses[0] for m in simulation.changes.measures.values())
        assert not simulation.moved


@pytest.mark.parametrize(
    ("question", "reading", "measure", "clauses"),
    [
        ("Q12-1", "accumulate", "fen", {"12-1"}),
        ("Q7-3", "marginal", "posts", {"07-1"}),
        ("Q6-1", "first_come", "fen", {"06-1", "06-2"}),
        ("Q5-3", "it", "fen", {"05-1"}),
        ("Q4-1", "full", "ceiling_fen", {"04-1", "04-2"}),
    ],
)
def test_a_reading_changes_its_own_clause_alone(
    question: str, reading: str, measure: str, clauses: set[str]
) -> None:
    simulation = run(REGISTER, DRAFT, load(DRAFT.version, {question: reading}))
    movers = simulation.changes.measures[measure]
    texts = {clause for mover in (*movers.winners, *movers.losers) for clause, _ in mover.by}
    assert texts
    assert texts <= clauses


def test_who_gains_and_who_loses_by_first_come() -> None:
    sales = (120_000_000_000, 60_000_000_000, 80_000_000_000, 2_000_000_000)
    rows = firms("06-1", *({**MAKER, "annual_sales_fen": fen} for fen in sales))
    simulation = run(rows, DRAFT, load(DRAFT.version, {"Q6-1": "first_come"}))
    movers = simulation.changes.measures["fen"]
    assert [(m.number, m.change) for m in movers.winners] == [
        ("A-1", 173_553_719), ("A-2", 104_132_232),
    ]  # fmt: skip
    assert [(m.number, m.change) for m in movers.losers] == [
        ("A-3", -261_157_025), ("A-4", -16_528_926),
    ]  # fmt: skip
    assert movement(simulation)["fen"] == 0


def test_a_pool_is_shared_by_three_rules_side_by_side() -> None:
    sales = (120_000_000_000, 60_000_000_000, 80_000_000_000, 2_000_000_000)
    simulation = run(firms("06-1", *({**MAKER, "annual_sales_fen": fen} for fen in sales)), DRAFT)
    (pool,) = simulation.first.rounds.dilutions
    assert (pool.asked_fen, pool.paid_fen) == (2_420_000_000, 2_000_000_000)
    assert pool.factor == Fraction(2000, 2420)
    counts = [(r.rule, r.full, r.part, r.nothing, r.ranked) for r in pool.rules]
    assert counts == [
        ("pro_rata", 0, 4, 0, True),
        ("first_come", 2, 1, 1, True),
        ("ranked", 2, 1, 1, False),
    ]


def test_a_list_holds_twenty_by_rank() -> None:
    rows = firms("10-1", *({"selected": True, "total_investment_fen": 100_000_000},) * 22)
    applicants = [mover._replace(rank=30 - n) for n, mover in enumerate(rows)]
    simulation = run(applicants, DRAFT)
    (listed,) = simulation.first.rounds.listed
    assert (listed.eligible, listed.limit) == (22, 20)
    assert simulation.first.tallies["10-1"].paid_fen == 20 * 20_000_000
    paid = {m.number for m in simulation.changes.measures["fen"].winners}
    assert {mover.number for mover in rows} - paid == {"A-1", "A-2"}  # their ranks are the last


def test_one_cost_is_used_once() -> None:
    model = {"landed_in_city": True, "parameters": 10**10, "scenarios": 5, "paid_before_fen": 0}
    facts = {**FIRM, **model, "talent_category": "academician", "compute_cost_fen": 10**8}
    both = frozenset({"09-1", "14-1"})
    shared = Applicant("A-1", 1, facts, both)
    apart = Applicant("A-2", 2, facts, both, own={"14-1": {"compute_cost_fen": 10**8}})
    assert run([shared], DRAFT).first.tallies["14-1"].paid_fen == 0
    assert run([apart], DRAFT).first.tallies["14-1"].paid_fen == 30_000_000
    twice = load(DRAFT.version, {"Q9-7": "both", "Q14-5": "both"})
    assert run([shared], twice).first.tallies["14-1"].paid_fen == 30_000_000


def test_a_recovery_is_counted_as_one() -> None:
    facts = {"landed_in_city": True, "parameters": 10**10, "scenarios": 5}
    red = {**facts, "compute_cost_fen": 100_000_000, "paid_before_fen": 50_000_000}
    tally = run(firms("09-1", red), DRAFT).first.tallies["09-1"]
    assert (tally.paid_fen, tally.recovered_fen) == (-20_000_000, 20_000_000)


def test_one_more_seat_adds_51_posts_and_who_is_about_to_have_it() -> None:
    rows = firms("07-1", *({"business": "annotation", "seats": n} for n in (494, 496, 499, 500)))
    cliffs = [c for c in run(rows, DRAFT).first.cliffs.all if c.clause == "07-1"]
    assert [(c.threshold, c.before, c.after) for c in cliffs] == [
        (50, 0, 10), (100, 19, 30), (500, 149, 200),
    ]  # fmt: skip
    last = cliffs[-1]
    assert (last.adds, last.short, last.past) == (51, 2, 1)  # 494 is more than 1 % away
    assert last.nearest == (("A-4", 500), ("A-3", 499), ("A-2", 496))


def test_only_who_lacks_nothing_else_stands_at_a_cliff() -> None:
    short = {"annual_sales_fen": 1_999_999_999}
    rows = firms("06-1", {**MAKER, **short}, {**MAKER, **short, "listed_product": False}, short)
    cliff = next(c for c in run(rows, DRAFT).first.cliffs.all if c.clause == "06-1")
    assert (cliff.adds, cliff.short, cliff.nearest) == (20_000_000, 1, (("A-1", 1_999_999_999),))


def test_where_nothing_bounds_a_clause_there_is_no_total() -> None:
    found_exposures = exposures(DRAFT)
    by_clause = {exposure_line.clause: exposure_line for exposure_line in found_exposures}
    assert (
        bounded(found_exposures) == 3_000_000_000
    )  # the pool of article 6, twenty scenes of article 10
    assert by_clause["05-1"].why == "no_cap"
    assert by_clause["05-1"].example_fen == 12_088_800_000
    assert {"03-1", "05-1", "09-3", "14-1"} <= set(unbounded(found_exposures))
    assert {"06-1", "06-2", "07-1", "10-1", "15-0"} & set(unbounded(found_exposures)) == set()
    assert by_clause["06-1"].pool == "06"


def test_what_rests_on_open_questions() -> None:
    simulation = run(firms("07-1", {"business": "annotation", "seats": 500}), DRAFT)
    by_question = {
        exposure_line.question: exposure_line for exposure_line in open_questions(simulation.first)
    }
    assert (by_question["Q7-1"].awards, by_question["Q7-1"].posts) == (1, 200)
    assert by_question["Q12-1"].awards == 0
    assert open_questions(run(REGISTER[:5], load("yinchuan-2024-drill")).first) == ()


def test_rows_with_faults_are_left_out_and_the_others_count() -> None:
    good = firms("07-1", *({"business": "annotation", "seats": 50} for _ in range(3)))
    bad = good[1]._replace(facts={**good[1].facts, "seats": 49.5})
    land = {"land_cost_fen": 2, "investment_fen": 1}
    impossible = good[2]._replace(facts={**FIRM, **land}, clauses=frozenset({"03-3"}))
    simulation = run([good[0], bad, impossible, BadRow(9, "", ())], DRAFT)
    assert (simulation.applicants, simulation.bad) == (1, 3)
    assert [(b.line, [f.code for f in b.faults]) for b in simulation.bad_rows] == [
        (2, ["not_a_count"]), (3, ["impossible"]), (9, []),
    ]  # fmt: skip
    assert simulation.first.tallies["07-1"].posts == 10


def test_a_fact_for_one_clause_alone() -> None:
    facts = {**FIRM, "industry": "software", "annual_revenue_fen": 10**10, "paid_before_fen": 0}
    own = {"12-1": {"paid_before_fen": 50_000_000}}
    simulation = run([Applicant("A", 1, facts, frozenset({"12-1"}), own=own)], DRAFT)
    assert simulation.first.tallies["12-1"].paid_fen == 150_000_000


def test_the_same_seed_gives_the_same_register() -> None:
    assert list(islice(sample_applicants(DRAFT, 3), 50)) == list(
        islice(sample_applicants(DRAFT, 3), 50)
    )
    assert list(islice(sample_applicants(DRAFT, 3), 50)) != list(
        islice(sample_applicants(DRAFT, 4), 50)
    )


def test_an_invented_policy_needs_no_code() -> None:
    policy = harbour()
    simulation = run(islice(sample_applicants(policy, 1), 300), policy)
    assert (simulation.applicants, simulation.bad) == (300, 0)
    assert movement(simulation)["fen"] == sum(t.paid_fen for t in simulation.first.tallies.values())
    assert {c.clause for c in simulation.first.cliffs.all}
    assert all(d.paid_fen <= d.fen for d in simulation.first.rounds.dilutions)


def test_rounds_wait_for_the_last_applicant() -> None:
    assert Rounds(DRAFT).clauses == {"06-1", "06-2", "10-1"}
