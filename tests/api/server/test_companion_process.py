"""The program beside the server: what it writes is for who runs it."""

import os
import stat
from pathlib import Path

from api.server.companion_process import LOG_FILE, companion_environment, open_log


def test_the_log_is_for_us_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        for _ in range(3):  # and so are those of the runs before, all of them
            with open_log(tmp_path / LOG_FILE) as log:
                log.write(b"a line")
    finally:
        os.umask(before)
    files = sorted(tmp_path.iterdir())
    assert [file.name.startswith(LOG_FILE) for file in files] == [True] * 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_it_goes_to_the_server_beside_it_whatever_peoples_address_is(tmp_path: Path) -> None:
    environ = {"SUANQUAN_URL": "https://suanquan.example.cn", "SUANQUAN_TOKEN": "t", "LANG": "C"}
    assert companion_environment(environ, tmp_path) == {
        "LANG": "C",
        "SUANQUAN_DATA": str(tmp_path.resolve()),
    }
