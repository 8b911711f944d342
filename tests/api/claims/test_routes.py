"""Claims through the doors: a builder, two clerks, an approver, finance and the public."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.people.rules.persons import ADMINISTRATORS
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.command_line import Desk
from tests.support.api.town import NOW, Town
from tests.support.claims import CHANNEL, WANTED, Office
from tests.support.invoices import SELLER
from tests.support.papers.proofs import pdf
from tests.support.vouchers import USCC

BUILDER, CLERK, APPROVER = Role.BUILDER, Role.CLERK, Role.APPROVER
ACCOUNT = {
    "holder": "测试单位", "bank": "银川银行", "bank_code": "313871000007",
    "number": "6222 0202 0011 2233",
}  # fmt: skip
OVER = NOW + timedelta(days=8)


@pytest.fixture
def office(town: Town, owner: psycopg.Connection) -> Office:
    """The first project, with cost that earned it 300 yuan."""
    engine = town.app.state.engine
    with Session(engine) as db:
        project = key(project_by_code(db, "p-mine"))
    new_office = Office(engine, owner, project)
    new_office.earn(100_000)
    return new_office


def ask(
    town: Town, role: Role | None, method: str, path: str, code: int = 0, **options: Any
) -> Any:
    """What the server answers; `code` is the status of a refusal."""
    url = f"/api/v1/{path}"
    answer = town.client.request(method, url, headers=town.headers(role), **options)
    assert answer.status_code == code or (not code and answer.is_success), answer.text
    return answer.json()


def at(town: Town, moment: datetime) -> None:
    town.app.state.wall_clock = lambda: moment


def confirm(town: Town, role: Role, proposal: dict[str, Any]) -> Any:
    answer = {"answer": "confirmed", "seen": proposal["digest"]}
    return ask(town, role, "POST", f"decisions/{proposal['decision']}/answer", json=answer)


def add_files(town: Town, number: str) -> None:
    (document,) = ask(town, BUILDER, "GET", f"claims/{number}")["documents"]
    for role in WANTED:
        files = {"file": (f"{role} 盖章.pdf", pdf(role))}
        query = f"role={role}&proves={document if role == 'receipt' else ''}"
        ask(town, BUILDER, "POST", f"claims/{number}/files?{query}", files=files)


def page(town: Town, role: Role, number: str) -> str:
    """The claim's page, as this role sees it."""
    answer = town.client.get(f"/claims/{number}", headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return answer.text


def published(town: Town) -> str:
    """A claim of all there is, before the public."""
    number = str(ask(town, BUILDER, "POST", "claims", json={"project": "p-mine"})["number"])
    add_files(town, number)
    confirm(town, CLERK, ask(town, BUILDER, "POST", "bank-accounts", json=ACCOUNT))
    for role, wish in (
        (BUILDER, {"action": "submit"}),
        (CLERK, {"action": "accept"}),
        (CLERK, {"action": "publish", "channel": CHANNEL}),
    ):
        ask(town, role, "POST", f"claims/{number}/actions", json=wish)
    return number


def test_from_the_draft_to_the_approval(town: Town, office: Office) -> None:
    answer = ask(town, BUILDER, "POST", "claims", json={"project": "p-mine", "fen": 10_000})
    assert (answer["state"], answer["words"]) == ("draft", "壹佰元整")
    assert answer["actions"] == ["submit", "withdraw"]
    assert answer["lacks"][0] == "缺少兑付申请表"
    assert len(answer["lacks"]) == 4
    path = f"claims/{answer['number']}"
    reply = ask(town, BUILDER, "POST", f"{path}/actions", 422, json={"action": "submit"})
    assert (reply["code"], reply["count"]) == ("claim_lacks", 4)
    ask(town, BUILDER, "POST", f"{path}/actions", json={"action": "withdraw"})

    number = published(town)
    path = f"claims/{number}"
    (public,) = ask(town, None, "GET", "publications")
    assert (public["number"], public["fen"], public["current"]) == (number, 30_000, True)
    assert (public["since"], public["until"]) == ("2026-03-05", "2026-03-11")
    assert "6222" not in str(public)

    objection = ask(
        town, CLERK, "POST", "objections",
        json={"claim": number, "objector": "某公司", "contact": "0951", "body": "不实"},
    )  # fmt: skip
    builder_page, clerk_page = (page(town, role, number) for role in (BUILDER, CLERK))
    assert "某公司" in clerk_page
    for hidden in ("某公司", "0951", "不实"):
        assert hidden not in builder_page
    assert "共 1 件异议，1 件未处理" in builder_page
    form = {"upheld": False, "resolution": "查无实据"}
    reply = ask(town, CLERK, "POST", f"objections/{objection['id']}/resolution", 403, json=form)
    assert reply["code"] == "not_your_step"
    ask(town, APPROVER, "POST", f"objections/{objection['id']}/resolution", json=form)
    assert ask(town, CLERK, "GET", path)["objections"][0]["resolution"] == "查无实据"
    assert ask(town, BUILDER, "GET", path)["objections"] == []

    reply = ask(town, CLERK, "POST", f"{path}/approval", 422, json={})
    assert (reply["code"], reply["until"]) == ("publication_runs", "2026-03-11")
    at(town, OVER)
    proposal = ask(town, CLERK, "POST", f"{path}/approval", json={"reason": "公示无异议"})
    assert ask(town, BUILDER, "GET", path)["decision"] == proposal["decision"]
    confirm(town, APPROVER, proposal)
    whole = ask(town, BUILDER, "GET", path)
    assert (whole["state"], whole["decision"], whole["actions"]) == ("approved", None, [])
    assert [e["action"] for e in whole["events"]] == [
        "submit", "accept", "publish", "object", "dismiss", "propose", "approve",
    ]  # fmt: skip
    assert [c["state"] for c in ask(town, BUILDER, "GET", "claims")] == ["approved", "withdrawn"]
    assert ask(town, BUILDER, "GET", "claims?state=paid&state=draft") == []
    assert ask(town, None, "GET", "publications")[0]["current"] is False


def test_anything_but_eligible_is_told_with_its_reasons(town: Town, office: Office) -> None:
    number = published(town)
    ask(town, APPROVER, "POST", f"claims/{number}/actions",
        json={"action": "refuse", "note": "重办"})  # fmt: skip
    again = ask(town, BUILDER, "POST", "claims", json={"project": "p-mine"})["number"]
    add_files(town, again)
    ask(town, BUILDER, "POST", f"claims/{again}/actions", json={"action": "submit"})
    wish = {"action": "accept", "facts": {"scenarios": 4}}
    answer = ask(town, CLERK, "POST", f"claims/{again}/actions", 422, json=wish)
    assert (answer["code"], answer["detail"]) == ("ineligible", "按第 09-1 条不符合条件")
    assert [f["where"] for f in answer["findings"]] == ["scenarios"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "approve"},
        {"action": "pay"},
        {"action": "accept", "facts": [1]},
        {"action": "submit", "fen": 1},
        {"action": "submit", "note": "x" * 2001},
        {},
    ],
)
def test_a_wish_that_is_none_is_refused_before_anything_is_looked_at(
    town: Town, office: Office, wrong: dict[str, Any]
) -> None:
    number = office.open()
    answer = ask(town, Role.CLERK, "POST", f"claims/{number}/actions", 422, json=wrong)
    assert answer["code"] == "invalid"


@pytest.mark.parametrize("facts", [{"scenarios": {"a": [1]}}, {"scenarios": 10**30}, {"\0": 1}])
def test_facts_of_any_kind_are_answered_with_one_clear_error(
    town: Town, office: Office, facts: dict[str, Any]
) -> None:
    number = published(town)
    ask(town, APPROVER, "POST", f"claims/{number}/actions",
        json={"action": "refuse", "note": "重办"})  # fmt: skip
    office.account("7" * 19, NOW)
    again = office.handed_in()
    wish = {"action": "accept", "facts": facts}
    path = f"/api/v1/claims/{again}/actions"
    answer = town.client.post(path, json=wish, headers=town.headers(CLERK))
    if facts == {"scenarios": 10**30}:  # many scenarios are no fault
        assert answer.json()["state"] == "accepted"
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "rejected")


def test_a_file_comes_back_as_it_was_and_is_never_opened(town: Town, office: Office) -> None:
    number = office.open()
    page = b"<html><script>alert(1)</script>"
    files = {"file": ('"\r\n盖章.html', page)}
    url = f"claims/{number}/files"
    receipt = ask(town, BUILDER, "POST", f"{url}?role=other", files=files)
    headers = town.headers(Role.AUDITOR)
    answer = town.client.get(f"/api/v1/{url}/{receipt['hash']}", headers=headers)
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask(town, BUILDER, "GET", f"{url}/{'0' * 64}", 404)["code"] == "claim_file"
    assert ask(town, BUILDER, "POST", f"{url}?role=other", 422, files={"x": ("a", b"b")})
    empty = ask(town, BUILDER, "POST", f"{url}?role=other", 422, files={"file": ("a", b"")})
    assert empty["code"] == "file_empty"
    ask(town, BUILDER, "POST", f"{url}?role=photo", 422, files=files)


def test_numbers_are_whole_for_their_owner_and_finance_alone(town: Town, office: Office) -> None:
    answer = ask(town, BUILDER, "POST", "bank-accounts", json=ACCOUNT)
    assert ask(town, BUILDER, "GET", "bank-accounts") == []
    confirm(town, CLERK, answer)
    for role in set(Role) - {Role.OPERATOR} - ADMINISTRATORS:
        (view,) = ask(town, role, "GET", "bank-accounts")
        whole = role in (BUILDER, Role.FINANCE)
        assert view["number"] == ("6222020200112233" if whole else "************2233")
        assert (view["uscc"], view["held"]) == (USCC, False)
    change = {**ACCOUNT, "organisation": USCC, "number": "7" * 16}
    ask(town, CLERK, "POST", "bank-accounts", json=change)
    assert ask(town, BUILDER, "GET", "bank-accounts")[0]["held"] is True


def test_an_account_s_faults_and_other_people_s_organisations(
    town: Town, owner: psycopg.Connection
) -> None:
    wrong = {**ACCOUNT, "holder": "别家", "bank_code": "1", "number": "x"}
    answer = ask(town, BUILDER, "POST", "bank-accounts", 422, json=wrong)
    assert (answer["code"], answer["count"]) == ("account_faulty", 3)
    owner.execute("INSERT INTO organisations (uscc, name) VALUES (%s, '别家')", (SELLER,))
    for role, uscc in ((BUILDER, SELLER), (CLERK, "nobody")):
        answer = ask(
            town, role, "POST", "bank-accounts", 404, json={**ACCOUNT, "organisation": uscc}
        )
        assert answer["code"] == "organisation"
    unnamed = ask(town, CLERK, "POST", "bank-accounts", 422, json={**ACCOUNT, "organisation": None})
    assert unnamed["code"] == "no_organisation"


def test_what_is_anothers_claim_looks_like_none(
    town: Town, office: Office, owner: psycopg.Connection
) -> None:
    number = office.open()
    owner.execute("UPDATE tokens SET project_id = (SELECT id FROM projects WHERE code = 'p-theirs')"
                  " WHERE role = 'builder'")  # fmt: skip
    foreign = ask(town, BUILDER, "GET", f"claims/{number}", 404)
    absent = ask(town, BUILDER, "GET", "claims/DF-2026-9999", 404)
    assert foreign["detail"].replace(number, "DF-2026-9999") == absent["detail"]
    assert ask(town, BUILDER, "GET", "claims") == []


def test_the_same_at_the_command_line(
    desk: Desk,
    office: Office,
    folder: Path,
) -> None:
    account = (
        "account", "set", "--holder", "测试单位", "--bank", "银川银行", "--code", "313871000007",
        "--number", "6222020200112233",
    )  # fmt: skip
    receipt = desk.ask(BUILDER, *account)
    answer = ("confirm", str(receipt["decision"]), "--seen", receipt["digest"])
    assert desk.run(CLERK, *answer).returncode == 0
    number = desk.ask(BUILDER, "claim", "open", "p-mine", "--yuan", "299.99")["number"]
    assert "receipt is missing" in desk.run(BUILDER, "claim", "submit", number).stderr
    for role in WANTED:
        file = folder / f"{role}.pdf"
        file.write_bytes(pdf(role))
        document = desk.ask(BUILDER, "claim", "show", number)["documents"][0]
        about = ("--proves", document) if role == "receipt" else ()
        assert desk.run(BUILDER, "claim", "add", number, role, str(file), *about).returncode == 0
    assert desk.run(BUILDER, "claim", "submit", number).stdout == (
        f"claim {number}, ¥299.99, is submitted\n"
    )
    assert desk.ask(CLERK, "claim", "return", number, "--note", "缺页")["state"] == "draft"
    desk.ask(BUILDER, "claim", "submit", number)
    assert desk.ask(CLERK, "claim", "accept", number, "--fact=scenarios=6")["state"] == "accepted"
    desk.ask(CLERK, "claim", "publish", number, "--channel", CHANNEL)
    objection = ("--objector", "某公司", "--contact", "0951", "--body", "不实")
    heard = desk.ask(CLERK, "claim", "object", number, *objection)["id"]
    desk.ask(APPROVER, "claim", "resolve", str(heard), "--dismiss", "--resolution", "查明")
    at(desk.town, OVER)
    proposal = desk.ask(CLERK, "claim", "approve", number)
    answer = ("confirm", str(proposal["decision"]), "--seen", proposal["digest"])
    assert desk.run(APPROVER, *answer).returncode == 0
    (row,) = desk.ask(Role.AUDITOR, "claim", "ls", "--state", "approved")
    assert (row["number"], row["fen"]) == (number, 29_999)
    output = desk.run(CLERK, "claim", "show", number).stdout
    for word in (number, "贰佰玖拾玖元玖角玖分", "approve", "application.pdf", "dismissed"):
        assert word in output
    assert "¥299.99" in desk.run(CLERK, "claim", "ls").stdout
    assert "************2233" in desk.run(CLERK, "account", "ls").stdout
    assert desk.run(BUILDER, "claim", "open", "p-mine", "--yuan", "1.234").returncode == 2
    assert "cannot read" in desk.run(BUILDER, "claim", "add", number, "other", "/none").stderr
    for command in (("refuse", number, "--note", "x"), ("withdraw", number)):
        assert desk.run(BUILDER, "claim", *command).returncode == 1
