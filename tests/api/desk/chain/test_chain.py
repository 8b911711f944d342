"""The chain is walked both ways: from a payment down to a signed batch, and from a window up."""

from datetime import date
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from sqlmodel import Session, select

from api.desk.chain.view import kinds, roles
from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.registry.tables import Contract
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.bank import LIST, pay_claim
from tests.support.api.command_line import Desk
from tests.support.api.html import parse, text
from tests.support.api.requests import ask
from tests.support.api.town import NOW, Town
from tests.support.claims import Office

AUDITOR = Role.AUDITOR


@pytest.fixture
def office(town: Town, owner: psycopg.Connection) -> Office:
    """The first project, whose January earned it 300 yuan."""
    engine = town.app.state.engine
    with Session(engine) as db:
        office = Office(engine, owner, key(project_by_code(db, "p-mine")))
    office.earn(100_000)
    office.account("6222020200112233", NOW)
    return office


def see(town: Town, path: str, role: Role = AUDITOR) -> str:
    answer = town.client.get(path, headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return answer.text


def links(page: str) -> set[str]:
    return {str(link.attributes["href"]) for link in parse(page).css("a[href]")}


def test_from_a_payment_to_its_months_and_back(
    town: Town, office: Office, owner: psycopg.Connection
) -> None:
    number = pay_claim(town, office, owner)
    (line,) = ask(town, AUDITOR, "GET", f"payment-lists/{LIST}")["lines"]
    assert (line["claim"], line["months"], line["paid_fen"]) == (number, ["2026-01"], 10_000)
    (summary,) = ask(town, AUDITOR, "GET", "payment-lists")
    assert summary["months"] == ["2026-01"]
    file = town.client.get(
        f"/api/v1/payment-lists/{LIST}/csv", headers=town.headers(AUDITOR)
    ).content.decode("utf-8-sig")
    titles, first = (row.split(",") for row in file.splitlines()[:2])
    assert dict(zip(titles, first, strict=True))["账期"] == "2026-01"
    page = town.client.get("/payments", headers={**town.headers(AUDITOR), "Accept": "text/html"})
    lists = parse(page.text).css("#lists tbody tr")
    assert "2026-01" in text(lists[0], " ")
    (month,) = ask(town, AUDITOR, "GET", f"claims/{number}")["months"]
    assert (month["month"], month["fen"]) == ("2026-01", 10_000)
    chain = ask(town, AUDITOR, "GET", f"reconciliations/{month['key']}/chain")
    assert [(paid_line["line"], paid_line["fen"]) for paid_line in chain["lines"]] == [(1, 100_000)]
    (claim,) = chain["claims"]
    assert (claim["claim"], claim["payment_list"], claim["line"]) == (number, LIST, 1)
    causes = {}
    for posting in claim["postings"]:
        record = ask(town, AUDITOR, "GET", f"postings/{posting}")
        assert (record["claim"], record["payment_list"], record["line"]) == (number, LIST, 1)
        causes[record["cause"]] = [
            (move["kind"], move["fen"], move["project"] or move["indicator"])
            for move in record["movements"]
        ]
    assert causes == {
        f"pay/{LIST}/1": [("list", 10_000, "p-mine"), ("commit", 10_000, "Z1 / 2026")],
        "bank/T1": [("pay", 10_000, "p-mine"), ("spend", 10_000, "Z1 / 2026")],
    }


def test_movements_name_their_cause(town: Town, office: Office, owner: psycopg.Connection) -> None:
    number = pay_claim(town, office, owner)
    query = "movements?kind=pay&project=p-mine"
    (movement,) = ask(town, AUDITOR, "GET", query)
    assert (movement["cause"], movement["claim"], movement["fen"]) == ("bank/T1", number, 10_000)
    assert ask(town, AUDITOR, "GET", "movements?project=p-theirs&kind=pay") == []
    every = ask(town, AUDITOR, "GET", "movements?limit=1000")
    assert ask(town, AUDITOR, "GET", "movements?limit=1&offset=1") == every[1:2]
    postings = ask(town, AUDITOR, "GET", "postings")
    assert [row["number"] for row in postings] == sorted(
        (row["number"] for row in postings), reverse=True
    )
    of_decision = [row for row in postings if row["cause"].startswith("decision/")]
    assert of_decision[0]["decision"] == int(of_decision[0]["cause"].split("/")[1])
    assert ask(town, AUDITOR, "GET", "postings?cause=bank/")[0]["cause"] == "bank/T1"


def test_the_pages_link_what_belongs_together(
    town: Town, office: Office, owner: psycopg.Connection
) -> None:
    number = pay_claim(town, office, owner)
    (month,) = ask(town, AUDITOR, "GET", f"claims/{number}")["months"]
    month_page = f"/reconcile/{month['key'].replace('-', '/', 1)}"
    (posting,) = ask(town, AUDITOR, "GET", "postings?cause=bank/")
    assert {f"/claims/{number}", month_page} <= links(see(town, f"/payments/{LIST}"))
    assert month_page in links(see(town, f"/claims/{number}"))
    assert {f"/claims/{number}", f"/payments/{LIST}", f"/postings/{posting['number']}"} <= links(
        see(town, month_page)
    )
    assert f"/postings/{posting['number']}" in links(see(town, "/postings?cause=bank"))
    assert {f"/payments/{LIST}", "/projects/p-mine"} <= links(
        see(town, f"/postings/{posting['number']}")
    )
    assert {"/projects/p-mine", "/eligibility/09-1", "#indicators", "/months/2026-01"} <= links(
        see(town, "/payments")
    )


def batch_of(town: Town) -> dict[str, Any]:
    """The batch of the first project's window, found by way of its day."""
    (part, *_) = ask(town, AUDITOR, "GET", f"projects/p-mine/days/{DAY_USED}/windows")
    record = ask(town, AUDITOR, "GET", f"batches/{part['stream']}/{part['number']}")
    return dict(record)


DAY_USED = date(2026, 3, 1)


def test_a_window_leads_to_its_batch_whose_signature_is_checked_anew(town: Town) -> None:
    batch = batch_of(town)
    assert batch["is_signed"]
    assert (batch["windows"], batch["stored"], batch["altered"]) == (2, 2, 0)
    assert batch["uses"] == [{"project": "p-mine", "day": "2026-03-01"}]
    path = f"batches/{batch['stream']}/{batch['number']}"
    headers = town.headers(AUDITOR)
    content = town.client.get(f"/api/v1/{path}/bytes", headers=headers).content
    assert sha256(content).hexdigest() == batch["sha256"]
    assert len(content) == batch["size"]
    assert "✓ 签名有效" in see(town, f"/{path}")
    assert f"/{path}" in links(see(town, f"/projects/p-mine/days/{DAY_USED}"))
    assert f"/{path}" not in links(see(town, f"/projects/p-mine/days/{DAY_USED}", Role.BUILDER))
    rows = ask(town, AUDITOR, "GET", f"batches?stream={batch['stream']}")
    assert [row["number"] for row in rows] == [batch["number"]]


@pytest.mark.parametrize(
    ("tampering", "is_signed", "differences"),
    [
        ("UPDATE batches SET bytes = bytes || ' '::bytea, hash = sha256(bytes || ' ')", False, 0),
        ("UPDATE batches SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1)",
         False, 0),
        ("UPDATE windows SET body = jsonb_set(body, '{model}', '\"B200\"')", True, 2),
    ],
)  # fmt: skip
def test_what_was_altered_after_it_was_signed_is_seen(
    town: Town, owner: psycopg.Connection, tampering: str, is_signed: bool, differences: int
) -> None:
    owner.execute(tampering.encode())
    batch = batch_of(town)
    assert (batch["is_signed"], batch["altered"]) == (is_signed, differences)
    assert ("✓ 签名有效" in see(town, f"/batches/{batch['stream']}/{batch['number']}")) is is_signed


def test_a_batch_leads_to_the_months_in_which_it_is_charged(
    town: Town, office: Office, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE charges SET month = '2026-03-01'")
    (month,) = batch_of(town)["months"]
    with Session(town.app.state.engine) as db:
        contract = db.exec(select(Contract).where(Contract.number == month["contract"])).one()
    assert month["key"] == f"{contract.id}-2026-03"
    chain = ask(town, AUDITOR, "GET", f"reconciliations/{month['key']}/chain")
    assert chain["project"] == "p-mine"


def test_every_move_and_role_has_a_word(owner: psycopg.Connection) -> None:
    moves = owner.execute("SELECT DISTINCT kind FROM legal_moves").fetchall()
    assert {kind for (kind,) in moves} == set(kinds())
    assert {role for (role,) in owner.execute("SELECT role FROM roles")} == set(roles())


def test_the_same_at_the_command_line(
    desk: Desk, town: Town, office: Office, owner: psycopg.Connection
) -> None:
    number = pay_claim(town, office, owner)
    batch = batch_of(town)
    record = desk.ask(AUDITOR, "audit", "batch", batch["stream"], str(batch["number"]))
    assert record["is_signed"] is True
    assert desk.ask(AUDITOR, "audit", "postings", "--cause", "bank/")[0]["claim"] == number
    (month,) = ask(town, AUDITOR, "GET", f"claims/{number}")["months"]
    assert desk.ask(AUDITOR, "audit", "month", month["key"])["claims"][0]["claim"] == number
