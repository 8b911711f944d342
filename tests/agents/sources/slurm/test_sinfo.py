"""What sinfo says is told when it is news; its failure tells nothing and stops nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.sources.slurm.sinfo import Sinfo

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def sinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A program of that name that prints a text and exits; it notes its words."""

    def program(text: str, code: int = 0) -> None:
        path = tmp_path / "sinfo"
        script = f"echo \"$*\" >> {tmp_path}/asked\nprintf '{text}'\necho away >&2\nexit {code}\n"
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program


def test_it_is_told_once_until_it_changes_or_a_day_begins(
    sinfo: Callable[..., None], tmp_path: Path
) -> None:
    sinfo("gpu|n1|gpu:8\\nspot|n1|gpu:8\\n")
    asked = Sinfo("west")
    first = asked.news(NOON)
    assert first is not None
    assert (first.gpus, first.partitions, first.seen_at) == (8, {"gpu": 8, "spot": 8}, NOON)
    assert asked.news(NOON + timedelta(minutes=5)) is None
    assert asked.news(NOON + timedelta(days=1)) is not None
    sinfo("gpu|n1|gpu:4\\n")
    changed = asked.news(NOON + timedelta(days=1))
    assert changed is not None
    assert changed.partitions == {"gpu": 4}
    assert "--clusters=west" in (tmp_path / "asked").read_text()


def test_a_failure_is_said_once_and_tells_nothing(
    sinfo: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    sinfo("gpu|n1|gpu:8\\n", code=1)
    asked = Sinfo(None)
    with caplog.at_level(logging.WARNING):
        assert asked.news(NOON) is asked.news(NOON) is None
    assert caplog.text.count("sinfo says nothing of partitions: away") == 1
    sinfo("an unknown line\\n")
    assert asked.news(NOON) is None
    sinfo("gpu|n1|gpu:8\\n")
    assert asked.news(NOON) is not None
