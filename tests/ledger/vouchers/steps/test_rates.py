"""Another rate from a day on: two persons, usage by its day, and only a rate of the clause."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from fractions import Fraction

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, NotFound, Refused
from ledger.people.codes import Answer
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.policy.decide.tree import ChosenRate
from ledger.postgres.columns import key
from ledger.registry.tables import Project
from ledger.vouchers.queries.earnings import rates_of
from ledger.vouchers.steps.openings import propose_voucher
from ledger.vouchers.steps.rates import propose_rate
from tests.support.accounts.rights import book
from tests.support.simulation import window
from tests.support.town import APPROVER, CLERK, NOW, POLICY, Town, rights_of, voucher_of
from tests.support.vouchers import audit, place_decision

CAP = 500_000_000
STILL = 0.5  # seconds after which a thread that waits is still waiting
SECOND = 24 * 60  # the first minute of the second day, in minutes since the town's first
HALF = ChosenRate(Fraction(1, 2), "国家级项目按1/2", 0)
TENTH = ChosenRate(Fraction(1, 10), "示范平台按1/10", 1)
OWN = ChosenRate(Fraction(3, 10), "按30%", None)


@pytest.fixture
def two_days(town: Town, owner: psycopg.Connection) -> Town:
    """A minute at one yuan on the first day, two on the second, at 30 % each; other rates exist."""
    for place, rate in enumerate((HALF, TENTH)):
        owner.execute(
            "INSERT INTO clause_rates VALUES (%s, '09-1', %s, %s, %s, %s)",
            (POLICY, place, rate.rate.numerator, rate.rate.denominator, rate.words),
        )
    town.report([window(0, 0), window(0, SECOND), window(0, SECOND + 1)])
    town.accrue()
    assert rights_of(town) == book(A=CAP - 90, C=90)
    return town


def first_day(owner: psycopg.Connection) -> date:
    row = owner.execute("SELECT min(day) FROM day_totals").fetchone()
    assert row
    return date.fromisoformat(str(row[0]))


def propose(town: Town, rate: ChosenRate, since: date, policy: str = POLICY) -> Decision:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        return propose_rate(
            db, voucher_of(town), policy=policy, since=since, facts={"national": True}, rate=rate,
            reason="立项", actor=CLERK.actor, now=NOW,
        )  # fmt: skip


def confirm(town: Town, decision: Decision, viewer: Viewer = APPROVER) -> None:
    with Session(town.engine) as db, db.begin():
        respond(
            db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
            viewer=viewer, now=NOW,
        )  # fmt: skip


def test_usage_earns_at_the_rate_of_its_day(two_days: Town, owner: psycopg.Connection) -> None:
    second = first_day(owner) + timedelta(days=1)
    decision = propose(two_days, HALF, second)
    assert rights_of(two_days) == book(A=CAP - 90, C=90)  # one person moves nothing
    confirm(two_days, decision)
    assert rights_of(two_days) == book(A=CAP - 130, C=130)
    with Session(two_days.engine) as db:
        rates = [(r.rate, r.words, r.since) for r in rates_of(db, voucher_of(two_days))]
    assert rates == [(OWN.rate, "", None), (HALF.rate, HALF.words, second)]
    assert audit(owner) == []


def test_who_waits_for_the_charges_keeps_no_book(two_days: Town, owner: psycopg.Connection) -> None:
    """A round locks the charges and then the books; so does a change, or the two would meet."""
    decision = propose(two_days, HALF, first_day(owner))
    free = "SELECT FROM accounts WHERE book_id = %s FOR UPDATE NOWAIT"
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction():
            owner.execute("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.charge', 0))")
            change = pool.submit(confirm, two_days, decision)
            wait([change], STILL)
            owner.execute(free, (voucher_of(two_days).book_id,))
            assert not change.done()
        change.result()
    assert rights_of(two_days) == book(A=CAP - 150, C=150)


def test_the_newest_decision_holds_from_its_day_on(
    two_days: Town, owner: psycopg.Connection
) -> None:
    first = first_day(owner)
    confirm(two_days, propose(two_days, HALF, first + timedelta(days=1)))
    confirm(two_days, propose(two_days, TENTH, first))  # also over the second day
    assert rights_of(two_days) == book(A=CAP - 30, C=30)
    confirm(two_days, propose(two_days, OWN, first + timedelta(days=1)))  # back to the clause's own
    assert rights_of(two_days) == book(A=CAP - 70, C=70)
    with pytest.raises(Refused, match="rate_unchanged"):
        propose(two_days, OWN, first + timedelta(days=1))
    assert audit(owner) == []


def test_what_cannot_be_proposed(two_days: Town, owner: psycopg.Connection) -> None:
    day = first_day(owner)
    with pytest.raises(Refused, match="rate_unchanged"):
        propose(two_days, OWN, day)
    with pytest.raises(NotFound):
        propose(two_days, HALF, day, policy="none")
    decision = propose(two_days, HALF, day)
    with pytest.raises(Conflict, match="decision_open"):
        propose(two_days, TENTH, day)
    with pytest.raises(Refused, match="not_your_decision"):
        confirm(two_days, decision, Viewer(9, "丙", CLERK.role))


def test_no_decision_gives_a_rate_that_the_clause_does_not_state(
    two_days: Town, owner: psycopg.Connection
) -> None:
    whole = ChosenRate(Fraction(1), "全部", 0)
    with pytest.raises(sa.exc.IntegrityError, match="states no rate"):
        confirm(two_days, propose(two_days, whole, first_day(owner)))


def test_another_version_is_opened_at_the_rate_that_two_decided(
    two_days: Town, owner: psycopg.Connection
) -> None:
    second = first_day(owner) + timedelta(days=1)
    owner.execute(
        "INSERT INTO clauses SELECT 'next', clause, digest, 30, 100, cap_fen, daterange(%s, NULL),"
        " true FROM clauses WHERE policy = %s AND clause = '09-1'",
        (second, POLICY),
    )
    owner.execute("INSERT INTO clause_rates VALUES ('next', '09-1', 0, 1, 2, '按1/2')")
    with Session(two_days.engine, expire_on_commit=False) as db, db.begin():
        project = db.get_one(Project, voucher_of(two_days).project_id)
        decision = propose_voucher(
            db, project, clause="09-1", policy="next", facts={}, rate=HALF, actor=CLERK.actor,
            now=NOW,
        )  # fmt: skip
    assert (decision.content["rate"], decision.content["rate_words"]) == ("1/2", HALF.words)
    confirm(two_days, decision)
    two_days.accrue()
    assert rights_of(two_days) == book(A=CAP - 130, C=130)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE voucher_versions SET rate_num = rate_den",
        "UPDATE voucher_rates SET rate_num = rate_den",
        "DELETE FROM voucher_rates",
        "INSERT INTO clause_rates SELECT policy, clause, 9, 1, 1, 'x' FROM clauses",
        (
            "INSERT INTO voucher_rates SELECT decision_id, voucher_id, policy, "
            "'2026-01-01', 1, 2, ''"
            " FROM voucher_rates"
        ),
        (
            "INSERT INTO voucher_rates SELECT max(d.id), v.id, v.policy, '2026-01-01', 1, 2, ''"
            " FROM decisions d, vouchers v WHERE d.answer = 'confirmed' GROUP BY v.id"
        ),
        (
            "INSERT INTO voucher_rates SELECT max(d.id), v.id, v.policy, '2026-03-02', 1, 10, ''"
            " FROM decisions d, vouchers v WHERE d.answer = 'confirmed' GROUP BY v.id"
        ),
    ],
)
def test_the_application_gives_no_rate_alone(
    two_days: Town, owner: psycopg.Connection, attack: str
) -> None:
    confirm(two_days, propose(two_days, HALF, first_day(owner)))
    with Session(two_days.engine) as db, pytest.raises(sa.exc.DBAPIError) as refused:
        db.execute(sa.text(attack))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege) or (
        "two persons" in str(refused.value)
    )


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=st.lists(
        st.tuples(st.sampled_from([HALF.rate, TENTH.rate, OWN.rate]), st.integers(0, 9)), max_size=6
    )
)
def test_each_day_has_the_rate_of_the_newest_decision_of_its_day_or_before(
    two_days: Town, owner: psycopg.Connection, history: list[tuple[Fraction, int]]
) -> None:
    day = first_day(owner)
    with owner.transaction(force_rollback=True):
        for rate, after in history:
            terms = {"voucher": 1, "policy": POLICY, "since": f"{day + timedelta(days=after)}"}
            content = {**terms, "rate": f"{rate.numerator}/{rate.denominator}"}
            owner.execute(
                "INSERT INTO voucher_rates VALUES (%s, 1, %s, %s, %s, %s, '')",
                (
                    place_decision(owner, "rate", content), POLICY, terms["since"],
                    rate.numerator, rate.denominator,
                ),
            )  # fmt: skip
        for after in range(10):
            rows = owner.execute(
                "SELECT rate_num, rate_den FROM voucher_rate_days WHERE days @> %s::date",
                (day + timedelta(days=after),),
            ).fetchall()
            so_far = [rate for rate, since in history if since <= after]
            assert [Fraction(*row) for row in rows] == [so_far[-1] if so_far else OWN.rate]
