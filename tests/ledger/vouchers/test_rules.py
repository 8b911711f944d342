"""What cells earn: by the month and the version in which their usage was, exactly."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging.codes import Part
from ledger.charging.rules.cells import Cell
from ledger.charging.rules.segments import Payment, Span
from ledger.units import round_half_up
from ledger.vouchers.rules import (
    ContractMonth,
    Earnings,
    earned_in_order,
    earnings,
    earnings_by_contract,
    is_mixed,
    left_to_claim,
    oldest,
    with_moved_fen,
)

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
MIDDLE = date(2026, 10, 16)
THIRTY, TWENTY = Fraction(3, 10), Fraction(2, 10)
RATES = {"v1": THIRTY, "v2": TWENTY}
WHOLE: list[Span] = [("v1", None, None)]
FROM_MIDDLE: list[Span] = [("v1", MIDDLE, None)]
TWO: list[Span] = [("v2", MIDDLE, None), ("v1", None, None)]


def cell(
    month: date = OCTOBER,
    part: Part = Part.COMPUTE,
    *,
    matched: int = 0,
    closed: int = 0,
    contract: int = 1,
    extra: int = 0,
    **metered: int,
) -> Cell:
    """A cell whose documents stand; `none` is what was metered under no version."""
    by_policy = tuple((policy.replace("none", ""), fen) for policy, fen in metered.items())
    return Cell(
        contract, month, part, "model", sum(metered.values()), matched, matched, matched, extra,
        closed, matched, metered_by_policy=by_policy,
    )  # fmt: skip


def test_matched_cost_earns_and_open_cost_earns_provisionally() -> None:
    assert earnings([cell(v1=1_000, matched=400)], WHOLE, RATES, {}) == {
        OCTOBER: Earnings(1_000, 400, Fraction(120), Fraction(300))
    }


def test_what_is_closed_earns_nothing() -> None:
    assert earnings([cell(v1=1_000, matched=400, closed=600)], WHOLE, RATES, {}) == {
        OCTOBER: Earnings(1_000, 400, Fraction(120), Fraction(120))
    }


def test_what_no_longer_counts_earns_until_two_persons_decide_the_fall() -> None:
    falls = Cell(
        1, OCTOBER, Part.COMPUTE, "model", 1_000, 0, 1_000, 0, held_fen=1_000,
        metered_by_policy=(("v1", 1_000),),
    )  # fmt: skip
    assert earnings([falls], WHOLE, RATES, {})[OCTOBER].earned_fen == 300


def test_packages_earn_where_they_are_drawn_and_fees_never() -> None:
    parts = [
        cell(v1=100, matched=100), cell(NOVEMBER, Part.PACKAGE, v1=50, matched=50),
        cell(NOVEMBER, Part.FEE, none=70, matched=70), cell(OCTOBER, Part.FEE, v1=70, matched=70),
    ]  # fmt: skip
    assert earnings(parts, WHOLE, RATES, {}) == {
        OCTOBER: Earnings(100, 100, Fraction(30), Fraction(30)),
        NOVEMBER: Earnings(50, 50, Fraction(15), Fraction(15)),
    }


def test_contracts_of_a_month_are_added_without_rounding() -> None:
    cells = [cell(v1=1, matched=1, contract=n) for n in (1, 2, 3)]
    assert earnings(cells, WHOLE, RATES, {}) == {
        OCTOBER: Earnings(3, 3, Fraction(9, 10), Fraction(9, 10))
    }


def test_each_version_has_its_own_rate() -> None:
    assert earnings([cell(v1=100, v2=50, matched=150)], TWO, RATES, {}) == {
        OCTOBER: Earnings(150, 150, Fraction(40), Fraction(40))
    }
    # Half is matched: half of each.
    assert earnings([cell(v1=100, v2=50, matched=75)], TWO, RATES, {}) == {
        OCTOBER: Earnings(150, 75, Fraction(20), Fraction(40))
    }


def test_days_before_the_voucher_earn_nothing() -> None:
    late = cell(none=60, v1=40, matched=50)
    assert earnings([late], FROM_MIDDLE, RATES, {}) == {
        OCTOBER: Earnings(40, 20, Fraction(6), Fraction(12))
    }
    paid = Payment(MIDDLE, date(2026, 10, 31), 50)
    assert earnings([late], FROM_MIDDLE, RATES, {late.key: [paid]}) == {
        OCTOBER: Earnings(40, 40, Fraction(12), Fraction(12))
    }
    before = Payment(OCTOBER, date(2026, 10, 15), 50)
    assert earnings([late], FROM_MIDDLE, RATES, {late.key: [before]}) == {
        OCTOBER: Earnings(40, 0, Fraction(0), Fraction(12))
    }


def test_only_what_pays_into_the_cell_tells_its_days() -> None:
    late = cell(none=60, v1=40, matched=50)
    elsewhere = {(2, OCTOBER, Part.COMPUTE): [Payment(MIDDLE, date(2026, 10, 31), 50)]}
    assert earnings([late], FROM_MIDDLE, RATES, elsewhere)[OCTOBER].earned_fen == 6


def test_a_version_without_a_voucher_earns_nothing() -> None:
    assert earnings([cell(v1=100, matched=100)], WHOLE, {"v2": TWENTY}, {}) == {}
    assert earnings([cell(none=100, matched=100)], [], RATES, {}) == {}
    assert earnings([], WHOLE, RATES, {}) == {}


def test_what_is_closed_lowers_the_provisional_part_of_every_version_alike() -> None:
    month = earnings([cell(v1=100, v2=100, matched=0, closed=100)], TWO, RATES, {})[OCTOBER]
    assert month.earned_fen == 0
    assert month.uncapped_fen == THIRTY * 50 + TWENTY * 50


def test_what_two_persons_decided_was_used_beyond_the_meter_earns_too() -> None:
    assert earnings([cell(v1=100, matched=120, extra=20)], WHOLE, RATES, {}) == {
        OCTOBER: Earnings(100, 120, Fraction(36), Fraction(36))
    }


@pytest.mark.parametrize(
    ("spans", "month", "mixed"),
    [
        (WHOLE, OCTOBER, False),
        (FROM_MIDDLE, OCTOBER, True),
        (FROM_MIDDLE, NOVEMBER, False),
        (TWO, OCTOBER, True),
        (TWO, NOVEMBER, False),
        ([], OCTOBER, False),
        ([("v1", OCTOBER, NOVEMBER)], OCTOBER, False),
    ],
)
def test_whether_a_month_falls_into_several_segments(
    spans: list[Span], month: date, mixed: bool
) -> None:
    assert is_mixed(cell(month), spans) is mixed


fen = st.integers(0, 10**12)
cells = st.builds(
    cell, st.sampled_from([OCTOBER, NOVEMBER]), st.sampled_from(Part),
    matched=fen, closed=fen, contract=st.integers(1, 3), extra=st.just(0) | fen,
    none=fen, v1=fen, v2=fen,
)  # fmt: skip
spans_ = st.sampled_from([WHOLE, FROM_MIDDLE, TWO, [], [("v2", MIDDLE, NOVEMBER)]])
payments_ = st.lists(
    st.builds(
        Payment, st.sampled_from([OCTOBER, MIDDLE]),
        st.sampled_from([date(2026, 10, 15), date(2026, 10, 31)]), fen,
    ),
    max_size=3,
)  # fmt: skip


@given(cells, spans_, payments_)
def test_a_wholly_matched_month_earns_exactly_by_the_day(
    any_cell: Cell, spans: list[Span], payments: list[Payment]
) -> None:
    """Whatever the documents say, and with nothing more to come."""
    whole = cell(
        any_cell.month, any_cell.part, matched=any_cell.metered_fen,
        **{policy or "none": fen for policy, fen in any_cell.metered_by_policy},
    )  # fmt: skip
    months = earnings([whole], spans, RATES, {whole.key: payments})
    if any_cell.part is Part.FEE:
        assert months == {}
    else:
        by_day = sum((RATES.get(p, 0) * fen for p, fen in any_cell.metered_by_policy), Fraction(0))
        month = months[any_cell.month]
        assert (month.earned_fen, month.uncapped_fen) == (by_day, by_day)
        earning_fen = sum(fen for policy, fen in any_cell.metered_by_policy if policy in RATES)
        assert (month.cost_fen, month.matched_fen) == (earning_fen, earning_fen)


@given(st.lists(cells, max_size=4, unique_by=lambda c: c.key), spans_, payments_)
def test_what_is_earned_is_within_the_rates_and_the_provisional_part(
    several: list[Cell], spans: list[Span], payments: list[Payment]
) -> None:
    months = earnings(several, spans, RATES, {c.key: payments for c in several})
    for month, part in months.items():
        booked = sum(c.booked_fen for c in several if c.month == month and c.part != Part.FEE)
        open_ = sum(c.open_fen for c in several if c.month == month and c.part != Part.FEE)
        assert 0 <= part.earned_fen <= part.uncapped_fen
        assert part.earned_fen <= THIRTY * booked
        assert part.uncapped_fen <= THIRTY * (booked + open_)
        assert 0 <= part.matched_fen <= booked


def test_all_public_support_of_a_cost_is_at_most_the_cost() -> None:
    """Another programme pays 800 of 1,000: of 300 earned 200 are left."""
    cells = [cell(v1=1_000, matched=1_000)]
    beside = earnings(cells, WHOLE, RATES, {}, {(1, OCTOBER): 800})
    assert beside == {OCTOBER: Earnings(1_000, 1_000, Fraction(200), Fraction(200))}
    whole = earnings(cells, WHOLE, RATES, {}, {(None, OCTOBER): 1_200})
    assert whole[OCTOBER].earned_fen == 0
    assert earnings(cells, WHOLE, RATES, {}, {(1, OCTOBER): 700})[OCTOBER].earned_fen == 300
    assert earnings(cells, WHOLE, RATES, {}, {(1, NOVEMBER): 1_000})[OCTOBER].earned_fen == 300


def test_what_supports_one_contract_leaves_another_alone() -> None:
    two = [cell(v1=1_000, matched=1_000), cell(v1=1_000, matched=1_000, contract=2)]
    assert earnings(two, WHOLE, RATES, {}, {(1, OCTOBER): 1_000})[OCTOBER].earned_fen == 300


def test_what_bounds_a_whole_month_is_left_to_the_older_contracts() -> None:
    """Others pay 1,500 of 2,000 that would earn 600: of the 500 the older contract has 300."""
    two = [cell(v1=1_000, matched=1_000, contract=n) for n in (2, 1)]
    support: dict[tuple[int | None, date], int] = {(None, OCTOBER): 1_500}
    by_contract = earnings_by_contract(two, WHOLE, RATES, {}, support)
    assert [part.earned_fen for _, part in sorted(by_contract.items())] == [300, 200]
    assert earnings(two, WHOLE, RATES, {}, support)[OCTOBER].earned_fen == 500


PLACES = st.tuples(st.sampled_from([OCTOBER, NOVEMBER, date(2026, 12, 1)]), st.integers(1, 2))
EXACT = st.fractions(0, 1_000, max_denominator=12)
FEN = st.integers(0, 1_000)


@given(st.dictionaries(PLACES, EXACT), FEN)
def test_the_limit_lets_the_earliest_months_through_and_their_fen_add_up(
    gains: dict[ContractMonth, Fraction], limit_fen: int
) -> None:
    laid = earned_in_order(gains, limit_fen)
    assert sum(laid.values()) == min(round_half_up(sum(gains.values(), Fraction(0))), limit_fen)
    assert all(fen > 0 and abs(fen - gains[place]) < 1 for place, fen in [*laid.items()][:-1])
    later = [place for place in gains if laid and place > max(laid)]
    if sum(gains[place] for place in later) >= 1:
        assert sum(laid.values()) == limit_fen  # only the limit keeps a later month out


def test_a_fen_that_rounding_moved_to_an_earlier_month_stays_with_its_claim() -> None:
    earlier, later = (OCTOBER, 1), (NOVEMBER, 1)
    before = {earlier: Fraction(4, 10), later: Fraction(4, 10)}
    claim = earned_in_order(before, 100)
    assert claim == {later: 1}
    after = {earlier: Fraction(6, 10), later: Fraction(4, 10)}
    rest = earned_in_order(after, 100)
    assert rest == {earlier: 1}
    result = with_moved_fen(rest, claim, {}, after, within_year=False)
    assert result == {earlier: 0, later: 1}
    fell = {earlier: Fraction(6, 10), later: Fraction(0)}
    assert with_moved_fen(rest, claim, {}, fell, within_year=False) == rest, "it is not earned"
    assert with_moved_fen(rest, claim, {later: 1}, after, within_year=False) == rest, "drawn"
    both = {earlier: 1, later: 1}
    assert with_moved_fen(rest, both, {}, after, within_year=False) == rest, "claimed itself"


@given(
    gains=st.dictionaries(PLACES, EXACT), more=st.dictionaries(PLACES, EXACT), pick=FEN,
    whole=st.booleans(),
)  # fmt: skip
def test_what_earns_no_less_pays_the_claim_of_its_months(
    gains: dict[ContractMonth, Fraction], more: dict[ContractMonth, Fraction], pick: int,
    *, whole: bool,
) -> None:  # fmt: skip
    """A claim of whole months, the oldest of them or some, is still earned when months grow."""
    laid = earned_in_order(gains, 10_000_000)
    places = sorted(laid)[: None if whole else pick % 4]
    claim = {place: laid[place] for place in places}
    grown = {at: gains.get(at, Fraction(0)) + more.get(at, 0) for at in {*gains, *more}}
    rest = earned_in_order(grown, 10_000_000)
    result = with_moved_fen(rest, claim, {}, grown, within_year=False)
    assert sum(result.values()) == sum(rest.values())
    assert all(result.get(place, 0) >= fen for place, fen in claim.items())


@given(st.dictionaries(PLACES, FEN), st.dictionaries(PLACES, FEN), FEN, st.integers(-100, 4_000))
def test_no_month_is_claimed_beyond_what_it_earned_and_nothing_twice(
    gains: dict[ContractMonth, int], draws: dict[ContractMonth, int], back_fen: int, most_fen: int
) -> None:
    back_fen = min(back_fen, sum(draws.values()))
    rest = left_to_claim(gains, draws, back_fen=back_fen, most_fen=most_fen)
    assert all(0 < fen <= gains[place] for place, fen in rest.items())
    most = sum(gains.values()) - sum(draws.values()) + back_fen
    assert sum(rest.values()) <= max(min(most, most_fen), 0)
    if back_fen == 0:
        assert sum(rest.values()) == max(min(most, most_fen), 0)
        assert all(fen <= gains[at] - draws.get(at, 0) for at, fen in rest.items())


def test_money_that_was_paid_back_is_earned_and_claimed_anew() -> None:
    october, november = (OCTOBER, 1), (NOVEMBER, 1)
    draws = {october: 2_232}
    lower = {october: 1_944, november: 500}
    assert left_to_claim(lower, draws, back_fen=0, most_fen=9_999) == {november: 212}
    assert left_to_claim(lower, draws, back_fen=288, most_fen=9_999) == {november: 500}
    assert left_to_claim({october: 2_232}, draws, back_fen=2_232, most_fen=9_999) == draws


@given(st.dictionaries(PLACES, st.integers(1, 1_000)), FEN)
def test_a_claim_takes_the_oldest_first(rest: dict[ContractMonth, int], fen: int) -> None:
    parts = oldest(rest, fen)
    assert sum(parts.values()) == min(fen, sum(rest.values()))
    assert [*parts] == sorted(rest)[: len(parts)]
    assert all(parts[place] == rest[place] for place in [*parts][:-1])
    assert oldest(rest, fen, [NOVEMBER]).keys() <= {place for place in rest if place[0] == NOVEMBER}
