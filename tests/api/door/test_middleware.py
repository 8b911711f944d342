"""What every request passes: no error in the raw, no foreign form, no secret in the log."""

import io
import json
import re

import pytest
import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import text

from api.app import create_app
from api.door.dependencies import Db
from api.door.middleware import SESSION_COOKIE
from api.settings import Settings
from ledger.people.codes import Role
from tests.support.api.asks import code_for
from tests.support.api.doors import DOORS
from tests.support.api.town import Town

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_answer_bears_the_headers(app: FastAPI, client: TestClient) -> None:
    app.add_api_route("/broken", _broken)
    for path in ("/", "/healthz", "/static/style.css", "/nowhere", "/api/v1/projects", "/broken"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; "), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] in ("no-store", "no-cache")
        assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
        assert "strict-transport-security" not in headers  # http: nothing to promise


def test_by_https_the_browser_is_told_to_stay_there(app: FastAPI) -> None:
    with TestClient(app, base_url="https://suanquan.example.cn") as client:
        assert "strict-transport-security" in client.get("/healthz").headers


def _broken() -> None:
    raise RuntimeError("SELECT hash FROM tokens; /srv/secret")


def _broken_sql(db: Db) -> None:
    db.execute(text("SELECT no_such_column FROM tokens"))


def _broken_at_commit(db: Db) -> str:
    """A posting without movements is refused when the transaction is committed."""
    db.execute(
        text("""INSERT INTO postings (cause, used, booked, actor)
                VALUES ('x', '2026-03-01', '2026-03-01', 'x')""")
    )
    return "kept"


def _clash(db: Db) -> None:
    insert = text("INSERT INTO rounds (finished_at, took_ms, unpriced_ms) VALUES (now(), 0, 0)")
    db.execute(insert)
    db.execute(insert)


@pytest.mark.parametrize(
    ("route", "status", "code"),
    [
        (_broken, 500, "internal"),
        (_broken_sql, 500, "internal"),
        (_broken_at_commit, 500, "internal"),
        (_clash, 409, "changed_meanwhile"),
    ],
)
def test_an_error_shows_nothing_of_the_machine(
    *, app: FastAPI, client: TestClient, engine: sa.Engine, route: object, status: int, code: str
) -> None:
    app.add_api_route("/broken", route)  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logged:
        answer = client.get("/broken", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    for word in ("SELECT", "INSERT", "Traceback", "psycopg", "/srv", "site-packages", "postings"):
        assert word not in answer.text
    failures = [line["request"] for line in logged if line["event"] == "failed"]
    number = answer.headers["x-request-id"]
    assert failures == ([number] if status == 500 else [])
    assert answer.json().get("request") == (number if status == 500 else None)
    with engine.connect() as connection:  # and nothing was kept
        for table in ("organisations", "postings"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_without_a_database_the_server_says_so_and_lives() -> None:
    engine = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = TestClient(create_app(engine, Settings()), raise_server_exceptions=False)
    assert client.get("/healthz").status_code == 200
    for path in ("/readyz", "/api/v1/projects"):
        answer = client.get(path, headers={"Authorization": "Bearer sq_x"})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "5"
        assert "127.0.0.1" not in answer.text


def test_what_the_database_cannot_keep_is_a_422(town: Town) -> None:
    headers = town.headers(Role.AUDITOR)
    answer = town.client.get("/api/v1/projects/a%00b", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_value")


FORMS: tuple[tuple[dict[str, str], int], ...] = (
    ({}, 303),  # a program
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "none"}, 303),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
    ({"Origin": "http://testserver"}, 303),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://testserver.evil.example"}, 403),
    ({"Origin": "null"}, 403),
)


def test_a_form_from_another_site_does_nothing(client: TestClient) -> None:
    for headers, answer in FORMS:
        assert client.post("/sign-out", headers=headers).status_code == answer, headers
        assert client.get("/", headers=headers).status_code == 200  # a link from there is welcome


READERS: tuple[tuple[dict[str, str], str, str, bool], ...] = (
    ({}, "", "", True),
    ({"Accept-Language": "en"}, "", "", False),
    ({"Accept-Language": "en"}, "zh-CN", "", True),
    ({"Accept-Language": "zh"}, "zh-CN", "?lang=en", False),
)


def test_a_problem_speaks_the_readers_language(client: TestClient) -> None:
    for headers, cookie, query, chinese in READERS:
        client.cookies.set("lang", cookie)
        answer = client.get(f"/api/v1/nowhere{query}", headers=headers)
        problem = answer.json()
        assert problem["code"] == "no_route"
        assert bool(CHINESE.search(problem["title"])) == chinese
        assert bool(CHINESE.search(problem["detail"])) == chinese
        assert answer.headers["content-language"] == ("zh-CN" if chinese else "en")
        assert "set-cookie" not in answer.headers  # programs keep no cookies


def test_a_language_chosen_on_a_page_stays(client: TestClient) -> None:
    assert client.get("/?lang=en").cookies["lang"] == "en"
    assert client.get("/").headers["content-language"] == "en"


def test_wrong_fields_are_named_and_not_repeated(town: Town) -> None:
    wish = {"role": "king", "person": "", "secret": "hunter2", "expires_at": "2027-01-01"}
    for language, chinese in (("zh-CN", True), ("en", False)):
        headers = town.headers(Role.SECURITY_ADMIN, language)
        answer = town.client.post("/api/v1/tokens", json=wish, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["count"]) == (422, "invalid", 4)
        assert {f["where"] for f in problem["findings"]} == {
            "body.role", "body.person", "body.secret", "body.expires_at",
        }  # fmt: skip
        for finding in problem["findings"]:
            assert bool(CHINESE.search(finding["message"])) == chinese, finding
        assert "hunter2" not in answer.text
        assert "king" not in answer.text


def test_a_body_that_is_none_is_one_clear_error(town: Town) -> None:
    answers = {
        "tokens": Role.SECURITY_ADMIN,
        "enrolment-codes": Role.SYSTEM_ADMIN,
        "projects/p-mine/voucher": Role.CLERK,
    }
    for body in (b"{", b"\xff\xfe", b"[1, 2]", b'"x"', b"", b"{}", b"[" * 60_000):
        for path, role in answers.items():
            headers = town.headers(role) | {"Content-Type": "application/json"}
            answer = town.client.post(f"/api/v1/{path}", content=body, headers=headers)
            assert answer.status_code in (400, 422), answer.text
            assert answer.headers["content-type"] == "application/problem+json"


def test_the_log_says_who_did_what_and_never_a_secret(town: Town, log: io.StringIO) -> None:
    log.truncate(0)
    log.seek(0)
    secrets = set(town.tokens.values())
    admin, client = town.headers(Role.SECURITY_ADMIN), town.client
    answer = client.post(
        "/api/v1/tokens", json={"role": "auditor", "person": "李四"}, headers=admin
    ).json()
    system = town.headers(Role.SYSTEM_ADMIN)
    code = client.post(**code_for(town, "mine"), headers=system).json()["code"]
    enrolment = {"code": code, "public_key": "ab" * 32, "node": "n9"}
    assert client.post("/api/v1/agents", json=enrolment).status_code == 201
    signed_in = client.post("/sign-in", data={"token": answer["secret"]})
    assert signed_in.status_code == 303
    assert client.post("/sign-out").status_code == 303
    secrets |= {answer["secret"], code, signed_in.cookies[SESSION_COOKIE]}
    client.post("/sign-in", data={"token": "sq_mistyped-secret"})
    client.get("/api/v1/projects", headers={"Authorization": "Bearer sq_wrong-secret"})
    client.get("/projects?token=sq_in-a-query")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    answers = [line for line in lines if line["event"] == "answered"]
    assert len(answers) == 8
    by_path = [(line["path"], line["actor"]) for line in answers if "sign-" in line["path"]]
    assert [path for path, _ in by_path] == ["/sign-in", "/sign-out", "/sign-in"]
    assert by_path[0][1] == by_path[1][1]
    assert by_path[0][1].startswith("auditor:李四#")
    assert by_path[2][1] is None
    assert answers[0]["actor"].startswith("securityadmin:某securityadmin#")
    assert answers[0]["path"] == "/api/v1/tokens"
    assert answers[0]["status"] == 201
    assert {*answers[0]} >= {"timestamp", "request", "method", "ms", "client"}
    for secret in secrets | {"sq_mistyped-secret", "sq_wrong-secret", "sq_in-a-query"}:
        assert secret not in log.getvalue()


def test_a_field_named_like_a_secret_is_not_logged(log: io.StringIO) -> None:
    structlog.get_logger().info("x", token="sq_1", code="ABCDEF", kept="this")  # noqa: S106
    assert "sq_1" not in log.getvalue()
    assert "ABCDEF" not in log.getvalue()
    assert json.loads(log.getvalue())["kept"] == "this"


def test_requests_are_counted_by_route_and_not_by_name(town: Town) -> None:
    auditor = town.headers(Role.AUDITOR)
    for _ in range(3):
        town.client.get("/api/v1/projects/p-mine", headers=auditor)
    metrics = town.client.get("/metrics", headers=auditor).text
    line = 'suanquan_requests_total{method="GET",route="/api/v1/projects/{code}",status="200"} 3.0'
    assert line in metrics
    assert "p-mine" not in metrics


def test_openapi_is_complete(town: Town) -> None:
    """It names every route of the API, and every reference in it leads somewhere."""
    document = town.client.get("/openapi.json", headers=town.headers(Role.BUILDER)).json()
    described = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {door for door in DOORS if " /api/" in door} <= described
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation.get("description"), path
            if path.startswith("/api/"):
                assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_a_method_that_is_not_there_is_answered_with_those_that_are(client: TestClient) -> None:
    answer = client.patch("/api/v1/claims")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert client.get("/api/v1/agents/x").headers["allow"] == "DELETE"


def test_nothing_of_other_peoples_servers_is_loaded(client: TestClient) -> None:
    assert client.get("/docs").status_code == 401
    assert client.get("/redoc").status_code == 404
