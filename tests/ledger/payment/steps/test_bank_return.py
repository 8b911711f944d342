"""The bank's return: paid, come back, both in parts; and files that are refused whole."""

import psycopg
import pytest
import sqlalchemy as sa

from ledger.errors import Conflict
from tests.support.payments import TODAY, Treasury


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    for code, fen in (("p1", 600), ("p2", 300)):
        treasury.project(code, fen)
        treasury.claim(code, fen, f"claim of {code}")
    treasury.send()
    return treasury


def row(reference: str, line: int, result: str, yuan: str, **fields: str) -> str:
    number = fields.get("list", "ZF-2026-0001")
    day = fields.get("day", str(TODAY))
    return f"{reference},{number},{line},{result},{yuan},{day},"


def balances(treasury: Treasury, code: str) -> tuple[int, int, int]:
    """Payable, sent, paid."""
    amounts = treasury.rights(code)
    return amounts.payable, amounts.sent, amounts.paid


def test_what_the_bank_paid_is_paid_and_spent(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    intake = treasury.bank(row("a", 1, "成功", "6.00"), row("b", 2, "成功", "3"))
    assert (intake.rows, intake.paid_fen, intake.returned_fen, intake.findings) == (2, 900, 0, ())
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((0, 0, 600), "paid")
    assert treasury.money() == {"free": 100, "spent": 900}
    causes = owner.execute("SELECT cause FROM postings WHERE cause LIKE 'bank/%' ORDER BY 1")
    assert causes.fetchall() == [("bank/a",), ("bank/b",)]


def test_a_bounced_payment_is_owed_again_and_waits_at_its_old_place(treasury: Treasury) -> None:
    intake = treasury.bank(row("a", 1, "退回", "6.00"))
    assert (intake.paid_fen, intake.returned_fen) == (0, 600)
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((600, 0, 0), "approved")
    assert treasury.money() == {"free": 700, "committed": 300}
    (payable,) = treasury.queue()
    assert (payable.number, payable.due_fen, payable.indicator) == ("claim of p1", 600, "Z1")
    assert treasury.send() == "ZF-2026-0002"


def test_a_line_may_be_paid_in_part_and_the_rest_listed_again(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "成功", "4.00"))
    assert (treasury.state("claim of p1"), treasury.queue()) == ("listed", [])
    treasury.bank(row("b", 1, "退回", "2.00"))
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((200, 0, 400), "approved")
    assert treasury.money() == {"free": 300, "committed": 300, "spent": 400}
    assert [item.due_fen for item in treasury.queue()] == [200]
    second = treasury.send()
    treasury.bank(row("c", 1, "成功", "2.00", list=second))
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((0, 0, 600), "paid")


def test_one_file_may_pay_and_return_one_line(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "成功", "5.99"), row("b", 1, "退回", "0.01"))
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((1, 0, 599), "approved")


def test_the_same_file_twice_is_one_clear_error(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "成功", "6.00"))
    with pytest.raises(Conflict, match="bank_return_repeated"):
        treasury.bank(row("a", 1, "成功", "6.00"))
    assert balances(treasury, "p1") == (0, 0, 600)


def test_every_fault_of_a_file_is_told_and_nothing_of_it_kept(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    treasury.bank(row("old", 1, "成功", "1.00"))
    intake = treasury.bank(
        row("a", 2, "成功", "1.00"),
        row("old", 1, "成功", "1.00"),
        row("a", 1, "成功", "1.00"),
        row("b", 3, "成功", "1.00"),
        row("c", 1, "成功", "1.00", list="ZF-2026-0002"),
        row("d", 1, "成功", "5.01"),
        row("e", 1, "成功", "1.00", day="2026-11-24"),
        row("f", 1, "成功", "1.00", day="2026-11-22"),
    )
    assert [(item.where, item.code) for item in intake.findings] == [
        ("row 3", "reference_known"),
        ("row 4", "reference_twice"),
        ("row 5", "unknown_line"),
        ("row 6", "unknown_line"),
        ("row 7", "beyond_open"),
        ("row 8", "day_outside"),
        ("row 9", "day_outside"),
    ]
    assert owner.execute("SELECT reference FROM bank_returns").fetchall() == [("old",)]
    assert owner.execute("SELECT count(*) FROM originals").fetchone() == (1,)
    assert balances(treasury, "p2") == (0, 300, 0)
    again = treasury.bank(row("a", 2, "成功", "1.00"))  # a corrected file is another file
    assert again.rows == 1


def test_what_is_open_is_counted_through_the_file(treasury: Treasury) -> None:
    intake = treasury.bank(row("a", 2, "成功", "2.00"), row("b", 2, "成功", "2.00"))
    assert [(item.where, item.code, item.params) for item in intake.findings] == [
        ("row 3", "beyond_open", (("open", "1.00"),))
    ]


def test_a_list_that_was_not_sent_has_no_lines_for_the_bank(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "退回", "6.00"))
    second = treasury.make()
    intake = treasury.bank(row("b", 1, "成功", "6.00", list=second))
    assert [item.code for item in intake.findings] == ["unknown_line"]
