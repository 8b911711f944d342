"""A builder claims in one step on the page: errors at their fields, papers to print, checklist."""

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.command_line import Desk
from tests.support.api.html import attributes, one, parse, text
from tests.support.api.town import NOW, Town
from tests.support.claims import Office
from tests.support.papers.proofs import pdf

BUILDER = Role.BUILDER


@pytest.fixture
def office(town: Town, owner: psycopg.Connection) -> Office:
    """The first project, whose months earned it 300 and 150 yuan."""
    engine = town.app.state.engine
    with Session(engine) as db:
        office = Office(engine, owner, key(project_by_code(db, "p-mine")))
    office.earn(100_000)
    office.earn(50_000)
    return office


def send(town: Town, code: int, **fields: str | list[str]) -> tuple[LexborHTMLParser, str]:
    """The builder sends the form; the page that comes back, and where she is led."""
    answer = town.client.post("/claims", data=fields, headers=town.headers(BUILDER))
    assert answer.status_code == code, answer.text
    return parse(answer.text), answer.headers.get("location", "")


def see(town: Town, path: str) -> LexborHTMLParser:
    answer = town.client.get(path, headers=town.headers(BUILDER))
    assert answer.status_code == 200, answer.text
    return parse(answer.text)


def test_the_form_is_on_the_quota_page(town: Town, office: Office) -> None:
    page = see(town, "/projects/p-mine")
    assert "¥450.00" in text(one(page, "#claim form"))
    assert attributes(page, "#claim input[name=months]", "value") == ["2026-01", "2026-02"]


def test_who_does_not_claim_has_no_form(town: Town, office: Office) -> None:
    headers = town.headers(Role.AUDITOR)
    answer = town.client.get("/projects/p-mine", headers=headers)
    assert answer.status_code == 200
    assert not parse(answer.text).css("#claim")


def test_one_step_opens_a_claim_of_the_chosen_months(town: Town, office: Office) -> None:
    _, place = send(town, 303, yuan="120.50", months=["2026-02"])
    claim = see(town, place.partition("#")[0])
    assert "¥120.50" in text(one(claim, ".big"))
    assert text(one(claim, "#months tbody th")) == "2026-02"


@pytest.mark.parametrize(
    ("yuan", "field"),
    [("1.234", "yuan"), ("十元", "yuan"), ("0", "yuan"), ("450.01", "yuan"), ("150.01", "yuan")],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    town: Town, office: Office, yuan: str, field: str
) -> None:
    page, _ = send(town, 422, yuan=yuan, months=["2026-02"])
    assert attributes(page, "[aria-invalid]", "name") == [field]
    assert attributes(page, "[aria-invalid]", "value") == [yuan]
    assert text(one(page, f"#fault-{field}")).strip("▲ ")
    assert attributes(page, "input[name=months][checked]", "value") == ["2026-02"]
    assert see(town, "/claims").css("tbody tr") == []


def test_a_month_without_anything_left_is_told_at_the_months(town: Town, office: Office) -> None:
    page, _ = send(town, 422, yuan="1", months=["2026-07"])
    assert "2026-07" in text(one(page, "#fault-months"))
    assert attributes(page, "input[name=yuan]", "value") == ["1"]


def test_the_papers_are_filled_in(town: Town, office: Office) -> None:
    office.account("6222020200112233", NOW)
    number = office.open(32_000, NOW)
    application = text(one(see(town, f"/claims/{number}/print/application"), "article"))
    for words in (number, "测试单位", "¥320.00", "叁佰贰拾元整", "2026-01", "¥300.00", "¥20.00"):
        assert words in application
    assert "6222020200112233" in application  # one's own account, whole
    commitment = text(one(see(town, f"/claims/{number}/print/commitment"), "article"))
    for words in (number, "测试单位", "¥320.00", "2026-01、2026-02", "盖章"):
        assert words in commitment


def test_the_papers_are_files_and_a_command_too(desk: Desk, office: Office, tmp_path: Path) -> None:
    office.account("6222020200112233", NOW)
    number, town = office.open(32_000, NOW), desk.town
    for paper in ("application", "commitment"):
        answer = town.client.get(
            f"/api/v1/claims/{number}/papers/{paper}", headers=town.headers(Role.BUILDER)
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f'filename="{number}-{paper}.html"' in answer.headers["content-disposition"]
        on_page = text(one(see(town, f"/claims/{number}/print/{paper}"), "article"))
        assert text(one(parse(answer.text), "article")) == on_page
        assert "演练，不得用于拨付" in answer.text
        file = tmp_path / f"{paper}.html"
        result = desk.run(Role.BUILDER, "claim", "paper", number, paper, str(file))
        assert result.returncode == 0, result.stderr
        assert text(one(parse(file.read_text("utf-8")), "article")) == on_page
    wrong = desk.run(Role.BUILDER, "claim", "paper", number, "letter", str(tmp_path / "x"))
    assert wrong.returncode != 0
    url = f"/api/v1/claims/{number}/papers/application"
    for_auditors = town.client.get(url, headers=town.headers(Role.AUDITOR)).text
    assert "6222020200112233" not in for_auditors
    assert "2233" in for_auditors


def test_the_checklist_ticks_in_place(town: Town, office: Office) -> None:
    number = office.open(1, NOW)

    def ticks() -> dict[str, bool]:
        rows = see(town, f"/claims/{number}").css("tr[id^=item-]")
        return {str(row.attributes["id"]): "✓" in text(row) for row in rows}

    roles = ("application", "commitment", "receipt", "bank_account")
    assert ticks() == {f"item-{role}": False for role in roles}
    office.add(number, "commitment", now=NOW)
    office.account("6222020200112233", NOW)
    assert ticks() == {f"item-{role}": role in ("commitment", "bank_account") for role in roles}
    page = see(town, f"/claims/{number}")
    assert "企业" in text(one(page, "#item-application"))
    one(page, f"#item-application a[href='/claims/{number}/print/application']")
    one(page, "#item-application input[type=file]")


@pytest.mark.parametrize(
    ("content", "number", "code"),
    [
        (b"%PDF-1.4 no page", "{}", "proof_"),
        (b"any bytes", "{}", "proof_kind"),
        (pdf("Bank receipt"), "", "receipt_proves"),
        (pdf("Bank receipt"), "25640000000000000000", "receipt_proves"),
        (pdf("Bank receipt"), "{}", ""),
    ],
)
def test_a_receipt_is_a_real_file_and_names_what_was_paid(
    town: Town, office: Office, content: bytes, number: str, code: str
) -> None:
    claim = office.open(1, NOW)
    url, headers = f"/api/v1/claims/{claim}", town.headers(BUILDER)
    (document,) = town.client.get(url, headers=headers).json()["documents"]
    query = {"role": "receipt", "proves": number.format(document)}
    files = {"file": ("凭证.pdf", content)}
    answer = town.client.post(f"{url}/files", params=query, files=files, headers=headers)
    assert answer.status_code == (422 if code else 201), answer.text
    assert str(answer.json().get("code", "")).startswith(code)
    record = town.client.get(url, headers=headers).json()
    assert [file["proves"] for file in record["files"]] == ([] if code else [document])


@pytest.mark.parametrize("role", ["application", "commitment"])
@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"MZ\0\0", b"\x89PNG\r\n"])
def test_what_was_stamped_can_be_looked_at(
    town: Town, office: Office, role: str, content: bytes
) -> None:
    claim = office.open(1, NOW)
    answer = town.client.post(
        "/claims/files",
        data={"number": claim, "role": role},
        files={"file": ("盖章.pdf", content)},
        headers=town.headers(BUILDER),
    )
    assert answer.status_code == 422, answer.text
    record = town.client.get(f"/api/v1/claims/{claim}", headers=town.headers(BUILDER)).json()
    assert record["files"] == []


def test_the_database_keeps_no_receipt_without_what_it_proves(
    office: Office, engine: sa.Engine
) -> None:
    number = office.open(1, NOW)
    office.add(number, "application", now=NOW)
    unnamed = sa.text(
        "INSERT INTO claim_files (claim_id, role, original, added_at, added_by)"
        " SELECT claim_id, 'receipt', original, added_at, added_by FROM claim_files"
    )
    with engine.connect() as connection, pytest.raises(IntegrityError, match="receipt_names"):
        connection.execute(unnamed)


def test_a_change_of_account_under_way_waits_for_the_bureau(town: Town, office: Office) -> None:
    number = office.open(1, NOW)
    office.propose("6222020200112233", NOW)
    answer = town.client.get(f"/api/v1/claims/{number}", headers=town.headers(BUILDER)).json()
    assert answer["checklist"][-1] == {"item": "bank_account", "is_there": False, "by": "clerk"}
    assert "主管部门" in text(one(see(town, f"/claims/{number}"), "#item-bank_account"))


def test_the_same_at_the_command_line(desk: Desk, office: Office) -> None:
    rest = desk.ask(BUILDER, "claim", "months", "p-mine")
    assert [(row["month"], row["fen"]) for row in rest] == [
        ("2026-01", 30_000), ("2026-02", 15_000),
    ]  # fmt: skip
    claim = desk.ask(BUILDER, "claim", "open", "p-mine", "--yuan", "10", "--month", "2026-02")
    assert [(m["month"], m["fen"]) for m in claim["months"]] == [("2026-02", 1_000)]
    output = desk.run(BUILDER, "claim", "show", claim["number"]).stdout
    assert "✗" in output
    wrong = desk.run(BUILDER, "claim", "open", "p-mine", "--month", "2026-07")
    assert wrong.returncode != 0
    assert "2026-07" in wrong.stderr
