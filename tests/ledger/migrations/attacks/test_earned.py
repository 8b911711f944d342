"""Whatever memo the application writes, a voucher turns into what was matched: no more, no less."""

import psycopg
import pytest
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.reconciliation import Desk, bill
from tests.support.town import Town, rights_of
from tests.support.vouchers import chain, place_moves

CHECK = errors.CheckViolation
MOVES = {
    "accrue": ("available", "accrued"), "match": ("accrued", "payable"),
    "unmatch": ("payable", "accrued"), "forfeit": ("available", "lapsed"),
    "set_off": ("recoverable", "paid"), "recall": ("paid", "recoverable"),
}  # fmt: skip
POSTING = """
    INSERT INTO postings (cause, used, booked, actor)
    VALUES ('accrue/1/{number}', '2026-03-01', '2026-03-01', 'server');
"""
MOVE = """
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
    SELECT max(p.id), (SELECT book_id FROM vouchers), '{kind}', '{source}', '{goal}', {fen}
    FROM postings p;
"""
MEMO = """
    INSERT INTO accruals (voucher_id, posting_id, cost_fen, uncapped_fen, target_fen, earned_fen,
        months, computed_at)
    SELECT 1, max(id), 100000000, 30000000, 30000000, 30000000, '{}', now() FROM postings;
"""
# Two persons who exist decide the month anew, as if twice as much were invoiced and metered of it.
DECIDED = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    SELECT kind, 'mine', replace(replace(content::text, '10000', '20000'),
            '"matched_fen": 20000', '"matched_fen": {fen}')::jsonb, repeat('0', 64), '',
        'clerk:丙#3', now() FROM decisions WHERE kind = 'reconciliation';
    UPDATE decisions SET answer = 'confirmed', answered_by = 'clerk:丁#4', answered_at = now(),
        answered_digest = digest WHERE subject = 'mine';
    UPDATE matches SET metered_fen = 20000, invoiced_fen = 20000, matched_fen = {fen},
        held_fen = {fen}, decision_id = (SELECT id FROM decisions WHERE subject = 'mine');
"""


@pytest.fixture
def month(metered_town: Town) -> Town:
    """10,000 fen of March are matched: 3,000 are payable."""
    desk = Desk(metered_town)
    desk.take(bill(1, 10_000))
    desk.reconcile()
    assert rights_of(metered_town).payable == 3_000
    return metered_town


def forgery(number: int, *moves: tuple[str, int]) -> str:
    """A posting with these moves, under a memo that says whatever is needed."""
    steps = [
        MOVE.format(kind=kind, source=MOVES[kind][0], goal=MOVES[kind][1], fen=fen)
        for kind, fen in moves
    ]
    return POSTING.format(number=number) + "".join(steps) + MEMO


def test_a_forged_memo_brings_no_fen_beyond_what_is_matched(
    database: Database, month: Town
) -> None:
    one_more = ("accrue", 1), ("match", 1)
    assert attempt(database, forgery(91, *one_more)) is CHECK
    assert attempt(database, forgery(91, ("accrue", 100_000), ("match", 100_000))) is CHECK
    back_and_forth = ("unmatch", 500), ("match", 500)
    assert attempt(database, forgery(91, *back_and_forth)) is None
    assert attempt(database, forgery(92, *back_and_forth, *one_more)) is CHECK
    assert rights_of(month).payable == 3_000


def test_a_forged_memo_takes_no_fen_of_what_is_matched(database: Database, month: Town) -> None:
    for less in (1, 500, 3_000):
        assert attempt(database, forgery(91, ("unmatch", less))) is CHECK
        halves = ("unmatch", less), ("match", less - 1) if less > 1 else ("accrue", 1)
        assert attempt(database, forgery(91, *halves)) is CHECK
    assert rights_of(month).payable == 3_000


def test_nothing_that_was_paid_lapses_by_memos(
    database: Database, owner: psycopg.Connection, month: Town
) -> None:
    """In a case of fraud what is to be paid back is set off and lost; by memos alone nothing is."""
    book = owner.execute("SELECT book_id FROM vouchers").fetchone()
    assert book
    paid = chain(3_000, "list payable sent", "pay sent paid")
    place_moves(owner, month.engine, "paid", {book[0]: paid})
    owner.execute("ALTER TABLE recoveries DISABLE TRIGGER USER")
    owner.execute(
        "INSERT INTO recoveries (number, voucher_id, reason, fraud, fen, pay_by, decision_id,"
        " opened_at, opened_by)"
        " SELECT 'ZJ-1', v.id, '骗补', true, 1, '2026-12-31', d.id, now(), 'x'"
        " FROM vouchers v, decisions d LIMIT 1"
    )
    recalled, lost = [("recall", 500)], [("set_off", 500), ("forfeit", 500)]
    assert attempt(database, forgery(91, *recalled)) is CHECK
    assert attempt(database, forgery(91, *recalled) + forgery(92, *lost)) is CHECK
    assert attempt(database, forgery(91, *recalled, *lost)) is CHECK
    assert rights_of(month).paid == 3_000


@pytest.mark.parametrize("early", ["ALL", "number"])
def test_constraints_that_are_looked_at_early_let_nothing_through(
    database: Database, month: Town, early: str
) -> None:
    first = f"SET CONSTRAINTS {early} IMMEDIATE;"
    assert attempt(database, first + forgery(91, ("accrue", 1), ("match", 1))) is CHECK
    # All looked at between an honest move and a forged one.
    split = forgery(91, ("accrue", 1)) + first
    forged_move = MOVE.format(kind="match", source="accrued", goal="payable", fen=1)
    assert attempt(database, split + forged_move) is CHECK
    made_up = POSTING.format(number=92).replace("accrue/1", "mine")
    honest = MOVE.format(kind="accrue", source="available", goal="accrued", fen=1)
    assert attempt(database, made_up + honest + first + forged_move) is CHECK


def test_a_promise_lapses_beside_an_accrual_only_for_fraud(database: Database, month: Town) -> None:
    assert attempt(database, forgery(91, ("forfeit", 1))) is CHECK


@pytest.mark.parametrize("fen", [10_001, 20_000])
def test_the_books_rest_on_documents_that_stand_and_on_charges(
    database: Database, owner: psycopg.Connection, month: Town, fen: int
) -> None:
    """Even two persons who decide more, and one who rewrites the charges, match no more."""
    charges = "UPDATE charges SET cost_fen = 20000;"
    for more in ("", charges):
        assert attempt(database, more + DECIDED.format(fen=fen)) is CHECK
        part = DECIDED.replace("held_fen = {fen}", "held_fen = 10000").format(fen=fen)
        assert attempt(database, more + part) is CHECK
    assert attempt(database, DECIDED.format(fen=10_000)) is None
    assert owner.execute("SELECT held_fen FROM matches").fetchall() == [(10_000,)]


def test_without_charges_nothing_is_held_again(database: Database, month: Town) -> None:
    deletion = "DELETE FROM charges;"
    assert attempt(database, deletion + DECIDED.format(fen=10_000)) is CHECK


def test_what_was_decided_of_other_terms_earns_nothing(
    database: Database, owner: psycopg.Connection, month: Town
) -> None:
    """The terms of a version changed after two persons had made it payable."""
    owner.execute("UPDATE clauses SET digest = 'another'")
    assert attempt(database, forgery(91, ("unmatch", 500), ("match", 499))) is None
    assert attempt(database, forgery(92, ("match", 1))) is CHECK
