"""The command line as people use it, against a real server on this machine."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from ledger.people.codes import Role
from ledger.postgres.database import Database
from tests.support.api.command_line import CHINESE, Desk, process, suanquan
from tests.support.api.events import events
from tests.support.api.requests import REGISTRY
from tests.support.api.town import FACTS, POLICY
from tests.support.postgres import Server
from tests.support.processes import Result, running
from tests.support.servers.serving import serving
from tests.support.vouchers import place_project


def test_a_clerks_day(desk: Desk, owner: psycopg.Connection, folder: Path) -> None:
    """Register, open a voucher, accrue, look at the quota, the days and the usage."""
    place_project(owner, "p-new")
    file = folder / "registry.yaml"
    file.write_text(REGISTRY)
    answer = desk.ask(Role.CLERK, "register", str(file))
    assert answer["created"]["prices"] == 1
    assert "prices" in desk.run(Role.CLERK, "register", str(file)).stdout
    facts = [f"--fact={name}={str(value).lower()}" for name, value in FACTS.items()]
    opening = ("voucher", "open", "p-new", "--clause", "09-1", "--policy", POLICY)
    term = ("--yuan", "300000", "--from", "2026-03-01", "--until", "2027-03-01")
    answer = desk.ask(Role.CLERK, *opening, *facts, *term)
    assert answer["cap_fen"] == 30_000_000
    content = desk.ask(Role.CLERK, "decisions")[0]["content"]
    assert (content["valid_from"], content["valid_until"]) == ("2026-03-01", "2027-03-01")
    assert desk.ask(Role.CLERK, "accrue")["moved"] == 1
    codes = [p["code"] for p in desk.ask(Role.CLERK, "projects")]
    assert codes == ["p-mine", "p-new", "p-theirs"]
    assert desk.ask(Role.BUILDER, "quota", "p-mine")["provisional_fen"] == 30
    output = desk.run(Role.BUILDER, "quota", "p-mine", LANG="zh_CN.UTF-8").stdout
    assert re.search(r"^剩余 +¥4,999,999\.70$", output, re.MULTILINE)
    assert re.search(r"^预计（已计提） +¥0\.30$", output, re.MULTILINE)
    days = desk.run(Role.BUILDER, "days", "p-mine").stdout.splitlines()
    assert days[1].split() == ["2026-03-01", "0.03", "¥1.00", "¥0.30", "—", "0.00"]
    usage = [{"project": "p-mine", "device_ms": 120_000}]
    assert desk.ask(Role.BUILDER, "usage") == usage
    assert desk.ask(Role.BUILDER, "usage", "--until", "2026-03-01") == []
    assert desk.run(Role.BUILDER, "usage", "--until", "2026-03-01").stdout == "no usage\n"
    assert desk.run(Role.BUILDER, "usage").stdout.splitlines()[1].split()[1:] == ["0.03", "120000"]


def test_an_administrators_day(desk: Desk) -> None:
    """Give out tokens and codes, and take them back."""
    scoped = ("张三", "--role", "builder", "--project", "p-theirs")
    answer = desk.ask(Role.SECURITY_ADMIN, "token", "create", *scoped)
    assert (
        suanquan("projects", SUANQUAN_URL=desk.url, SUANQUAN_TOKEN=answer["secret"])
        .stdout.splitlines()[1]
        .startswith("p-theirs")
    )
    listed = desk.run(Role.AUDITOR, "token", "list").stdout
    assert "张三" in listed
    assert answer["secret"] not in listed
    assert desk.run(Role.SECURITY_ADMIN, "token", "revoke", str(answer["id"])).returncode == 0
    code = desk.run(Role.OPERATOR, "agent", "code", "c-mine", "--source", "nvml").stdout
    assert re.fullmatch(r"([A-Z2-7]{6}-){3}[A-Z2-7]{6}\n", code)
    (agent,) = desk.ask(Role.OPERATOR, "agent", "list")
    assert desk.run(Role.OPERATOR, "agent", "revoke", agent["id"]).returncode == 0
    assert "n-mine" in desk.run(Role.OPERATOR, "agent", "list").stdout
    (node,) = desk.ask(Role.OPERATOR, "agent", "nodes", "c-mine")["nodes"]
    assert node["faults"] == ["revoked", "skewed", "gpus_missing"]
    output = desk.run(Role.OPERATOR, "agent", "nodes", "c-mine", "--days=4").stdout
    assert re.search(r"^Silent .* 1 +71\.88 .*n-mine$", output, re.MULTILINE)  # but for two minutes
    assert "c-mine" in desk.run(Role.OPERATOR, "findings", "silent", "--limit", "1").stdout
    assert desk.run(Role.OPERATOR, "findings", "forks").stdout == "no findings\n"
    assert desk.ask(Role.SYSTEM_ADMIN, "release") == {"released": 0}


def another_program() -> FastAPI:
    """A server that is none of ours: it has a page at one of our addresses, and no other."""
    app = FastAPI()
    app.get("/api/v1/usage")(lambda: HTMLResponse("<p>welcome</p>"))
    return app


@pytest.mark.parametrize("english", [False, True])
def test_a_failure_is_one_clear_line_in_the_readers_language(
    *, desk: Desk, folder: Path, english: bool
) -> None:
    file = folder / "registry.yaml"
    file.write_text("projects: 5\ncentres: []\ncentres: []\n")
    speak = {"LANG": "en" if english else "C.UTF-8"}
    nobody = {"SUANQUAN_URL": "http://127.0.0.1:1"}
    attempts = [
        desk.run(Role.BUILDER, "quota", "p-theirs", **speak),
        desk.run(Role.BUILDER, "accrue", **speak),
        desk.run(Role.CLERK, "register", str(folder / "none.yaml"), **speak),
        suanquan("usage", SUANQUAN_TOKEN="sq_x", **nobody, **speak),  # noqa: S106
        suanquan("usage", SUANQUAN_URL=desk.url, SUANQUAN_TOKEN="sq_wrong", **speak),  # noqa: S106
        suanquan("usage", SUANQUAN_URL=desk.url, **speak),
        suanquan("usage", SUANQUAN_DATA=str(folder / "none"), **speak),
        *(
            suanquan("usage", SUANQUAN_URL=url, SUANQUAN_TOKEN="sq_x", **speak)  # noqa: S106
            for url in ("no address", "http://[::1", "http://nobody.invalid")
        ),
        suanquan("usage", SUANQUAN_URL=desk.url, SUANQUAN_TOKEN="令牌", **speak),  # noqa: S106
    ]
    with serving(another_program()) as url:
        attempts += [
            suanquan(verb, SUANQUAN_URL=url, SUANQUAN_TOKEN="sq_x", **speak)  # noqa: S106
            for verb in ("usage", "projects")
        ]
    for attempt in attempts:
        assert (attempt.returncode, attempt.stdout) == (1, ""), attempt
        assert len(attempt.stderr.splitlines()) == 1, attempt.stderr
        assert bool(CHINESE.search(attempt.stderr)) != english, attempt.stderr
    faults = desk.run(Role.CLERK, "register", str(file), **speak)
    assert faults.returncode == 1
    first, *lines = faults.stderr.splitlines()
    assert "2" in first
    assert len(lines) == 2
    assert all(bool(CHINESE.search(line)) != english for line in lines)


def test_it_is_a_command(desk: Desk) -> None:
    come = {"SUANQUAN_URL": desk.url, "SUANQUAN_TOKEN": desk.town.tokens[Role.BUILDER]}
    result = process("usage", "--json", **come)
    assert json.loads(result.stdout) == [{"project": "p-mine", "device_ms": 120_000}]
    assert (result.returncode, result.stderr) == (0, "")
    result = process("quota", "p-theirs", **come)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "there is no project p-theirs\n"
    assert process("quota", **come).returncode == 2


def test_the_language_may_be_asked_for() -> None:
    result = suanquan("--lang", "zh", "usage", SUANQUAN_DATA="/nowhere")
    assert CHINESE.search(result.stderr)
    result = suanquan("--lang", "en", "usage", SUANQUAN_DATA="/nowhere", LANG="zh_CN.UTF-8")
    assert not CHINESE.search(result.stderr)


@pytest.mark.parametrize(
    "wrong", [["no-such-verb"], ["quota"], ["token", "create", "x"], ["usage", "--colour"]]
)
def test_a_wrong_command_is_code_2(wrong: list[str]) -> None:
    assert suanquan(*wrong).returncode == 2


def test_a_fact_without_a_value_is_a_wrong_command(desk: Desk) -> None:
    opening = ("voucher", "open", "p-mine", "--clause", "09-1", "--policy", POLICY)
    assert desk.run(Role.CLERK, *opening, "--fact", "scenarios").returncode == 2


def test_a_server_on_this_machine_is_found_by_its_files(desk: Desk, folder: Path) -> None:
    data = {"SUANQUAN_DATA": str(folder)}
    (folder / "server.json").write_text(json.dumps({"url": desk.url, "pid": os.getpid()}))
    (folder / "tokens").mkdir()
    (folder / "tokens" / "securityadmin").write_text(desk.town.tokens[Role.SECURITY_ADMIN] + "\n")
    assert suanquan("token", "list", **data).returncode == 0
    (folder / "tokens" / "auditor").write_text(desk.town.tokens[Role.AUDITOR] + "\n")
    assert suanquan("projects", **data).returncode == 0
    assert suanquan("projects", **data, SUANQUAN_AS="securityadmin").returncode == 1
    (folder / "server.json").write_text(json.dumps({"url": desk.url, "pid": 2**22 + 1}))
    assert suanquan("projects", **data).returncode == 1  # that server is no more


def test_this_machines_token_goes_to_no_other_server(desk: Desk, folder: Path) -> None:
    address = json.dumps({"url": "http://127.0.0.1:1", "pid": os.getpid()})
    (folder / "server.json").write_text(address)
    (folder / "tokens").mkdir()
    (folder / "tokens" / "auditor").write_text(desk.town.tokens[Role.AUDITOR])
    result = suanquan("projects", SUANQUAN_DATA=str(folder), SUANQUAN_URL=desk.url)
    assert (result.returncode, result.stderr) == (1, "set SUANQUAN_TOKEN\n")


def test_the_command_line_needs_nothing_of_the_server() -> None:
    heavy = "{'fastapi', 'pydantic', 'sqlalchemy', 'msgspec', 'structlog', 'yaml', 'babel'}"
    code = f"import sys, api.command_line; print({heavy} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"


# --- on the machine itself --------------------------------------------------------------------


def reaching(database: Database) -> dict[str, str]:
    return {
        "SUANQUAN_DATABASE_URL": database.app_url,
        "SUANQUAN_DATABASE_OWNER_URL": database.owner_url,
    }


def machine(database: Database, *arguments: str) -> Result:
    return suanquan(*arguments, **reaching(database))


def test_the_first_administrator_is_made_on_the_machine(
    desk: Desk, database: Database, folder: Path, owner: psycopg.Connection
) -> None:
    result = process("admin", "create", "王五", **reaching(database))
    assert result.stderr == ""
    file = folder / "admin"
    saved = machine(database, "admin", "create", "赵六", "--file", str(file))
    assert saved.stdout == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for secret in (result.stdout.strip(), file.read_text().strip()):
        assert re.fullmatch(r"sq_[\w-]{43}", secret)
        assert secret not in saved.stderr
        outcome = suanquan("token", "list", SUANQUAN_URL=desk.url, SUANQUAN_TOKEN=secret)
        assert outcome.returncode == 0
    assert machine(database, "admin", "create", "x", "--file", str(file)).returncode == 1
    link = machine(database, "admin", "create", "孙八", "--role=auditadmin", "--invite").stdout
    path = link.strip().removeprefix("http://127.0.0.1:8321")
    assert "孙八" in desk.town.client.get(path).text
    row = owner.execute(
        "SELECT p.name, t.created_by LIKE 'machine:%' FROM tokens t"
        " JOIN persons p ON p.id = t.person_id ORDER BY t.id DESC LIMIT 3"
    ).fetchall()
    assert row == [
        ("孙八", True),
        ("赵六", True),
        ("王五", True),
    ]  # none for a file that could not be written
    actors = [event["actor"][:8] for event in events(owner, act="command admin create")]
    assert actors == ["machine:"] * 3


def test_a_database_is_upgraded_before_it_is_used(postgres: Server) -> None:
    name = f"empty_{next(postgres.numbers)}"
    database = postgres.create(name)
    refused = machine(database, "admin", "create", "王五")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "suanquan db upgrade" in refused.stderr
    for _ in range(2):  # again changes nothing
        assert machine(database, "db", "upgrade").returncode == 0
    assert machine(database, "admin", "create", "王五").returncode == 0
    with psycopg.connect(database.owner_url) as owner:
        clauses = owner.execute("SELECT clause FROM clauses WHERE policy = %s", (POLICY,))
        assert sorted(clauses) == [("09-1",), ("14-1",)]
    postgres.drop(name)


def test_beside_a_running_server_its_own_database_is_used(folder: Path) -> None:
    data = {"SUANQUAN_DATA": str(folder / "data")}
    never = suanquan("admin", "create", "王五", **data)  # starts the database, and stops it again
    assert never.returncode == 1
    assert "suanquan db upgrade" in never.stderr
    assert suanquan("db", "upgrade", **data).returncode == 0
    early = suanquan("admin", "create", "王五", **data).stdout.strip()
    with running(folder / "data") as up:
        late = up.command("admin", "create", "赵六").stdout.strip()
        for secret in (early, late):
            variables = {"SUANQUAN_URL": up.url, "SUANQUAN_TOKEN": secret}
            assert suanquan("token", "list", **variables).returncode == 0
        assert up.command("db", "upgrade").returncode == 0


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SUANQUAN_DATABASE_URL": "mysql://x"}, "mysql"),
        ({"SUANQUAN_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/none"}, "127.0.0.1:1"),
        ({"SUANQUAN_PORT": "high"}, "SUANQUAN_PORT"),
        ({"SUANQUAN_URL": "ftp://x"}, "SUANQUAN_URL"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(variables: dict[str, str], words: str) -> None:
    for command in (("admin", "create", "王五"), ("db", "upgrade")):
        result = suanquan(*command, **variables)
        assert (result.returncode, result.stdout) == (1, "")
        assert words in result.stderr
        assert "secret" not in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_policy_is_shown_and_checked(folder: Path) -> None:
    assert POLICY in suanquan("policy", "list").stdout
    listed = json.loads(suanquan("policy", "list", "--json").stdout)
    assert POLICY in {version["version"] for version in listed}
    policy = json.loads(suanquan("policy", "show", POLICY, "--json").stdout)
    caps = {clause["id"]: (clause["rate"], clause["cap_fen"]) for clause in policy["clauses"]}
    assert len(caps) == 29
    assert (caps["09-1"], caps["14-1"]) == (("3/10", 500_000_000), ("3/10", 200_000_000))
    assert (caps["05-1"], caps["15-0"]) == (("12", None), (None, None))
    assert "¥5,000,000.00" in suanquan("policy", "show", POLICY).stdout
    file = folder / "policy.yaml"
    file.write_text("version: my-own\ncolour: red\n")
    wrong = suanquan("policy", "check", str(file))
    assert wrong.returncode == 1
    assert "line 2 colour: there is no such field" in wrong.stderr
    for name in ("no-such", ""):
        assert suanquan("policy", "show", name).returncode == 1
    assert suanquan("policy", "check", str(folder / "none")).returncode == 1
