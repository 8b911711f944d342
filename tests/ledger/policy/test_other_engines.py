"""What other engines get wrong at this policy's own figures, and what is right.

Measured on OpenFisca-Core 46.0.1, zen-engine 2.1.3 and SpiffWorkflow 3.2.0; the table is in
`docs/policy/engines.md`. Each of their defects is a case here.
"""

from fractions import Fraction
from typing import Any

import pytest

from ledger.policy.analysis.boundaries import prove
from ledger.policy.analysis.witness import place
from ledger.policy.decide.engine import decide
from ledger.policy.decide.tree import Decision
from ledger.policy.text import file
from ledger.policy.text.published import load
from ledger.units import FEN_MAX, round_half_up
from tests.support.invented_policy import TEXT, source

DRAFT = load("yinchuan-2024-draft")
PROOFS = {clause.id: prove(DRAFT, clause) for clause in DRAFT.clauses}


def at(clause: str, base_fen: int, **changes: Any) -> Decision:
    """The decision of a clause at a base, all else as it must be."""
    proof = PROOFS[clause]
    facts = place(DRAFT, proof.facts or {}, proof.clause.amount.base or "", base_fen)
    return decide(DRAFT, clause, {**(facts or {}), **changes})


def test_one_fen_below_500_million_is_below() -> None:
    """OpenFisca: stored as 500,000,000.0 in single precision, and passed."""
    assert at("03-1", 49_999_999_999).result == "ineligible"
    assert at("03-1", 50_000_000_000).amount_fen == 1_000_000_000


def test_two_per_cent_is_exact() -> None:
    """OpenFisca: 2 % of 1,234,567,890.12 gave 24,691,358.0."""
    assert at("03-1", 123_456_789_012).amount_fen == 2_469_135_780


@pytest.mark.parametrize(
    ("below_fen", "ceiling_fen"),
    [(99_999_999_999, None), (299_999_999_999, 300_000_000), (499_999_999_999, 500_000_000)],
)
def test_the_bands_of_article_4(below_fen: int, ceiling_fen: int | None) -> None:
    """OpenFisca's scale: each of the three gave the next band's award."""
    assert at("04-1", below_fen).ceiling_fen == ceiling_fen


def test_sums_beyond_32_bits() -> None:
    """OpenFisca's int: 2,147,483,648 fen became negative, and the cap of 50 million wrapped."""
    assert at("03-1", 2**31 * 100).amount_fen == 2**31 * 2
    assert at("03-1", FEN_MAX).amount_fen == 5_000_000_000
    assert DRAFT.clause("03-1").amount.cap.fen == 5_000_000_000  # type: ignore[union-attr]


def test_what_is_missing_is_no_nought() -> None:
    """OpenFisca: 0; zen: an error of its machine; Spiff: an error of Python."""
    mapping = PROOFS["03-1"].facts or {}
    without = {name: value for name, value in mapping.items() if name != "investment_24m_fen"}
    decision = decide(DRAFT, "03-1", without)
    assert (decision.result, decision.missing) == ("insufficient", ("investment_24m_fen",))


def test_below_the_first_band_there_is_an_answer() -> None:
    """zen: the output was simply absent."""
    decision = at("12-1", 1_999_999_999)
    assert decision.result == "ineligible"
    (unmet,) = decision.unmet
    assert (unmet.requirement.words, unmet.distance) == ("年度主营业务收入达到2000万元", -1)


@pytest.mark.parametrize(
    ("to", "code"), [("500000.01元", "band_overlap"), ("499999.99元", "band_gap")]
)
def test_rows_that_overlap_or_leave_a_gap_are_refused(to: str, code: str) -> None:
    """zen and Spiff: two rows met at one figure, the first won, and nobody was told."""
    policy, findings = file.read(TEXT.replace("to: 500000.00元", f"to: {to}"), source)
    assert policy is None
    assert [finding.code for finding in findings] == [code]


def test_results_are_exact_and_never_binary_fractions() -> None:
    """zen: results came back as floats."""
    for proof in PROOFS.values():
        for point in (point for edge in proof.edges for point in edge.points):
            assert all(type(value) is int for value in point.outcome if value is not None)


@pytest.mark.parametrize("number", [1e9, 49_999_999_999.0, float("nan"), True, "50000000000"])
def test_what_is_no_integer_is_refused_and_not_converted(number: object) -> None:
    """OpenFisca converted; zen refused exact decimals instead."""
    decision = at("03-1", 50_000_000_000, investment_24m_fen=number)
    assert [error.code for error in decision.errors] == ["not_fen"]


def test_a_very_big_number_is_a_finding() -> None:
    """zen #175: it crashed."""
    decision = at("03-1", 50_000_000_000, investment_24m_fen=10**4000)
    assert [error.code for error in decision.errors] == ["too_much"]


def test_an_inclusive_bound_includes_and_each_says_so() -> None:
    """policyengine-us #9151: inclusive maxima coded as exclusive; openfisca-doc #265: not said."""
    for proof in PROOFS.values():
        for edge in (edge for edge in proof.edges if edge.kind == "condition"):
            assert edge.bound in ("included", "excluded")
            assert edge.points[1].value == edge.at
            assert (edge.points[1].result != "ineligible") == (edge.bound == "included")


def test_a_share_without_an_end_is_kept_whole() -> None:
    """policyengine-us #9171: 2/37 cut off to a decimal."""
    policy, findings = file.read(TEXT.replace("rate: 1/3", "rate: 2/37"), source)
    assert policy, findings
    rounding = policy.rounding.model_copy(update={"unit": "fen", "mode": "half_up"})
    exact = policy.model_copy(update={"rounding": rounding})
    facts = {"registered": True, "robots": 101, "sales_fen": 999_999, "paid_fen": 0}
    assert decide(exact, "02-1", facts).amount_fen == round_half_up(Fraction(2 * 999_999, 37))


def test_a_key_in_the_wrong_place_is_an_error() -> None:
    """policyengine-us #8905: silently ignored in 103 places."""
    policy, findings = file.read(TEXT.replace("    pool: 02", "    amounts: {pool: 02}"), source)
    assert policy is None
    assert "unknown_key" in {f.code for f in findings}
