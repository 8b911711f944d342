"""The form with which a clerk proposes a voucher: the very proposal of the API."""

import psycopg
import pytest

from ledger.people.codes import Role
from ledger.policy.text.published import load
from tests.support.api.requests import ask
from tests.support.api.town import FACTS, POLICY, Town
from tests.support.vouchers import place_project

TYPED = "\r\n".join(f"{name} = {str(value).lower()}" for name, value in FACTS.items())
FORM = {"policy": POLICY, "clause": "09-1", "facts": TYPED}
TERM = {"yuan": "300,000.50", "valid_from": "2026-03-01", "valid_until": "2027-03-01"}


@pytest.fixture
def page(owner: psycopg.Connection) -> str:
    place_project(owner, "p-new")
    return "/projects/p-new"


def test_a_clerk_proposes_a_face_value_and_a_term(town: Town, page: str) -> None:
    headers = {**town.headers(Role.CLERK), "Accept": "text/html"}
    assert 'action="/projects/p-new/voucher"' in town.client.get(page, headers=headers).text
    answer = town.client.post(f"{page}/voucher", data=FORM | TERM, headers=headers)
    (decision,) = ask(town, Role.CLERK, "GET", "decisions")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/decisions/{decision['id']}")
    clause = load(POLICY).clause("09-1")
    words = clause and clause.amount.words
    assert decision["content"] == {
        "project": "p-new", "policy": POLICY, "clause": "09-1", "cap_fen": 30_000_050,
        "valid_from": "2026-03-01", "valid_until": "2027-03-01", "facts": FACTS,
        "rate": "3/10", "rate_words": words,
    }  # fmt: skip


def test_what_is_no_fact_or_no_sum_is_said(town: Town, page: str) -> None:
    headers = {**town.headers(Role.CLERK), "Accept": "text/html", "Accept-Language": "en"}
    for wrong, says in (
        ({"facts": "landed_in_city"}, "landed_in_city"),
        ({"yuan": "5000000.01"}, "5,000,000.00"),
        ({"valid_until": "2026-02-01", "valid_from": "2026-02-01"}, "2026-02-01"),
    ):
        answer = town.client.post(f"{page}/voucher", data=FORM | wrong, headers=headers)
        assert (answer.status_code, says in answer.text) == (422, True), answer.text
    assert ask(town, Role.CLERK, "GET", "decisions") == []


def test_others_see_no_form(town: Town) -> None:
    headers = {**town.headers(Role.BUILDER), "Accept": "text/html"}
    assert "/voucher" not in town.client.get("/projects/p-mine", headers=headers).text
    assert town.client.post("/projects/p-mine/voucher", data=FORM, headers=headers).is_client_error
