"""A policy version that was read is known; two persons make it payable, as it was read."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlmodel import Session

from ledger.desk.steps.confirm import respond
from ledger.errors import Conflict, LedgerError, NotFound, Refused, Unusable
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import Viewer
from ledger.people.tables import Decision
from ledger.policy.text.differences import differences
from ledger.policy.text.published import load
from ledger.postgres.columns import key
from ledger.postgres.database import Database
from ledger.vouchers.codes import VersionState
from ledger.vouchers.queries.versions import versions
from ledger.vouchers.steps.clauses import load_policies
from ledger.vouchers.steps.payable_versions import propose_payable
from ledger.vouchers.steps.voucher import open_voucher
from tests.support.accounts.attacks import attempt
from tests.support.people import place_token
from tests.support.vouchers import NOW, place_project

DRILL, DRAFT = "yinchuan-2024-drill", "yinchuan-2024-draft"
CHECK = errors.CheckViolation


def viewer(owner: psycopg.Connection, role: Role, person: str) -> Viewer:
    number = place_token(owner, role, person).rpartition("#")[2]
    return Viewer(int(number), person, role)


@pytest.fixture
def clerk(owner: psycopg.Connection) -> Viewer:
    return viewer(owner, Role.CLERK, "甲")


@pytest.fixture
def db(database: Database, clerk: Viewer) -> Iterator[Session]:
    """The versions are known, and nobody has made any payable."""
    with Session(database.owner_engine()) as owners, owners.begin():
        load_policies(owners)
    engine: sa.Engine = database.engine()
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


def propose(db: Session, clerk: Viewer, policy: str = DRILL, reason: str = "公布") -> Decision:
    decision = propose_payable(db, policy, reason=reason, actor=clerk.actor, now=NOW)
    db.commit()
    return decision


def confirm(db: Session, owner: psycopg.Connection, decision: Decision) -> None:
    respond(
        db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
        viewer=viewer(owner, Role.APPROVER, "乙"), now=NOW,
    )  # fmt: skip
    db.commit()


def state(db: Session, policy: str = DRILL) -> VersionState:
    return next(version.state for version in versions(db) if version.policy == policy)


def open_one(db: Session, project: int) -> None:
    open_voucher(db, project=project, clause="09-1", policy=DRILL, facts={}, actor="x", now=NOW)


def test_a_version_is_payable_by_two(db: Session, owner: psycopg.Connection, clerk: Viewer) -> None:
    project = place_project(owner, "m1")
    assert (state(db), state(db, DRAFT)) == (VersionState.KNOWN, VersionState.INCOMPLETE)
    with pytest.raises(Refused, match="not_payable"):
        open_one(db, project)
    decision = propose(db, clerk)
    assert state(db) is VersionState.PROPOSED
    with pytest.raises(Refused, match="not_payable"):
        open_one(db, project)
    with pytest.raises(Conflict, match="decision_open"):
        propose(db, viewer(owner, Role.CLERK, "丙"))
    db.rollback()
    assert propose(db, clerk).id == decision.id
    confirm(db, owner, decision)
    assert state(db) is VersionState.PAYABLE
    with pytest.raises(Refused, match="payable_already"):
        propose(db, clerk)
    # What was decided is what money rests on: each clause's terms, by their digest.
    rows = owner.execute("SELECT clause, digest FROM clauses WHERE policy = %s", (DRILL,))
    assert decision.content["digests"] == dict(rows.fetchall())
    assert decision.content["version_before"] is None
    # Another voucher's opening is for two as well; here only the version is asked about.
    with pytest.raises(sa.exc.IntegrityError, match="two persons have not opened this voucher"):
        open_one(db, project)


@pytest.mark.parametrize(
    ("policy", "reason", "error"),
    [(DRAFT, "公布", Refused("version_incomplete")), ("none", "公布", NotFound("policy")),
     (DRILL, "  ", Refused("reason_missing"))],
    ids=["no days", "not known", "no reason"],
)  # fmt: skip
def test_what_cannot_be_proposed(
    db: Session, clerk: Viewer, policy: str, reason: str, error: LedgerError
) -> None:
    with pytest.raises(type(error)) as failure:
        propose(db, clerk, policy, reason)
    assert failure.value.code == error.code


def test_other_terms_are_not_what_was_decided(
    db: Session, database: Database, owner: psycopg.Connection, clerk: Viewer
) -> None:
    decision = propose(db, clerk)
    owner.execute("UPDATE clauses SET digest = 'another' WHERE clause = '14-1'")
    with pytest.raises(Conflict, match="figures_changed"):
        confirm(db, owner, decision)
    db.rollback()
    digest = decision.content["digests"]["14-1"]
    restore = "UPDATE clauses SET digest = %s WHERE clause = '14-1' AND policy = %s"
    owner.execute(restore, (digest, DRILL))
    confirm(db, owner, decision)
    assert state(db) is VersionState.PAYABLE
    owner.execute("UPDATE clauses SET digest = 'another' WHERE policy = %s", (DRILL,))
    assert state(db) is VersionState.KNOWN
    with pytest.raises(Refused, match="not_payable"):
        open_one(db, place_project(owner, "m1"))
    with Session(database.owner_engine()) as owners, pytest.raises(Unusable, match="changed"):
        load_policies(owners)


def test_the_application_alone_makes_nothing_payable(
    db: Session, database: Database, owner: psycopg.Connection, clerk: Viewer
) -> None:
    decision = propose(db, clerk)
    write = f"INSERT INTO payable_versions (decision_id, policy) VALUES ({decision.id}, '{{}}')"
    assert attempt(database, write.format(DRILL)) is CHECK  # nobody has confirmed it
    confirm(db, owner, decision)
    assert attempt(database, write.format(DRAFT)) is CHECK  # it is about another version
    for attack in (
        "UPDATE payable_versions SET policy = 'x'", "DELETE FROM payable_versions",
        "UPDATE clauses SET digest = 'x'", "UPDATE clauses SET complete = true",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack


def test_the_decision_says_what_differs_from_the_version_before() -> None:
    differing = differences(load(DRAFT), load(DRILL))
    assert {row.clause for row in differing} >= {"09-1", "14-1"}
    effective = next(row for row in differing if row.clause == "09-1" and "effective" in row.term)
    assert (effective.before, effective.after) != (effective.after, effective.before)
    assert differences(load(DRILL), load(DRILL)) == ()
