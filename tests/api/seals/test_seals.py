"""Heads before everybody's eyes: page, JSON and command say the same."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from api.server.seals.rounds import seal_round
from api.settings import Settings
from ledger.errors import Refused, Unusable
from ledger.people.codes import Role
from ledger.postgres.database import Database
from ledger.seals.rules.heads import is_signed, read_head
from ledger.seals.steps.bureau_key import read_bureau_key
from tests.support.api.command_line import Desk, suanquan
from tests.support.seals import NOON, export_at, seal_at


def test_who_looks_on_can_check_a_head(client: TestClient, engine: sa.Engine) -> None:
    seal_at(engine)
    seal_at(engine, 1)
    listed = client.get("/api/v1/seals").json()
    assert [entry["number"] for entry in listed] == [2, 1]
    assert listed[0]["previous"] == listed[1]["hash"]
    seal = client.get("/api/v1/seals/1").json()
    key, signature = bytes.fromhex(seal["key"]), bytes.fromhex(seal["signature"])
    assert is_signed(seal["head"], signature, key)
    assert read_head(seal["head"]).rows == seal["rows"] > 0
    page = client.get("/seals", headers={"Accept": "text/html"})
    assert seal["hash"] in page.text


def test_a_head_has_a_page_to_print(client: TestClient, engine: sa.Engine) -> None:
    seal_at(engine)
    content_hash = client.get("/api/v1/seals/1").json()["hash"]
    html = {"Accept": "text/html"}
    page = LexborHTMLParser(client.get("/seals/1", headers=html).text)
    (code,) = [node.text() for node in page.css("code") if " " in node.text()]
    assert code.replace(" ", "") == content_hash
    assert page.css_first(".square svg path")
    (link,) = [node.attributes["href"] for node in page.css("a[href='/api/v1/seals/1']")]
    assert client.get(str(link)).json()["hash"] == content_hash
    assert client.get("/seals/2", headers=html).status_code == 404


def test_a_copied_head_is_looked_for_in_the_chain(
    database: Database, engine: sa.Engine, tmp_path: Path
) -> None:
    export_at(engine, tmp_path / "export.zip")
    with engine.connect() as db:
        content_hash = str(db.scalar(sa.text("SELECT encode(hash, 'hex') FROM seals")))
    groups = " ".join([content_hash[:32], content_hash[32:].upper()])
    for file in ([], [str(tmp_path / "export.zip")]):
        assert run(database, tmp_path, "verify", *file, "--head", groups)[0] == 0
        code, text = run(database, tmp_path, "verify", *file, "--head", "0" * 64)
        assert code == 1
        assert "not in the chain" in text
    code, text = run(database, tmp_path, "verify", "--head", "123")
    assert (code, "64" in text) == (1, True)


def test_commands_list_and_show(desk: Desk, engine: sa.Engine, tmp_path: Path) -> None:
    seal_at(engine)
    hash_of_head = json.loads(desk.run(Role.AUDITOR, "seal", "ls", "--json").stdout)[0]["hash"]
    assert hash_of_head in desk.run(Role.AUDITOR, "seal", "show", "1").stdout
    file = tmp_path / "head.json"
    desk.run(Role.AUDITOR, "seal", "show", "1", f"--to={file}")
    assert read_head(file.read_text(encoding="utf-8")).number == 1


def run(database: Database, tmp_path: Path, *words: str) -> tuple[int, str]:
    result = suanquan(
        *words, SUANQUAN_DATABASE_URL=database.app_url,
        SUANQUAN_DATABASE_OWNER_URL=database.owner_url, SUANQUAN_DATA=str(tmp_path / "data"),
    )  # fmt: skip
    return result.returncode, result.stdout + result.stderr


def test_a_machine_seals_and_verifies(
    database: Database, owner: psycopg.Connection, tmp_path: Path
) -> None:
    code, text = run(database, tmp_path, "seal", "now", "--json")
    assert code == 0, text
    assert json.loads(text)["number"] == 1
    key = tmp_path / "data" / "seal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(key.read_bytes())) == 32
    code, text = run(database, tmp_path, "verify", "--json")
    assert (code, json.loads(text)["faults"]) == (0, [])
    file = tmp_path / "2026.zip"
    code, text = run(database, tmp_path, "seal", "export", str(file))
    assert (code, str(file) in text) == (0, True), text
    code, text = run(database, tmp_path, "verify", str(file), "--json")
    assert (code, json.loads(text)["seals"], json.loads(text)["faults"]) == (0, 2, [])
    code, text = run(database, tmp_path, "verify", str(tmp_path / "none.zip"))
    assert (code, "none.zip" in text) == (1, True)
    owner.execute("ALTER TABLE roles DISABLE TRIGGER USER")
    owner.execute("UPDATE roles SET ledger = 'other' WHERE role = 'available'")
    code, text = run(database, tmp_path, "verify")
    assert code == 1
    assert '["available"]' in text
    key.unlink()
    code, text = run(database, tmp_path, "seal", "now")
    assert (code, key.exists()) == (1, False)


class TestRound:
    """The server's own round."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(seal_key=tmp_path / "keys" / "seal.key")

    def test_it_seals_each_hour_and_each_month(self, engine: sa.Engine, settings: Settings) -> None:
        def sealed(after: timedelta) -> bool:
            return seal_round(engine, settings, NOON + after)

        assert sealed(timedelta())
        assert not sealed(timedelta(minutes=59))
        assert sealed(timedelta(minutes=60))
        assert sealed(timedelta(days=31))
        with engine.connect() as db:
            rows = db.execute(sa.text("SELECT kind, month::text FROM seals ORDER BY number")).all()
        assert [tuple(row) for row in rows] == [
            ("light", None), ("light", None), ("month", "2026-08-01"),
        ]  # fmt: skip

    def test_a_clock_set_back_is_seen(self, engine: sa.Engine, settings: Settings) -> None:
        seal_round(engine, settings, NOON)
        with pytest.raises(Refused, match="seal_clock"):
            seal_round(engine, settings, NOON - timedelta(minutes=1))

    def test_who_is_sealing_is_left_to_it(self, engine: sa.Engine, settings: Settings) -> None:
        lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('suanquan.seal', 0))")
        with engine.begin() as rival:
            rival.execute(lock)
            assert not seal_round(engine, settings, datetime.now(UTC))

    def test_a_key_that_others_read_does_not_seal(
        self, engine: sa.Engine, settings: Settings
    ) -> None:
        seal_round(engine, settings, NOON)
        settings.bureau_key.chmod(0o644)
        with pytest.raises(Unusable, match="seal_key_open"):
            seal_round(engine, settings, NOON + timedelta(days=1))
        settings.bureau_key.chmod(0o600)
        settings.bureau_key.write_bytes(b"bm90IGEga2V5")
        with pytest.raises(Unusable, match="seal_key_file"):
            seal_round(engine, settings, NOON + timedelta(days=1))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root owns what a Secret's files are")
    def test_a_pods_secret_is_not_open(
        self, engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Root owns it, and the pod's own group reads it."""
        seal_round(engine, settings, NOON)
        settings.bureau_key.chmod(0o440)
        with pytest.raises(Unusable, match="seal_key_open"):
            read_bureau_key(settings.bureau_key)
        monkeypatch.setattr("os.geteuid", lambda: 10_001)
        assert read_bureau_key(settings.bureau_key)
        for mode in (0o444, 0o460):
            settings.bureau_key.chmod(mode)
            with pytest.raises(Unusable, match="seal_key_open"):
                read_bureau_key(settings.bureau_key)
