"""A parser in a process of its own: its answer, or one refusal when it takes too much."""

import time
from threading import Thread

import pytest

from ledger.errors import Busy, Refused
from ledger.formats import bounded_call as module
from ledger.formats.bounded_call import bounded_call


def hoard() -> int:
    return len(bytearray(module.BYTES * 2))


def linger(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


def chatter() -> str:
    print("not the answer")  # noqa: T201 - what a library may do
    return "the answer"


def test_the_answer_comes_back_whatever_else_is_printed() -> None:
    assert bounded_call(chatter) == "the answer"
    assert bounded_call(sorted, [3, 1]) == [1, 3]


def test_too_much_memory_or_time_is_one_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="file_too_hard"):
        bounded_call(hoard)
    monkeypatch.setattr(module, "SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(Refused, match="file_too_hard"):
        bounded_call(linger, 60)
    assert time.monotonic() - began < 10


def test_a_third_is_told_to_come_again() -> None:
    threads = [Thread(target=bounded_call, args=(linger, 5)) for _ in range(module.AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    with pytest.raises(Busy, match="busy"):
        bounded_call(linger, 0)
    for thread in threads:
        thread.join()
