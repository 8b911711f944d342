"""A match rests on the documents that two persons saw: none takes another's place by itself."""

from ledger.reconciliation.rules.choices import Choice
from tests.support.reconciliation import LATER, NOW, Desk, bill, bill_red

MEALS = "*餐饮服务*餐费"


def test_another_invoice_does_not_stand_in_for_one_that_was_reversed(desk: Desk) -> None:
    blue = bill(1, 10_000)
    desk.take(blue)
    desk.reconcile()
    desk.take(bill_red(2, blue, -4_000))
    desk.fall()
    assert desk.rights().payable == 1_800
    desk.take(bill(3, 4_000, item=MEALS))  # the same sum again, of something else
    desk.town.accrue(NOW)
    assert (desk.rights().payable, desk.state()) == (1_800, "changed")
    desk.reconcile(LATER)
    assert desk.rights().payable == 1_800


def test_a_reissued_invoice_counts_when_two_persons_saw_it(desk: Desk) -> None:
    blue = bill(1, 10_000)
    desk.take(blue)
    desk.reconcile()
    desk.take(bill(3, 4_000))  # first the new one, beyond what was metered
    desk.take(bill_red(2, blue, -4_000))
    assert (desk.rights().payable, desk.state()) == (3_000, "changed")
    desk.reconcile()
    assert (desk.rights().payable, desk.state()) == (3_000, "decided")


def test_what_was_excluded_does_not_stand_in_for_what_counted(desk: Desk) -> None:
    blue = bill(1, 8_000)
    desk.take(blue, bill(2, 2_000, item=MEALS))
    desk.reconcile(LATER)
    assert desk.rights().payable == 2_400
    desk.take(bill_red(3, blue, -3_000))
    assert desk.rights().payable == 2_400
    desk.fall()
    assert desk.rights().payable == 1_500


def test_what_was_cut_may_be_reversed_and_the_rest_still_counts(desk: Desk) -> None:
    blue = bill(1, 13_000)
    desk.take(blue)
    desk.reconcile(Choice("R07", "exclude", "多开"))
    assert desk.rights().payable == 3_000
    desk.take(bill_red(2, blue, -3_000))
    assert (desk.rights().payable, desk.state()) == (3_000, "changed")
    desk.reconcile()
    assert (desk.rights().payable, desk.state()) == (3_000, "decided")
