"""A claim's dossier verifies by itself, and whatever was changed in it is found."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from nacl.signing import SigningKey
from sqlmodel import Session

from ledger.claims.queries import claim_by_number
from ledger.errors import Refused, Unusable
from ledger.people.codes import Answer
from ledger.seals.codes import FaultCode
from ledger.seals.rules import dossier, export
from ledger.seals.rules.dossier import SIGNATURE, read_manifest, write_manifest
from ledger.seals.rules.dossier_check import check_dossier
from ledger.seals.rules.faults import Tally
from ledger.seals.steps.dossier import Dossier, write_dossier
from ledger.seals.steps.open_export import open_export
from ledger.seals.steps.seal import seal
from tests.support.months.cashier import Cashier
from tests.support.months.office import MARCH, Office, price
from tests.support.paths import ROOT
from tests.support.people import let_everybody_act
from tests.support.postgres import TEMPLATE, Server
from tests.support.seals import KEY, NOON, Members, seal_at


def summary(of: Dossier) -> str:
    return f"<p>{of.last_hash} {len(of.use)}</p>"


def write(engine: sa.Engine, file: Path, number: str, hour: int) -> None:
    with Session(engine, expire_on_commit=False) as db, db.begin(), file.open("wb") as target:
        now = NOON + timedelta(hours=hour)
        last = seal(db, KEY, "test", now)
        write_dossier(
            db, claim_by_number(db, number), last, KEY, summary=summary, now=now, target=target
        )


@pytest.fixture(scope="module")
def engine(servers: Callable[[str], Server]) -> Iterator[sa.Engine]:
    """Of a database of this module."""
    server = servers("embedded")
    database = server.create("test_dossier", TEMPLATE)
    engine = database.engine()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        let_everybody_act(owner)
        office = Office(database, engine, owner)
        office.prices(price(10))
        office.use_month(MARCH)
        seal_at(engine)
        office.bill(7_440_00)
        office.decide()
        seal_at(engine, 1)
        cashier = Cashier(office, {"Z1": 1})
        for fen, hour in ((100_000, 2), (123_200, 3)):
            number, _ = cashier.hand_in(fen, MARCH)
            cashier.approve(number, fen)
            seal_at(engine, hour)
        made = cashier.make("Z1")
        assert cashier.answer(made, Answer.CONFIRMED) == ""
        cashier.bank(f"B1,{made},1,成功,1000.00")
        yield engine
    engine.dispose()
    server.drop("test_dossier")


@pytest.fixture(scope="module")
def files(engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The dossiers of the two claims."""
    folder = tmp_path_factory.mktemp("dossiers")
    paths = [folder / f"DF-2026-000{place}.zip" for place in (1, 2)]
    for hour, file in enumerate(paths, start=4):
        write(engine, file, file.stem, hour)
    return paths


@pytest.fixture(scope="module")
def members(files: list[Path]) -> list[Members]:
    return [Members.of_file(file) for file in files]


def tally_of(of: Members, folder: Path) -> Tally:
    file = folder / "changed.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in of.items():
            archive.writestr(name, content)
    with open_export(file) as opened:
        return check_dossier(opened)[1]


def with_members(of: Members, **changes: bytes) -> Members:
    return Members({**of, **changes})


def test_a_paid_claim_verifies_without_its_database(files: list[Path]) -> None:
    with open_export(files[0]) as archive:
        manifest, tally = check_dossier(archive)
        relations = export.relations_of(archive)
        days = list(archive.lines(dossier.USE))
    assert manifest
    assert (manifest.claim, manifest.seal, tally.faults) == ("DF-2026-0001", 5, [])
    assert (tally.seals, tally.leaves) == (5, tally.rows)
    assert tally.rows > 60
    assert relations >= {
        "claims", "claim_events", "decisions", "originals", "publications", "statements", "matches",
        "cost_documents", "payment_lines", "bank_returns", "movements", "batches", "agents",
    }  # fmt: skip
    assert len(days) == 31


def test_a_dossier_has_the_policies_that_a_city_added(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANQUAN_POLICIES", str(ROOT / "docs" / "examples" / "policies"))
    write(engine, tmp_path / "own.zip", "DF-2026-0001", 10)
    with open_export(tmp_path / "own.zip") as archive:
        manifest, tally = check_dossier(archive)
        assert "policies/hangzhou-2025.yaml" in archive.names()
    assert manifest
    assert tally.faults == []


def test_a_byte_of_each_member_is_another(members: list[Members], tmp_path: Path) -> None:
    silent = []
    for name, content in members[0].items():
        half = len(content) // 2
        now = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        if not tally_of(with_members(members[0], **{name: now}), tmp_path).faults:
            silent.append(name)
    assert silent == []


def test_a_member_is_gone_or_torn_or_of_another_claim(
    members: list[Members], tmp_path: Path
) -> None:
    first, second = members
    silent = []
    for name, content in first.items():
        rest = Members({member: it for member, it in first.items() if member != name})
        swapped_content = second.get(name, content)
        for kind, now in [
            ("gone", rest),
            ("torn", with_members(first, **{name: content[: len(content) // 2]})),
            *(
                [("swapped", with_members(first, **{name: swapped_content}))]
                if swapped_content != content
                else []
            ),
        ]:
            if not tally_of(now, tmp_path).faults:
                silent.append((kind, name))
    assert silent == []
    slipped_in = tally_of(with_members(first, **{"rows/persons.tsv": b""}), tmp_path).faults
    assert [fault.code for fault in slipped_in] == [FaultCode.ADDED]


def test_who_signs_anew_with_another_key_is_found(members: list[Members], tmp_path: Path) -> None:
    name, stranger = export.rows_member("claims"), SigningKey(b"\1" * 32)
    for old, new in ((b"100000", b"900000"), (b"", b"")):
        rows = members[0][name].replace(old, new)
        manifest = read_manifest(members[0][dossier.MANIFEST])
        digests = {**manifest.members, name: dossier.digest_of(rows)}
        key = bytes(stranger.verify_key).hex()
        line = write_manifest(
            dossier.Manifest(**{**vars(manifest), "members": digests, "key": key})
        )
        now = with_members(
            members[0],
            **{name: rows, dossier.MANIFEST: line, SIGNATURE: dossier.sign(line, stranger)},
        )
        codes = {(fault.code, fault.relation) for fault in tally_of(now, tmp_path).faults}
        expected_codes = {(FaultCode.KEY, dossier.MANIFEST)}
        if old:
            expected_codes |= {(FaultCode.CHANGED, "claims"), (FaultCode.DIFFERS, "claim_cells")}
        assert codes == expected_codes


def test_what_the_bureau_itself_leaves_out_is_found(members: list[Members], tmp_path: Path) -> None:
    """A dossier without a step, a month or an original, signed as it should be."""

    def faults_without(relation: str) -> set[tuple[FaultCode, str]]:
        name = export.rows_member(relation)
        content = b"".join(members[0][name].splitlines(keepends=True)[1:])
        manifest = read_manifest(members[0][dossier.MANIFEST])
        digests = {**manifest.members, name: dossier.digest_of(content)}
        line = write_manifest(dossier.Manifest(**{**vars(manifest), "members": digests}))
        now = with_members(
            members[0],
            **{name: content, dossier.MANIFEST: line, SIGNATURE: dossier.sign(line, KEY)},
        )
        return {(fault.code, fault.relation) for fault in tally_of(now, tmp_path).faults}

    assert faults_without("claim_events") == {(FaultCode.MISSING, "claim_events")}
    assert faults_without("claim_cells") == {(FaultCode.DIFFERS, "claim_cells")}
    assert faults_without("originals") == {(FaultCode.MISSING, "originals")}
    assert faults_without("agents") == {(FaultCode.KEY, "batches")}


def test_a_file_that_is_torn_is_refused_or_named(
    files: list[Path], members: list[Members], tmp_path: Path
) -> None:
    """What a reader of the ZIP file does not see (a moment, a comment) changes nothing."""
    content, file = files[0].read_bytes(), tmp_path / "torn.zip"
    step = len(content) // 150
    contents = [content[:place] for place in range(0, len(content), step * 10)]
    for place in [*range(0, len(content), step), *range(len(content) - 200, len(content))]:
        contents.append(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    silent = 0
    for now in contents:
        file.write_bytes(now)
        try:
            with open_export(file) as archive:
                if not check_dossier(archive)[1].faults:
                    silent += {n: archive.content(n) for n in archive.names()} != members[0]
        except Unusable:
            continue
    assert silent == 0


def test_a_row_that_no_seal_took_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    with Session(engine, expire_on_commit=False) as db, db.begin():
        last = seal(db, KEY, "test", NOON + timedelta(hours=20))
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
            INSERT INTO claim_files (claim_id, role, original, proves, added_at, added_by)
            SELECT claim_id, 'other', original, '', added_at, added_by FROM claim_files
            WHERE claim_id = 1 LIMIT 1""")
        )
    with Session(engine) as db, (tmp_path / "none.zip").open("wb") as target:
        claim = claim_by_number(db, "DF-2026-0001")
        with pytest.raises(Refused, match="unproven"):
            write_dossier(db, claim, last, KEY, summary=summary, now=NOON, target=target)
