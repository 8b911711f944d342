"""Outside a drill nobody confirms who has not shown a code, whatever SQL the application sends."""

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.payments import Treasury
from tests.support.people import place_former, place_token, promote

CHECK = errors.CheckViolation
DECIDE = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    VALUES ('account', 'mine', '{{}}', encode(sha256('{{}}'), 'hex'), '', '{by}', now());
"""
ANSWER = """
    UPDATE decisions SET answer = '{word}', answered_by = '{by}', answered_at = now(),
        answered_digest = digest WHERE subject = 'mine';
"""
USE_STEP = """
    INSERT INTO code_steps (authenticator_id, step)
    SELECT id, extract(epoch FROM now())::bigint / 30 + {ago} FROM authenticators;
"""
BANK_ROW = """
    INSERT INTO bank_returns (reference, list_id, line, result, fen, on_day, original, place,
        received_at, received_by, state, paid_fen)
    SELECT 'mine', 1, 1, '{result}', 100, current_date, hash, 'row 2', now(), '{by}', '{state}',
        {paid} FROM originals LIMIT 1;
"""
NEVER, LATELY, LONG_AGO, AHEAD = "", USE_STEP.format(ago=-2), USE_STEP.format(ago=-50), (
    USE_STEP.format(ago=5)
)  # fmt: skip
RECOVERED = "UPDATE recovery_codes SET used_at = now();"


@pytest.fixture
def people(owner: psycopg.Connection) -> tuple[str, str]:
    """A clerk who decides, and an approver with an authenticator; and it is no drill."""
    admin = place_token(owner, "securityadmin", "主管")
    clerk = place_token(owner, "clerk", "李四", admin)
    approver = place_token(owner, "approver", "王五", admin)
    place_authenticator(owner, approver)
    owner.execute(
        "INSERT INTO recovery_codes (hash, authenticator_id) SELECT sha256('r'), id"
        " FROM authenticators"
    )
    promote(owner)
    return clerk, approver


def place_authenticator(owner: psycopg.Connection, actor: str) -> None:
    """An app that makes the codes of an actor, as she sets it up by her invitation."""
    owner.execute(
        "INSERT INTO invitations (hash, token_id, created_at, created_by, expires_at)"
        " VALUES (sha256(%s::bytea), token_of(%s), now(), 'x', now() + interval '1 h')",
        (actor, actor),
    )
    owner.execute("UPDATE invitations SET used_at = now() WHERE used_at IS NULL")
    owner.execute(
        "INSERT INTO authenticators (invitation_id, secret, set_at)"
        " SELECT id, substr(hash, 1, 20), now() FROM invitations WHERE token_id = token_of(%s)",
        (actor,),
    )


@pytest.mark.parametrize("proof", [NEVER, LONG_AGO, AHEAD], ids=["never", "long ago", "ahead"])
def test_nobody_confirms_without_a_code_of_her_own(
    database: Database, people: tuple[str, str], proof: str
) -> None:
    clerk, approver = people
    attack = DECIDE.format(by=clerk) + proof
    assert attempt(database, attack + ANSWER.format(by=approver, word="confirmed")) is CHECK
    assert attempt(database, attack + ANSWER.format(by=approver, word="refused")) is None


@pytest.mark.parametrize("proof", [LATELY, RECOVERED], ids=["a code", "a recovery code"])
def test_who_has_shown_one_lately_confirms(
    database: Database, people: tuple[str, str], proof: str
) -> None:
    clerk, approver = people
    decide = DECIDE.format(by=clerk)
    assert attempt(database, decide + proof + ANSWER.format(by=approver, word="confirmed")) is None


def test_a_code_is_no_one_elses_and_ends_with_its_token(
    database: Database, owner: psycopg.Connection, people: tuple[str, str]
) -> None:
    clerk, approver = people
    colleague = place_token(owner, "approver", "赵六")
    assert attempt(database, LATELY + DECIDE.format(by=clerk)) is None
    assert attempt(database, ANSWER.format(by=colleague, word="confirmed")) is CHECK
    again = place_token(owner, "approver", "王五")
    owner.execute("UPDATE tokens SET revoked_at = now() WHERE id = token_of(%s)", (approver,))
    assert attempt(database, ANSWER.format(by=again, word="confirmed")) is CHECK


def test_an_authenticator_whose_token_the_proposer_made_proves_nothing_beside_her(
    database: Database, owner: psycopg.Connection, people: tuple[str, str]
) -> None:
    """李四 was an administrator, made 赵六's first token and may have set up its authenticator;
    the token with which 赵六 acts today was made by another one."""
    clerk, _ = people
    place_authenticator(owner, place_token(owner, "approver", "赵六", place_former(owner, "李四")))
    today = place_token(owner, "approver", "赵六", place_token(owner, "securityadmin", "副主管"))
    colleague = place_token(owner, "clerk", "孙七")
    answer = LATELY + ANSWER.format(by=today, word="confirmed")
    end = "SELECT 1/0"
    assert attempt(database, DECIDE.format(by=clerk) + answer + end) is CHECK
    assert attempt(database, DECIDE.format(by=colleague) + answer + end) is errors.DivisionByZero
    place_authenticator(owner, today)
    assert attempt(database, DECIDE.format(by=clerk) + answer + end) is errors.DivisionByZero


def test_no_app_makes_the_codes_of_two_persons(
    database: Database, owner: psycopg.Connection, people: tuple[str, str]
) -> None:
    place_authenticator(owner, place_token(owner, "approver", "赵六"))
    owner.execute(
        "INSERT INTO invitations (hash, token_id, created_at, created_by, expires_at)"
        " VALUES (sha256('new'), token_of(%s), now(), 'x', now() + interval '1 h')",
        (place_token(owner, "approver", "孙七"),),
    )
    owner.execute("UPDATE invitations SET used_at = now() WHERE used_at IS NULL")
    add = "INSERT INTO authenticators (invitation_id, secret, set_at) SELECT max(i.id), {}, now()"
    of = " FROM invitations i, authenticators a GROUP BY a.secret LIMIT 1"
    assert attempt(database, add.format("a.secret") + of) is errors.UniqueViolation
    assert attempt(database, add.format("substr(sha256(a.secret), 1, 20)") + of) is None


def test_the_second_administrator_shows_one_too(
    database: Database, owner: psycopg.Connection, people: tuple[str, str]
) -> None:
    first, second = (place_token(owner, "securityadmin", name) for name in ("甲", "乙"))
    token = (
        "INSERT INTO tokens (hash, role, person_id, created_at, created_by, expires_at) SELECT"
        f" sha256('mine'), 'clerk', id, now(), '{first}', '2999-01-01' FROM persons"
        " WHERE name = '李四';"
    )
    confirm = f"UPDATE tokens SET confirmed_at = now(), confirmed_by = '{second}' WHERE waits;"
    assert attempt(database, token) is None
    assert attempt(database, confirm) is CHECK
    owner.execute("INSERT INTO drill VALUES (true)")
    assert attempt(database, confirm) is None


def test_a_session_that_has_ended_gets_no_new_secret(
    database: Database, owner: psycopg.Connection, people: tuple[str, str]
) -> None:
    owner.execute(
        "INSERT INTO sessions (hash, token_id, device, address, browser, created_at, seen_at,"
        " expires_at, ended_at) SELECT sha256('s'), min(id), sha256('d'), '', '', now(), now(),"
        " now() + interval '1 h', now() FROM tokens"
    )
    for change in ("hash = sha256('mine')", "proven_at = now()"):
        assert attempt(database, f"UPDATE sessions SET {change}") is errors.RestrictViolation


@pytest.fixture
def cashier(owner: psycopg.Connection, engine: sa.Engine) -> str:
    """A cashier with an authenticator, beside a list that was sent; and it is no drill."""
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    treasury.project("p1", 300)
    treasury.claim("p1", 300, "A")
    treasury.send(["A"])
    owner.execute(
        "INSERT INTO originals SELECT encode(sha256('a'), 'hex'), 'a', 'text/csv', 'a', now(), 'x'"
    )
    cashier = place_token(owner, "finance", "钱会计 A", place_token(owner, "securityadmin", "主管"))
    place_authenticator(owner, cashier)
    promote(owner)
    return cashier


@pytest.mark.parametrize(("result", "state", "paid"), [("paid", "booked", 100),
                                                        ("returned", "open", 0)])  # fmt: skip
def test_a_bank_s_row_comes_with_a_code(
    database: Database, cashier: str, result: str, state: str, paid: int
) -> None:
    row = BANK_ROW.format(by=cashier, result=result, state=state, paid=paid)
    assert attempt(database, row) is CHECK
    assert attempt(database, LONG_AGO + row) is CHECK
    assert attempt(database, LATELY + row) is None
