"""A rate that depends on facts, by API, command and page: which one, and why."""

import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ledger.people.codes import Role
from ledger.policy.text import published
from ledger.postgres.database import Database
from ledger.vouchers.steps.clauses import load_policies
from tests.support.api.command_line import Desk
from tests.support.api.requests import ask, problem
from tests.support.api.town import Town
from tests.support.invented_policy import RATES
from tests.support.vouchers import place_project

POLICY = "harbour-2032"
FACTS: dict[str, Any] = {
    "registered": True, "startup": True, "staff": 49, "programme": "none", "facility": False,
}  # fmt: skip
NATIONAL = {**FACTS, "programme": "national"}
WISH = {"policy": POLICY, "clause": "09-1", "facts": FACTS}
NEW = "projects/p-new"


@pytest.fixture(autouse=True)
def project(
    owner: psycopg.Connection,
    engine: sa.Engine,  # with it, what is loaded is payable
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A project, and an invented policy whose rate depends on facts."""
    folder = tmp_path / "policies"
    shutil.copytree(str(published.FOLDER), folder)
    (folder / f"{POLICY}.yaml").write_text(RATES, encoding="utf-8")
    monkeypatch.setattr(published, "FOLDER", folder)
    owners = database.owner_engine()
    with owners.begin() as connection:
        load_policies(connection)
    owners.dispose()
    place_project(owner, "p-new")


def confirm(town: Town, number: int) -> None:
    proposal = next(d for d in ask(town, Role.APPROVER, "GET", "decisions") if d["id"] == number)
    answer = {"answer": "confirmed", "seen": proposal["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{number}/answer", json=answer)


def test_the_engine_chooses_the_rate_and_a_later_one(town: Town) -> None:
    opening = ask(town, Role.CLERK, "POST", f"{NEW}/voucher", json=WISH)
    why = "员工不足50人的初创企业按3/10"
    assert (opening["rate"], opening["rate_words"]) == ("3/10", why)
    (proposal,) = ask(town, Role.APPROVER, "GET", "decisions")
    assert (proposal["content"]["rate"], proposal["content"]["rate_words"]) == ("3/10", why)
    confirm(town, opening["decision"])
    quota = ask(town, Role.CLERK, "GET", f"{NEW}/quota")
    whole = {"policy": POLICY, "rate": "3/10", "words": why, "since": None, "until": None}
    assert (quota["rate"], quota["rates"]) == ("3/10", [whole])
    change = {"policy": POLICY, "since": "2026-02-01", "facts": NATIONAL, "reason": "立项"}
    decision = ask(town, Role.CLERK, "POST", f"{NEW}/rate", json=change)
    assert decision["kind"] == "rate"
    confirm(town, decision["id"])
    quota = ask(town, Role.CLERK, "GET", f"{NEW}/quota")
    assert quota["rate"] == "1/2"
    assert [(r["rate"], r["since"], r["until"]) for r in quota["rates"]] == [
        ("3/10", None, "2026-02-01"), ("1/2", "2026-02-01", None),
    ]  # fmt: skip
    again = ask(town, Role.CLERK, "POST", f"{NEW}/voucher", json=WISH)
    assert (again["decision"], again["rate"]) == (None, "1/2")


def test_a_fact_on_which_the_rate_depends_is_asked_for(town: Town) -> None:
    facts = {name: value for name, value in FACTS.items() if name != "staff"}
    refusal = problem(town, "POST", f"{NEW}/voucher", json={**WISH, "facts": facts})
    assert (refusal["code"], refusal["findings"][0]["where"]) == ("insufficient", "staff")


def test_the_same_on_the_page(town: Town) -> None:
    confirm(town, ask(town, Role.CLERK, "POST", f"{NEW}/voucher", json=WISH)["decision"])
    headers = {**town.headers(Role.CLERK), "Accept": "text/html", "Accept-Language": "zh-CN"}
    typed = "\n".join(f"{name}={str(value).lower()}" for name, value in NATIONAL.items())
    form = {"policy": POLICY, "since": "2026-02-01", "facts": typed, "reason": "立项"}
    answer = town.client.post(f"/{NEW}/rate", data=form, headers=headers)
    assert answer.status_code == 303
    page = town.client.get(answer.headers["Location"], headers=headers).text
    assert "国家级项目按1/2" in page
    confirm(town, int(answer.headers["Location"].rpartition("/")[2]))
    page = town.client.get(f"/{NEW}", headers=headers).text
    assert page.index("员工不足50人的初创企业按3/10") < page.index("国家级项目按1/2")


def test_the_same_by_command(desk: Desk, town: Town) -> None:
    facts = [f"--fact={name}={str(value).lower()}" for name, value in FACTS.items()]
    opening = ("voucher", "open", "p-new", "--clause=09-1", f"--policy={POLICY}", *facts)
    lines = desk.run(Role.CLERK, *opening, LANG="zh_CN.UTF-8").stdout.splitlines()
    assert lines[-1] == "比例 3/10：员工不足50人的初创企业按3/10"
    (proposal,) = ask(town, Role.APPROVER, "GET", "decisions")
    confirm(town, proposal["id"])
    national = ("--fact=programme=national", "--from=2026-02-01", "--reason=立项")
    line = ("voucher", "rate", "p-new", f"--policy={POLICY}", *facts, *national)
    assert desk.ask(Role.CLERK, *line)["content"]["rate"] == "1/2"
