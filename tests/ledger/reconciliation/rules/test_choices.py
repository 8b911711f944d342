"""What a clerk chooses is kept with his reason, and what makes no sense is said, with its place."""

from datetime import date

import pytest

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.reconciliation.codes import Handling
from ledger.reconciliation.rules.choices import Choice, allowed_treatments, faults, settle_cell
from ledger.reconciliation.rules.difference_codes import Difference

MONTH = date(2026, 10, 1)
KEY = (3, MONTH, Part.COMPUTE)
SHORT = Difference("R17", Handling.PERSON, -20, cell=KEY)
OVER = Difference("R07", Handling.CUT, 30, cell=KEY)
TAX = Difference("R19", Handling.PERSON, 60, document=3, line=1, cell=KEY)
PACKAGE_SHORT = Difference("R17", Handling.PERSON, -30, cell=(3, MONTH, Part.PACKAGE))
TOLERATED = Difference("R17", Handling.NOTE, -1, cell=KEY)
FROZEN = Difference("R18", Handling.BLOCK, 10, document=4)


def cell(metered: int, invoiced: int) -> Cell:
    return Cell(*KEY, "model", metered, invoiced)


def faults_of(*choices: Choice, differences: tuple[Difference, ...]) -> list[tuple[str, str]]:
    return [(f.where, f.code) for f in faults(differences, choices)]


def test_each_difference_keeps_its_own_reason_also_where_the_whole_has_one() -> None:
    short = settle_cell(cell(100, 80), [SHORT], [Choice("R17", "close", "折扣")], {}, "总的理由")
    over = settle_cell(cell(100, 130), [OVER], [Choice("R07", "exclude", "开多了")], {}, "总的理由")
    assert [(t.code, t.treatment, t.reason) for t in short.typed] == [("R17", "close", "折扣")]
    assert [(t.code, t.treatment, t.reason) for t in over.typed] == [("R07", "exclude", "开多了")]


def test_without_its_own_a_difference_has_the_reason_of_the_whole() -> None:
    outcome = settle_cell(cell(100, 130), [OVER], [], {}, "总的理由")
    assert [t.reason for t in outcome.typed] == ["总的理由"]


@pytest.mark.parametrize(
    ("difference", "treatment"),
    [(SHORT, "exclude"), (SHORT, "note"), (TAX, "carry_over"), (TAX, "close"), (OVER, "note")],
)
def test_a_treatment_that_does_not_fit_the_difference_is_refused(
    difference: Difference, treatment: str
) -> None:
    choice = Choice(difference.code, treatment, "因为")
    assert ("choices[0]", "bad_choice") in faults_of(choice, differences=(difference,))


def test_a_block_cannot_be_chosen_away() -> None:
    assert faults_of(Choice("R18", "note", "因为"), differences=(FROZEN,)) == [
        ("R18/4", "blocked_difference")
    ]


def test_what_a_person_must_decide_is_named_as_a_choice_is_written() -> None:
    assert faults_of(differences=(TAX, SHORT)) == [
        ("R19/3/1@compute", "undecided_difference"), ("R17@compute", "undecided_difference"),
    ]  # fmt: skip


def test_a_choice_may_be_of_one_part_or_of_all() -> None:
    both = (SHORT, PACKAGE_SHORT)
    of_package = Choice("R17", "close", "套餐折扣", part=Part.PACKAGE)
    assert faults_of(of_package, differences=both) == [("R17@compute", "undecided_difference")]
    assert faults_of(Choice("R17", "close", "折扣"), differences=both) == []
    no_fee = Choice("R17", "close", "折扣", part=Part.FEE)
    assert faults_of(no_fee, Choice("R17", "carry_over", "等票"), differences=both) == [
        ("choices[0]", "no_such_difference")
    ]


def test_of_a_cell_only_its_own_choice_and_difference_count() -> None:
    choices = [
        Choice("R17", "close", "套餐折扣", part=Part.PACKAGE),
        Choice("R17", "carry_over", "等票", part=Part.COMPUTE),
    ]
    outcome = settle_cell(cell(100, 80), [PACKAGE_SHORT, SHORT], choices, {})
    assert [(t.fen, t.treatment, t.reason) for t in outcome.typed] == [(-20, "carry_over", "等票")]
    assert (outcome.closed_fen, outcome.carried) == (0, True)


def test_what_is_short_within_the_tolerance_is_closed_without_a_choice() -> None:
    outcome = settle_cell(cell(100, 99), [TOLERATED], [], {}, "核对")
    assert [(t.code, t.fen, t.treatment) for t in outcome.typed] == [("R17", -1, "close")]
    assert (outcome.matched_fen, outcome.closed_fen, outcome.carried) == (99, 1, False)


def test_what_is_short_within_the_tolerance_may_still_be_carried_over() -> None:
    choice = Choice("R17", "carry_over", "还会开票")
    outcome = settle_cell(cell(100, 99), [TOLERATED], [choice], {})
    assert (outcome.closed_fen, outcome.carried) == (0, True)


@pytest.mark.parametrize("handling", ["block", "person", "cut", "exclude", "note"])
def test_something_may_be_chosen_of_every_difference(handling: Handling) -> None:
    assert allowed_treatments(Difference("R11", handling, 1, document=1))


@pytest.mark.parametrize(
    ("paid", "compute", "storage", "counts"),
    [(50, 800, 200, 400), (50, 200, 800, 100), (30, 999, 1, 300), (99, 7, 993, 7)],
)
def test_of_what_was_paid_in_part_every_line_counts_by_that_part(
    paid: int, compute: int, storage: int, counts: int
) -> None:
    whole = compute + storage
    unpaid = Difference("R05", Handling.CUT, whole - whole * paid // 100, document=3, cell=KEY)
    not_compute = Difference("R11", Handling.EXCLUDE, storage, document=3, line=2, cell=KEY)
    shares = {(3, 1): compute, (3, 2): storage}
    outcome = settle_cell(cell(whole, whole), [unpaid, not_compute], [], shares)
    assert outcome.matched_fen == counts
