"""A claim's dossier, by route, page and command: it verifies, and who took it is known."""

import io
import zipfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ledger.people.codes import Role
from ledger.postgres.columns import key
from ledger.seals.rules import dossier
from ledger.vouchers.queries.quotas import project_by_code
from tests.support.api.command_line import Desk, suanquan
from tests.support.api.town import NOW, Town
from tests.support.claims import Office, draft


@pytest.fixture
def claim(town: Town, engine: sa.Engine, owner: psycopg.Connection, tmp_path: Path) -> str:
    """A claim's number, at a server that has a key."""
    settings = town.app.state.settings
    town.app.state.settings = settings.model_copy(update={"seal_key": tmp_path / "seal.key"})
    with Session(engine) as db:
        project = key(project_by_code(db, "p-mine"))
    office = Office(engine, owner, project)
    office.earn(100_00, now=NOW)
    return office.open(now=NOW)


def test_a_command_writes_it_and_anybody_verifies_it(
    desk: Desk, claim: str, tmp_path: Path
) -> None:
    file = tmp_path / "it.zip"
    result = desk.run(Role.AUDITOR, "dossier", claim, f"--to={file}")
    assert (result.returncode, str(file) in result.stdout) == (0, True), result.stderr
    result = suanquan("verify", str(file))
    assert result.returncode == 0, result.stdout + result.stderr
    content = file.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03", 1)
    file.write_bytes(content)
    assert suanquan("verify", str(file)).returncode == 1


def test_the_button_is_for_who_may(town: Town, claim: str, engine: sa.Engine) -> None:
    path = f"/claims/{claim}"

    def shown(role: Role) -> str:
        headers = town.headers(role) | {"Accept": "text/html"}
        return town.client.get(path, headers=headers).text

    assert f'action="{path}/dossier"' in shown(Role.CLERK)
    assert f'action="{path}/dossier"' not in shown(Role.FINANCE)
    answer = town.client.post(f"{path}/dossier", headers=town.headers(Role.CLERK, "en"))
    assert answer.headers["content-disposition"] == f'attachment; filename="{claim}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        page = archive.read(dossier.SUMMARY).decode()
    assert f"<h1>Dossier {claim}</h1>" in page
    with engine.connect() as db:
        reads = db.execute(sa.text("SELECT actor, place FROM number_reads")).all()
    assert [(r.actor.partition(":")[0], r.place) for r in reads] == [("clerk", f"{path}/dossier")]
    events = town.client.get("/api/v1/events", headers=town.headers(Role.AUDITOR)).json()
    acts = {(event["act"], event["number"]) for event in events if "dossier" in event["act"]}
    assert acts == {("POST /claims/{number}/dossier", claim)}  # and that numbers were read


def test_without_a_key_there_is_none(town: Town, engine: sa.Engine) -> None:
    number = draft(engine, "p-mine")
    answer = town.client.post(
        f"/api/v1/claims/{number}/dossier", headers=town.headers(Role.AUDITOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "seal_keyless")
