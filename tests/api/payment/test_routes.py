"""The cashier's way through the API and the command line: indicator, queue, list, file, return."""

import csv
import io
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa

from ledger.formats.digest import digest
from ledger.people.codes import Role
from tests.support.api.bank import DAY, HEAD, YEAR, confirm
from tests.support.api.requests import ask
from tests.support.api.town import Town
from tests.support.payments import Treasury

INDICATOR = {
    "number": "宁财建〔2026〕1号", "year": YEAR, "project_name": "算力券",
    "fund_kind": "一般公共预算", "classification": "2150805", "fen": 1_000,
}  # fmt: skip


@pytest.fixture
def treasury(town: Town, owner: psycopg.Connection, engine: sa.Engine) -> Treasury:
    new_treasury = Treasury(owner, engine)
    new_treasury.project("p1", 600)
    new_treasury.claim("p1", 600, "SQ-1")
    return new_treasury


def sent_list(town: Town) -> str:
    confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=INDICATOR))
    wish = {"indicator": INDICATOR["number"], "year": YEAR}
    answer = ask(town, Role.FINANCE, "POST", "payment-lists", json=wish)
    assert digest(answer["content"]) == answer["digest"]
    confirm(town, answer)
    return str(answer["subject"])


def test_from_the_indicator_to_the_banks_return(town: Town, treasury: Treasury) -> None:
    (answer,) = ask(town, Role.CLERK, "GET", "payables")
    assert (answer["number"], answer["due_fen"], answer["indicator"]) == ("SQ-1", 600, None)
    number = sent_list(town)
    assert ask(town, Role.CLERK, "GET", "payables") == []
    (listed,) = ask(town, Role.AUDITOR, "GET", "payment-lists")
    assert (listed["number"], listed["lines"], listed["total_fen"]) == (number, 1, 600)
    file = f"{HEAD}T1,{number},1,成功,4,{DAY},\nT2,{number},1,退回,2,{DAY},户名不符"
    reply = ask(town, Role.FINANCE, "POST", "bank-returns?name=r.csv", content=file.encode())
    assert {**reply, "notes": []} == {
        "rows": 1, "paid_fen": 400, "waiting": 1, "waiting_fen": 200, "repeats": 0, "notes": [],
    }  # fmt: skip
    assert reply["notes"] == []
    (row,) = ask(town, Role.AUDITOR, "GET", "bank-rows")
    assert (row["claim"], row["line_open_fen"], row["decision"]) == ("SQ-1", 200, None)
    ruling = {"ruling": "accept", "reason": "户名不符，银行退回"}
    confirm(
        town,
        ask(town, Role.FINANCE, "POST", f"bank-rows/{row['id']}/rulings", json=ruling),
    )
    assert ask(town, Role.AUDITOR, "GET", "bank-rows") == []
    whole = ask(town, Role.AUDITOR, "GET", f"payment-lists/{number}")
    (line,) = whole["lines"]
    assert (line["claim"], line["paid_fen"], line["returned_fen"]) == ("SQ-1", 400, 200)
    assert [row["reason"] for row in whole["returns"]] == ["", "户名不符"]
    assert [row["state"] for row in whole["returns"]] == ["booked", "accepted"]
    assert [(file["rows"], file["fen"]) for file in whole["files"]] == [(2, 600)]
    (indicator,) = ask(town, Role.AUDITOR, "GET", f"indicators?year={YEAR}")
    assert (indicator["free_fen"], indicator["spent_fen"]) == (600, 400)


def test_a_list_as_a_file_in_the_columns_that_the_bank_wants(
    town: Town, treasury: Treasury
) -> None:
    number = sent_list(town)
    finance = town.headers(Role.FINANCE)
    path = f"/api/v1/payment-lists/{number}"
    query = {"column": ["账号=account", "金额=yuan"]}
    answer = town.client.get(f"{path}/csv", params=query, headers=finance)
    assert f'filename="{number}.csv"' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[:2] == [["账号", "金额"], ["6222020000000000", "6.00"]]
    assert town.client.get(f"{path}/xlsx", headers=finance).content.startswith(b"PK")
    wrong = town.client.get(f"{path}/csv", params={"column": "x"}, headers=finance).json()
    assert (wrong["code"], wrong["findings"][0]["where"]) == ("columns", "line 1")
    assert town.client.get(f"{path}/pdf", headers=finance).status_code == 422


def test_a_faulty_file_is_told_row_by_row_and_nothing_is_booked(
    town: Town, treasury: Treasury
) -> None:
    number = sent_list(town)
    file = f"{HEAD}T1,{number},1,成功,6,{DAY},\nT2,{number},2,成功,1,{DAY},"
    answer = town.client.post(
        "/api/v1/bank-returns", content=file.encode(), headers=town.headers(Role.FINANCE, "en")
    )
    body = answer.json()
    assert (answer.status_code, body["code"], body["count"]) == (422, "bank_return", 1)
    assert body["findings"][0]["where"] == "row 3"
    assert treasury.rights("p1").sent == 600
    for status in (200, 409):
        good = f"{HEAD}T1,{number},1,成功,6,{DAY},"
        again = town.client.post(
            "/api/v1/bank-returns", content=good.encode(), headers=town.headers(Role.FINANCE)
        )
        assert again.status_code == status


def test_a_ruling_has_its_reason_and_its_row(town: Town, treasury: Treasury) -> None:
    number = sent_list(town)
    file = f"{HEAD}T1,{number},1,退回,6,{DAY},"
    ask(town, Role.FINANCE, "POST", "bank-returns", content=file.encode())
    (row,) = ask(town, Role.FINANCE, "GET", "bank-rows")
    refused = {
        path: town.client.post(f"/api/v1/{path}", json=body, headers=town.headers(role)).json()
        for path, body, role in (
            (f"bank-rows/{row['id']}/rulings", {"ruling": "accept"}, Role.FINANCE),
            ("bank-rows/999/rulings", {"ruling": "accept", "reason": "x"}, Role.FINANCE),
            (f"bank-rows/{row['id']}/rulings?", {"ruling": "undo", "reason": "x"}, Role.FINANCE),
            (f"bank-rows/{row['id']}/rulings#", {"ruling": "accept", "reason": "x"}, Role.CLERK),
        )
    }
    codes = [problem["code"] for problem in refused.values()]
    assert codes[1:3] == ["bank_row", "row_state"]
    assert [problem["status"] for problem in refused.values()] == [422, 404, 409, 403]


def test_a_list_is_confirmed_by_another_person_of_the_money(town: Town, treasury: Treasury) -> None:
    confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=INDICATOR))
    wish = {"indicator": INDICATOR["number"], "year": YEAR}
    answer = ask(town, Role.FINANCE, "POST", "payment-lists", json=wish)
    body = {"answer": "confirmed", "seen": answer["digest"]}
    codes = {
        role: town.client.post(
            f"/api/v1/decisions/{answer['id']}/answer", json=body, headers=town.headers(role)
        ).json()["code"]
        for role in (Role.FINANCE, Role.CLERK)
    }
    assert codes == {Role.FINANCE: "same_person", Role.CLERK: "not_your_decision"}
    assert treasury.state("SQ-1") == "approved"


def test_a_claim_is_divided_between_indicators(town: Town, treasury: Treasury) -> None:
    first = {**INDICATOR, "fen": 250}
    second = {**INDICATOR, "number": "宁财建〔2026〕2号", "fen": 350}
    for indicator in (first, second):
        confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=indicator))
    (payable,) = ask(town, Role.CLERK, "GET", "payables")
    assert (payable["indicator"], sum(payable["parts"].values())) == (None, 600)
    wish = {"indicator": first["number"], "year": YEAR, "claims": ["SQ-1"]}
    refused = town.client.post(
        "/api/v1/payment-lists", json=wish, headers=town.headers(Role.FINANCE)
    ).json()
    assert refused["code"] == "money_short"
    part = ask(town, Role.FINANCE, "POST", "payment-lists", json={**wish, "divide": True})
    confirm(town, part)
    assert [line["fen"] for line in part["content"]["lines"]] == [250]
    wish = {"indicator": second["number"], "year": YEAR}
    rest = ask(town, Role.FINANCE, "POST", "payment-lists", json=wish)
    confirm(town, rest)
    (line,) = ask(town, Role.AUDITOR, "GET", f"payment-lists/{rest['subject']}")["lines"]
    assert (line["fen"], line["claim_fen"], line["asked_fen"]) == (350, 600, 600)
    assert ask(town, Role.CLERK, "GET", "payables") == []


def test_the_cashiers_forms(town: Town, treasury: Treasury) -> None:
    """What contradicts is ruled, undone and paid back on the pages."""
    number = sent_list(town)
    finance = town.headers(Role.FINANCE)

    def send(path: str, form: dict[str, str]) -> str:
        page = town.client.post(path, data=form, headers=finance)
        assert page.status_code == 303, page.text
        return page.headers["location"]

    def bring(*rows: str) -> str:
        content = (HEAD + "\n".join(rows)).encode()
        page = town.client.post(
            "/payments/returns", files={"file": ("r.csv", content)}, headers=finance
        )
        assert page.status_code == 303, page.text
        return town.client.get(page.headers["location"], headers=finance).text

    assert "有矛盾的回单行" not in bring(f"T1,{number},1,成功,6,{DAY},")
    page = bring(f"T2,{number},1,退回,6,{DAY},账户冻结")
    assert "账户冻结" in page
    (row,) = ask(town, Role.FINANCE, "GET", "bank-rows")
    form = {"ruling": "reject", "reason": "银行确认已付"}
    decision = send(f"/payments/rows/{row['id']}", form)
    text = town.client.get(decision, headers=town.headers(Role.APPROVER)).text
    assert "不实，账不动" in text
    record = ask(town, Role.APPROVER, "GET", decision.strip("/"))
    confirm(town, record)
    page = town.client.get(f"/payments/{number}", headers=finance).text
    assert ("判定不实" in page, "提出撤销" in page, "r.csv" in page) == (True, True, True)
    booked = ask(town, Role.FINANCE, "GET", f"payment-lists/{number}")["returns"][0]
    undo = send(f"/payments/rows/{booked['id']}", {"ruling": "undo", "reason": "导错了文件"})
    confirm(town, ask(town, Role.APPROVER, "GET", undo.strip("/")))
    assert treasury.state("SQ-1") == "listed"
    refund = {
        "project": "p1", "reference": "T9", "indicator": f"{YEAR}/{INDICATOR['number']}",
        "yuan": "1", "total_yuan": "2", "on_day": DAY,
    }  # fmt: skip
    answer = town.client.post("/payments/refunds", data=refund, headers=finance)
    assert answer.status_code == 422  # nothing is to be paid back
    assert "应退回的只有" in answer.text


def test_city_and_district_bear_their_shares(town: Town, treasury: Treasury) -> None:
    district = {**INDICATOR, "number": "区财〔2026〕1号"}
    for indicator in (INDICATOR, district):
        confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=indicator))
    lines = f"市 {YEAR}/{INDICATOR['number']} 7\n区 {YEAR}/{district['number']} 3"
    finance = town.headers(Role.FINANCE)
    answer = town.client.post("/payments/shares", data={"lines": lines}, headers=finance)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"].strip("/")
    confirm(town, ask(town, Role.APPROVER, "GET", path))
    bearers = [
        (share["bearer"], share["weight"], share["whole"])
        for share in ask(town, Role.AUDITOR, "GET", "indicator-shares")
    ]
    assert bearers == [("市", 7, 10), ("区", 3, 10)]
    wish = {"indicator": district["number"], "year": YEAR}
    part = ask(town, Role.FINANCE, "POST", "payment-lists", json=wish)
    assert part["content"]["total_fen"] == 180
    broken = town.client.post("/payments/shares", data={"lines": "市"}, headers=finance)
    assert broken.status_code == 422


def test_an_indicator_is_changed_and_a_case_opened_and_a_year_closed_on_the_page(
    town: Town, treasury: Treasury
) -> None:
    new = {**INDICATOR, "year": YEAR + 1}
    for indicator in (INDICATOR, new):
        confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=indicator))
    finance = town.headers(Role.FINANCE)
    page = town.client.get("/payments", headers={**finance, "Accept": "text/html"}).text
    old = f"{YEAR}/{INDICATOR['number']}"
    changes = f"/payments/indicators/{quote(old)}/changes"
    assert f'action="{changes}"' in page
    assert ('action="/payments/recoveries"' in page, 'action="/payments/year-end"' in page) == (
        True,
        True,
    )
    for yuan, left_fen in (("1.50", 1_150), ("-1,000.50", None), ("-1", 1_050)):
        answer = town.client.post(changes, data={"yuan": yuan}, headers=finance)
        if left_fen is None:
            assert answer.status_code == 422
            continue
        assert answer.status_code == 303, answer.text
        confirm(town, ask(town, Role.APPROVER, "GET", answer.headers["location"].strip("/")))
        (row,) = ask(town, Role.AUDITOR, "GET", f"indicators?year={YEAR}")
        assert row["free_fen"] == left_fen
    case = {"project": "p1", "pay_by": DAY, "reason": "红冲"}
    answer = town.client.post("/payments/recoveries", data=case, headers=finance)
    assert answer.status_code == 422  # nothing is to be paid back
    closing = {"indicator": old, "new_indicator": f"{YEAR + 1}/{INDICATOR['number']}"}
    answer = town.client.post("/payments/year-end", data=closing, headers=finance)
    assert answer.status_code == 303, answer.text
    confirm(town, ask(town, Role.APPROVER, "GET", answer.headers["location"].strip("/")))
    (row,) = ask(town, Role.AUDITOR, "GET", f"indicators?year={YEAR}")
    assert (row["free_fen"], row["returned_fen"]) == (0, 1_050)
