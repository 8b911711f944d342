"""A bureau with one month of 100 yuan metered and 130 invoiced."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.app import create_app
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from tests.support.api.bureau import Bureau
from tests.support.people import FAR
from tests.support.reconciliation import NOW, Desk, bill, metered_town
from tests.support.servers.serving import serving


@pytest.fixture
def bureau(database: Database, engine: sa.Engine, owner: psycopg.Connection) -> Iterator[Bureau]:
    town = metered_town(database, engine, owner)
    owner.execute(
        "INSERT INTO centres (name, organisation_id) SELECT 'other', organisation_id FROM centres"
    )
    desk = Desk(town)
    desk.take(bill(1, 13_000))
    app = create_app(engine, Settings(token_days=36_500))
    app.state.wall_clock = lambda: NOW
    people = (("clerk", Role.CLERK, None), ("approver", Role.APPROVER, None))
    centres = (("centre", Role.OPERATOR, 1), ("other", Role.OPERATOR, 2))
    with Session(database.owner_engine()) as db, db.begin():
        tokens = {
            person: issue_token(
                db,
                role=role,
                person=person,
                centre=centre,
                actor="machine:x",
                now=NOW,
                expires_at=FAR,
            )
            for person, role, centre in (*people, *centres)
        }
    with serving(app) as url:
        yield Bureau(url, app, tokens, desk)
