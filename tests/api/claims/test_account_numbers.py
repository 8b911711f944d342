"""Account numbers: whole by one rule, everywhere, and every whole read recorded."""

import io

import psycopg
import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.events import events
from tests.support.api.html import attributes, parse
from tests.support.api.html import text as row_text
from tests.support.api.town import Town
from tests.support.payments import Treasury

NUMBER, TAIL = "6222020000000000", "************0000"
CHANGED = "6222029999999999"


@pytest.fixture
def treasury(town: Town, owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    treasury = Treasury(owner, engine)
    treasury.indicator(1_000)
    treasury.project("p1", 600)
    treasury.claim("p1", 600, "SQ-1")
    treasury.send()
    return treasury


def texts(town: Town, role: Role, decision: int) -> dict[str, str]:
    """Everything that shows the number, as text."""
    paths = (
        "/api/v1/bank-accounts",
        "/api/v1/payment-lists/ZF-2026-0001",
        "/api/v1/payment-lists/ZF-2026-0001/csv",
        f"/api/v1/decisions/{decision}",
        "/api/v1/decisions?open=false",
        "/payments/ZF-2026-0001",
        f"/decisions/{decision}",
    )
    pages = {}
    for path in paths:
        answer = town.client.get(path, headers=town.headers(role))
        assert answer.status_code == 200, (role, path, answer.text)
        pages[path] = answer.text
    book = town.client.get(
        "/api/v1/payment-lists/ZF-2026-0001/xlsx", headers=town.headers(role)
    ).content
    rows = load_workbook(io.BytesIO(book)).worksheets[0].iter_rows(values_only=True)
    return pages | {"xlsx": str(list(rows))}


def list_decision(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT id FROM decisions WHERE kind = 'payment_list'").fetchone()
    assert row
    return int(row[0])


def test_one_rule_by_role_everywhere(
    town: Town, treasury: Treasury, owner: psycopg.Connection
) -> None:
    decision = list_decision(owner)
    for role in (Role.CLERK, Role.APPROVER, Role.AUDITOR):
        for path, text in texts(town, role, decision).items():
            assert (path, NUMBER in text) == (path, False)
            assert (path, TAIL in text) == (path, True)
    assert town.client.get("/api/v1/number-reads", headers=town.headers(Role.AUDITOR)).json() == []
    whole = {path for path, text in texts(town, Role.FINANCE, decision).items() if NUMBER in text}
    reads = town.client.get("/api/v1/number-reads", headers=town.headers(Role.AUDITOR)).json()
    # A list of decisions shows none of them whole; every other place is recorded as it was read.
    assert len(whole) == 7
    assert {read["place"] for read in reads} == {
        path if path != "xlsx" else "/api/v1/payment-lists/ZF-2026-0001/xlsx" for path in whole
    }
    assert all(read["actor"].startswith("finance:") for read in reads)
    assert [1] in [read["accounts"] for read in reads]
    in_log = events(owner, code="number_read")
    assert len(in_log) == len(reads)
    assert {event["actor"] for event in in_log} == {read["actor"] for read in reads}
    assert {(event["noun"], event["number"]) for event in in_log} == {
        ("bank-accounts", "1"), ("decisions", str(decision)),
    }  # fmt: skip
    assert NUMBER not in str(events(owner))


def test_who_confirms_a_new_account_compares_it_whole(
    town: Town, treasury: Treasury, owner: psycopg.Connection
) -> None:
    decision = treasury.change_of_account("p1", CHANGED)
    for role, is_whole in ((Role.CLERK, True), (Role.AUDITOR, False)):
        path = f"/api/v1/decisions/{decision}"
        content = town.client.get(path, headers=town.headers(role)).json()["content"]
        assert (content["number"] == CHANGED) is is_whole
    (read,) = town.client.get("/api/v1/number-reads", headers=town.headers(Role.AUDITOR)).json()
    assert (read["place"], read["accounts"]) == (f"/api/v1/decisions/{decision}", [])
    assert read["actor"].startswith("clerk:")


def test_an_auditor_sees_who_read_which_number_when_and_why(desk: Desk, treasury: Treasury) -> None:
    town = desk.town
    for path in ("/payments/ZF-2026-0001", "/api/v1/payment-lists/ZF-2026-0001/csv"):
        town.client.get(path, headers=town.headers(Role.FINANCE))
    headers = {**town.headers(Role.AUDITOR), "Accept": "text/html"}
    page = parse(town.client.get("/number-reads", headers=headers).text)
    rows = [row_text(row, " ") for row in page.css("tbody tr")]
    assert len(rows) == 2
    assert "导出付款清单 ZF-2026-0001" in rows[0]
    assert "看付款清单 ZF-2026-0001" in rows[1]
    for row in rows:
        assert "某finance 财务" in row
        assert TAIL in row
        assert NUMBER not in row
    (account,) = set(attributes(page, "td a[href^='/number-reads']", "href"))
    assert len(parse(town.client.get(account, headers=headers).text).css("tbody tr")) == 2
    none = parse(town.client.get("/number-reads?account=999", headers=headers).text)
    assert not none.css("tbody tr")
    listing = desk.run(Role.AUDITOR, "account", "reads", "--account", account.rpartition("=")[2])
    assert listing.stdout.count(TAIL) == 2
    assert desk.ask(Role.AUDITOR, "account", "reads", "--account", "999") == []


@pytest.mark.parametrize(
    "attack", ["DELETE FROM number_reads", "UPDATE number_reads SET actor = 'x'"]
)
def test_what_was_read_cannot_be_unwritten(
    town: Town, treasury: Treasury, engine: sa.Engine, attack: str
) -> None:
    town.client.get("/api/v1/bank-accounts", headers=town.headers(Role.FINANCE))
    with engine.begin() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission"):
        connection.execute(sa.text(attack))
