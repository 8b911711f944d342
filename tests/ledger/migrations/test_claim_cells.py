"""What the database holds of the months that a claim names, whatever SQL it is sent."""

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support.claims import BUILDER, Office
from tests.support.town import Town

NEW = """
    INSERT INTO claims (number, voucher_id, payee_id, fen, opened_at, opened_by)
    SELECT 'DF-X', voucher_id, payee_id, 500, opened_at, opened_by FROM claims;
    INSERT INTO claim_cells (claim_id, contract_id, month, fen)
    SELECT (SELECT max(id) FROM claims), {contract}, '2026-01-01', {fen} FROM claim_cells;
"""


@pytest.fixture
def office(town: Town, engine: sa.Engine, owner: psycopg.Connection) -> Office:
    """A claim of 10 yuan of January; another project has the contract k2."""
    office = Office(engine, owner, town.project)
    office.earn(100_000)
    office.open(1_000)
    owner.execute(
        "WITH p AS (INSERT INTO projects (code, name, kind, organisation_id)"
        " SELECT 'p2', '别的', 'model', organisation_id FROM projects LIMIT 1 RETURNING id)"
        " INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT 'k2', c.id, p.id, '[2026-01-01,)' FROM p, centres c LIMIT 1"
    )
    return office


def attempted(engine: sa.Engine, statements: str) -> str:
    """The constraint that refuses these statements, or the error's name."""
    try:
        with engine.begin() as connection:
            connection.execute(text(statements))
    except DBAPIError as caught:
        error = caught.orig
        assert isinstance(error, psycopg.Error)
        return error.diag.constraint_name or type(error).__name__
    return ""


@pytest.mark.parametrize("fen", [499, 501])
def test_the_months_are_as_much_as_the_claim(office: Office, fen: int) -> None:
    new = NEW.format(contract="contract_id", fen=fen)
    assert attempted(office.engine, new) == "claim_names_months"


def test_no_month_is_added_later(office: Office) -> None:
    addition = (
        "INSERT INTO claim_cells (claim_id, contract_id, month, fen)"
        " SELECT claim_id, contract_id, '2026-02-01', 1 FROM claim_cells"
    )
    assert attempted(office.engine, addition) == "claim_names_months"


def test_the_contract_is_of_the_claims_project(office: Office) -> None:
    contract = "(SELECT id FROM contracts WHERE number = 'k2')"
    new = NEW.format(contract=contract, fen=500)
    assert attempted(office.engine, new) == "claim_names_its_project"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE claim_cells SET fen = 2",
        "UPDATE claim_cells SET month = '2026-02-01'",
        "DELETE FROM claim_cells",
        "UPDATE claim_cells SET approved_fen = 1",
    ],
)
def test_the_application_rewrites_no_month(office: Office, statement: str) -> None:
    assert attempted(office.engine, statement) == "InsufficientPrivilege"


def test_a_claim_that_names_nothing_is_not_handed_in(
    office: Office, owner: psycopg.Connection
) -> None:
    owner.execute(
        "INSERT INTO claims (number, voucher_id, payee_id, fen, opened_at, opened_by)"
        " SELECT 'DF-X', voucher_id, payee_id, 500, opened_at, opened_by FROM claims"
    )
    office.account()
    office.add("DF-X", "application", "commitment")
    owner.execute(
        "INSERT INTO claim_files (claim_id, role, original, added_at, added_by, proves)"
        " SELECT c.id, 'receipt', f.original, f.added_at, f.added_by, 'x'"
        " FROM claims c JOIN claim_files f ON f.claim_id = c.id WHERE c.number = 'DF-X' LIMIT 1"
    )
    with pytest.raises(DBAPIError, match="the months are not"):
        office.take("DF-X", "submit", BUILDER)
    assert office.claim("DF-X").state == "draft"
