"""The bank's return: what is booked at once, what waits for two, and what is refused whole."""

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
    assert (intake.rows, intake.paid_fen, intake.waiting, intake.findings) == (2, 900, 0, ())
    assert intake.notes == []
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((0, 0, 600), "paid")
    assert treasury.money() == {"free": 100, "spent": 900}
    causes = owner.execute("SELECT cause FROM postings WHERE cause LIKE 'bank/%' ORDER BY 1")
    assert causes.fetchall() == [("bank/a",), ("bank/b",)]


def test_a_returned_payment_moves_nothing_before_two_decide(treasury: Treasury) -> None:
    intake = treasury.bank(row("a", 1, "退回", "6.00"))
    assert (intake.rows, intake.waiting, intake.waiting_fen) == (0, 1, 600)
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((0, 600, 0), "listed")
    treasury.rule("a", "accept")
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((600, 0, 0), "approved")
    assert treasury.money() == {"free": 700, "committed": 300}
    (payable,) = treasury.queue()
    assert (payable.number, payable.due_fen, payable.indicator) == ("claim of p1", 600, "Z1")
    assert treasury.send() == "ZF-2026-0002"


def test_a_line_may_be_paid_in_part_and_the_rest_listed_again(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "成功", "4.00"))
    assert (treasury.state("claim of p1"), treasury.queue()) == ("listed", [])
    treasury.bank(row("b", 1, "退回", "2.00"))
    treasury.rule("b", "accept")
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((200, 0, 400), "approved")
    assert treasury.money() == {"free": 300, "committed": 300, "spent": 400}
    assert [item.due_fen for item in treasury.queue()] == [200]
    second = treasury.send()
    treasury.bank(row("c", 1, "成功", "2.00", list=second))
    assert (balances(treasury, "p1"), treasury.state("claim of p1")) == ((0, 0, 600), "paid")


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
        row("a", 2, "成功", "1.00"),
        row("b", 3, "成功", "1.00"),
        row("c", 1, "成功", "1.00", list="ZF-2026-0002"),
        row("e", 1, "成功", "1.00", day="2026-11-24"),
        row("f", 1, "成功", "1.00", day="2026-11-22"),
    )
    assert [(item.where, item.code) for item in intake.findings] == [
        ("row 3", "reference_twice"),
        ("row 4", "unknown_line"),
        ("row 5", "unknown_line"),
        ("row 6", "day_outside"),
        ("row 7", "day_outside"),
    ]
    assert owner.execute("SELECT reference FROM bank_returns").fetchall() == [("old",)]
    assert owner.execute("SELECT count(*) FROM originals").fetchone() == (1,)
    assert balances(treasury, "p2") == (0, 300, 0)
    again = treasury.bank(row("a", 2, "成功", "1.00"))  # a corrected file is another file
    assert again.rows == 1


# rows of the first file, of the second, what is booked of the second, what waits, what was known
CONTRARY = {
    "a return": ((), ("r,退回,6",), 0, 1, 0),
    "a return of what was paid": (("a,成功,6",), ("r,退回,6",), 0, 1, 0),
    "a return of more than the line": ((), ("r,退回,9",), 0, 1, 0),
    "more than the line": ((), ("a,成功,6.01",), 0, 1, 0),
    "more than is on its way": (("a,成功,4",), ("b,成功,3",), 0, 1, 0),
    "a payment of what was paid": (("a,成功,6",), ("b,成功,6",), 0, 1, 0),
    "one reference for another sum": (("a,成功,4",), ("a,成功,2",), 0, 1, 0),
    "one reference paid and returned": (("a,成功,6",), ("a,退回,6",), 0, 1, 0),
    "the same row again, and one that is new": (("a,成功,4",), ("a,成功,4", "b,成功,2"), 1, 0, 1),
    "a payment while a return waits": (("r,退回,6",), ("a,成功,6",), 1, 0, 0),
    "a return before its payment in one file": ((), ("r,退回,6", "a,成功,6"), 1, 1, 0),
    "counted through the file": ((), ("a,成功,4", "b,成功,4"), 1, 1, 0),
}


@pytest.mark.parametrize("case", CONTRARY)
def test_nothing_real_is_refused_and_what_contradicts_waits(treasury: Treasury, case: str) -> None:
    first, second, rows_booked, rows_waiting, repeats = CONTRARY[case]
    for number, file in enumerate((first, second)):
        rows = [row(*_parts(text)) for text in file]
        if rows:
            intake = treasury.bank(*rows, *(["" for _ in range(number)]))
    assert intake.findings == ()
    assert (intake.rows, intake.waiting, intake.repeats) == (rows_booked, rows_waiting, repeats)
    amounts = treasury.rights("p1")
    assert amounts.sent + amounts.paid == 600
    assert (amounts.payable, amounts.recoverable) == (0, 0)


def _parts(text: str) -> tuple[str, int, str, str]:
    reference, result, yuan = text.split(",")
    return reference, 1, result, yuan


def test_missing_rows_and_other_sums_are_told_and_the_rest_booked(treasury: Treasury) -> None:
    intake = treasury.bank(row("a", 1, "成功", "5.00"))
    assert [(note.code, dict(note.params)) for note in intake.notes] == [
        ("return_rows_missing", {"list": "ZF-2026-0001", "rows": "1", "lines": "2"}),
        ("return_sum_differs", {"list": "ZF-2026-0001", "file": "5.00", "sent": "9.00"}),
    ]
    late = treasury.bank(row("b", 1, "成功", "1.00"), row("c", 2, "成功", "3.00"))
    assert (late.rows, treasury.state("claim of p2")) == (2, "paid")


def test_the_file_is_kept_byte_for_byte_with_the_place_of_each_row(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    treasury.bank(row("a", 1, "成功", "6.00"), row("b", 2, "退回", "3.00"))
    rows = owner.execute(
        "SELECT reference, place, state, convert_from(content, 'UTF8') FROM bank_returns"
        " JOIN originals ON hash = original ORDER BY 1"
    ).fetchall()
    assert [line[:3] for line in rows] == [("a", "row 2", "booked"), ("b", "row 3", "open")]
    assert row("b", 2, "退回", "3.00") in rows[0][3]


def test_a_list_that_was_not_sent_has_no_lines_for_the_bank(treasury: Treasury) -> None:
    treasury.bank(row("a", 1, "退回", "6.00"))
    treasury.rule("a", "accept")
    second = treasury.make()
    intake = treasury.bank(row("b", 1, "成功", "6.00", list=second))
    assert [item.code for item in intake.findings] == ["unknown_line"]
