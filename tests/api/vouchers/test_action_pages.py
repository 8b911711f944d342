"""The forms of a project's page that change its voucher, each filled in as the page has it."""

from typing import Any

import pytest

from ledger.people.codes import Role
from tests.support.api.bank import confirm
from tests.support.api.html import one, parse
from tests.support.api.requests import ask
from tests.support.api.town import Town

PAGE = "/projects/p-mine"


def send(town: Town, act: str, form: dict[str, str]) -> dict[str, Any]:
    """What a clerk's form proposes: the decision, which another person then confirms."""
    clerk = town.headers(Role.CLERK)
    tree = parse(town.client.get(PAGE, headers=clerk | {"Accept": "text/html"}).text)
    fields = one(tree, f"form[action='{PAGE}/{act}']").css("[name]")
    assert {str(field.attributes["name"]) for field in fields} == form.keys()
    answer = town.client.post(f"{PAGE}/{act}", data=form, headers=clerk)
    assert answer.status_code == 303, answer.text
    decision = ask(town, Role.APPROVER, "GET", answer.headers["location"].strip("/"))
    confirm(town, decision)
    return dict(decision)


def quota(town: Town) -> dict[str, Any]:
    return dict(ask(town, Role.BUILDER, "GET", "projects/p-mine/quota"))


def test_a_cap(town: Town) -> None:
    decision = send(town, "cap", {"yuan": "4,321.50", "reason": "市里核定"})
    assert (decision["kind"], decision["content"]["cap_fen"]) == ("cap", 432_150)
    assert quota(town)["cap_fen"] == 432_150


def test_a_cap_for_each_year(town: Town) -> None:
    decision = send(town, "year-cap", {"since": "2026", "yuan": "2000", "reason": "预算"})
    assert (decision["kind"], decision["content"]["cap_fen"]) == ("year_cap", 200_000)


def test_the_days_of_a_voucher(town: Town) -> None:
    form = {"valid_from": "", "valid_until": "2026-07-01", "reason": "撤销资格"}
    decision = send(town, "validity", form)
    assert decision["content"]["valid_until"] == "2026-07-01"


def test_what_is_left_lapses(town: Town) -> None:
    send(town, "lapse", {"reason": "到期"})
    assert quota(town)["left_fen"] == 0


@pytest.mark.parametrize("yuan", ["-1", "1.005", "", "一万"])
def test_a_cap_that_is_no_amount_comes_back_with_the_form(town: Town, yuan: str) -> None:
    form = {"yuan": yuan, "reason": "核定"}
    answer = town.client.post(f"{PAGE}/cap", data=form, headers=town.headers(Role.CLERK))
    assert answer.status_code == 422
