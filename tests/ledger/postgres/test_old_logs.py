"""Logs of earlier runs stay for their days, each by itself."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.postgres.old_logs import KEPT, set_aside

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_every_run_is_kept_until_its_days_are_over(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    for day in range(3):
        log.write_text(f"run {day}")
        set_aside(log, NOON + timedelta(days=day))
    assert not log.exists()
    parts = sorted(tmp_path.iterdir())
    assert [part.read_text() for part in parts] == ["run 0", "run 1", "run 2"]
    assert {stat.S_IMODE(part.stat().st_mode) for part in parts} == {0o600}
    (tmp_path / "postgres.log.bak").write_text("somebody's own")
    set_aside(log, NOON + KEPT + timedelta(days=1, seconds=1))
    assert sorted(part.name for part in tmp_path.iterdir()) == [parts[2].name, "postgres.log.bak"]


def test_a_log_without_lines_is_no_part(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.touch()
    set_aside(log, NOON)
    assert list(tmp_path.iterdir()) == [log]
