"""Shares: nobody holds more than hers, and who asks a thousand times stands in nobody's way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from api.door.dependencies import CONNECTIONS
from api.door.problems import Refusal
from api.door.turns import shares as module
from api.door.turns.layer import AT_ONCE
from api.door.turns.shares import Shares
from ledger.errors import Busy


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_every_turn_has_its_connection() -> None:
    assert sum(total for total, _, _ in AT_ONCE.values()) <= CONNECTIONS
    assert all(of_one < total for total, of_one, _ in AT_ONCE.values())


def test_who_holds_least_comes_first() -> None:
    async def story() -> None:
        shares, order = Shares(2, 1), list[str]()

        async def ask(caller: str) -> None:
            async with shares.hold(caller):
                order.append(caller)
                await settle()

        async with shares.hold("busy"), shares.hold("other"):
            tasks = [asyncio.create_task(ask(c)) for c in ("flood",) * 3 + ("clerk", "other")]
            await settle()
        await asyncio.gather(*tasks)
        assert order.index("clerk") < 2
        assert order[-1] == "flood"

    run(story)


def test_a_large_wish_is_overtaken_by_nobody() -> None:
    async def story() -> None:
        shares = Shares(10, 10)
        await shares.take("a", 6)
        large = asyncio.create_task(shares.take("b", 8))
        await settle()
        small = asyncio.create_task(shares.take("c", 2))
        await settle()
        assert not large.done()
        assert not small.done()
        shares.release("a", 6)
        await asyncio.gather(large, small)

    run(story)


def test_too_many_wishes_of_one_caller_are_refused_and_only_hers() -> None:
    async def story() -> None:
        shares = Shares(1, 1, queue=2)
        await shares.take("flood")
        tasks = [asyncio.create_task(shares.take("flood")) for _ in range(2)]
        await settle()
        with pytest.raises(Refusal, match="too_many_at_once"):
            await shares.take("flood")
        clerk = asyncio.create_task(shares.take("clerk"))
        await settle()
        shares.release("flood")
        await clerk
        for task in tasks:
            task.cancel()

    run(story)


def test_who_gave_up_or_waited_too_long_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        shares = Shares(1, 1)
        await shares.take("a")
        leaver = asyncio.create_task(shares.take("b"))
        await settle()
        leaver.cancel()
        monkeypatch.setattr(module, "PATIENCE_S", 0.01)
        with pytest.raises(Busy, match="busy"):
            await shares.take("c")
        shares.release("a")
        await shares.take("d")

    run(story)
