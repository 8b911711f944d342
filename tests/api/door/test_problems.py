"""What a database that fails is told as: by its kind alone."""

import psycopg
import pytest

from api.door.problems import problem_of
from ledger.postgres.connections import Unconfirmed


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unconfirmed("the wait was ended"), "unconfirmed"),
        (psycopg.OperationalError("the connection is lost"), "unavailable"),
        (psycopg.errors.AdminShutdown("it is being stopped"), "unavailable"),
        (psycopg.errors.ReadOnlySqlTransaction("a standby by now"), "unavailable"),
    ],
)
def test_a_database_that_went_away_is_tried_again(error: psycopg.Error, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (503, code)
    assert problem.headers["Retry-After"] == "5"
