"""A month as its people go through it in their browsers, from the statement to the bank's return.

Everybody signs in, clicks and sends forms; nothing here is put into the books from aside but the
hours that a node metered. It goes the same way where each click is answered by another one of two
servers, which reach the database through a pooler in transaction mode.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.app import create_app
from api.settings import Settings
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from tests.support.api.html import attribute, attributes, one, parse
from tests.support.invoices import einvoice_xml
from tests.support.papers.proofs import pdf
from tests.support.people import FAR
from tests.support.servers.balancer import Balancer
from tests.support.servers.pgbouncer import pooler
from tests.support.simulation import USCC, window
from tests.support.town import Town

PARTY = (USCC, "测试单位")
FACTS = {
    "fact_subject_kind": "enterprise",
    "fact_legal_person": "yes",
    "fact_landed_in_city": "yes",
    "fact_parameters": "72,000,000,000",
    "fact_scenarios": "5",
}
ACCOUNT = {
    "holder": "测试单位",
    "bank": "宁夏银行",
    "bank_code": "313871000007",
    "number": "6222 0000 0000 0001",
}
INDICATOR = {
    "number": "640100-2026-001",
    "year": "2026",
    "project_name": "算力补贴",
    "fund_kind": "一般公共预算",
    "classification": "2150517",
    "yuan": "1,000,000",
}


class Office:
    """The bureau's clock, and a browser for each who comes in."""

    def __init__(self, database: Database, *apps: FastAPI) -> None:
        self.engine, self.app = database.owner_engine(), Balancer(apps)
        self.now = datetime(2026, 4, 7, 2, tzinfo=UTC)
        for app in apps:
            app.state.wall_clock = lambda: self.now

    def person(self, role: str, name: str, **scope: int) -> "Person":
        with Session(self.engine) as db, db.begin():
            token = issue_token(
                db, role=role, person=name, project=scope.get("project"),
                centre=scope.get("centre"), actor="machine:test", now=self.now,
                expires_at=FAR,
            )  # fmt: skip
        return Person(self.app, token)


class Person:
    """Somebody in front of a browser."""

    def __init__(self, app: Balancer, token: str) -> None:
        self.browser, self._token = TestClient(app, headers={"Accept": "text/html"}), token
        self.sign_in()

    def sign_in(self) -> None:
        assert self.browser.post("/sign-in", data={"token": self._token}).is_success

    def see(self, path: str) -> str:
        page = self.browser.get(path)
        assert page.status_code == 200, page.text
        return page.text

    def send(self, path: str, **form: str) -> Any:
        return self.browser.post(path, data=form)

    def do(self, path: str, **form: str) -> str:
        """Send a form that must be taken; where it led."""
        page = self.send(path, **form)
        assert page.is_success, page.text
        return str(page.url.path)

    def bring(self, path: str, name: str, content: bytes, **form: str) -> str:
        page = self.browser.post(path, data=form, files={"file": (name, content)})
        assert page.is_success, page.text
        return str(page.url.path)

    def confirm(self, path: str) -> None:
        """Look at a decision, and confirm just what was seen."""
        (digest,) = set(attributes(parse(self.see(path)), "input[name=seen]", "value"))
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert (
            "已确认" in self.browser.post(path, data={"answer": "confirmed", "seen": digest}).text
        )


@pytest.fixture(params=["one server", "two servers and a pooler"])
def office(
    database: Database,
    engine: sa.Engine,
    owner: psycopg.Connection,
    request: pytest.FixtureRequest,
) -> Iterator[Office]:
    with ExitStack() as stack:
        engines = [engine]
        if request.param != "one server":
            through = stack.enter_context(pooler(database))
            engines = [through.engine(), through.engine()]
        for each in engines:
            stack.callback(each.dispose)
        town = Town(database, engines[-1], owner)
        town.report(window(0, at) for at in range(60))  # an hour at 60 yuan
        yield Office(database, *(create_app(e, Settings(token_days=36_500)) for e in engines))


def test_a_month_from_the_statement_to_the_bank(office: Office) -> None:
    clerk, approver = office.person("clerk", "李四"), office.person("approver", "周九")
    centre = office.person("operator", "王五", centre=1)
    builder = office.person("builder", "钱七", project=1)

    reconciled(clerk, approver, centre, builder)
    number = claim_of(office, clerk, approver, builder)
    finance = office.person("finance", "吴八")
    paid(office, finance, approver, number)

    assert "已到账" in builder.see("/claims")
    assert "<h2>资金流向</h2>" in finance.see("/payments")
    assert "centre of c1" in finance.see("/payments")
    assert "没有等您确认的决定" in approver.see("/desk")


def reconciled(clerk: Person, approver: Person, centre: Person, builder: Person) -> None:
    clerk.do("/statements", month="2026-03")
    statement = link(clerk.see("/statements"), "/statements/DZ-").rpartition("/")[2]
    for party in (centre, builder):
        party.do(f"/statements/{statement}", answer="confirmed")
    assert statement in centre.see("/centre")

    bill = einvoice_xml(
        [("*信息技术服务*算力服务费", 6000, "0.06", 360)], issued="2026-04-02 09:00:00",
        seller=PARTY, buyer=PARTY, remark=f"对账单号：{statement}",
    )  # fmt: skip
    document = centre.bring("/documents", "bill.xml", bill, how="file")
    assert "¥60.00" in centre.see(document)
    clerk.confirm(link(clerk.see(document), "/decisions/"))  # compared with the paper

    clerk.do("/reconcile/match")
    assert "k1" in clerk.see("/reconcile")
    month = "/reconcile/1/2026-03"
    page = clerk.see(month)
    assert page.count("¥60.00") >= 3
    # One firm sells to itself in this town: that is for a person to judge, with a reason.
    questions = [
        attribute(choice, "name")
        for choice in parse(page).css("select[name^='treatment ']")
        if attribute(one(choice, "option"), "value") == ""
    ]
    assert questions
    refused = clerk.send(month)
    assert refused.status_code == 422
    assert "须由人选择处理办法" in refused.text
    choices = dict.fromkeys(questions, "note")
    reasons = {name.replace("treatment", "reason"): "同一单位内部结算" for name in questions}
    assert clerk.do(month, **choices, **reasons, reason="核对无误") == "/reconcile"
    decision = link(clerk.see(month), "/decisions/")
    assert "须由另一人确认" in clerk.see(decision)
    assert decision in approver.see("/desk")
    approver.confirm(decision)
    assert "没有等待对账的月份" in clerk.see("/reconcile")


def claim_of(office: Office, clerk: Person, approver: Person, builder: Person) -> str:
    assert "¥18.00" in builder.see("/claims")
    page = builder.do("/claims")
    number = page.rpartition("/")[2]
    assert builder.send(f"{page}/step", action="submit").status_code == 422
    for role in ("application", "commitment", "receipt"):
        (invoice,) = set(
            attributes(parse(builder.see(page)), "select[name=proves] option[value^='2']", "value")
        )
        about = {"proves": invoice} if role == "receipt" else {}
        builder.bring("/claims/files", f"{role}.pdf", pdf(role), number=number, role=role, **about)
    builder.do(f"{page}/account", **ACCOUNT)
    clerk.confirm(first_decision(clerk))
    builder.do(f"{page}/step", action="submit")
    assert number in clerk.see("/claims?queue=review")
    clerk.do(f"{page}/step", action="accept", **FACTS)
    clerk.do(f"{page}/step", action="publish", channel="0951-0000000")
    assert "0951-0000000" in clerk.see("/publications")
    assert clerk.send(f"{page}/approval").status_code == 422
    objected(clerk, approver, page)
    office.now += timedelta(days=10)
    for person in (clerk, approver, builder):  # their sessions have ended meanwhile
        person.sign_in()
    approver.confirm(clerk.do(f"{page}/approval"))
    assert "已批准" in clerk.see("/claims")
    return number


def objected(clerk: Person, approver: Person, page: str) -> None:
    """A neighbour objects; an approver dismisses it."""
    words = {"objector": "邻居", "contact": "0951-1111111", "body": "算力不是自己用的"}
    assert "邻居" in clerk.see(clerk.do(f"{page}/objections", **words))
    assert "挂起：异议未了" in clerk.see(page)
    assert clerk.send(f"{page}/objections/99", upheld="no", resolution="无").status_code == 404
    approver.do(f"{page}/objections/1", upheld="no", resolution="已查，是自己用的")
    assert "已查，是自己用的" in clerk.see(page)


def paid(office: Office, finance: Person, approver: Person, claim: str) -> None:
    approver.confirm(finance.do("/payments/indicators", **INDICATOR))
    assert claim in finance.see("/payments")
    listed = finance.do("/payments/lists", indicator="2026/640100-2026-001", claims=claim)
    assert "壹拾捌元整" in finance.see(listed)
    approver.confirm(link(finance.see(listed), "/decisions/"))
    name = listed.rpartition("/")[2]
    answer = (
        f"流水号,清单号,序号,结果,金额,日期,原因\nB-1,{name},1,成功,18.00,{office.now:%Y-%m-%d},\n"
    ).encode()
    finance.bring("/payments/returns", "return.csv", answer)
    again = finance.browser.post("/payments/returns", files={"file": ("return.csv", answer)})
    assert again.status_code == 409
    assert "已办结" in finance.see(listed)


def link(page: str, beginning: str) -> str:
    """The first link of a page that leads there."""
    return attribute(one(parse(page), f"a[href^='{beginning}']"), "href")


def first_decision(person: Person) -> str:
    return urlsplit(link(person.see("/desk"), "/decisions/")).path
