"""Who takes in the bank's file shows a code: on the page, by the API, by the command.

Under raw SQL: `tests/ledger/migrations/attacks/test_step_up.py`.
"""

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from httpx2 import Response

from ledger.people.codes import Role
from tests.support.api.bank import DAY, HEAD, INDICATOR, LIST, YEAR, confirm
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, text
from tests.support.api.logins import Person, accept, browser, invite, minute
from tests.support.api.requests import ask
from tests.support.api.town import Town
from tests.support.payments import Treasury

FIELD = "input[name=code]"
GOOD = f"{HEAD}T1,{LIST},1,成功,6,{DAY},".encode()
BROKEN = f"{HEAD}T1,{LIST},9,成功,6,{DAY},".encode()


@pytest.fixture
def treasury(town: Town, owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    """A list of six yuan that was sent to the bank."""
    new_treasury = Treasury(owner, engine)
    new_treasury.project("p1", 600)
    new_treasury.claim("p1", 600, "SQ-1")
    confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=INDICATOR))
    wish = {"indicator": INDICATOR["number"], "year": YEAR}
    confirm(town, ask(town, Role.FINANCE, "POST", "payment-lists", json=wish))
    return new_treasury


@pytest.fixture
def cashier(town: Town, treasury: Treasury) -> Person:
    """A cashier who came in with a code six minutes ago, where one stands for five."""
    invitation = invite(town, "finance")
    town.confirm(invitation["id"])
    person = accept(town, invitation)
    make_strict(town)
    return person


def make_strict(town: Town) -> None:
    settings = town.app.state.settings
    town.app.state.settings = settings.model_copy(update={"step_up_minutes": 5})
    town.app.state.wall_clock = lambda: minute(6)


def token_of(town: Town, *, service: bool = False) -> str:
    """Another token of the cashier's, or that of a program of the finance office.

    Two security administrators agree on it, whom this drill asks for no code.
    """
    town.app.state.settings = town.app.state.settings.model_copy(update={"step_up_minutes": None})
    holder = {"person": "银企直联" if service else "李四", "service": service}
    headers = town.headers(Role.SECURITY_ADMIN)
    answer = town.client.post("/api/v1/tokens", json={"role": "finance", **holder}, headers=headers)
    town.confirm(answer.json()["id"])
    make_strict(town)
    return str(answer.json()["secret"])


def bring(cashier: Person, file: bytes = GOOD, **fields: str) -> Response:
    return cashier.client.post(
        "/payments/returns", files={"file": ("r.csv", file)}, data=fields,
        headers={"accept": "text/html", "referer": "http://testserver/payments"},
    )  # fmt: skip


def test_a_page_asks_and_moves_nothing_without(cashier: Person, treasury: Treasury) -> None:
    assert parse(cashier.client.get("/payments").text).css(FIELD)
    refusal = bring(cashier)
    assert refusal.status_code == 422
    assert "再输入" in text(parse(refusal.text).css("#fault-code")[0])
    assert bring(cashier, code="000000").status_code == 422
    assert treasury.state("SQ-1") == "listed"
    at = minute(8)  # a wrong one makes the next wait
    cashier.town.app.state.wall_clock = lambda: at
    before = dict(cashier.client.cookies)
    assert bring(cashier, code=cashier.digits(at)).status_code == 303
    assert treasury.state("SQ-1") == "paid"
    stale = browser(cashier.town)
    stale.cookies.update(before)
    assert stale.get("/desk").status_code == 401, "the session has a new secret"
    page = cashier.client.get("/payments")
    assert not parse(page.text).css(FIELD), "it stands for a while"


def test_a_file_that_is_not_taken_uses_no_code_up(cashier: Person, treasury: Treasury) -> None:
    code = cashier.digits(minute(6))
    refusal = bring(cashier, BROKEN, code=code)
    assert refusal.status_code == 422
    assert not parse(refusal.text).css("#fault-code")
    assert cashier.client.get("/desk").status_code == 200, "nor is the session another one"
    assert bring(cashier, code=code).status_code == 303
    assert treasury.state("SQ-1") == "paid"


def test_a_stolen_token_books_nothing(cashier: Person, treasury: Treasury) -> None:
    town = cashier.town
    bounced = f"{HEAD}T1,{LIST},1,退回,6,{DAY},账户冻结".encode()
    thief = {"Authorization": f"Bearer {token_of(town)}"}
    for file in (GOOD, bounced):
        for body in ({"content": file}, {"files": {"file": ("r.csv", file)}}):
            answer = town.client.post("/api/v1/bank-returns", headers=thief, **body)
            assert (answer.status_code, answer.json()["code"]) == (422, "step_up")
    assert ask(town, Role.AUDITOR, "GET", "bank-rows") == []
    assert treasury.state("SQ-1") == "listed"


def test_a_program_has_no_authenticator_and_takes_none_in(
    cashier: Person, treasury: Treasury
) -> None:
    program = {"Authorization": f"Bearer {token_of(cashier.town, service=True)}"}
    answer = cashier.town.client.post("/api/v1/bank-returns", content=GOOD, headers=program)
    assert (answer.status_code, answer.json()["code"]) == (422, "step_up_none")
    assert treasury.state("SQ-1") == "listed"


def test_the_command_hands_the_code_over(
    desk: Desk, cashier: Person, treasury: Treasury, tmp_path: Path
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(GOOD)
    file = str(path)
    desk.town.tokens[Role.FINANCE] = token_of(cashier.town)
    assert "code" in desk.run(Role.FINANCE, "pay", "return", file).stderr
    answer = desk.ask(Role.FINANCE, "pay", "return", file, "--code", cashier.digits(minute(6)))
    assert answer["paid_fen"] == 600
    assert treasury.state("SQ-1") == "paid"
