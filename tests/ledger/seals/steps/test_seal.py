"""Seals follow one another, whole or not at all, and nothing is sealed twice or left out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import psycopg
import pytest
import sqlalchemy as sa
from nacl.signing import SigningKey
from psycopg import errors
from sqlmodel import Session, select

from ledger.errors import Busy, Conflict, Refused
from ledger.postgres.database import Database
from ledger.seals.codes import Algorithm, FaultCode, SealKind
from ledger.seals.rules.faults import Fault
from ledger.seals.rules.heads import read_head
from ledger.seals.rules.merkle import hash_by
from ledger.seals.rules.occasions import Occasion
from ledger.seals.steps.seal import seal
from ledger.seals.tables import SealedRow
from tests.support.accounts.attacks import attempt
from tests.support.seals import KEY, NOON, seal_at, verified
from tests.support.town import Town

JULY = Occasion(SealKind.MONTH, date(2026, 7, 1))
SEAL = """
    INSERT INTO seals (number, kind, sealed_at, algorithm, previous, head, hash, key_id, signature)
    SELECT number + {step}, 'light', sealed_at + interval '{later}', 'sha256', {previous}, '{{}}',
           sha256('{{}}'), key_id, signature
    FROM seals
"""


def leaves(engine: sa.Engine, number: int) -> dict[tuple[str, str], bytes | None]:
    with Session(engine) as db:
        rows = db.exec(select(SealedRow).where(SealedRow.seal == number))
        return {(row.relation, row.key): row.hash for row in rows}


def test_a_seal_takes_what_came_since_the_last(
    database: Database, metered_town: Town, owner: psycopg.Connection
) -> None:
    first = seal_at(metered_town.engine)
    owner.execute("INSERT INTO persons (name, created_at, created_by) VALUES ('甲', now(), 'x')")
    second = seal_at(metered_town.engine, 1)
    third = seal_at(metered_town.engine, 2)
    assert second.previous == first.hash
    assert {relation for relation, _ in leaves(metered_town.engine, 2)} == {"persons"}
    assert read_head(third.head).trees == ()
    tally = verified(database)
    assert (tally.faults, tally.rows_waiting, tally.seals) == ([], 0, 3)
    assert tally.leaves == read_head(first.head).rows + 1


def test_a_row_is_sealed_as_it_was_and_as_it_is(
    database: Database, metered_town: Town, owner: psycopg.Connection
) -> None:
    engine = metered_town.engine
    seal_at(engine)
    owner.execute("UPDATE tokens SET revoked_at = now(), revoked_by = created_by")
    assert verified(database).rows_waiting > 0
    seal_at(engine, 1)
    (token, then), *_ = leaves(engine, 2).items()
    assert token[0] == "tokens"
    assert then not in (None, leaves(engine, 1)[token])
    assert verified(database).faults == []


def test_a_row_that_goes_is_said_to_be_gone(
    database: Database, metered_town: Town, owner: psycopg.Connection
) -> None:
    seal_at(metered_town.engine)
    owner.execute("DELETE FROM charges")
    seal_at(metered_town.engine, 1)
    no_rows = {
        key: row for key, row in leaves(metered_town.engine, 2).items() if key[0] == "charges"
    }
    assert no_rows
    assert set(no_rows.values()) == {None}
    assert verified(database).faults == []


def test_a_change_that_is_not_committed_yet_waits_for_the_next(
    database: Database, metered_town: Town
) -> None:
    with psycopg.connect(database.owner_url) as late:
        late.execute("UPDATE tokens SET revoked_at = now(), revoked_by = created_by")
        seal_at(metered_town.engine)
    assert verified(database).rows_waiting > 0
    seal_at(metered_town.engine, 1)
    tally = verified(database)
    assert (tally.rows_waiting, tally.faults) == (0, [])


def test_what_is_written_once_is_not_sealed_anew(
    database: Database, metered_town: Town, owner: psycopg.Connection
) -> None:
    seal_at(metered_town.engine)
    owner.execute("UPDATE projects SET name = 'later'")
    fault = Fault(FaultCode.CHANGED, "projects", "[1]")
    assert verified(database).faults == [fault]
    seal_at(metered_town.engine, 1)
    assert verified(database).faults == [Fault(FaultCode.REWRITTEN, "projects", "[1]", 2)]


def test_a_clock_set_back_is_refused(metered_town: Town) -> None:
    seal_at(metered_town.engine, 5)
    for hour in (5, 4):
        with pytest.raises(Refused, match="seal_clock"):
            seal_at(metered_town.engine, hour)


def test_another_key_is_refused(metered_town: Town) -> None:
    seal_at(metered_town.engine)
    with pytest.raises(Refused, match="seal_key_unknown"):
        seal_at(metered_town.engine, 1, key=SigningKey.generate())


def test_the_next_key_is_named_by_the_one_before(database: Database, metered_town: Town) -> None:
    engine, other_key = metered_town.engine, SigningKey.generate()
    with Session(engine) as db, db.begin():
        seal(db, KEY, "test", NOON, next_key=other_key)
    with pytest.raises(Refused, match="seal_key_unknown"):
        seal_at(engine, 1)
    own_key = SEAL.format(step=1, later="1 s", previous="hash")
    assert attempt(database, own_key) is errors.CheckViolation
    seal_at(engine, 1, key=other_key)
    seal_at(engine, 2, key=other_key)
    assert verified(database).faults == []


def test_what_is_no_seal_is_not_followed(metered_town: Town, owner: psycopg.Connection) -> None:
    seal_at(metered_town.engine)
    owner.execute(
        "UPDATE seals SET signature = set_byte(signature, 0, 255 - get_byte(signature, 0))"
    )
    with pytest.raises(Refused, match="seal_broken"):
        seal_at(metered_town.engine, 1)


def test_a_month_is_sealed_once_and_when_it_is_over(metered_town: Town) -> None:
    august = Occasion(SealKind.MONTH, date(2026, 8, 1))
    assert seal_at(metered_town.engine, occasion=JULY).month == date(2026, 7, 1)
    with pytest.raises(Conflict, match="seal_month_known"):
        seal_at(metered_town.engine, 1, occasion=JULY)
    with pytest.raises(Refused, match="seal_month_open"):
        seal_at(metered_town.engine, 1, occasion=august)


def test_it_seals_with_sm3(database: Database, metered_town: Town) -> None:
    try:
        hash_by(Algorithm.SM3)
    except ValueError:
        pytest.skip("this OpenSSL has no SM3")
    seal_at(metered_town.engine)
    seal_at(metered_town.engine, 1, algorithm=Algorithm.SM3)
    assert verified(database).faults == []


def test_of_two_sealers_one_is_asked_to_wait(metered_town: Town) -> None:
    together = Barrier(2)

    def try_to() -> str:
        with Session(metered_town.engine) as db, db.begin():
            db.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            together.wait()
            try:
                seal(db, KEY, "test", NOON)
            except Busy as error:
                together.wait()
                return error.code
            together.wait()
            return "sealed"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(future.result() for future in [pool.submit(try_to) for _ in range(2)])
    assert outcomes == ["seal_busy", "sealed"]


def test_a_sealer_that_dies_leaves_nothing(database: Database, metered_town: Town) -> None:
    class Died(Exception):
        pass

    def seal_and_die() -> None:
        with Session(metered_town.engine) as db, db.begin():
            seal(db, KEY, "test", NOON)
            raise Died

    with pytest.raises(Died):
        seal_and_die()
    assert leaves(metered_town.engine, 1) == {}
    seal_at(metered_town.engine)
    assert verified(database).faults == []


@pytest.fixture
def sealed(metered_town: Town) -> Town:
    seal_at(metered_town.engine)
    return metered_town


@pytest.mark.parametrize("table", ["seals", "seal_keys", "sealed_rows", "unsealed_rows"])
def test_nothing_is_changed_or_deleted(database: Database, sealed: Town, table: str) -> None:
    column = {"seals": "kind", "seal_keys": "registered_by"}.get(table, "relation")
    for attack in (
        f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}",
    ):  # fmt: skip
        assert attempt(database, attack) is errors.InsufficientPrivilege, attack


def test_nothing_waits_at_its_word(database: Database, sealed: Town) -> None:
    attack = "INSERT INTO unsealed_rows VALUES ('claims', '[1]')"
    assert attempt(database, attack) is errors.InsufficientPrivilege


def test_the_chain_is_not_forked(database: Database, sealed: Town) -> None:
    for step, later, previous in [
        (0, "1 hour", "hash"), (2, "1 hour", "hash"), (1, "0", "hash"), (1, "-1 hour", "hash"),
        (1, "1 hour", "previous"), (1, "1 hour", "sha256('x')"),
    ]:  # fmt: skip
        attack = SEAL.format(step=step, later=later, previous=previous)
        assert attempt(database, attack) is errors.CheckViolation, attack


def test_a_seal_takes_no_more_rows(database: Database, sealed: Town) -> None:
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
    leaf = "INSERT INTO sealed_rows VALUES ({}, 'claims', '[1]', sha256('x'))"
    assert attempt(database, begin + leaf.format(1)) is errors.RestrictViolation
    assert attempt(database, leaf.format(2)) is errors.RestrictViolation
    assert attempt(database, begin + leaf.format(2)) is errors.ForeignKeyViolation


def test_no_second_key_comes_by_itself(database: Database, sealed: Town) -> None:
    attack = (
        "INSERT INTO seal_keys (public_key, registered_at, registered_by)"
        " VALUES (sha256('x'), now(), 'x')"
    )
    assert attempt(database, attack) is errors.RestrictViolation
