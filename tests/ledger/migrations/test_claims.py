"""What the database itself holds of claims, whatever program speaks to it."""

import psycopg

from ledger.rules.case import MOVES


def test_the_table_of_cases_is_the_same_in_code_and_database(owner: psycopg.Connection) -> None:
    rows = owner.execute("SELECT state, action, role, next FROM case_moves").fetchall()
    assert {(state, action, role): following for state, action, role, following in rows} == MOVES
