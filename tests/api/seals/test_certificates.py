"""A certificate of use: its page, who checks it and how, and that a correction ends it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pypdf import PdfReader
from sqlmodel import Session

from api.app import create_app
from api.seals.certificates.page import printable
from api.server.seals.rounds import seal_round
from api.settings import Settings
from ledger.people.codes import Role
from ledger.people.steps.credentials import issue_token
from ledger.postgres.database import Database
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.command_line import suanquan
from tests.support.months.office import MARCH, Office, price
from tests.support.people import FAR
from tests.support.servers.serving import serving

MONTHS = {"since": "2026-03", "until": "2026-03"}


@dataclass
class Counter:
    """An office's server: who comes in with which token."""

    office: Office
    client: TestClient
    tokens: dict[Role, str]

    def post(self, path: str, role: Role | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return self.client.post(path, headers={**headers, "Accept": "text/html"}, **more)

    def issue(self, role: Role = Role.CLERK, months: dict[str, str] = MONTHS) -> Any:
        return self.post("/api/v1/projects/p1/certificates", role, json=months)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(token_days=36_500, seal_key=tmp_path / "seal.key")


@pytest.fixture
def counter(
    database: Database, engine: sa.Engine, owner: psycopg.Connection, settings: Settings
) -> Iterator[Counter]:
    """March of an office is metered, priced and sealed."""
    office = Office(database, engine, owner)
    office.prices(price(10))
    office.use_month(MARCH, 12)
    office.accrue()
    seal_round(engine, settings, office.now)
    app = create_app(engine, settings)
    app.state.wall_clock = lambda: office.now
    tokens = {}
    with Session(database.owner_engine()) as db, db.begin():
        for role in (Role.CLERK, Role.BUILDER, Role.AUDITOR):
            project = project_by_code(db, "p1").id if role is Role.BUILDER else None
            tokens[role] = issue_token(
                db, role=role, person=f"某{role}", project=project, actor="machine:test",
                now=office.now, expires_at=FAR,
            )  # fmt: skip
    with TestClient(app, follow_redirects=False) as client:
        yield Counter(office, client, tokens)


def test_it_is_a_page_that_anybody_checks(counter: Counter, tmp_path: Path) -> None:
    made = counter.issue().json()
    figures = made["figures"]
    assert (made["number"], made["holds"], figures["cost_fen"]) == ("ZM-2026-0001", True, 372_000)
    assert [line["price"]["unit"] for line in figures["lines"]] == ["gpu-hour"]
    query = {"code": made["code"]}
    address = f"/api/v1/certificates/{made['number']}"
    pdf = counter.client.get(f"{address}/certificate.pdf", params=query).content
    reader = PdfReader(io.BytesIO(pdf))
    text = reader.pages[0].extract_text()
    assert len(reader.pages) == 1
    for word in ("算力计量证明", made["number"], made["code"], "大模型甲", "6.20", "¥3,720.00"):
        assert word in text, word
    (font,) = (each.get_object() for each in reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
               if "Noto" in str(each.get_object().get("/BaseFont")))  # fmt: skip
    assert "/FontFile2" in font["/FontDescriptor"].get_object()
    files = {
        "pdf": pdf,
        "json": counter.client.get(f"{address}/certificate.json", params=query).content,
    }
    for form, content in files.items():
        file = tmp_path / f"it.{form}"
        file.write_bytes(content)
        assert suanquan("verify", str(file)).returncode == 0
        file.write_bytes(content.replace(b"1", b"2", 1))
        assert suanquan("verify", str(file)).returncode == 1


def test_a_correction_ends_it(counter: Counter) -> None:
    made = counter.issue(Role.BUILDER).json()
    page = f"/certificates/{made['number']}?code={made['code']}"
    html = {"Accept": "text/html"}
    assert "有效：与今天的账相符" in counter.client.get(page, headers=html).text
    counter.office.use([MARCH], 6)
    counter.office.accrue()
    assert "已被更正" in counter.client.get(page, headers=html).text
    again = counter.issue().json()
    assert (again["number"], again["holds"]) == ("ZM-2026-0002", True)
    wrong = f"/api/v1/certificates/{made['number']}?code={again['code']}"
    assert counter.client.get(wrong).status_code == 404


def test_what_cannot_be_certified_is_refused(counter: Counter) -> None:
    for months, code in (
        ({"since": "2026-04", "until": "2026-03"}, "certificate_period"),
        ({"since": "2025-03", "until": "2026-03"}, "certificate_period"),
        ({"since": "2026-11", "until": "2026-11"}, "month_open"),
        ({"since": "2026-04", "until": "2026-04"}, "nothing_metered"),
    ):
        answer = counter.issue(months=months)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert counter.issue(Role.AUDITOR).status_code == 403
    other = counter.post("/api/v1/projects/p2/certificates", Role.BUILDER, json=MONTHS)
    assert other.status_code == 404


def test_a_row_that_is_not_what_it_says_is_refused(counter: Counter, engine: sa.Engine) -> None:
    counter.issue()
    copy = """
        INSERT INTO certificates SELECT {number}, project_id, since, {until}, content || {more},
            sha256(convert_to(content || {more}, 'UTF8')), key_id, signature, pdf, issued_at,
            issued_by FROM certificates
    """
    for number, until, more in (
        ("'ZM-2026-0009'", "until", "' '"),
        ("number || 'x'", "until + interval '1 month'", "' '"),
    ):
        with (
            engine.begin() as db,
            pytest.raises(sa.exc.DBAPIError, match="not what its content says"),
        ):
            db.execute(sa.text(copy.format(number=number, until=until, more=more)))


def test_a_command_writes_the_page(counter: Counter, tmp_path: Path) -> None:
    file = tmp_path / "it.pdf"
    with serving(counter.client.app) as url:  # type: ignore[arg-type]
        result = suanquan(
            "certificate", "p1", "2026-03", "2026-03", f"--to={file}", SUANQUAN_URL=url,
            SUANQUAN_TOKEN=counter.tokens[Role.CLERK],
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert file.read_bytes().startswith(b"%PDF-")


def test_what_the_font_lacks_is_written_by_its_code() -> None:
    assert printable("银川㐂") == "银川〔U+3402〕"
