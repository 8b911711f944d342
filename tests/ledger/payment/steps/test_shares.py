"""City and district bear their shares of every claim, and get refunds back in the same."""

import random

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.errors import Conflict, Refused
from ledger.payment.queries import payment_lists as payment
from ledger.payment.rules.shares import share_out
from ledger.payment.steps.indicators import change_indicator, share_indicators
from ledger.payment.steps.refund import refund
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.payments import CASHIER, NOW, TODAY, Treasury
from tests.support.vouchers import chain, place_moves

SHARES = [
    {"bearer": "市", "number": "Z1", "year": 2026, "weight": 70},
    {"bearer": "区", "number": "Q1", "year": 2026, "weight": 30},
]


@pytest.fixture
def treasury(owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(5_000)
    treasury.indicator(5_000, "Q1")
    for code, fen in (("p1", 601), ("p2", 333)):
        treasury.project(code, fen)
        treasury.claim(code, fen, f"claim of {code}")
    share(treasury)
    return treasury


def share(treasury: Treasury) -> None:
    with Session(treasury.engine) as db, db.begin():
        decision = share_indicators(
            db, shares=SHARES, reason="市区 7:3", actor=CASHIER.actor, now=NOW
        )
        treasury.answer(db, decision)


def came_back(
    treasury: Treasury,
    fen: int,
    total: int,
    number: str,
    project: str = "p1",
    *,
    debt: int | None = None,
    reference: str = "r1",
) -> None:
    with Session(treasury.engine) as db, db.begin():
        decision = refund(
            db,
            reference=reference,
            project=project_by_code(db, project),
            indicator=payment.indicator(db, number, 2026),
            fen=fen,
            total_fen=total,
            debt_fen=debt,
            on_day=TODAY,
            reason="",
            actor=CASHIER.actor,
            now=NOW,
        )
        treasury.answer(db, decision)


def list_of(treasury: Treasury, indicator: str) -> tuple[str, list[tuple[int, int]]]:
    """A list of an indicator that went to the bank: its number, and its lines with their fen."""
    number = treasury.make(number=indicator)
    treasury.confirm(number)
    with Session(treasury.engine) as db:
        return number, [(row.line, row.fen) for row in payment.payment_list(db, number)[2]]


def paid_by(treasury: Treasury, indicator: str) -> None:
    number, lines = list_of(treasury, indicator)
    rows = [f"{indicator}{n},{number},{n},成功,{fen / 100:.2f},{TODAY}," for n, fen in lines]
    treasury.bank(*rows)


def paid_by_both(treasury: Treasury) -> None:
    for indicator in ("Z1", "Q1"):
        paid_by(treasury, indicator)


def owe(treasury: Treasury, fen: int, project: str = "p1") -> None:
    """So much of what was paid of the project is to be paid back."""
    row = treasury.owner.execute(
        "SELECT v.book_id FROM vouchers v JOIN projects p ON p.id = v.project_id WHERE p.code = %s",
        (project,),
    ).fetchone()
    assert row
    moves = {row[0]: chain(fen, "recall paid recoverable")}
    place_moves(treasury.owner, treasury.engine, f"red {project}", moves)


def test_each_bears_its_share_of_every_claim_to_the_fen(treasury: Treasury) -> None:
    paid_by_both(treasury)
    # 420.7 + 180.3 and 233.1 + 99.9: what is left over goes to the largest remainder.
    assert treasury.money() == {"free": 5_000 - 654, "spent": 421 + 233}
    assert treasury.money("Q1") == {"free": 5_000 - 280, "spent": 180 + 100}
    assert [treasury.state(f"claim of {code}") for code in ("p1", "p2")] == ["paid", "paid"]
    assert treasury.queue() == []


def test_nobody_bears_more_than_its_share(treasury: Treasury) -> None:
    number = treasury.make(number="Q1")
    treasury.confirm(number)
    with pytest.raises(Refused, match="nothing_payable"):
        treasury.make(number="Q1")
    # What came back is borne again by whose it was.
    treasury.bank(f"a,{number},1,退回,1.80,{TODAY},")
    treasury.rule("a", "accept")
    again = treasury.make(number="Q1")
    with Session(treasury.engine) as db:
        assert [line.fen for line in payment.payment_list(db, again)[2]] == [180]


def test_a_refund_goes_back_in_the_same_shares(treasury: Treasury) -> None:
    paid_by_both(treasury)
    owe(treasury, 101)
    with pytest.raises(Refused, match="refund_share"):
        came_back(treasury, 101, 101, "Z1")
    came_back(treasury, 71, 101, "Z1")
    came_back(treasury, 30, 101, "Q1")
    assert treasury.rights("p1").recoverable == 0
    assert (treasury.money()["spent"], treasury.money("Q1")["spent"]) == (654 - 71, 280 - 30)


def test_one_transfer_pays_back_two_debts_each_in_its_own_shares(treasury: Treasury) -> None:
    paid_by_both(treasury)
    owe(treasury, 101)
    owe(treasury, 50, "p2")
    came_back(treasury, 71, 151, "Z1")
    came_back(treasury, 30, 151, "Q1")
    with pytest.raises(Conflict, match="refund_known"):  # nothing counts twice
        came_back(treasury, 30, 151, "Q1")
    with pytest.raises(Refused, match="refund_share"):  # nor does one bear the other's
        came_back(treasury, 50, 151, "Z1", "p2")
    came_back(treasury, 35, 151, "Z1", "p2")
    came_back(treasury, 15, 151, "Q1", "p2")
    assert [treasury.rights(code).recoverable for code in ("p1", "p2")] == [0, 0]
    assert (treasury.money()["spent"], treasury.money("Q1")["spent"]) == (654 - 106, 280 - 45)


def test_one_transfer_pays_back_parts_of_two_debts(treasury: Treasury) -> None:
    paid_by_both(treasury)
    owe(treasury, 101)
    owe(treasury, 50, "p2")
    with pytest.raises(Refused, match="refund_share"):
        came_back(treasury, 42, 80, "Z1")  # not said: of the debt of 101 it would be all 80
    with pytest.raises(Refused, match="not_recoverable"):
        came_back(treasury, 42, 200, "Z1", debt=102)
    came_back(treasury, 42, 80, "Z1", debt=60)
    with pytest.raises(Refused, match="refund_beyond_total"):  # p1's other part is not here yet
        came_back(treasury, 15, 80, "Z1", "p2", debt=21)
    with pytest.raises(Conflict, match="refund_known"):
        came_back(treasury, 18, 80, "Q1", debt=61)
    came_back(treasury, 14, 80, "Z1", "p2")
    came_back(treasury, 18, 80, "Q1")  # an earlier part has said it
    came_back(treasury, 6, 80, "Q1", "p2", debt=20)
    assert [treasury.rights(code).recoverable for code in ("p1", "p2")] == [41, 30]
    came_back(treasury, 29, 71, "Z1", reference="r2")
    came_back(treasury, 12, 71, "Q1", reference="r2")
    came_back(treasury, 21, 71, "Z1", "p2", reference="r2")
    came_back(treasury, 9, 71, "Q1", "p2", reference="r2")
    assert [treasury.rights(code).recoverable for code in ("p1", "p2")] == [0, 0]
    assert (treasury.money()["spent"], treasury.money("Q1")["spent"]) == (654 - 106, 280 - 45)


def test_parts_of_two_debts_in_any_order_leave_each_payer_its_share(treasury: Treasury) -> None:
    """Transfers pay back some of each debt until both are paid; whichever part comes first."""
    paid_by_both(treasury)
    chance = random.Random(7)  # noqa: S311 - the same cases each time
    net_fen, debts = {"p1": 601, "p2": 333}, {"p1": 257, "p2": 111}
    for code, fen in debts.items():
        owe(treasury, fen, code)
    spent = {"p1": [421, 180], "p2": [233, 100]}
    for number in range(99):
        if not any(debts.values()):
            break
        last = number >= 7
        parts = {code: fen if last else chance.randint(0, fen) for code, fen in debts.items()}
        entries = []
        for code, fen in parts.items():
            net_fen[code] -= fen
            shares = share_out(net_fen[code], [70, 30])
            for place, indicator in enumerate(("Z1", "Q1")):
                entries.append((code, indicator, spent[code][place] - shares[place]))
            spent[code], debts[code] = shares, debts[code] - fen
        chance.shuffle(entries)
        for code, indicator, fen in entries:
            if fen:
                came_back(
                    treasury, fen, sum(parts.values()), indicator, code,
                    debt=parts[code], reference=f"r{number}",
                )  # fmt: skip
        rest = {code: treasury.rights(code).recoverable for code in debts}
        assert rest == debts
    totals = [sum(of[place] for of in spent.values()) for place in (0, 1)]
    assert [treasury.money()["spent"], treasury.money("Q1")["spent"]] == totals
    assert [sum(of) for of in spent.values()] == [601 - 257, 333 - 111]


def test_what_waits_is_covered_by_both_in_their_shares(treasury: Treasury) -> None:
    cover = [(item.indicator, dict(item.parts)) for item in treasury.queue()]
    assert cover == [(None, {"Z1": 421, "Q1": 180}), (None, {"Z1": 233, "Q1": 100})]
    treasury.send(["claim of p1"])  # from the city's indicator
    cover = [(item.indicator, dict(item.parts)) for item in treasury.queue()]
    assert cover == [("Q1", {}), (None, {"Z1": 233, "Q1": 100})]


def test_where_one_of_them_has_not_its_share_the_claim_waits(treasury: Treasury) -> None:
    with Session(treasury.engine) as db, db.begin():
        cut = change_indicator(
            db, number="Q1", year=2026, fen=279 - 5_000, reason="压减", actor=CASHIER.actor, now=NOW
        )
        treasury.answer(db, cut)
    cover = [(item.indicator, dict(item.parts)) for item in treasury.queue()]
    assert cover == [(None, {"Z1": 421, "Q1": 180}), (None, {})]


def test_an_indicator_bears_one_share(treasury: Treasury) -> None:
    with pytest.raises(Conflict, match="shares_exist"):
        share(treasury)
    alone = [SHARES[0]]
    with Session(treasury.engine) as db, pytest.raises(Refused, match="shares_wrong"):
        share_indicators(db, shares=alone, reason="", actor=CASHIER.actor, now=NOW)


def test_nobody_shares_an_indicator_alone(treasury: Treasury, engine: sa.Engine) -> None:
    attack = (
        "INSERT INTO indicator_shares SELECT scheme, 3, '镇', (SELECT max(id) FROM indicators), 1"
        " FROM indicator_shares LIMIT 1"
    )
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="confirmed"):
        connection.execute(sa.text(attack))


def test_before_the_other_has_paid_a_refund_goes_to_who_has(treasury: Treasury) -> None:
    paid_by(treasury, "Z1")
    owe(treasury, 20)
    with pytest.raises(Refused, match="refund_share"):
        came_back(treasury, 14, 20, "Z1")
    with pytest.raises(Refused, match="refund_share"):
        came_back(treasury, 422, 422, "Z1")
    came_back(treasury, 20, 20, "Z1")
    assert (treasury.rights("p1").recoverable, treasury.money()["spent"]) == (0, 421 + 233 - 20)


def test_a_late_payment_takes_nothing_of_the_others_share(treasury: Treasury) -> None:
    """The bank returns the city's line, pays it on another list, and then the first one after all:
    the city has paid twice, so it is the city that gets it back."""
    first, ((line, fen), _) = list_of(treasury, "Z1")
    treasury.bank(f"a,{first},{line},退回,{fen / 100:.2f},{TODAY},")
    treasury.rule("a", "accept")
    paid_by(treasury, "Z1")
    district, _ = list_of(treasury, "Q1")
    treasury.bank(f"b,{first},{line},成功,{fen / 100:.2f},{TODAY},")
    treasury.rule("b", "accept")
    assert treasury.line(first, line) == (0, fen, fen, 0)  # all of it beyond what was owed
    assert treasury.line(district, 1) == (0, 0, 0, 0)  # still on its way
    treasury.bank(f"c,{district},1,成功,1.80,{TODAY},")
    assert (treasury.state("claim of p1"), treasury.rights("p1").recoverable) == ("paid", fen)
    came_back(treasury, fen, fen, "Z1")
    assert treasury.rights("p1").recoverable == 0


def test_a_late_payment_calls_back_the_line_of_who_paid_it(treasury: Treasury) -> None:
    first, ((line, fen), _) = list_of(treasury, "Z1")
    treasury.bank(f"a,{first},{line},退回,{fen / 100:.2f},{TODAY},")
    treasury.rule("a", "accept")
    again, ((line_again, _),) = list_of(treasury, "Z1")
    district, _ = list_of(treasury, "Q1")
    treasury.bank(f"b,{first},{line},成功,{fen / 100:.2f},{TODAY},")
    with pytest.raises(Refused, match="claim_at_bank"):
        treasury.rule("b", "accept")
    treasury.rule("b", "accept", recalled=True)
    assert treasury.line(first, line) == (fen, 0, 0, 0)
    assert treasury.line(again, line_again) == (0, fen, 0, 0)
    assert treasury.line(district, 1) == (0, 0, 0, 0)
