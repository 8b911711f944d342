"""Charging and accruing: absolute figures, posted as differences, cut at the cap, no drift."""

from datetime import timedelta
from fractions import Fraction

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from ledger.units import round_half_up
from ledger.vouchers.queries.quotas import Quota, project_by_code, quota
from tests.support.simulation import held, minute, window
from tests.support.town import NOW, Town

CAP = 500_000_000
CHEAP = 'prices: [{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06"}]'


def quota_of(town: Town) -> Quota:
    with Session(town.engine) as db:
        return quota(db, project_by_code(db, "p1"), NOW)


def figures(town: Town) -> tuple[int, int, int]:
    quota = quota_of(town)
    return quota.cost_fen, quota.rights.accrued, quota.left_fen


def postings(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    return owner.execute(
        "SELECT p.number, p.used::text, m.kind, m.amount FROM postings p"
        " JOIN movements m ON m.posting_id = p.id WHERE m.kind IN ('accrue', 'unaccrue')"
        " ORDER BY p.number"
    ).fetchall()


def test_usage_is_charged_and_accrued(town: Town) -> None:
    town.report([window(0, at) for at in range(10)])
    result, accrued = town.accrue()
    assert (result.changed, result.unpriced, accrued.moved) == (1, 0, 1)
    assert figures(town) == (1000, 300, CAP - 300)


def test_accruing_again_moves_nothing(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    town.accrue()
    before = postings(owner)
    result, accrued = town.accrue(NOW + timedelta(hours=1))
    assert (result.changed, accrued.moved) == (0, 0)
    assert postings(owner) == before
    memos = owner.execute("SELECT count(*) FROM accruals").fetchone()
    assert memos == (1,)


def test_only_the_difference_is_posted(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    town.accrue()
    town.report([window(1, 0)])
    town.accrue()
    assert [(kind, amount) for _, _, kind, amount in postings(owner)] == [
        ("accrue", 30),
        ("accrue", 30),
    ]


def test_late_usage_is_booked_now_and_used_then(town: Town, owner: psycopg.Connection) -> None:
    april = 31 * 24 * 60
    town.report([window(0, april)])
    town.accrue(minute(april + 60))
    town.report([window(0, 0)])
    town.accrue(minute(april + 120))
    rows = owner.execute("SELECT used::text, booked::text FROM postings ORDER BY number").fetchall()
    assert rows[1:] == [("2026-04-01", "2026-04-01"), ("2026-03-01", "2026-04-01")]


def test_a_corrected_binding_takes_the_money_back(town: Town) -> None:
    town.report([window(0, 0), window(0, 24 * 60)])
    town.accrue()
    assert figures(town) == (200, 60, CAP - 60)
    town.register(
        """
projects: [{code: p2, name: 另一模型, kind: model, organisation: 91640100MA7600001J, drill: true}]
bindings:
  - {cluster: c1, holder: {static: team-a}, project: p2, from: 2026-03-02, until: 2026-03-02}
""",
        NOW,
        supersede=True,
    )
    town.accrue()
    assert figures(town) == (100, 30, CAP - 30)


def test_a_corrected_price_moves_the_difference(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, at) for at in range(3)])
    town.accrue()
    cheaper = CHEAP.replace("60", "20")
    town.register(
        f"""
contracts: [{{number: k1, centre: centre of c1, project: p1, from: 2026-01-01, {cheaper}}}]
""",
        NOW,
        supersede=True,
    )
    town.accrue()
    assert figures(town) == (100, 30, CAP - 30)
    assert [(kind, amount) for _, _, kind, amount in postings(owner)] == [
        ("accrue", 90),
        ("unaccrue", 60),
    ]


def test_the_cap_cuts_and_the_memo_keeps_what_it_cut(town: Town) -> None:
    dear = CHEAP.replace("60", "60000000")
    town.register(
        f"contracts: [{{number: k1, centre: centre of c1, project: p1, from: 2026-01-01, {dear}}}]",
        NOW,
        supersede=True,
    )
    town.report([window(0, at) for at in range(20)])
    town.accrue()
    quota = quota_of(town)
    assert (quota.cost_fen, quota.rights.accrued, quota.left_fen) == (2_000_000_000, CAP, 0)
    assert (quota.uncapped_fen, quota.cut_fen) == (600_000_000, 100_000_000)
    town.report([window(0, 20)])
    _, accrued = town.accrue()
    assert accrued.moved == 0
    assert quota_of(town).cut_fen == 130_000_000


def test_usage_before_the_policy_is_charged_and_earns_nothing(
    town: Town, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE clauses SET effective = '[2026-03-02,)'")
    town.report([window(0, 0), window(0, 24 * 60)])
    town.accrue()
    assert figures(town) == (100, 30, CAP - 30)
    cost_row = owner.execute("SELECT sum(cost_fen)::bigint FROM charges").fetchone()
    assert cost_row == (200,)


shares = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 59_999), st.booleans()), max_size=12
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=shares)
def test_whatever_was_used_the_voucher_holds_its_share_of_the_rounded_cost(
    town: Town, owner: psycopg.Connection, pieces: list[tuple[int, int, bool]]
) -> None:
    stored_rows: dict[int, int] = dict(
        owner.execute("SELECT extract(epoch FROM start - %s)::bigint / 60,"
                      " (body -> 'parts' -> 0 ->> 'to_ms')::bigint FROM windows",
                      (minute(0),)).fetchall()
    )  # fmt: skip
    for at, cut, first in pieces:
        stored_rows.setdefault(at, cut)
        town.report([window(0, at, held("team-a", 0, cut), held("other", cut, 60_000))])
        if first:
            town.accrue()
    town.accrue()
    cost = round_half_up(Fraction(sum(stored_rows.values()) * 100, 60_000))
    assert figures(town) == (
        cost,
        round_half_up(Fraction(3, 10) * cost),
        CAP - round_half_up(Fraction(3, 10) * cost),
    )
