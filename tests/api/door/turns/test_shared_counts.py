"""What the processes of a server count together: who guesses finds one count, whoever answers."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from api.app import create_app
from api.door.limits import GUESSES
from api.door.turns.shared_counts import SharedCounts
from api.settings import Settings

CODE = {"code": "x" * 43, "public_key": "00" * 32, "node": "n1"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    SharedCounts.create(tmp_path / "limits")
    return tmp_path / "limits"


def test_a_window_is_one_for_all_and_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (FixedWindowRateLimiter(SharedCounts(file)) for _ in range(2))
    limit = parse("3/minute")
    assert [limiter.hit(limit, "a") for limiter in (first, second, first, second)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not first.test(limit, "a")
    assert second.test(limit, "b")
    assert 0 < first.get_window_stats(limit, "a").reset_time - time.time() <= 60
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert second.hit(limit, "a")
    assert first.get_window_stats(limit, "a").remaining == 2


def test_what_one_forgets_all_have_forgotten(file: Path) -> None:
    first, second = SharedCounts(file), SharedCounts(file)
    assert [first.incr(key, 60) for key in ("a", "a", "b")] == [1, 2, 1]
    second.reset()
    assert (first.get("a"), first.get("b")) == (0, 0)
    assert first.incr("a", 60) == 1


def test_the_file_is_ours_alone_and_made_once(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        SharedCounts.create(file)


def test_guesses_at_two_processes_are_one_count(engine: sa.Engine, file: Path) -> None:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                TestClient(create_app(engine, Settings(), counts=SharedCounts(file)))
            )
            for _ in range(2)
        ]
        answers = [
            clients[turn % 2].post("/api/v1/agents", json=CODE).status_code
            for turn in range(GUESSES.amount + 2)
        ]
    assert answers == [403] * GUESSES.amount + [429] * 2
