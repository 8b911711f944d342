"""A book for those who attack it."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.accounts.attacks import CAP
from tests.support.vouchers import (
    chain,
    place_budget,
    place_cost_book,
    place_voucher,
    posted,
    uncaused,
)


@pytest.fixture(autouse=True)
def made_up_causes(owner: psycopg.Connection) -> Iterator[None]:
    """The books by themselves, whatever causes their postings."""
    with uncaused(owner):
        yield


@pytest.fixture
def book(owner: psycopg.Connection, engine: sa.Engine) -> int:
    voucher = place_voucher(owner, engine, CAP)
    budget = place_budget(owner)
    posted(engine, "given", {budget: chain(90, "appropriate appropriation free")})
    place_cost_book(owner, voucher.project_id)
    assert (voucher.book_id, budget) == (1, 2)  # the attacks name them
    return voucher.book_id
