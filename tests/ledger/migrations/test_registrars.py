"""Whatever is registered names a clerk who may register, whatever SQL the application sends."""

import json

import psycopg
import pytest
from psycopg import errors

from ledger.formats.digest import digest
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.documents import party
from tests.support.people import place_person, place_token

CHECK = errors.CheckViolation
BOSS = "securityadmin:主管#1"
CLERK, SECOND, APPROVER, FINANCE = "clerk:甲#2", "clerk:乙#3", "approver:丙#4", "finance:丁#5"
SELLER, BUYER, ANOTHER = (party(number, "单位").uscc for number in (1, 2, 3))
GPU = "GPU-00000000-0000-0000-0000-00000000000"
MARKS = "recorded_at, recorded_by"

# One more entry of each section, beside those of `registry`; {by} is when and who.
ENTRIES = {
    "organisations": f"(uscc, name, {MARKS}) VALUES ('{ANOTHER}', '三', {{by}})",
    "centres": f"(name, organisation_id, {MARKS}) SELECT '二', id, {{by}} FROM organisations",
    "projects": f"(code, name, kind, organisation_id, {MARKS})"
    " SELECT 'p2', '二', 'model', id, {by} FROM organisations",
    "clusters": f"(name, centre_id, {MARKS}) SELECT 'c2', id, {{by}} FROM centres",
    "catalogue_models": f"(name, {MARKS}) VALUES ('H200', {{by}})",
    "catalogue_names": f"(nvml_name, model_id, {MARKS}) SELECT 'H', id, {{by}}"
    " FROM catalogue_models",
    "gpus": f"(gpu, cluster_id, node, registered_from, {MARKS})"
    f" SELECT '{GPU}2', id, 'n', now(), {{by}} FROM clusters",
    "contracts": f"(number, centre_id, project_id, valid, {MARKS})"
    " SELECT 'k2', c.id, p.id, '[2026-01-01,)', {by} FROM centres c, projects p",
    "assignments": f"(number, programme, {MARKS}) VALUES ('HT-9', '省', {{by}})",
    "prices": f"(contract_id, unit, yuan, gpus, hours, tax_included, tax_rate, valid, {MARKS})"
    " SELECT id, 'gpu-hour', 1, 1, 1, true, 0, '[2026-01-01,)', {by} FROM contracts",
    "bindings": f"(cluster_id, holder_kind, holder, project_id, valid, {MARKS})"
    " SELECT c.id, 'pod', 'b', p.id, '[2026-01-01,)', {by} FROM clusters c, projects p",
    "billing_sources": f"(cluster_id, source, valid, {MARKS})"
    " SELECT id, 'nvml', '[2026-01-01,)', {by} FROM clusters",
    "witness_requirements": f"(cluster_id, required, valid, {MARKS})"
    " SELECT id, 2, '[2026-01-01,)', {by} FROM clusters",
    "relations": f"(kind, organisation_id, centre_id, valid, {MARKS})"
    f" SELECT 'seller', o.id, c.id, '[2026-01-01,)', {{by}} FROM organisations o, centres c"
    f" WHERE uscc = '{BUYER}'",
    "organisation_names": f"(organisation_id, name, valid, {MARKS})"
    " SELECT id, '新名', '[2026-01-01,)', {by} FROM organisations",
    "controllers": f"(organisation_id, role, person, valid, {MARKS})"
    " SELECT id, 'legal', '张三', '[2026-01-01,)', {by} FROM organisations",
    "price_bands": f"(model_id, low_yuan, high_yuan, valid, {MARKS})"
    " SELECT id, 1, 2, '[2026-01-01,)', {by} FROM catalogue_models",
    "other_support": f"(project_id, programme, fen, valid, {MARKS})"
    " SELECT id, '省', 1, '[2026-03-01,2026-04-01)', {by} FROM projects",
}
CHANGES = {
    "the end of a fact": "UPDATE bindings SET superseded_at = now(), superseded_by = '{by}'",
    "terms": "UPDATE contracts SET total_fen = 5, changed_at = now(), changed_by = '{by}'",
    "a GPU": "UPDATE gpus SET node = 'x', changed_at = now(), changed_by = '{by}'",
}
NOBODY = [
    "", "server", "machine:root", "clerk:甲", "clerk:甲#99", "clerk:乙#2", BOSS, APPROVER, FINANCE,
]  # fmt: skip


@pytest.fixture
def registry(owner: psycopg.Connection) -> None:
    """Five persons, and one entry of each section that others hang on, by the owner."""
    for actor in (BOSS, CLERK, SECOND, APPROVER, FINANCE):
        role, name = actor.partition("#")[0].split(":")
        assert place_token(owner, role, name, "machine:test" if actor == BOSS else BOSS) == actor
    owner.execute(
        f"INSERT INTO organisations (uscc, name) VALUES ('{SELLER}', '一'), ('{BUYER}', '二');"
        "INSERT INTO centres (name, organisation_id) SELECT '一', min(id) FROM organisations;"
        "INSERT INTO projects (code, name, kind, organisation_id)"
        " SELECT 'p1', '一', 'model', max(id) FROM organisations;"
        "INSERT INTO clusters (name, centre_id) SELECT 'c1', id FROM centres;"
        "INSERT INTO catalogue_models (name) VALUES ('H100');"
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
        f" SELECT '{GPU}1', id, 'n', now() FROM clusters;"
        "INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT 'k1', c.id, p.id, '[2026-01-01,)' FROM centres c, projects p;"
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid)"
        " SELECT c.id, 'pod', 'a', p.id, '[2026-01-01,)' FROM clusters c, projects p".encode()
    )


def entry(section: str, by: str, at: str = "now()") -> str:
    return f"INSERT INTO {section} {ENTRIES[section]} LIMIT 1".format(by=f"{at}, '{by}'")


def test_every_entry_is_a_clerks(database: Database, registry: None) -> None:
    for section in ENTRIES:
        assert attempt(database, entry(section, APPROVER)) is CHECK, section
        assert attempt(database, entry(section, CLERK)) is None, section


def test_every_change_is_a_clerks(database: Database, registry: None) -> None:
    for nobodys in ("contracts SET total_fen = 5", "gpus SET retired_at = 'infinity'"):
        assert attempt(database, f"UPDATE {nobodys}") is not None, nobodys
    for change in CHANGES.values():
        assert attempt(database, change.format(by=APPROVER)) is CHECK, change
        assert attempt(database, change.format(by=CLERK)) is None, change


def test_nobody_registers_who_is_not_there_or_is_no_clerk(
    database: Database, registry: None
) -> None:
    for by in NOBODY:
        assert attempt(database, entry("gpus", by)) is CHECK, by
        assert attempt(database, CHANGES["the end of a fact"].format(by=by)) is CHECK, by
    assert attempt(database, entry("gpus", CLERK, "'infinity'")) is CHECK


@pytest.mark.parametrize(
    "end", ["revoked_at = now()", "expires_at = now()", "rights = '{read_month}'"]
)
def test_a_token_that_may_not_registers_nothing(
    database: Database, owner: psycopg.Connection, registry: None, end: str
) -> None:
    owner.execute(f"UPDATE tokens SET {end} WHERE id = 2".encode())
    assert attempt(database, entry("gpus", CLERK)) is CHECK
    assert attempt(database, entry("prices", CLERK, "'2020-01-01'")) is CHECK
    assert attempt(database, CHANGES["the end of a fact"].format(by=CLERK)) is CHECK
    owner.execute("UPDATE tokens SET rights = '{register}' WHERE id = 3")
    assert attempt(database, entry("gpus", SECOND)) is None


def test_what_two_decided_is_written_by_who_confirmed(
    database: Database, owner: psycopg.Connection, registry: None
) -> None:
    owner.execute(
        "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
        " VALUES ('registry', 'k1', '{}', encode(sha256('{}'), 'hex'), '', %s, now())",
        (CLERK,),
    )
    by_two = f"{entry('prices', '{by}')}".replace(MARKS, f"{MARKS}, decision_id")
    by_two = by_two.replace("'{by}'", "'{by}', (SELECT max(id) FROM decisions)")
    assert attempt(database, by_two.format(by=CLERK)) is CHECK, "nobody confirmed it"
    owner.execute(
        "UPDATE decisions SET answer = 'confirmed', answered_by = %s, answered_at = now(),"
        " answered_digest = digest",
        (APPROVER,),
    )
    for by in (CLERK, SECOND, FINANCE, ""):
        assert attempt(database, by_two.format(by=by)) is CHECK
    assert attempt(database, by_two.format(by=APPROVER)) is None


def test_what_the_owner_arranges_bears_its_login(owner: psycopg.Connection, registry: None) -> None:
    for table in ("organisations", "gpus", "bindings"):
        rows = owner.execute(
            f"SELECT recorded_by = 'machine:' || session_user, recorded_at IS NOT NULL"
            f" FROM {table}".encode()
        ).fetchall()
        assert set(rows) == {(True, True)}, table


def test_what_stands_in_a_centre_its_own_operator_says(
    database: Database, owner: psycopg.Connection, registry: None
) -> None:
    owner.execute(
        "INSERT INTO centres (name, organisation_id) SELECT '二', min(id) FROM organisations;"
        "INSERT INTO clusters (name, centre_id) SELECT 'c2', id FROM centres WHERE name = '二'"
    )
    for person, centre in ("戊一", "己二"):
        place_person(owner, person)
        owner.execute(
            "INSERT INTO tokens (hash, role, person_id, centre_id, created_at, created_by,"
            " expires_at) SELECT sha256(gen_random_uuid()::text::bytea), 'operator', p.id, c.id,"
            " now(), %s, '2999-01-01' FROM persons p, centres c"
            " WHERE p.name = %s AND c.name = %s",
            (BOSS, person, centre),
        )
    own, another = (
        f"operator:{name}#{key}"
        for name, key in owner.execute(
            "SELECT p.name, t.id FROM tokens t JOIN persons p ON p.id = t.person_id"
            " WHERE t.role = 'operator' ORDER BY t.id"
        ).fetchall()
    )

    def statement(by: str, centre: str, *clusters: str) -> str:
        content = {
            "centre": centre, "devices": [{"gpu": f"{GPU}1", "cluster": name} for name in clusters],
        }  # fmt: skip
        return (
            "INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)"
            f" VALUES ('inventory', '{centre}', '{json.dumps(content)}', '{digest(content)}', '',"
            f" '{by}', now())"
        )

    for bad in (
        statement(another, "一", "c1"), statement(own, "二", "c1"),
        statement(own, "一", "c1", "c2"), statement(own, "一", "none"),
        statement(CLERK, "一", "c1"),
    ):  # fmt: skip
        assert attempt(database, bad) is CHECK, bad
    assert attempt(database, statement(own, "一", "c1")) is None
    answer = "UPDATE decisions SET answer = 'confirmed', answered_digest = digest,"
    for by, error in ((own, CHECK), (another, CHECK), (APPROVER, CHECK), (CLERK, None)):
        at = f"answered_at = now(), answered_by = '{by}'"
        assert attempt(database, f"{answer} {at} WHERE kind = 'inventory'") is error, by
    assert attempt(database, entry("gpus", own)) is CHECK, "it registers nothing itself"
