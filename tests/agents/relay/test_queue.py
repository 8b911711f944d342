"""The relay's queue: oldest first, bounded, durable, and emptied although its disk is full."""

from __future__ import annotations

import base64
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from agents.errors import SpoolError
from agents.parcels import Parcel
from agents.relay.queue import Queue, QueueFull
from tests.support.servers.small_disk import fill, small_disk

SIGNATURE = base64.b64encode(bytes(64)).decode()


def parcel(number: int, agent: int = 1, size: int = 100) -> Parcel:
    return Parcel(str(UUID(int=agent)), SIGNATURE, number.to_bytes(4, "big") + os.urandom(size))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "relay.db", 300_000)
    yield queue
    queue.close()


def test_oldest_first_and_over_a_restart(tmp_path: Path) -> None:
    items = [parcel(number) for number in range(3)]
    queue = Queue(tmp_path / "relay.db")
    for item in (*items, items[0]):  # one that comes again waits once
        queue.add(item)
    queue.close()
    queue = Queue(tmp_path / "relay.db")
    assert list(queue.backlog()) == items
    for item in items:
        first = queue.next_parcel()
        assert first is not None
        assert first[0] == item
        assert queue.answer(item.key, 200, b"yes")
        answer = queue.take_answer(item.key)
        assert answer is not None
        assert answer.body == b"yes"
        assert queue.take_answer(item.key) is None
    assert queue.next_parcel() is None
    queue.close()


def test_a_full_queue_forgets_answers_and_no_parcel(queue: Queue) -> None:
    items = []
    with pytest.raises(QueueFull):  # noqa: PT012
        for number in range(1_000):
            item = parcel(number, size=10_000)
            queue.add(item)
            items.append(item)
    assert len(items) > 10
    assert list(queue.backlog()) == items
    assert queue.answer(items[0].key, 200, bytes(os.urandom(9_000)))
    queue.add(parcel(-1 % 2**32, size=5_000))
    assert list(queue.backlog())[:-1] == items[1:]


def test_of_refusals_the_first_is_kept(queue: Queue) -> None:
    """What follows was refused because of it; the node begins anew from there."""
    first, second, foreign = parcel(1), parcel(2), parcel(3, agent=2)
    for item in (first, second, foreign):
        queue.add(item)
        assert queue.answer(item.key, 409, b"{}")
    assert queue.take_answer(first.key) is not None
    assert queue.take_answer(second.key) is None
    assert queue.take_answer(foreign.key) is not None
    assert not queue.is_waiting(second.agent)


def test_an_agent_that_must_wait_does_not_stop_the_others(queue: Queue) -> None:
    queue.add(parcel(1, agent=1))
    behind = parcel(2, agent=2)
    queue.add(behind)
    item = queue.next_parcel({str(UUID(int=1))})
    assert item is not None
    assert item[0] == behind


def test_a_full_disk_still_empties(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers wait in memory, and are written once there is room."""
    items = [parcel(number) for number in range(3)]
    for item in items:
        queue.add(item)

    def full(*_: object) -> bool:
        raise SpoolError("满", "full")

    with monkeypatch.context() as disk:
        disk.setattr(queue, "_write_answer", full)
        for item in items:
            first = queue.next_parcel()
            assert first is not None
            assert first[0] == item
            queue.answer(item.key, 200, b"yes")
        assert queue.next_parcel() is None
        assert not queue.is_waiting(items[0].agent)
        answer = queue.take_answer(items[0].key)
        assert answer is not None
        assert answer.body == b"yes"
    assert queue.next_parcel() is None
    assert queue.figures().parcels == 0
    assert queue.take_answer(items[0].key) is None
    assert queue.take_answer(items[1].key) is not None


def test_a_second_relay_is_refused_and_a_courier_is_not(queue: Queue, tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="another suanquan-agent"):
        Queue(tmp_path / "relay.db")
    item = parcel(1)
    queue.add(item)
    courier = Queue(tmp_path / "relay.db", beside=True)
    assert list(courier.backlog()) == [item]
    assert courier.answer(item.key, 200, b"yes")
    courier.close()
    assert queue.take_answer(item.key) is not None


def test_a_disk_that_is_really_full_takes_nothing_loses_nothing_and_comes_back(
    tmp_path: Path,
) -> None:
    items = [parcel(number, size=2_000) for number in range(3)]
    with small_disk(tmp_path / "disk", mib=1) as disk:
        queue = Queue(disk / "relay.db")
        queue.add(items[0])
        filler = fill(disk)
        more = (parcel(number, size=2_000) for number in range(3, 400))
        with pytest.raises(SpoolError):  # once no page of the file is free either
            deque(map(queue.add, more), maxlen=0)
        assert next(queue.backlog()) == items[0]
        filler.unlink()
        queue.add(items[1])
        queue.close()
        queue = Queue(disk / "relay.db")
        assert [item for item in queue.backlog() if item in items] == items[:2]
        queue.close()
