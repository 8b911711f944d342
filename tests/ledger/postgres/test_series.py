"""Numbers that people quote: without gaps, year by year, and never turned back."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.postgres.series import Series, next_number


def draw(engine: sa.Engine, series: Series, year: int, *, keep: bool = True) -> str:
    with Session(engine) as db:
        number = next_number(db, series, year)
        if keep:
            db.commit()
        return number


def test_each_series_and_year_counts_from_one(engine: sa.Engine) -> None:
    draws = [(Series.CLAIM, 2026), (Series.CLAIM, 2026), (Series.CLAIM, 2027)]
    draws += [(Series.PAYMENT_LIST, 2026), (Series.RECOVERY, 2026)]
    assert [draw(engine, series, year) for series, year in draws] == [
        "DF-2026-0001", "DF-2026-0002", "DF-2027-0001", "ZF-2026-0001", "ZJ-2026-0001",
    ]  # fmt: skip


def test_a_number_that_was_not_committed_is_given_again(engine: sa.Engine) -> None:
    assert draw(engine, Series.CLAIM, 2026, keep=False) == "DF-2026-0001"
    assert draw(engine, Series.CLAIM, 2026) == "DF-2026-0001"


def test_who_draws_at_once_gets_numbers_without_gaps(engine: sa.Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: draw(engine, Series.CLAIM, 2026), range(20)))
    assert sorted(numbers) == [f"DF-2026-{n:04d}" for n in range(1, 21)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE series SET last = 1",
        "DELETE FROM series",
        "INSERT INTO series VALUES ('DF', 2026, 7)",
    ],
)
def test_the_application_cannot_turn_it_back(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as db, pytest.raises(sa.exc.ProgrammingError) as refused:
        db.execute(sa.text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
