"""What keeps a month from being closed is named, a line each."""

from datetime import date

import pytest

from ledger.accounts.rules.targets import Move, Rights
from ledger.closes.codes import CloseKind
from ledger.closes.rules import Calendar, VoucherBook, books_broken

FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (2, 3, 4))
USAGE, BOOKS = CloseKind.USAGE, CloseKind.BOOKS
FIFTH = date(2026, 4, 5)


@pytest.mark.parametrize(
    ("kind", "today", "last_usage", "last_books", "codes"),
    [
        (USAGE, FIFTH, None, None, []),
        (USAGE, FIFTH, FEBRUARY, None, []),
        (USAGE, date(2026, 4, 4), FEBRUARY, None, ["close_too_early"]),
        (USAGE, FIFTH, MARCH, None, ["closed_before"]),
        (USAGE, FIFTH, date(2026, 1, 1), None, ["month_before_open"]),
        (BOOKS, APRIL, MARCH, None, []),
        (BOOKS, APRIL, MARCH, FEBRUARY, []),
        (BOOKS, date(2026, 3, 31), MARCH, FEBRUARY, ["close_too_early"]),
        (BOOKS, APRIL, FEBRUARY, date(2026, 1, 1), ["month_before_open", "usage_open"]),
        (BOOKS, APRIL, None, None, ["usage_open"]),
        (BOOKS, APRIL, MARCH, MARCH, ["closed_before"]),
    ],
)
def test_months_close_in_their_order(
    kind: CloseKind,
    today: date,
    last_usage: date | None,
    last_books: date | None,
    codes: list[str],
) -> None:
    calendar = Calendar(today, last_usage, last_books)
    assert [finding.code for finding in calendar.obstacles(kind, MARCH)] == codes


def test_books_that_do_not_balance_are_named() -> None:
    rights = Rights(-100, 0, 60, 0, 0, 0, 0, 40, 0, 0)
    floors = dict.fromkeys(vars(rights), 0) | {"clause": -100}
    paid = [Move("pay", "sent", "paid", 40)]
    budget = {"appropriation": -40, "free": 0, "committed": 0, "spent": 40, "returned": 0}
    budgets = {"Z1 / 2026": (budget, dict.fromkeys(budget, 0) | {"appropriation": -40})}
    good = VoucherBook("p1", rights, floors, paid)
    assert books_broken([good], budgets) == []
    wrong = VoucherBook("p1", rights, floors, [])
    (finding,) = books_broken([wrong], budgets)
    assert (finding.where, finding.code) == ("p1", "invariant_broken")
    assert dict(finding.params)["why"] == "0 left the bank, 40 are paid or recoverable"
    assert [f.where for f in books_broken([good], {})] == ["*"]
