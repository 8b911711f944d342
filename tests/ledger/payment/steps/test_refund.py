"""Money that comes back: in the year, after it, after fraud; and the cases that ask for it."""

from datetime import date, datetime

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.desk.queries import queues as desk
from ledger.errors import Conflict, Refused
from ledger.payment.queries import payment_lists as payment
from ledger.payment.steps.recover import open_recovery, settle_recoveries
from ledger.payment.steps.refund import refund
from ledger.postgres.database import Database
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.accounts.attacks import attempt, moving
from tests.support.payments import CASHIER, NOW, TODAY, Treasury
from tests.support.vouchers import chain, place_moves

VOUCHER = 2  # its book; the indicator came first
NEXT_YEAR = NOW.replace(year=2027)


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    """600 were paid, 200 of which are to be paid back: a red invoice came after the payment."""
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    voucher = treasury.project("p1", 600)
    treasury.claim("p1", 600, "A")
    treasury.send()
    treasury.bank(f"a,ZF-2026-0001,1,成功,6.00,{TODAY},")
    place_moves(owner, engine, "red", {voucher.book_id: chain(200, "recall paid recoverable")})
    return treasury


def came_back(
    treasury: Treasury,
    fen: int,
    reference: str = "r1",
    now: datetime = NOW,
    day: date = TODAY,
    *,
    total: int | None = None,
    project: str = "p1",
) -> None:
    with Session(treasury.engine) as db, db.begin():
        decision = refund(
            db,
            reference=reference,
            project=project_by_code(db, project),
            indicator=payment.indicator(db, "Z1", 2026),
            fen=fen,
            total_fen=total,
            on_day=day,
            reason="",
            actor=CASHIER.actor,
            now=now,
        )
        treasury.answer(db, decision, now=now)


def recover(treasury: Treasury, *, fraud: bool = False, pay_by: date = date(2026, 12, 31)) -> None:
    with Session(treasury.engine) as db, db.begin():
        decision = open_recovery(
            db,
            project=project_by_code(db, "p1"),
            fraud=fraud,
            pay_by=pay_by,
            reason="红冲",
            actor=CASHIER.actor,
            now=NOW,
        )
        treasury.answer(db, decision)


def amounts(treasury: Treasury) -> tuple[int, int, int]:
    """Paid, to be paid back, lapsed."""
    rights = treasury.rights("p1")
    return rights.paid, rights.recoverable, rights.lapsed


def cases(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    return owner.execute(
        "SELECT number, fen, fraud, closed_at IS NOT NULL FROM recoveries ORDER BY id"
    ).fetchall()


def test_in_the_same_year_the_indicator_can_spend_it_again(treasury: Treasury) -> None:
    available = treasury.rights("p1").available
    came_back(treasury, 200)
    assert amounts(treasury) == (400, 0, 0)
    assert treasury.rights("p1").available == available + 200
    assert treasury.money() == {"free": 600, "spent": 400}


def test_after_the_year_it_goes_to_the_treasury(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    came_back(treasury, 200, now=NEXT_YEAR, day=date(2027, 3, 1))
    assert treasury.money() == {"free": 400, "spent": 400, "returned": 200}
    assert owner.execute("SELECT to_treasury, fraud FROM refunds").fetchall() == [(True, False)]


def test_after_a_fraud_it_lapses(treasury: Treasury, owner: psycopg.Connection) -> None:
    recover(treasury, fraud=True)
    available = treasury.rights("p1").available
    came_back(treasury, 150)
    assert amounts(treasury) == (400, 50, 150)
    assert treasury.rights("p1").available == available
    assert cases(owner) == [("ZJ-2026-0001", 200, True, False)]
    came_back(treasury, 50, "r2")
    assert cases(owner) == [("ZJ-2026-0001", 200, True, True)]


def test_each_reference_counts_once(treasury: Treasury) -> None:
    came_back(treasury, 100)
    for reference in ("r1", "a"):
        with pytest.raises(Conflict, match="refund_known"):
            came_back(treasury, 100, reference)


def test_no_more_comes_back_than_is_to_be_paid_back(treasury: Treasury) -> None:
    with pytest.raises(Refused, match="not_recoverable"):
        came_back(treasury, 201)
    for day in (date(2025, 12, 31), date(2026, 11, 24)):
        with pytest.raises(Refused, match="refund_day"):
            came_back(treasury, 1, day=day)


def test_an_indicator_gets_back_what_it_paid(treasury: Treasury) -> None:
    treasury.indicator(500, "Z2")
    with Session(treasury.engine) as db, pytest.raises(Refused, match="refund_beyond_paid"):
        refund(
            db,
            reference="r1",
            project=project_by_code(db, "p1"),
            indicator=payment.indicator(db, "Z2", 2026),
            fen=1,
            on_day=TODAY,
            reason="",
            actor=CASHIER.actor,
            now=NOW,
        )


def test_a_case_closes_by_itself_when_the_rest_was_set_off(
    treasury: Treasury, owner: psycopg.Connection
) -> None:
    recover(treasury)
    with pytest.raises(Conflict, match="recovery_open"):
        recover(treasury)
    with Session(treasury.engine) as db, db.begin():
        assert settle_recoveries(db, NOW) == 0
        (book,) = (v for v in db.execute(sa.text("SELECT book_id FROM vouchers")).scalars())
    place_moves(
        treasury.owner, treasury.engine, "reissued", {book: chain(200, "set_off recoverable paid")}
    )
    with Session(treasury.engine) as db, db.begin():
        assert settle_recoveries(db, NOW) == 1
    assert cases(owner) == [("ZJ-2026-0001", 200, False, True)]
    with pytest.raises(Refused, match="nothing_recoverable"):
        recover(treasury)


def test_a_deadline_lies_ahead(treasury: Treasury) -> None:
    with pytest.raises(Refused, match="pay_by_past"):
        recover(treasury, pay_by=TODAY)


def test_what_is_to_be_paid_back_is_seen_until_a_case_is_open(treasury: Treasury) -> None:
    def debts() -> list[tuple[str, int]]:
        with Session(treasury.engine) as db:
            return [(row.code, row.fen) for row in desk.paybacks(db)]

    assert debts() == [("p1", 200)]
    recover(treasury)
    assert debts() == []


def test_one_transfer_pays_back_two_debts(treasury: Treasury) -> None:
    voucher = treasury.project("p2", 300)
    treasury.claim("p2", 300, "B")
    treasury.bank(f"b,{treasury.send()},1,成功,3.00,{TODAY},")
    place_moves(
        treasury.owner,
        treasury.engine,
        "red 2",
        {voucher.book_id: chain(300, "recall paid recoverable")},
    )
    came_back(treasury, 200, total=350)
    with pytest.raises(Conflict, match="refund_known"):  # nothing counts twice
        came_back(treasury, 200, total=350)
    with pytest.raises(Conflict, match="refund_known"):  # nor has the transfer another total
        came_back(treasury, 150, total=500, project="p2")
    with pytest.raises(Refused, match="refund_beyond_total"):
        came_back(treasury, 151, total=350, project="p2")
    came_back(treasury, 150, total=350, project="p2")
    assert treasury.rights("p1").recoverable == 0
    assert treasury.rights("p2").recoverable == 150
    assert treasury.money()["spent"] == 900 - 350


def test_the_application_closes_no_case_of_which_something_is_outstanding(
    treasury: Treasury, database: Database
) -> None:
    """Else what a fraud pays back would be available again, where it lapses."""
    recover(treasury, fraud=True)
    close = "UPDATE recoveries SET closed_at = now()"
    assert attempt(database, close) is errors.CheckViolation
    came_back(treasury, 199)
    assert attempt(database, close) is errors.CheckViolation


@pytest.mark.parametrize(
    "wrong", ["indicator_id = 2", "on_day = on_day + 1", "fen = fen - 1", "to_treasury = true"]
)
def test_a_refund_is_of_the_indicator_and_the_day_that_two_confirmed(
    treasury: Treasury, database: Database, wrong: str
) -> None:
    treasury.indicator(1_000, "Z2")
    came_back(treasury, 100)
    column, _, value = wrong.partition(" = ")
    columns = [
        "total_fen", "voucher_id", "indicator_id", "fen", "on_day", "fraud", "to_treasury",
        "decision_id", "received_at", "received_by",
    ]  # fmt: skip
    values = ", ".join(value if name == column else name for name in columns)
    treasury.owner.execute("CREATE TABLE kept AS SELECT * FROM refunds")
    treasury.owner.execute("GRANT SELECT ON kept TO PUBLIC; DELETE FROM refunds")
    into = f"INSERT INTO refunds (reference, {', '.join(columns)})"
    insert = f"{into} SELECT reference, {values} FROM kept"
    assert attempt(database, insert) is errors.CheckViolation
    assert attempt(database, insert.replace(values, ", ".join(columns))) is None


def test_a_refund_moves_its_money_one_way_and_once(treasury: Treasury, database: Database) -> None:
    came_back(treasury, 50)
    for cause in ("refund/r1/2", "decision/{}", "decision/0{}"):
        row = treasury.owner.execute("SELECT max(decision_id) FROM refunds").fetchone()
        assert row
        post = moving("forfeit", "recoverable", "lapsed", 50, VOUCHER)
        attack = post.replace("'bad'", f"'{cause.format(row[0])}'")
        assert attempt(database, attack) is errors.CheckViolation, cause
