"""A book for those who attack it."""

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.accounts.attacks import CAP
from tests.support.vouchers import chain, place_budget, place_cost_book, place_voucher, posted


@pytest.fixture
def book(owner: psycopg.Connection, engine: sa.Engine) -> int:
    voucher = place_voucher(owner, engine, CAP)
    budget = place_budget(owner)
    posted(engine, "given", {budget: chain(90, "appropriate appropriation free")})
    place_cost_book(owner, voucher.project)
    assert (voucher.book, budget) == (1, 2)  # the attacks name them
    return voucher.book
