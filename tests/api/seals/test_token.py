"""The bureau's key in a token: it seals and names the next one, as a key in a file does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.server.seals.rounds import seal_round
from api.settings import Settings
from ledger.errors import Unusable
from ledger.postgres.database import Database
from ledger.seals.rules.heads import BureauKey
from ledger.seals.steps.bureau_key import make_bureau_key, read_bureau_key
from tests.support.api.command_line import suanquan
from tests.support.seals import NOON, seal_at, verified
from tests.support.servers import hsm

pytestmark = pytest.mark.skipif(not hsm.MODULE.exists(), reason="there is no softhsm2")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with hsm.token(tmp_path_factory.mktemp("hsm"), "seal", "next") as where:
        yield where


def key_file(folder: Path, content: str) -> Path:
    file = folder / "seal.key"
    file.write_text(f"{content}\n")
    file.chmod(0o600)
    return file


def key_in(folder: Path, content: str) -> BureauKey:
    return read_bureau_key(key_file(folder, content))


def test_the_round_seals_with_a_key_in_a_token(
    database: Database, engine: sa.Engine, address: str, tmp_path: Path
) -> None:
    settings = Settings(seal_key=key_file(tmp_path, address.format("seal")))
    assert seal_round(engine, settings, NOON)
    assert seal_round(engine, settings, NOON + timedelta(hours=1))
    tally = verified(database)
    assert (tally.seals, tally.faults) == (2, [])


def test_from_a_file_to_a_token_and_to_another_key_of_it(
    database: Database, engine: sa.Engine, address: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    seal_at(engine, key=make_bureau_key(tmp_path / "old.key"))
    in_token = key_file(first, address.format("seal"))
    where = {
        "SUANQUAN_DATABASE_URL": database.app_url, "SUANQUAN_DATA": str(tmp_path),
        "SUANQUAN_DATABASE_OWNER_URL": database.owner_url,
    }  # fmt: skip
    steps = [(tmp_path / "old.key", in_token), (in_token, key_file(second, address.format("next")))]
    for present, following in steps:
        words = ("seal", "rotate", str(following))
        result = suanquan(*words, **where, SUANQUAN_SEAL_KEY=str(present))
        assert result.returncode == 0, result.stderr
    result = suanquan("seal", "now", **where, SUANQUAN_SEAL_KEY=str(in_token))
    assert result.returncode == 1, "only the next one seals now"
    assert verified(database).faults == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("object={}", "object=none"), ("token=bureau", "token=none"), ("&pin-source", "&pin"),
     ("?module-path", "?pin-value=5678&module-path"), ("libsofthsm2.so", "none.so"),
     ("/pin", "/none"), ("pkcs11:token=bureau;object={}", "pkcs11:")],
)  # fmt: skip
def test_what_is_wrong_with_a_token_is_said(
    address: str, tmp_path: Path, old: str, new: str
) -> None:
    assert old in address
    with pytest.raises(Unusable, match=r"^seal_token: detail=."):
        key_in(tmp_path, address.replace(old, new).format("seal"))


def test_a_wrong_pin_is_tried_once_and_a_right_one_is_taken_then(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin, source = tmp_path / "pin", address.partition("pin-source=")[2]
    own = address.replace(source, str(pin)).format("seal")
    pin.write_text("0000")
    with pytest.raises(Unusable, match=r"^seal_token: .*PIN"):
        key_in(tmp_path, own)
    with monkeypatch.context() as patch:
        patch.delattr("pkcs11.lib")  # the token is not asked again
        with pytest.raises(Unusable, match=r"^seal_token: .*PIN"):
            key_in(tmp_path, own)
    pin.write_text(hsm.PIN)
    assert key_in(tmp_path, own)
