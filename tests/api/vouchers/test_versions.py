"""A policy version becomes payable by API, command and page: one proposes, another decides."""

import psycopg
import pytest

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.requests import ask, problem
from tests.support.api.town import FACTS, POLICY, Town
from tests.support.vouchers import place_project

WISH = {"policy": POLICY, "clause": "09-1", "facts": FACTS}


@pytest.fixture(autouse=True)
def project(town: Town, owner: psycopg.Connection) -> None:
    """A project, under a version that nobody has made payable."""
    owner.execute("DELETE FROM payable_versions")
    place_project(owner, "p-new")


def state(town: Town) -> tuple[str, int | None]:
    return next(
        (version["state"], version["decision"])
        for version in ask(town, Role.CLERK, "GET", "policies")
        if version["policy"] == POLICY
    )


def confirm(town: Town, number: int) -> None:
    proposal = ask(town, Role.APPROVER, "GET", f"decisions/{number}")
    answer = {"answer": "confirmed", "seen": proposal["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{number}/answer", json=answer)


def test_no_voucher_before_two_made_its_version_payable(town: Town) -> None:
    assert problem(town, "POST", "projects/p-new/voucher", json=WISH)["code"] == "not_payable"
    reason = {"reason": "市政府公布"}
    decision = ask(town, Role.CLERK, "POST", f"policies/{POLICY}/payable", json=reason)
    assert state(town) == ("proposed", decision["id"])
    assert decision["id"] in {row["id"] for row in ask(town, Role.APPROVER, "GET", "decisions")}
    assert problem(town, "POST", "projects/p-new/voucher", json=WISH)["code"] == "not_payable"
    confirm(town, decision["id"])
    assert state(town) == ("payable", decision["id"])
    assert ask(town, Role.CLERK, "POST", "projects/p-new/voucher", json=WISH)["decision"]


def test_the_same_on_the_page(town: Town) -> None:
    headers = {**town.headers(Role.CLERK), "Accept": "text/html", "Accept-Language": "zh-CN"}
    page = town.client.get("/policies", headers=headers).text
    assert "未定为可付" in page
    assert f"/policies/{POLICY}/payable" in page
    reader = {**headers, **town.headers(Role.AUDITOR)}
    assert f"/policies/{POLICY}/payable" not in town.client.get("/policies", headers=reader).text
    form = {"reason": "市政府公布"}
    answer = town.client.post(f"/policies/{POLICY}/payable", data=form, headers=headers)
    assert answer.status_code == 303
    where = answer.headers["Location"]
    decision = town.client.get(where, headers=headers).text
    digests = ask(town, Role.CLERK, "GET", f"decisions/{where.rpartition('/')[2]}")["content"][
        "digests"
    ]
    assert digests
    assert all(digest in decision for digest in digests.values())
    assert "2017-01-01 — " in decision
    assert "2017-01-01/" not in decision
    assert where in town.client.get("/decisions", headers=headers).text
    confirm(town, int(where.rpartition("/")[2]))
    assert "已定为可付" in town.client.get("/policies", headers=headers).text


def test_a_payable_version_is_given_its_end_on_the_page(town: Town) -> None:
    headers = {**town.headers(Role.CLERK), "Accept": "text/html", "Accept-Language": "zh-CN"}
    ending = f"/policies/{POLICY}/end"
    assert ending not in town.client.get("/policies", headers=headers).text
    reason = {"reason": "市政府公布"}
    confirm(town, ask(town, Role.CLERK, "POST", f"policies/{POLICY}/payable", json=reason)["id"])
    assert ending in town.client.get("/policies", headers=headers).text
    form = {"until": "2027-01-01", "reason": "新版施行"}
    answer = town.client.post(ending, data=form, headers=headers)
    assert answer.status_code == 303, answer.text
    confirm(town, int(answer.headers["Location"].rpartition("/")[2]))
    (version,) = [v for v in ask(town, Role.CLERK, "GET", "policies") if v["policy"] == POLICY]
    assert version["until"] == "2027-01-01"
    assert "2027-01-01" in town.client.get("/policies", headers=headers).text


def test_the_same_by_command(desk: Desk, town: Town) -> None:
    chinese = {"LANG": "zh_CN.UTF-8"}
    line = ("voucher", "make-payable", POLICY, "--reason=市政府公布")
    waits = desk.run(Role.CLERK, *line, **chinese).stdout
    _, number = state(town)
    assert f"suanquan confirm {number}" in waits
    assert "待另一人确认" in desk.run(Role.CLERK, "voucher", "versions", **chinese).stdout
    confirm(town, number or 0)
    assert "已定为可付" in desk.run(Role.CLERK, "voucher", "versions", **chinese).stdout
