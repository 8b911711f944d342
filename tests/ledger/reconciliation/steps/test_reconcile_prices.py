"""What becomes of a decided month when the contract's price is stated anew, or more is metered.

A cell outlives every restatement. What then counts less falls when two persons decide it.
"""

import psycopg
import pytest
from sqlmodel import Session

from ledger.charging.rules.cells import Cell
from ledger.errors import Conflict
from ledger.postgres.columns import key
from ledger.reconciliation.queries.months import month_cells
from ledger.reconciliation.rules.choices import Choice
from ledger.registry.queries import contract_by_number
from tests.support.reconciliation import LATER, MONTH, NOW, Desk, bill, bill_red
from tests.support.simulation import window
from tests.support.town import POLICY

CONTRACT = """
contracts:
  - {number: k1, centre: centre of c1, project: p1, from: 2026-01-01, prices: [%s]}
"""
PRICE = '{unit: gpu-hour, yuan: "%s", tax_included: false, tax_rate: "0.06", from: %s}'


def restate(desk: Desk, *prices: tuple[str, str]) -> None:
    """The contract has these prices, each from a day on."""
    desk.town.register(CONTRACT % ", ".join(PRICE % p for p in prices), NOW, supersede=True)
    desk.town.accrue(NOW)


def cells(desk: Desk) -> list[Cell]:
    with Session(desk.engine) as db:
        return month_cells(db, key(contract_by_number(db, "k1")), MONTH)


def test_a_price_for_later_leaves_what_was_decided(desk: Desk) -> None:
    blue = bill(1, 10_000)
    desk.take(blue)
    desk.reconcile()
    restate(desk, ("50", "2026-06-01"))
    assert (desk.rights().payable, desk.state()) == (3_000, "decided")
    (cell,) = cells(desk)
    assert (cell.metered_fen, cell.invoiced_fen, cell.matched_fen) == (10_000, 10_000, 10_000)
    desk.take(bill_red(2, blue, -4_000))  # finds what its invoice paid
    desk.town.accrue(NOW)
    assert desk.rights().payable == 3_000
    desk.fall()
    assert desk.rights().payable == 1_800


def test_a_price_with_another_name_keeps_what_was_decided_and_one_beside_it_takes_nothing(
    desk: Desk,
) -> None:
    desk.take(bill(1, 10_000))
    desk.reconcile()
    restate(desk, ('60", name: 按量, qos: "high', "2026-01-01"))  # beside the one for any QOS
    assert (desk.rights().payable, desk.state()) == (3_000, "decided")
    restate(desk, ('60", name: "按量', "2026-01-01"))
    assert (desk.rights().payable, desk.state()) == (3_000, "decided")
    (cell,) = cells(desk)
    assert (cell.metered_fen, cell.invoiced_fen, cell.matched_fen) == (10_000, 10_000, 10_000)


def test_a_lower_price_lowers_what_counts_and_a_higher_one_raises_nothing(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    desk.reconcile()
    restate(desk, ("30", "2026-01-01"))
    assert (desk.rights().payable, desk.rights().accrued, desk.state()) == (3_000, 0, "changed")
    desk.fall()
    assert (desk.rights().payable, desk.rights().accrued, desk.state()) == (1_500, 0, "changed")
    restate(desk, ("66", "2026-01-01"))
    assert (desk.rights().payable, desk.rights().accrued, desk.state()) == (3_000, 300, "changed")
    restate(desk, ("60", "2026-01-01"))
    assert (desk.rights().payable, desk.rights().accrued, desk.state()) == (3_000, 0, "decided")


def test_lines_that_become_one_keep_what_was_decided(desk: Desk) -> None:
    """The price changed within the month; then it is seen that it did not."""
    desk.town.report(window(1, n) for n in range(60 * 24, 60 * 24 + 50))
    restate(desk, ("30", "2026-03-02"))
    desk.take(bill(1, 10_000, 2_500))
    desk.reconcile()
    assert [(c.metered_fen, c.counted_fen) for c in cells(desk)] == [(12_500,) * 2]
    assert desk.rights().payable == 3_750
    restate(desk, ("60", "2026-01-01"))
    assert [(c.metered_fen, c.invoiced_fen) for c in cells(desk)] == [(15_000, 12_500)]
    assert (desk.rights().payable, desk.state()) == (3_750, "changed")
    desk.reconcile(LATER)
    assert desk.rights().payable == 3_750


def test_a_proposal_about_the_old_price_is_not_confirmed(desk: Desk) -> None:
    desk.take(bill(1, 10_000))
    result = desk.propose()
    restate(desk, ("59", "2026-01-01"))
    with pytest.raises(Conflict, match="figures_changed"):
        desk.confirm(result)
    assert desk.rights().payable == 0


def test_what_was_invoiced_before_there_was_a_voucher_counts_for_it(
    desk: Desk, owner: psycopg.Connection
) -> None:
    row = owner.execute(
        "SELECT effective FROM clauses WHERE clause = '09-1' AND complete"
    ).fetchone()
    assert row
    owner.execute("UPDATE clauses SET effective = '[2027-01-01,)'")
    desk.town.accrue(NOW)
    blue = bill(1, 10_000)
    desk.take(blue)
    desk.take(bill_red(2, blue, -1_000))
    assert [(c.metered_by_policy, c.invoiced_fen) for c in cells(desk)] == [
        ((("", 10_000),), 9_000)
    ]
    owner.execute("UPDATE clauses SET effective = %s", row)
    desk.town.accrue(NOW)
    assert [c.metered_by_policy for c in cells(desk)] == [((POLICY, 10_000),)]
    desk.reconcile(LATER)
    assert desk.rights().payable == 2_700


def test_what_is_metered_after_all_is_not_on_top_of_what_was_decided(desk: Desk) -> None:
    """Two persons found 30 yuan that the meter missed; then its windows come late."""
    desk.take(bill(1, 13_000))
    desk.more_used(3_000)
    desk.reconcile()
    assert desk.rights().payable == 3_900
    desk.town.report(window(1, n) for n in range(30))
    desk.town.accrue(NOW)
    assert (desk.rights().payable, desk.rights().accrued) == (3_900, 0)
    desk.take(bill(2, 3_000))
    desk.reconcile(Choice("R07", "exclude", "已在另一张发票中"))
    assert desk.rights().payable == 3_900


def test_more_used_than_the_meter_told_then_is_decided_anew(desk: Desk) -> None:
    desk.take(bill(1, 6_000))
    desk.more_used(3_000)
    desk.reconcile(LATER)
    desk.town.report(window(1, n) for n in range(10))
    desk.town.accrue(NOW)
    (cell,) = cells(desk)
    assert (cell.metered_fen, cell.extra_fen) == (11_000, 2_000)
