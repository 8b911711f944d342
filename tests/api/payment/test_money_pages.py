"""The cashier's forms: money that was paid is asked back, comes back, and the case ends."""

import psycopg
import pytest
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.bank import DAY, INDICATOR, YEAR, confirm, pay_claim
from tests.support.api.html import one, parse, texts
from tests.support.api.requests import ask
from tests.support.api.town import NOW, Town
from tests.support.claims import Office

CENTRE_MOVED = {"reason": "注册地迁出"}


@pytest.fixture
def overpaid(town: Town, owner: psycopg.Connection) -> str:
    """A claim of 100 yuan was paid, then its month excluded by two persons; the month's key."""
    with Session(town.app.state.engine) as db:
        office = Office(town.app.state.engine, owner, key(project_by_code(db, "p-mine")))
    office.earn(100_000)
    office.account("6222020200112233", NOW)
    number = pay_claim(town, office, owner)
    (month,) = ask(town, Role.AUDITOR, "GET", f"claims/{number}")["months"]
    excluding = f"reconciliations/{month['key']}/exclusion"
    confirm(town, ask(town, Role.CLERK, "POST", excluding, json=CENTRE_MOVED))
    return str(month["key"])


def send(town: Town, path: str, form: dict[str, str]) -> None:
    """Fill in a form of the cashier's page; the approver confirms what it proposes."""
    tree = parse(page(town))
    fields = one(tree, f"form[action='{path}']").css("input[name], select[name]")
    assert {str(field.attributes["name"]) for field in fields} >= form.keys()
    answer = town.client.post(path, data=form, headers=town.headers(Role.FINANCE))
    assert answer.status_code == 303, answer.text
    confirm(town, ask(town, Role.APPROVER, "GET", answer.headers["location"].strip("/")))


def page(town: Town) -> str:
    headers = town.headers(Role.FINANCE) | {"Accept": "text/html"}
    return town.client.get("/payments", headers=headers).text


@pytest.mark.usefixtures("overpaid")
def test_a_case_is_opened_paid_back_in_two_parts_and_closed(town: Town) -> None:
    assert "还没有立案" in page(town)
    case = {"project": "p-mine", "pay_by": f"{YEAR}-12-31", "reason": "资格撤销"}
    send(town, "/payments/recoveries", case)
    (row,) = ask(town, Role.AUDITOR, "GET", "recoveries")
    assert (row["fen"], row["outstanding_fen"], row["reason"]) == (10_000, 10_000, "资格撤销")
    assert "追缴中" in texts(parse(page(town)), "#refunds td")
    for reference, yuan, left_fen in (("K1", "40", 6_000), ("K2", "60", 0)):
        refund = {
            "project": "p-mine", "reference": reference, "on_day": DAY, "yuan": yuan,
            "indicator": f"{YEAR}/{INDICATOR['number']}", "reason": "企业退款",
        }  # fmt: skip
        send(town, "/payments/refunds", refund)
        (row,) = ask(town, Role.AUDITOR, "GET", "recoveries")
        assert (row["outstanding_fen"], row["closed_at"] is None) == (left_fen, left_fen > 0)
    assert {"已办结", "退回指标"} <= set(texts(parse(page(town)), "#refunds td"))


@pytest.mark.usefixtures("overpaid")
def test_what_was_got_by_fraud_lapses_when_it_comes_back(town: Town) -> None:
    case = {"project": "p-mine", "pay_by": f"{YEAR}-12-31", "reason": "虚报", "fraud": "true"}
    send(town, "/payments/recoveries", case)
    refund = {
        "project": "p-mine", "reference": "K1", "on_day": DAY, "yuan": "100",
        "indicator": f"{YEAR}/{INDICATOR['number']}",
    }  # fmt: skip
    send(town, "/payments/refunds", refund)
    quota = ask(town, Role.BUILDER, "GET", "projects/p-mine/quota")
    assert (quota["rights"]["lapsed"], quota["rights"]["recoverable"]) == (10_000, 0)
