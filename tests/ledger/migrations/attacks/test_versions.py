"""In a month of two versions the books keep what each one's days earned, whatever SQL is sent.

The shares that a trigger writes are those of the rule.
"""

from datetime import date
from fractions import Fraction

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from ledger.charging.rules.segments import Payment, Segment, share
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.months.office import MARCH, POLICY, Office, days, price

ELEVENTH = date(2026, 3, 11)
HELD = "UPDATE matches SET held_fen = held_fen {by}, fall_decision_id = {decision}"
FIRST_FALL = "(SELECT min(id) FROM decisions WHERE kind = 'fall')"
CHECK = errors.CheckViolation

fens = st.integers(0, 10**6)
rows = st.lists(
    st.tuples(fens, fens, st.fractions(0, 10**6, max_denominator=97)), min_size=1, max_size=4
)


@pytest.fixture
def march(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """A price of the second version's days fell, and falls no more; one of the first's falls."""
    office = Office(database, engine, owner)
    office.publish("b", 40, ELEVENTH)
    office.open("p1", "b")
    office.end_policy(POLICY, ELEVENTH)
    office.prices(price(10))
    office.use(days(MARCH, date(2026, 3, 20)), 1)
    office.bill(200_00)
    office.decide()
    office.prices(price(10, "until: 2026-03-10"), price(8, "from: 2026-03-11"))
    office.fall()
    office.prices(price(9, "until: 2026-03-10"), price(10, "from: 2026-03-11"))
    assert office.fen("SELECT held_fen FROM matches") == 180_00
    return office


def test_nothing_rises_while_a_versions_part_waits_to_fall(
    database: Database, march: Office
) -> None:
    for by in ("+ 1", "+ 1000", "+ 0", "- 1000"):
        for decision in ("fall_decision_id", FIRST_FALL, "NULL", "decision_id", "0"):
            if (by, decision) not in (("+ 0", "fall_decision_id"), ("+ 0", FIRST_FALL)):
                attack = HELD.format(by=by, decision=decision)
                assert (attack, attempt(database, attack)) == (attack, CHECK)
    before = march.money()
    march.accrue()
    assert march.money() == before
    march.fall()
    assert march.fen("SELECT held_fen FROM matches") == 190_00


def test_a_fall_is_carried_out_once(database: Database, march: Office) -> None:
    march.fall()
    march.prices(price(10, "until: 2026-03-10"), price(10, "from: 2026-03-11"))
    assert march.fen("SELECT held_fen FROM matches") == 200_00
    march.prices(price(10, "until: 2026-03-10"), price(8, "from: 2026-03-11"))
    again = HELD.format(by="- 2000", decision=FIRST_FALL)  # by as much as was decided before
    assert attempt(database, again) is CHECK


def test_what_is_held_of_versions_is_written_by_a_trigger(
    database: Database, march: Office
) -> None:
    for attack in (
        "UPDATE match_usage SET held_num = 0", "DELETE FROM match_usage",
        "SELECT share_by_version(1, '{1}', '{1}', '{0}', 1)",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows, fens, st.booleans())
def test_the_trigger_shares_as_the_rule_does(
    owner: psycopg.Connection,
    versions: list[tuple[int, int, Fraction]],
    more: int,
    is_held: bool,
) -> None:
    floors = [floor if is_held else Fraction(0) for _, _, floor in versions]
    fen = int(sum(floors)) + 1 + more
    den = 1
    for floor in floors:
        den *= floor.denominator
    day = [date(2026, 3, 1 + place) for place in range(5)]
    segments = [
        Segment(str(place), ((day[place], day[place + 1]),), metered)
        for place, (metered, _, _) in enumerate(versions)
    ]
    payments = [Payment(day[p], day[p], fen_paid) for p, (_, fen_paid, _) in enumerate(versions)]
    expected = share(fen, segments, payments, {str(p): floor for p, floor in enumerate(floors)})
    row = owner.execute(
        "SELECT den, nums FROM share_by_version(%s, %s::bigint[], %s::bigint[], %s::numeric[], %s)",
        (
            fen, [v[0] for v in versions], [v[1] for v in versions],
            [int(floor * den) for floor in floors], den,
        ),
    ).fetchone()  # fmt: skip
    assert row
    assert [Fraction(num) / Fraction(row[0]) for num in row[1]] == list(expected.values())
