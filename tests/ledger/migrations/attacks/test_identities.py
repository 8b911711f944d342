"""Who decides is a real identity, whatever SQL the application's role sends."""

from itertools import product

import psycopg
import pytest
from psycopg import errors

from ledger.desk.steps.confirm import KINDS
from ledger.people.codes import DecisionKind, Role
from ledger.people.rules.persons import ADMINISTRATORS, TAKES_TWO, duty_of
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.people import place_former, place_person, place_token

DECIDE = """
    INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
    VALUES ('{kind}', 'mine', '{{}}', encode(sha256('{{}}'), 'hex'), '', '{by}', now());
"""
ANSWER = """
    UPDATE decisions SET answer = '{answer}', answered_by = '{by}', answered_at = now(),
        answered_digest = digest WHERE subject = 'mine';
"""
KNOW = """
    INSERT INTO persons (name, created_at, created_by) VALUES ('{person}', now(), '{by}');
"""
HIRE = """
    INSERT INTO tokens (hash, role, person_id, created_at, created_by, expires_at)
    SELECT sha256('mine'), 'approver', id, now(), '{by}', '2999-01-01' FROM persons
    WHERE name = '{person}';
"""
CHECK = errors.CheckViolation
BOSS = "securityadmin:主管#1"
CLERK, SECOND = "clerk:甲#2", "clerk:乙#3"
APPROVER, FINANCE, AUDITOR = "approver:丙#4", "finance:丁#5", "auditor:戊#6"


@pytest.fixture
def people(owner: psycopg.Connection) -> None:
    for actor in (BOSS, CLERK, SECOND, APPROVER, FINANCE, AUDITOR):
        role, name = actor.partition("#")[0].split(":")
        assert place_token(owner, role, name, "machine:test" if actor == BOSS else BOSS) == actor


def decide(database: Database, by: str, kind: str = "account") -> type[psycopg.Error] | None:
    return attempt(database, DECIDE.format(by=by, kind=kind))


def answer_to(
    database: Database,
    by: str,
    *,
    decider: str = CLERK,
    kind: str = "account",
    word: str = "confirmed",
) -> type[psycopg.Error] | None:
    """What the answer meets; the decision that it is about is good."""
    assert decide(database, decider, kind) is None
    return attempt(database, ANSWER.format(by=by, answer=word))


@pytest.mark.parametrize(
    "by",
    [
        "", "server", "machine:root", "甲", "clerk:甲", "clerk:甲#2#", "clerk:甲#99", "clerk:乙#2",
        "approver:甲#2", "clerk:甲 #2", "clerk:甲\ufe0f#2", "clerk:甲#99999999999999999999",
        BOSS, AUDITOR,
    ],
)  # fmt: skip
def test_nobody_decides_who_is_not_there_or_has_no_part_in_it(
    database: Database, people: None, by: str
) -> None:
    assert decide(database, by) is CHECK
    assert answer_to(database, by, decider=SECOND) is CHECK


@pytest.mark.parametrize(
    "end", ["revoked_at = now()", "expires_at = now()", "expires_at = now() - interval '1 s'"]
)
def test_a_token_that_has_ended_decides_nothing(
    database: Database, owner: psycopg.Connection, people: None, end: str
) -> None:
    assert decide(database, CLERK) is None
    owner.execute(f"UPDATE tokens SET {end} WHERE id IN (2, 4)".encode())
    assert attempt(database, ANSWER.format(by=APPROVER, answer="confirmed")) is CHECK
    assert decide(database, CLERK, "cap") is CHECK
    assert decide(database, SECOND, "cap") is None


def test_the_past_revives_no_expired_token(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    owner.execute("UPDATE tokens SET expires_at = now() - interval '1 hour' WHERE id = 2")
    decision = DECIDE.format(by=CLERK, kind="cap").replace("now()", "'2020-01-01'")
    assert attempt(database, decision) is CHECK


def test_each_kind_is_answered_by_the_roles_that_may(database: Database, people: None) -> None:
    of_bureau = set(DecisionKind) - {DecisionKind.INVENTORY}  # a centre decides that one
    for kind, actor in product(of_bureau, (SECOND, APPROVER, FINANCE)):
        may = actor.partition(":")[0] in KINDS[kind].roles
        text = DECIDE.format(by=CLERK, kind=kind) + ANSWER.format(by=actor, answer="confirmed")
        error = attempt(database, text + "SELECT 1/0")  # nothing is kept
        assert error is (errors.DivisionByZero if may else CHECK), (kind, actor)


def test_code_and_database_know_the_same_kinds(owner: psycopg.Connection) -> None:
    rows = owner.execute("SELECT kind, roles FROM decision_kinds").fetchall()
    assert {kind: set(roles) for kind, roles in rows} == {k: KINDS[k].roles for k in DecisionKind}
    assert not any(ADMINISTRATORS & kind.roles for kind in KINDS.values())


def test_another_token_is_no_other_person(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    for name in ("甲", "甲 ", " 甲"):
        assert answer_to(database, place_token(owner, "approver", name)) is CHECK
        owner.execute("DELETE FROM decisions")


def test_who_made_the_confirmers_token_or_had_it_made_does_not_decide(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    """甲 was an administrator and made one, who made an approver."""
    second_self = place_former(owner, "甲")
    puppet = place_token(owner, "approver", "某人", second_self)
    invented = place_former(owner, "某管理员", second_self)
    far_puppet = place_token(owner, "approver", "另一人", invented)
    for by in (puppet, far_puppet):
        assert answer_to(database, by) is CHECK
        owner.execute("DELETE FROM decisions")
        maker = place_token(owner, "clerk", by.partition(":")[2].partition("#")[0])
        assert answer_to(database, place_token(owner, "approver", "甲"), decider=maker) is None
        owner.execute("DELETE FROM decisions")
        assert answer_to(database, place_token(owner, "approver", "甲"), decider=by) is CHECK
        owner.execute("DELETE FROM decisions")
    assert answer_to(database, APPROVER) is None  # made by another administrator


def test_a_decision_is_withdrawn_by_who_made_it(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    assert answer_to(database, SECOND, word="withdrawn") is CHECK
    owner.execute("DELETE FROM decisions")
    assert answer_to(database, CLERK, word="withdrawn") is None


@pytest.mark.parametrize(
    "by", ["machine:root", "server", CLERK, "securityadmin:主管#9", "securityadmin:某#1"]
)
def test_nobody_else_makes_a_person(database: Database, people: None, by: str) -> None:
    assert attempt(database, KNOW.format(person="某人", by=by)) is CHECK
    assert attempt(database, HIRE.format(person="甲", by=by)) is CHECK


@pytest.mark.parametrize("path", ["", "SET search_path = pg_temp, pg_catalog, public;"])
@pytest.mark.parametrize("table", ["pg_catalog.pg_class", "public.tokens", "public.decisions"])
def test_no_table_of_ones_own_makes_a_person(
    database: Database, people: None, table: str, path: str
) -> None:
    """Temporary tables are found first, and say that the application owns the tokens."""
    name = table.partition(".")[2]
    shadow = f"""
        CREATE TEMP TABLE {name} AS SELECT * FROM {table}; {path}
        {"UPDATE pg_temp.pg_class SET relowner = current_user::regrole" * (name == "pg_class")};
        {HIRE.format(person="甲", by=CLERK).replace("INTO tokens", "INTO public.tokens")}
    """
    assert attempt(database, shadow) is CHECK


@pytest.mark.parametrize(
    "hidden",
    ["\ufe0f", "\ufe00", "\U000e0100", "\u034f", "\u3164", "\uffa0", "\u115f", "\u17b4", "\u2800"],
)
def test_no_person_has_a_name_with_what_is_not_seen(
    database: Database, people: None, hidden: str
) -> None:
    assert attempt(database, KNOW.format(person=f"壬{hidden}", by=BOSS)) is CHECK
    assert attempt(database, KNOW.format(person="壬", by=BOSS)) is None


@pytest.mark.parametrize("name", ["甲", " 甲", "甲 ", "LI SI", "ｌｉｓｉ", "clerk:甲#2", " "])
def test_no_two_persons_look_alike(database: Database, people: None, name: str) -> None:
    assert attempt(database, KNOW.format(person="Li Si", by=BOSS)) is None
    error = attempt(database, KNOW.format(person=name, by=BOSS))
    assert error in (errors.UniqueViolation, CHECK)


def test_what_a_token_and_a_person_say_stands(database: Database, people: None) -> None:
    assert attempt(database, "UPDATE tokens SET expires_at = '2999-02-01' WHERE id = 2") is CHECK
    for table, change in (
        ("tokens", "role = 'approver'"),
        ("tokens", "person_id = 3"),
        ("tokens", "created_by = 'machine:x'"),
        ("tokens", "rights = NULL"),
        ("tokens", "renews = NULL"),
        ("persons", "name = '癸'"),
        ("persons", "service = false"),
    ):
        error = attempt(database, f"UPDATE {table} SET {change} WHERE id = 2")
        assert error is errors.InsufficientPrivilege


def test_a_program_proposes_and_never_confirms(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    place_person(owner, "对账程序", service=True)
    program = place_token(owner, "approver", "对账程序", BOSS)
    assert decide(database, program) is None
    assert attempt(database, ANSWER.format(by=APPROVER, answer="confirmed")) is None
    owner.execute("DELETE FROM decisions")
    for answer in ("confirmed", "refused"):
        assert answer_to(database, program, word=answer) is CHECK
        owner.execute("DELETE FROM decisions")


def test_a_token_without_the_right_answers_nothing(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    owner.execute("UPDATE tokens SET rights = '{read_month}' WHERE id = 4")
    assert answer_to(database, APPROVER) is CHECK
    owner.execute("UPDATE tokens SET rights = '{answer_decisions}' WHERE id = 4")
    assert attempt(database, ANSWER.format(by=APPROVER, answer="confirmed")) is None


RENEW = """
    INSERT INTO tokens (hash, role, person_id, rights, renews, created_at, created_by, expires_at)
    SELECT sha256('mine'), {role}, {person}, {rights}, {renews}, now(), '{by}', '2999-01-01'
    FROM tokens WHERE id = 2;
"""
SAME = {"role": "role", "person": "person_id", "rights": "rights", "renews": "id", "by": CLERK}


@pytest.mark.parametrize(
    "change",
    [{"role": "'approver'"}, {"person": "3"}, {"rights": "'{{read_month}}'"}, {"renews": "3"},
     {"renews": "99"}, {"by": SECOND}, {"by": BOSS}, {"by": "clerk:甲#99"}],
)  # fmt: skip
def test_a_token_renews_itself_alone_and_as_it_is(
    database: Database, people: None, change: dict[str, str]
) -> None:
    assert attempt(database, RENEW.format(**SAME | change) + "SELECT 1/0") is CHECK
    assert attempt(database, RENEW.format(**SAME)) is None


def test_a_renewed_token_was_made_by_who_made_the_first(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    """甲 made 某人's token; renewing it doesn't make 某人 a second person."""
    puppet = place_token(owner, "approver", "某人", place_former(owner, "甲"))
    number = puppet.partition("#")[2]
    renewal = RENEW.format(**SAME | {"by": puppet}).replace("id = 2", f"id = {number}")
    assert attempt(database, renewal) is None
    newest = owner.execute("SELECT max(id) FROM tokens").fetchone()
    assert newest
    assert answer_to(database, f"approver:某人#{newest[0]}") is CHECK


SIT = """
    INSERT INTO sessions (hash, token_id, device, address, browser, created_at, seen_at, expires_at)
    VALUES (sha256(gen_random_uuid()::text::bytea), {token}, sha256('{device}'), '', '', {at}, {at},
            '2999-01-01');
"""


def sit(database: Database, token: int, device: str, at: str = "now()") -> None:
    """Sign in at a device."""
    assert attempt(database, SIT.format(token=token, device=device, at=at)) is None


def test_nobody_confirms_at_the_proposers_device(
    database: Database, owner: psycopg.Connection, people: None
) -> None:
    sit(database, 2, "shared")
    owner.execute("UPDATE sessions SET ended_at = now()")  # she signed out before
    sit(database, 4, "shared")
    for word in ("confirmed", "refused"):
        assert answer_to(database, APPROVER, word=word) is CHECK
        owner.execute("DELETE FROM decisions")
    assert answer_to(database, APPROVER, decider=SECOND) is None
    owner.execute("UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL")
    sit(database, 4, "her own")
    owner.execute("DELETE FROM decisions")
    assert answer_to(database, APPROVER) is None


def test_a_device_that_was_shared_long_ago_does_not_count(database: Database, people: None) -> None:
    sit(database, 2, "shared", "now() - interval '25 hours'")
    sit(database, 4, "shared")
    assert answer_to(database, APPROVER) is None


# --- the three administrators -------------------------------------------------------------------

SYSTEM, AUDIT, VICE = "systemadmin:庚#7", "auditadmin:辛#8", "securityadmin:壬#9"
WANTED = HIRE.format(person="甲", by=BOSS)
CONFIRM = "UPDATE tokens SET confirmed_at = now(), confirmed_by = '{by}' WHERE waits;"
END = "UPDATE tokens SET revoked_at = now(), revoked_by = '{by}' WHERE id = {token};"


@pytest.fixture
def three(owner: psycopg.Connection, people: None) -> None:
    for actor in (SYSTEM, AUDIT, VICE):
        role, name = actor.partition("#")[0].split(":")
        assert place_token(owner, role, name) == actor


def test_code_and_database_keep_the_same_roles_apart(owner: psycopg.Connection) -> None:
    for role in Role:
        row = owner.execute("SELECT duty_of(%s), takes_two(%s)", (role, role)).fetchone()
        assert row == (duty_of(role), role in TAKES_TWO)


def test_no_administrator_has_another_role(
    database: Database, owner: psycopg.Connection, three: None
) -> None:
    for name, role in product(["主管", "庚", "辛"], Role):
        has = {"主管": "securityadmin", "庚": "systemadmin", "辛": "auditadmin"}[name]
        if role not in ("builder", "operator", has):
            with pytest.raises(errors.ExclusionViolation):
                place_token(owner, role, name)
    for role in ADMINISTRATORS:
        with pytest.raises(errors.ExclusionViolation):
            place_token(owner, role, "甲")
    assert attempt(database, HIRE.format(person="庚", by=BOSS)) is errors.ExclusionViolation


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_the_application_makes_no_administrator(database: Database, three: None, role: str) -> None:
    fresh = KNOW.format(person="新人", by=BOSS) + HIRE.format(person="新人", by=BOSS)
    assert attempt(database, fresh.replace("'approver'", f"'{role}'")) is CHECK


@pytest.mark.parametrize("by", [SYSTEM, AUDIT, AUDITOR, APPROVER, CLERK])
def test_none_but_security_administrators_let_anybody_in(
    database: Database, three: None, by: str
) -> None:
    assert attempt(database, HIRE.format(person="甲", by=by)) is CHECK
    assert attempt(database, WANTED + CONFIRM.format(by=by)) is CHECK


def test_a_role_that_decides_about_money_takes_two_of_them(
    database: Database, owner: psycopg.Connection, three: None
) -> None:
    assert attempt(database, WANTED) is None
    row = owner.execute("SELECT id, waits FROM tokens ORDER BY id DESC LIMIT 1").fetchone()
    assert row
    actor = f"approver:甲#{row[0]}"
    assert row[1]
    assert decide(database, actor) is CHECK, "it opens nothing yet"
    for by in (BOSS, f"securityadmin:某#{row[0]}", "machine:root"):
        assert attempt(database, CONFIRM.format(by=by)) is CHECK, by
    confirm_oneself = WANTED.replace("expires_at)", "expires_at, confirmed_at, confirmed_by)")
    confirm_oneself = confirm_oneself.replace("'2999-01-01'", f"'2999-01-01', now(), '{VICE}'")
    assert attempt(database, confirm_oneself) is CHECK
    assert attempt(database, CONFIRM.format(by=VICE)) is None
    assert decide(database, actor) is None
    again = f"UPDATE tokens SET confirmed_by = NULL, confirmed_at = NULL WHERE id = {row[0]}"
    assert attempt(database, again) is errors.RestrictViolation


def test_who_confirmed_a_token_confirms_nothing_of_its_holders(
    database: Database, owner: psycopg.Connection, three: None
) -> None:
    """壬 let 甲 in as the second one, and became an approver afterwards."""
    assert attempt(database, WANTED + CONFIRM.format(by=VICE)) is None
    row = owner.execute("SELECT max(id) FROM tokens").fetchone()
    owner.execute("UPDATE tokens SET revoked_at = now() WHERE id = 9")
    later = place_token(owner, "approver", "壬")
    assert row
    assert answer_to(database, later, decider=f"approver:甲#{row[0]}") is CHECK


def test_nobody_cuts_off_the_audit_administrator(database: Database, three: None) -> None:
    for by in (BOSS, VICE, SYSTEM, CLERK, "machine:root", ""):
        assert attempt(database, END.format(by=by, token=8)) is CHECK, by
    assert attempt(database, "UPDATE tokens SET revoked_at = now() WHERE id = 8") is CHECK
    assert attempt(database, END.format(by=AUDIT, token=8)) is None


def test_a_token_is_ended_by_itself_or_a_security_administrator(
    database: Database, three: None
) -> None:
    for by in (SECOND, SYSTEM, AUDIT, AUDITOR, "machine:root"):
        assert attempt(database, END.format(by=by, token=2)) is CHECK, by
    for by in (CLERK, BOSS):
        assert attempt(database, END.format(by=by, token=2) + "SELECT 1/0") is (
            errors.DivisionByZero
        ), by


@pytest.mark.parametrize("by", [SYSTEM, AUDIT, BOSS])
def test_no_administrator_decides(database: Database, three: None, by: str) -> None:
    assert decide(database, by) is CHECK
    assert answer_to(database, by) is CHECK


def test_a_digest_is_that_of_the_content(database: Database, people: None) -> None:
    decision = DECIDE.replace("'{{}}', encode", "'{{\"payee\": 1}}', encode")
    assert attempt(database, decision.format(by=CLERK, kind="account")) is CHECK
