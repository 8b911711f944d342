"""A thread for each GPU, so that a call that does not return costs no other GPU anything.

NVML may be called from several threads. A thread whose call hangs is left alone and its GPU is a
gap; when the call returns at last, the GPU can be read again at the next look.

Source: nvml.h, «The NVML library is thread-safe».
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, TypeVar

_Answer = TypeVar("_Answer")


class _Result(NamedTuple, Generic[_Answer]):
    round: int
    name: str
    answer: _Answer | None
    error: Exception | None


class Workers(Generic[_Answer]):
    """Threads by name; each has one task at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, SimpleQueue[tuple[int, Callable[[], _Answer]]]] = {}
        self._busy: set[str] = set()
        self._results: SimpleQueue[_Result[_Answer]] = SimpleQueue()
        self._round = 0

    def run(
        self,
        tasks: Mapping[str, Callable[[], _Answer]],
        until_s: float,
        begin: Callable[[str], None],
        *,
        one_by_one: bool = False,
    ) -> Iterator[tuple[str, _Answer | None]]:
        """Run the tasks together and yield each answer; None for a task without one in time.

        `until_s` is a time of the monotonic clock. `begin` is called before each task; the thread
        of an earlier task may still be busy: then it is not called, and the answer is None at once.
        With `one_by_one` a task begins when the one before has ended. Raises a task's error after
        all others.
        """
        self._round += 1
        pending: set[str] = set()
        errors: list[Exception] = []
        for name, task in tasks.items():
            if name in self._busy:
                yield name, None
                continue
            begin(name)
            self._start(name, task)
            pending.add(name)
            if one_by_one:
                yield from self._collect(pending, until_s, errors)
        yield from self._collect(pending, until_s, errors)
        yield from ((name, None) for name in sorted(pending))
        if errors:
            raise errors[0]

    def _start(self, name: str, task: Callable[[], _Answer]) -> None:
        if name not in self._tasks:
            self._tasks[name] = SimpleQueue()
            threading.Thread(target=self._work, args=(name,), name=name, daemon=True).start()
        self._busy.add(name)
        self._tasks[name].put((self._round, task))

    def _work(self, name: str) -> None:
        while True:
            round_, task = self._tasks[name].get()
            try:
                result = _Result(round_, name, task(), None)
            except Exception as error:  # noqa: BLE001  it is raised where the answer is awaited
                result = _Result(round_, name, None, error)
            self._busy.discard(name)
            self._results.put(result)

    def _collect(
        self, pending: set[str], until_s: float, errors: list[Exception]
    ) -> Iterator[tuple[str, _Answer]]:
        while pending:
            try:
                result = self._results.get(timeout=max(0.0, until_s - time.monotonic()))
            except Empty:
                return
            if result.round != self._round:
                continue  # of a look that did not wait for it
            pending.discard(result.name)
            if result.error is not None:
                errors.append(result.error)
            elif result.answer is not None:
                yield result.name, result.answer
