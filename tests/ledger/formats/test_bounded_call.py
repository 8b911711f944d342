"""A parser in a process of its own: its answer, its refusal when it takes too much, its turn."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.errors import Busy, Refused
from ledger.formats import bounded_call as module
from ledger.formats.bounded_call import bounded_call, bounded_read, working_for


def process_of(_: str | bytes) -> int:
    return os.getpid()


def hoard() -> int:
    return len(bytearray(module.BYTES * 2))


def linger(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


def wait_for(file: Path) -> str:
    while not file.exists():
        time.sleep(0.01)
    return "done"


def chatter() -> str:
    print("not the answer")  # noqa: T201 - what a library may do
    return "the answer"


def test_the_answer_comes_back_whatever_else_is_printed() -> None:
    assert bounded_call(chatter) == "the answer"
    assert bounded_call(sorted, [3, 1]) == [1, 3]


def test_a_short_text_is_read_at_once_and_what_is_long_or_packed_is_not() -> None:
    here = os.getpid()
    assert bounded_read(process_of, "a" * module.SHORT) == here
    assert bounded_read(process_of, b"a" * module.SHORT) == here
    assert bounded_read(process_of, "a" * (module.SHORT + 1)) != here
    assert bounded_read(process_of, b"PK\x03\x04\0") != here


def test_too_much_memory_or_time_is_one_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="file_too_hard"):
        bounded_call(hoard)
    monkeypatch.setattr(module, "SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(Refused, match="file_too_hard"):
        bounded_call(linger, 60)
    assert time.monotonic() - began < 10


def test_a_callers_second_file_waits_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    end_mark = tmp_path / "ended"

    def read(caller: str, file: Path) -> str:
        with working_for(caller):
            return bounded_call(wait_for, file)

    with ThreadPoolExecutor(4) as threads:
        hostile = [threads.submit(read, "attacker", end_mark) for _ in range(3)]
        assert threads.submit(read, "clerk", tmp_path).result() == "done"
        assert not any(reading.done() for reading in hostile)
        end_mark.touch()
        assert [reading.result() for reading in hostile] == ["done"] * 3
    monkeypatch.setattr(module, "_calls", Counter(attacker=1))
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    with pytest.raises(Busy, match="busy"):
        read("attacker", end_mark)
