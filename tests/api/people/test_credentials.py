"""Coming in by the API: tokens, whose they are, and which rights they have."""

import re
from datetime import datetime, timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.door.middleware import SESSION_COOKIE
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS, TAKES_TWO
from tests.support.api.town import NOW, Town


@pytest.fixture
def admin(town: Town) -> dict[str, str]:
    return town.headers(Role.SECURITY_ADMIN)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def later(town: Town, by: timedelta) -> None:
    town.app.state.wall_clock = lambda: NOW + by


def test_a_token_lives_from_issue_to_revocation(town: Town, admin: dict[str, str]) -> None:
    wish = {"role": "builder", "person": "张三", "project": "p-theirs"}
    answer = town.client.post("/api/v1/tokens", json=wish, headers=admin)
    assert answer.status_code == 201
    number, secret = answer.json()["id"], answer.json()["secret"]
    projects = town.client.get("/api/v1/projects", headers=bearer(secret)).json()
    assert [p["code"] for p in projects] == ["p-theirs"]
    newest = town.client.get("/api/v1/tokens", headers=admin).json()[0]
    assert newest["id"] == number
    assert (newest["person"], newest["project"], newest["revoked_at"]) == ("张三", "p-theirs", None)
    assert newest["created_by"].startswith("securityadmin:某securityadmin#")
    assert secret not in town.client.get("/api/v1/tokens", headers=admin).text
    assert town.client.delete(f"/api/v1/tokens/{number}", headers=admin).status_code == 204
    refused = town.client.get("/api/v1/projects", headers=bearer(secret))
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_credential")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_token_expires(town: Town, admin: dict[str, str]) -> None:
    wish = {"role": "auditor", "person": "李四", "expires_at": "2026-03-05T08:00:00+08:00"}
    secret = town.client.post("/api/v1/tokens", json=wish, headers=admin).json()["secret"]
    later(town, timedelta(hours=23, minutes=59))
    assert town.client.get("/api/v1/projects", headers=bearer(secret)).status_code == 200
    later(town, timedelta(hours=24))
    assert town.client.get("/api/v1/projects", headers=bearer(secret)).status_code == 401


SENSELESS = (
    ({"role": "builder"}, "token_project"),
    ({"role": "clerk", "project": "p-mine"}, "token_project"),
    ({"role": "operator"}, "token_centre"),
    ({"role": "clerk", "centre": "centre of c-mine"}, "token_centre"),
    ({"role": "builder", "project": "p-nobody"}, "project"),
    ({"role": "operator", "centre": "nowhere"}, "centre"),
    ({"role": "clerk", "expires_at": "2020-01-01T00:00:00Z"}, "token_expired"),
)


def test_a_token_that_makes_no_sense_is_refused(town: Town, admin: dict[str, str]) -> None:
    for wish, code in SENSELESS:
        answer = town.client.post("/api/v1/tokens", json={"person": "x", **wish}, headers=admin)
        assert answer.json()["code"] == code, answer.text
        assert answer.status_code == (404 if code in ("project", "centre") else 422)


def test_a_credential_that_is_none_opens_nothing(town: Town) -> None:
    for headers in [
        "Bearer sq_wrong",
        "Bearer  ",
        "Bearer",
        "Basic c3E6c3E=",
        "sq_x",
        "Bearer \xff",
        "bearer x y",
    ]:
        answer = town.client.get(
            "/api/v1/projects", headers={b"Authorization": headers.encode("latin-1")}
        )
        assert answer.status_code == 401
        assert answer.json()["code"] in ("bad_credential", "no_credential")


def test_the_database_holds_hashes_alone(town: Town, owner: psycopg.Connection) -> None:
    secrets = set(town.tokens.values())
    signed_in = town.client.post("/sign-in", data={"token": town.tokens[Role.CLERK]})
    secrets.add(signed_in.cookies[SESSION_COOKIE])
    wish = {"cluster": "c-mine", "source": "nvml"}
    system = town.headers(Role.SYSTEM_ADMIN)
    code = town.client.post("/api/v1/enrolment-codes", json=wish, headers=system).json()["code"]
    secrets |= {code, code.replace("-", "")}
    for (table,) in owner.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    ).fetchall():
        for (row,) in owner.execute(f'SELECT t::text FROM "{table}" t'.encode()).fetchall():
            for secret in secrets:
                assert secret not in row
                assert secret.encode().hex() not in row


# --- identities, rights, renewal --------------------------------------------------------------


def issue(town: Town, admin: dict[str, str], **wish: object) -> dict[str, object]:
    answer = town.client.post("/api/v1/tokens", json=wish, headers=admin)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refusal(town: Town, admin: dict[str, str], **wish: object) -> str:
    answer = town.client.post("/api/v1/tokens", json=wish, headers=admin)
    assert answer.status_code == 422, answer.text
    return str(answer.json()["code"])


def test_a_name_is_one_identity_however_it_is_written(
    town: Town, owner: psycopg.Connection, admin: dict[str, str]
) -> None:
    for name in ("Li Si", "lisi", "ＬＩ ＳＩ"):
        issue(town, admin, role="clerk", person=name)
    rows = owner.execute("SELECT name FROM persons WHERE name ILIKE 'l%i'").fetchall()
    assert rows == [("Li Si",)]
    rows_of_list = town.client.get("/api/v1/tokens", headers=admin).json()
    assert [token["person"] for token in rows_of_list[:3]] == ["Li Si"] * 3


def test_a_name_is_a_persons_or_a_programs(town: Town, admin: dict[str, str]) -> None:
    issue(town, admin, role="clerk", person="对账程序", service=True)
    assert refusal(town, admin, role="clerk", person="对账程序") == "token_service"
    issue(town, admin, role="clerk", person="李四")
    assert refusal(town, admin, role="clerk", person="李四", service=True) == "token_service"
    assert refusal(town, admin, role="clerk", person="clerk:李四#1") == "token_person"


def test_a_token_has_the_rights_that_it_was_given(town: Town, admin: dict[str, str]) -> None:
    secret = issue(town, admin, role="clerk", person="报表", service=True, rights=["read_month"])
    town.confirm(secret["id"])
    headers = bearer(str(secret["secret"]))
    assert town.client.get("/api/v1/cost-documents", headers=headers).status_code == 200
    answer = town.client.get("/api/v1/projects", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")
    assert town.client.post("/api/v1/accruals", json={}, headers=headers).status_code == 403
    assert refusal(town, admin, role="clerk", person="李四", rights=["pay"]) == "token_rights"
    assert refusal(town, admin, role="clerk", person="李四", rights=[]) == "invalid"


def test_a_token_lives_no_longer_than_the_settings_say(town: Town, admin: dict[str, str]) -> None:
    town.app.state.settings = Settings(token_days=30)
    token = issue(town, admin, role="clerk", person="李四")
    assert datetime.fromisoformat(str(token["expires_at"])) == NOW + timedelta(days=30)
    later = (NOW + timedelta(days=30, seconds=1)).isoformat()
    assert refusal(town, admin, role="clerk", person="李四", expires_at=later) == "token_too_long"


def test_a_renewed_token_takes_the_old_ones_place_at_its_first_use(
    town: Town, admin: dict[str, str]
) -> None:
    token = issue(town, admin, role="clerk", person="李四", rights=["read_projects"])
    town.confirm(token["id"])
    old = bearer(str(token["secret"]))

    def renew(headers: dict[str, str]) -> dict[str, str]:
        answer = town.client.post("/api/v1/tokens/renew", json={}, headers=headers)
        assert answer.status_code == 201, answer.text
        return bearer(answer.json()["secret"])

    def status(headers: dict[str, str]) -> int:
        return town.client.get("/api/v1/projects", headers=headers).status_code

    lost = renew(old)  # its answer never arrived
    new = renew(old)
    assert status(old) == 200
    assert status(lost) == 401
    assert status(new) == 200
    assert status(old) == 401
    assert town.client.get("/api/v1/cost-documents", headers=new).status_code == 403
    assert status(renew(new)) == 200
    assert status(new) == 401


def status(town: Town, headers: dict[str, str]) -> int:
    return town.client.get("/api/v1/projects", headers=headers).status_code


def renewal(town: Town, headers: dict[str, str], hours: int) -> dict[str, object]:
    wish = {"overlap_hours": hours}
    answer = town.client.post("/api/v1/tokens/renew", json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_old_token_stays_good_for_the_hours_that_were_named(
    town: Town, admin: dict[str, str]
) -> None:
    token = issue(town, admin, role="auditor", person="报表", service=True)
    old = bearer(str(token["secret"]))
    new_token = renewal(town, old, 24)
    new = bearer(str(new_token["secret"]))
    assert new_token["overlap_hours"] == 24
    later(town, timedelta(hours=30))
    assert status(town, old) == 200, "as long as the new one was not used"
    assert status(town, new) == 200
    rows = {row["id"]: row for row in town.client.get("/api/v1/own/tokens", headers=old).json()}
    ends = datetime.fromisoformat(rows[token["id"]]["expires_at"])
    assert ends == NOW + timedelta(hours=54)
    again = town.client.post("/api/v1/tokens/renew", json={}, headers=old)
    assert (again.status_code, again.json()["code"]) == (422, "token_replaced")
    later(town, timedelta(hours=53, minutes=59))
    assert status(town, old) == status(town, new) == 200
    later(town, timedelta(hours=54))
    assert (status(town, old), status(town, new)) == (401, 200)


@pytest.mark.parametrize("hours", [-1, 169, "24", True])
def test_the_old_token_stays_good_for_a_week_at_most(
    town: Town, admin: dict[str, str], hours: object
) -> None:
    token = issue(town, admin, role="auditor", person="李四")
    answer = town.client.post(
        "/api/v1/tokens/renew", json={"overlap_hours": hours}, headers=bearer(str(token["secret"]))
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("hours", [0, 24])
def test_what_a_thief_asked_for_ends_with_the_token(
    town: Town, admin: dict[str, str], hours: int
) -> None:
    token = issue(town, admin, role="auditor", person="李四")
    stolen = bearer(str(token["secret"]))
    unused = bearer(str(renewal(town, stolen, hours)["secret"]))
    assert town.client.delete(f"/api/v1/tokens/{token['id']}", headers=admin).status_code == 204
    assert (status(town, stolen), status(town, unused)) == (401, 401)


def test_an_old_token_that_is_ended_leaves_the_one_in_use(
    town: Town, admin: dict[str, str]
) -> None:
    token = issue(town, admin, role="auditor", person="李四")
    old = bearer(str(token["secret"]))
    new = bearer(str(renewal(town, old, 24)["secret"]))
    assert status(town, new) == 200
    town.client.delete(f"/api/v1/tokens/{token['id']}", headers=admin)
    assert (status(town, old), status(town, new)) == (401, 200)


def test_one_sees_and_ends_ones_own_tokens_alone(town: Town, admin: dict[str, str]) -> None:
    token, spare = (issue(town, admin, role="auditor", person="李四") for _ in range(2))
    foreign = issue(town, admin, role="auditor", person="王五")
    headers = bearer(str(token["secret"]))
    rows = town.client.get("/api/v1/own/tokens", headers=headers).json()
    assert [row["id"] for row in rows] == [spare["id"], token["id"]]

    def end(row: dict[str, object]) -> int:
        path = f"/api/v1/own/tokens/{row['id']}"
        return town.client.delete(path, headers=headers).status_code

    assert (end(foreign), end(spare), end(spare)) == (404, 204, 204)
    assert status(town, bearer(str(foreign["secret"]))) == 200
    assert status(town, bearer(str(spare["secret"]))) == 401


def test_the_page_of_ones_own_tokens_renews_the_one_in_use_and_ends_another(
    town: Town, admin: dict[str, str]
) -> None:
    token, spare = (issue(town, admin, role="auditor", person="李四") for _ in range(2))
    foreign = issue(town, admin, role="auditor", person="王五")
    browser = TestClient(town.app, follow_redirects=False)
    browser.post("/sign-in", data={"token": str(token["secret"])})
    page = browser.get("/tokens").text
    assert f"/tokens/{spare['id']}/end" in page
    assert f"/tokens/{foreign['id']}/end" not in page
    assert browser.post(f"/tokens/{foreign['id']}/end").status_code == 404
    assert browser.post(f"/tokens/{spare['id']}/end").status_code == 303
    assert status(town, bearer(str(spare["secret"]))) == 401
    answer = browser.post("/tokens/renewal", data={"overlap_hours": "2", "expires_at": ""})
    (secret,) = set(re.findall(r"sq_[\w-]{43}", answer.text))
    assert secret not in browser.get("/tokens").text
    assert status(town, bearer(secret)) == 200
    later(town, timedelta(hours=2))
    assert status(town, bearer(str(token["secret"]))) == 401


def test_the_form_of_a_token_chooses_its_rights_and_its_last_day(
    town: Town, admin: dict[str, str]
) -> None:
    town.client.post("/sign-in", data={"token": town.tokens[Role.SECURITY_ADMIN]})
    fields: dict[str, str | list[str]] = {
        "role": "auditor", "person": "报表", "service": "true", "expires_at": "2026-03-31",
        "rights": ["read_month", "read_usage"],
    }  # fmt: skip
    answer = town.client.post("/people/tokens", data=fields)
    (secret,) = set(re.findall(r"sq_[\w-]{43}", answer.text))
    row = town.client.get("/api/v1/tokens", headers=admin).json()[0]
    assert (row["service"], row["rights"]) == (True, ["read_month", "read_usage"])
    assert datetime.fromisoformat(row["expires_at"]).isoformat() == "2026-03-31T16:00:00+00:00"
    assert town.client.get("/api/v1/cost-documents", headers=bearer(secret)).status_code == 200
    assert status(town, bearer(secret)) == 403
    assert "只有：" in town.client.get("/people").text
    for wrong in ({"rights": ["pay"]}, {"expires_at": "9999-12-31"}, {"expires_at": "31.3."}):
        assert town.client.post("/people/tokens", data=fields | wrong).status_code == 422


# --- the three administrators --------------------------------------------------------------------


def test_who_decides_about_money_is_let_in_by_two(town: Town, admin: dict[str, str]) -> None:
    for role in Role:
        if role in ADMINISTRATORS or role in (Role.BUILDER, Role.OPERATOR):
            continue
        token = issue(town, admin, role=role, person=f"新{role}")
        headers = bearer(str(token["secret"]))
        assert token["waits"] is (role in TAKES_TWO)
        status = 401 if token["waits"] else 200
        assert town.client.get("/api/v1/projects", headers=headers).status_code == status
        path = f"/api/v1/tokens/{token['id']}/confirmation"
        code = town.client.post(path, headers=admin).json()["code"]
        if not token["waits"]:
            assert code == "token_waits_not"
            continue
        assert code == "same_person"
        town.confirm(token["id"])
        assert town.client.get("/api/v1/projects", headers=headers).status_code == 200
        again = {"Authorization": f"Bearer {town.second}"}
        assert town.client.post(path, headers=again).json()["code"] == "token_waits_not"


def test_nobody_makes_an_administrator_here_nor_gives_her_business(
    town: Town, admin: dict[str, str]
) -> None:
    for role in ADMINISTRATORS:
        assert refusal(town, admin, role=role, person="新人") == "token_administrator"
        assert refusal(town, admin, role="clerk", person=f"某{role}") == "token_duty"


def test_the_audit_administrator_is_not_cut_off(town: Town, admin: dict[str, str]) -> None:
    rows = town.client.get("/api/v1/tokens", headers=admin).json()
    number = next(row["id"] for row in rows if row["role"] == "auditadmin")
    answer = town.client.delete(f"/api/v1/tokens/{number}", headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (422, "token_audit")
    headers = town.headers(Role.AUDIT_ADMIN)
    assert town.client.get("/api/v1/sign-ins", headers=headers).status_code == 200


def test_the_page_of_tokens_shows_a_secret_once_and_lets_the_second_confirm(
    town: Town, admin: dict[str, str]
) -> None:
    town.client.post("/sign-in", data={"token": town.tokens[Role.SECURITY_ADMIN]})
    answer = town.client.post("/people/tokens", data={"role": "clerk", "person": "新经办"})
    (secret,) = set(re.findall(r"sq_[\w-]{43}", answer.text))
    assert secret not in town.client.get("/people").text
    number = town.client.get("/api/v1/tokens", headers=admin).json()[0]["id"]
    path = f"/people/tokens/{number}/confirmation"
    assert path not in town.client.get("/people").text, "her own she does not confirm"
    assert town.client.post(path).status_code == 422
    second = TestClient(town.app, follow_redirects=False)
    second.post("/sign-in", data={"token": town.second})
    assert path in second.get("/people").text
    assert second.post(path).status_code == 303
    assert town.client.get("/api/v1/projects", headers=bearer(secret)).status_code == 200
    assert second.post(f"/people/tokens/{number}/end").status_code == 303
    assert town.client.get("/api/v1/projects", headers=bearer(secret)).status_code == 401


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_an_administrator_begins_on_her_own_page(town: Town, role: Role) -> None:
    answer = town.client.post("/sign-in", data={"token": town.tokens[role]})
    page = town.client.get(answer.headers["location"])
    assert page.status_code == 200
    for path in ("/desk", "/projects", "/claims", "/payments", "/findings"):
        assert f'href="{path}"' not in page.text
        assert town.client.get(path).status_code == 403
