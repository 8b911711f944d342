"""Whatever SQL the application's role sends, the month says no more than two persons decided."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.payments import Treasury
from tests.support.reconciliation import Desk, bill
from tests.support.town import Town

OURS = "(SELECT id FROM decisions WHERE kind = 'reconciliation' AND subject <> 'mine')"
MATCH = """
    INSERT INTO matches (reconciliation_id, part, metered_fen, invoiced_fen, matched_fen,
        extra_fen, extra_over_fen, closed_fen, held_fen, decision_id, extra_decision_id)
    SELECT id, {part}, 10000, 10000, 10000, {extra}, 0, 0, 10000, {decision}, {extra_decision}
    FROM reconciliations
"""
DECIDE = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    SELECT '{kind}', 'mine', content, digest, '', 'clerk:丙#3', now() FROM decisions
    WHERE kind <> 'document' LIMIT 1;
"""
ANSWER = """
    UPDATE decisions SET answer = 'confirmed', answered_by = '{by}', answered_at = now(),
        answered_digest = {digest} WHERE subject = 'mine';
"""

# What is tried on a month that two persons decided, by the error that it meets.
ON_THE_MONTH: dict[type[psycopg.Error], list[str]] = {
    errors.CheckViolation: [
        # a cell beyond what was decided, of a decision that nobody confirmed, or of another one
        "UPDATE matches SET matched_fen = 10001, invoiced_fen = 20000, metered_fen = 20000",
        "UPDATE matches SET metered_fen = 20000",
        "UPDATE matches SET matched_fen = 9999, held_fen = 9999",  # nor less than was decided
        "UPDATE matches SET closed_fen = 1",
        "UPDATE matches SET extra_fen = 1",
        "UPDATE matches SET extra_fen = 1, extra_decision_id = decision_id",
        DECIDE.format(kind="reconciliation") + "UPDATE matches SET closed_fen = 1,"
        " decision_id = (SELECT id FROM decisions WHERE subject = 'mine')",
        "UPDATE matches SET matched_fen = 5, decision_id = 0",
        MATCH.format(part="'package'", extra=0, decision=OURS, extra_decision="NULL"),
        MATCH.format(part="'fee'", extra=5, decision=OURS, extra_decision=OURS),
        # what the books rest on: no fall without its decision, no rise beyond what counts
        "UPDATE matches SET held_fen = 0",
        "UPDATE matches SET held_fen = 5, fall_decision_id = decision_id",
        DECIDE.format(kind="fall") + "UPDATE matches SET held_fen = 5, "
        " fall_decision_id = (SELECT id FROM decisions WHERE subject = 'mine')",
        "UPDATE matches SET carried = true",
        # one person for two, whatever his name looks like
        *(
            DECIDE.format(kind="account") + ANSWER.format(by=by, digest="digest")
            for by in (
                "approver:丙#9",
                "auditor:丙#9",
                "clerk:丙 #9",
                "clerk:\u3000丙#3",
                "clerk:丙\u200b#9",
                "clerk:丙\ufeff#9",
            )
        ),
        DECIDE.format(kind="account") + ANSWER.format(by="clerk:丁#4", digest="repeat('1', 64)"),
        # documents
        "UPDATE cost_documents SET confirmed_by = 'clerk:丁#4', confirmed_at = now()",
        "UPDATE allocations SET fen = fen + 1",
        "UPDATE allocations SET fen = -1",
    ],
    errors.ForeignKeyViolation: [
        """INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen,
               allocated_at, allocated_by)
           SELECT document_id, line, contract_id + 1, month, part, kind, fen, now(), 'x'
           FROM allocations""",
    ],
    errors.ExclusionViolation: [  # one line for both kinds of projects
        """INSERT INTO allocations (document_id, line, contract_id, month, part, kind, fen,
               allocated_at, allocated_by)
           SELECT document_id, line, contract_id, month, 'fee', 'team', fen, now(), 'x'
           FROM allocations""",
    ],
    errors.RestrictViolation: [
        "UPDATE decisions SET answer = 'refused'",
    ],
    errors.InsufficientPrivilege: [
        "UPDATE matches SET part = 'fee'",
        "UPDATE match_lines SET good_fen = fen",
        "DELETE FROM match_lines",
        "INSERT INTO match_lines SELECT * FROM match_lines",
        "UPDATE red_parts SET line = 2",
        "UPDATE allocations SET part = 'fee'",
        "UPDATE differences SET fen = 0",
        "UPDATE cost_documents SET net_fen = 1",
        "UPDATE document_lines SET net_fen = 1",
        "UPDATE statement_lines SET cost_fen = 1",
        "UPDATE claims SET fen = 1",
        "UPDATE decisions SET digest = repeat('1', 64)",
        "UPDATE decisions SET content = '{}'",
        "DELETE FROM matches",
        "DELETE FROM decisions",
        "DELETE FROM differences",
        "DELETE FROM originals",
    ],
}

# Two persons decide that 20 yuan less was used, and SQL carries it out.
LESS_USED = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    SELECT 'extra', 'mine', content || '{"extra_fen": 1000}', repeat('0', 64), '',
        'clerk:丙#3', now() FROM decisions WHERE kind = 'extra' LIMIT 1;
"""
CARRIED_OUT = """
    UPDATE matches SET extra_fen = {extra}, matched_fen = {matched}, held_fen = {held},
        extra_decision_id = (SELECT max(id) FROM decisions WHERE kind = 'extra')
"""

LINE = """
    INSERT INTO payment_lines (list_id, line, claim_id, voucher_id, account_id, payee, uscc, bank,
        bank_code,
        number, fen)
    SELECT {list}, 9, {claim}, {voucher}, {account}, {payee}, uscc, bank, bank_code, {number}, {fen}
    FROM payment_lines WHERE (list_id, line) = (2, 1)
"""
SOUND = {
    "list": "2", "claim": "3", "voucher": "1", "account": "1", "payee": "payee",
    "number": "number", "fen": "100",
}  # fmt: skip
RETURN = """
    INSERT INTO bank_returns (reference, list_id, line, result, fen, on_day, original, place,
        received_at, received_by, state, paid_fen)
    SELECT 'mine', {list}, 1, {result}, {fen}, '2026-11-23', hash, 'row 2', now(), {by}, {state},
        {fen} FROM originals LIMIT 1;
"""
PAID = {
    "list": 1, "result": "'paid'", "fen": 200, "state": "'booked'", "by": "'finance:钱会计#105'",
}  # fmt: skip
MOVE = """
    WITH fresh AS (INSERT INTO postings (cause, used, booked, actor)
        VALUES ({cause}, '2026-11-01', '2026-11-01', 'x') RETURNING id)
    INSERT INTO movements (posting_id, book_id, kind, from_role, to_role, amount)
    SELECT fresh.id, v.book_id, {move}, 1 FROM fresh, vouchers v LIMIT 1
"""
CONFIRM = """
    UPDATE decisions SET answer = 'confirmed', answered_by = 'approver:丁#4', answered_at = now(),
        answered_digest = digest WHERE answer IS NULL;
"""
REFUND = """
    INSERT INTO refunds (reference, total_fen, voucher_id, indicator_id, fen,
        on_day, fraud, to_treasury,
        decision_id,
        received_at, received_by)
    VALUES ('mine', 5, 1, 1, 5, '2026-11-23', false, false, 1, now(), 'x')
"""

# What is tried on a list that was sent (1) and one that waits (2), of claims 1 and 2; 3 waits.
ON_THE_LISTS: dict[type[psycopg.Error], list[str]] = {
    errors.CheckViolation: [
        *(
            LINE.format(**SOUND | wrong)
            for wrong in (
                {"list": "1"},  # on a list that was sent
                {"voucher": "2"},
                {"account": "2"},
                {"payee": "'别人'"},
                {"number": "'6400000000'"},
                {"fen": "101"},
                {"fen": "0"},
                {"claim": "99"},
            )
        ),
        # a list that nobody confirmed, or that is not what was confirmed
        "UPDATE payment_lists SET sent_at = now() WHERE id = 2",
        LINE.format(**SOUND)
        + ";"
        + CONFIRM
        + "UPDATE payment_lists SET sent_at = now() WHERE id = 2",
        CONFIRM + "UPDATE payment_lists SET sent_at = now() WHERE id = 2",  # claims are not listed
        "UPDATE payment_lists SET sent_at = now() WHERE id = 1",  # again
        # what the bank did not say
        RETURN.format(**PAID | {"fen": 301}),
        RETURN.format(**PAID | {"list": 2, "fen": 1}),
        RETURN.format(**PAID) + RETURN.format(**PAID).replace("mine", "mine2"),
        RETURN.format(**PAID) + RETURN.format(**PAID | {"fen": 1}),  # a reference twice
        RETURN.format(**PAID | {"result": "'returned'"}),  # one person does not take money back
        RETURN.format(**PAID | {"state": "'open'"}),  # what waits changes nothing
        RETURN.format(**PAID | {"state": "'accepted'"}),
        # brought by who is not there, or has no part in it
        RETURN.format(**PAID | {"by": "'x'"}),
        RETURN.format(**PAID | {"by": "'clerk:王五#108'"}),
        RETURN.format(**PAID) + "UPDATE bank_returns SET state = 'undone', paid_fen = 0,"
        " decision_id = 1",
        "UPDATE payment_lines SET recalled_fen = 1 WHERE list_id = 1",
        *(
            MOVE.format(cause=cause, move=move)
            for cause in ("'mine'", "'decision/2'")
            for move in (
                "'unpay', 'paid', 'payable'",
                "'unpay', 'recoverable', 'sent'",
                "'late', 'payable', 'paid'",
                "'overpay', 'available', 'recoverable'",
            )
        ),
        LINE.format(**SOUND | {"claim": "2", "voucher": "1", "fen": "1"}),  # it is all on a list
        # what two persons did not confirm
        REFUND,
        """INSERT INTO recoveries (number, voucher_id, reason, fraud, fen, pay_by, decision_id,
            opened_at,
               opened_by) VALUES ('mine', 1, 'x', false, 5, '2026-12-31', 1, now(), 'x')""",
        """INSERT INTO bank_accounts (organisation_id, holder, bank, bank_code, number, decision_id,
               confirmed_at)
           SELECT organisation_id, holder, bank, bank_code, '6400000000', decision_id, now()
           FROM bank_accounts LIMIT 1""",
    ],
    errors.InsufficientPrivilege: [
        "UPDATE payment_lines SET fen = 1",
        "UPDATE payment_lines SET paid_fen = fen WHERE list_id = 1",
        "UPDATE payment_lines SET returned_fen = 1 WHERE list_id = 1",
        "UPDATE bank_returns SET fen = 1",
        "UPDATE payment_lines SET account_id = 2",
        "UPDATE payment_lines SET void = true",
        "UPDATE payment_lists SET total_fen = 1",
        "UPDATE bank_accounts SET number = '6400000000'",
        "UPDATE claims SET state = 'approved'",
        "UPDATE claims SET payee_id = 1",
        "DELETE FROM payment_lines",
        "DELETE FROM bank_returns",
    ],
}


@pytest.fixture
def month(metered_town: Town) -> None:
    desk = Desk(metered_town)
    desk.take(bill(1, 10_000))
    desk.reconcile()


@pytest.fixture
def lists(owner: psycopg.Connection, engine: sa.Engine) -> None:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    treasury.project("p1", 900)
    treasury.project("p2", 100)
    for number, fen in (("A", 300), ("B", 200), ("C", 100)):
        treasury.claim("p1", fen, number)
    treasury.send(["A"])
    treasury.make(["B"])
    owner.execute(
        "INSERT INTO originals SELECT encode(sha256('a'), 'hex'), 'a', 'text/csv', 'a', now(), 'x'"
    )


@pytest.mark.parametrize("error", ON_THE_MONTH, ids=lambda error: error.__name__)
def test_a_decided_month_withstands(
    database: Database, month: None, error: type[psycopg.Error]
) -> None:
    for attack in ON_THE_MONTH[error]:
        assert (attack, attempt(database, attack)) == (attack, error)


def test_a_decision_that_less_was_used_lowers_to_its_bound_and_no_further(
    database: Database, metered_town: Town
) -> None:
    desk = Desk(metered_town)
    desk.take(bill(1, 13_000))
    desk.more_used(3_000)
    desk.reconcile()
    assert desk.rights().payable == 3_900
    right = CARRIED_OUT.format(extra=1_000, matched=11_000, held=11_000)
    assert attempt(database, LESS_USED + right) is errors.CheckViolation  # nobody confirmed it
    confirm = LESS_USED + ANSWER.format(by="clerk:丁#4", digest="digest")
    for figures in (
        {"extra": 1_000, "matched": 10_999, "held": 10_999},
        {"extra": 1_000, "matched": 11_000, "held": 10_999},
        {"extra": 1_000, "matched": 13_000, "held": 13_000},
        {"extra": 0, "matched": 10_000, "held": 10_000},
        {"extra": 3_000, "matched": 13_000, "held": 5},
    ):
        attack = confirm + CARRIED_OUT.format(**figures)
        assert (figures, attempt(database, attack)) == (figures, errors.CheckViolation)
    assert attempt(database, confirm + right) is None
    again = CARRIED_OUT.format(extra=1_000, matched=11_000, held=10_000)
    assert attempt(database, again) is errors.CheckViolation


@pytest.mark.parametrize("error", ON_THE_LISTS, ids=lambda error: error.__name__)
def test_lists_withstand(database: Database, lists: None, error: type[psycopg.Error]) -> None:
    for sound in (LINE.format(**SOUND) + ";", RETURN.format(**PAID)):
        assert attempt(database, sound + "SELECT 1/0") is errors.DivisionByZero
    for attack in ON_THE_LISTS[error]:
        assert (attack, attempt(database, attack)) == (attack, error)
