"""How much of a document was paid."""

from fractions import Fraction

import pytest

from ledger.documents.rules.payments import Payment, paid_fen, paid_part, paid_share

BUYER, SELLER = "塞上智能（宁夏）有限公司", "贺兰山智算中心"


def pay(fen: int, payer: str = BUYER, payee: str = SELLER) -> Payment:
    return Payment(payer, payee, fen)


@pytest.mark.parametrize(
    ("payments", "paid"),
    [
        ([], 0),
        ([pay(53_000)], 53_000),
        ([pay(53_000), pay(53_000)], 106_000),
        ([pay(200_000)], 106_000),  # more than it is worth proves no more
        ([pay(53_000, payer="塞上智能(宁夏)有限公司")], 53_000),
        ([pay(53_000, payer="别家公司")], 0),
        ([pay(53_000, payee="别家公司"), pay(1_000)], 1_000),
    ],
)
def test_only_what_the_buyer_paid_the_seller(payments: list[Payment], paid: int) -> None:
    assert paid_fen(BUYER, SELLER, 106_000, payments) == paid


def test_an_invoice_half_of_which_was_paid_counts_half() -> None:
    share = paid_share(BUYER, SELLER, 106_000, [pay(53_000)])
    assert share == Fraction(1, 2)
    assert paid_part(100_001, share) == 50_001  # rounded once, half up


def test_nothing_registered_is_nothing_paid_and_the_tolerance_closes_the_rest() -> None:
    assert paid_share(BUYER, SELLER, 106_000, []) == 0
    assert paid_share(BUYER, SELLER, 106_000, [pay(105_990)], tolerance_fen=10) == 1
    assert paid_share(BUYER, SELLER, 106_000, [pay(105_989)], tolerance_fen=10) < 1
    assert paid_share(BUYER, SELLER, 0, [pay(1)]) == 0  # red ones took all of it
