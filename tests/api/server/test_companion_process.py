"""The program beside the server: what it writes is for who runs it."""

import os
import stat
from pathlib import Path

from api.server.companion_process import LOG_FILE, open_log


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
