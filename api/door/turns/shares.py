"""So much of something there is, and no caller may hold more than a share of it.

Who wants some waits until it is free. Of those who wait, who holds least comes first, then who was
served longest ago: a caller that asks a thousand times waits behind its own wishes and nobody else
does. Used for bytes of bodies, for turns and for look-ups, by whatever thread or loop runs them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Lock

from api.door.problems import Refusal
from ledger.errors import Busy

PATIENCE_S = 60.0
WAITING_MAX = 1_000
WAITING_OF_ONE = 64
AGAIN_S = 5


@dataclass(eq=False)
class _Wish:
    caller: str
    amount: int
    number: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    is_granted: bool = False


class Shares:
    """A store of so much, of which one caller may hold so much at a time.

    Args:
        total: what there is.
        of_one: what one caller may hold; a larger wish is granted to who holds nothing.
        queue: how many wishes of one caller may wait.
    """

    def __init__(self, total: int, of_one: int, queue: int = WAITING_OF_ONE) -> None:
        self._free, self._of_one, self._waiting_of_one = total, of_one, queue
        self._portions: Counter[str] = Counter()
        self._last_turns: dict[str, int] = {}
        self._wishes: list[_Wish] = []
        self._lock, self._numbers = Lock(), count(1)  # 0: never served

    @asynccontextmanager
    async def hold(self, caller: str, amount: int = 1) -> AsyncIterator[None]:
        """Hold so much for as long as the block lasts; see `take`."""
        await self.take(caller, amount)
        try:
            yield
        finally:
            self.release(caller, amount)

    async def take(self, caller: str, amount: int = 1) -> None:
        """Wait for so much.

        Raises:
            Refusal: too much of this caller waits already (`too_many_at_once`, 429).
            Busy: it did not become free in time, or too much waits altogether.
        """
        if self._take_free(caller, amount):
            return
        wish = self._wish(caller, amount)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await wish.bell.wait()
        except BaseException as error:
            self._forget(wish)
            if isinstance(error, TimeoutError):
                raise Busy("busy") from error
            raise

    def release(self, caller: str, amount: int = 1) -> None:
        """Give it back; who waits is served."""
        with self._lock:
            self._give_back(caller, amount)
            self._serve()

    def _take_free(self, caller: str, amount: int) -> bool:
        """Take it where nobody waits and there is enough, as nearly always."""
        with self._lock:
            portion = self._portions[caller]
            is_within = not portion or portion + amount <= self._of_one
            is_free = not self._wishes and is_within and amount <= self._free
            if is_free:
                self._grant(caller, amount)
        return is_free

    def _grant(self, caller: str, amount: int) -> None:
        self._free -= amount
        self._portions[caller] += amount
        self._last_turns[caller] = next(self._numbers)

    def _wish(self, caller: str, amount: int) -> _Wish:
        with self._lock:
            if len(self._wishes) >= WAITING_MAX:
                raise Busy("busy")
            if sum(w.caller == caller for w in self._wishes) >= self._waiting_of_one:
                again = {"Retry-After": str(AGAIN_S)}
                raise Refusal(429, "too_many_at_once", {"seconds": AGAIN_S}, again)
            wish = _Wish(caller, amount, next(self._numbers))
            self._wishes.append(wish)
            self._serve()
        return wish

    def _forget(self, wish: _Wish) -> None:
        with self._lock:
            if wish.is_granted:
                self._give_back(wish.caller, wish.amount)
            else:
                self._wishes.remove(wish)
            self._serve()

    def _give_back(self, caller: str, amount: int) -> None:
        self._free += amount
        self._portions[caller] -= amount
        if not self._portions[caller]:
            del self._portions[caller]
            if not any(wish.caller == caller for wish in self._wishes):
                self._last_turns.pop(caller, None)

    def _serve(self) -> None:
        """Grant what can be granted; who waits for the store alone is overtaken by nobody."""
        while wish := self._next():
            self._wishes.remove(wish)
            self._grant(wish.caller, wish.amount)
            wish.is_granted = True
            wish.loop.call_soon_threadsafe(wish.bell.set)

    def _next(self) -> _Wish | None:
        within = [wish for wish in self._wishes if self._is_within(wish)]
        first = min(within, key=self._rank, default=None)
        return first if first and first.amount <= self._free else None

    def _is_within(self, wish: _Wish) -> bool:
        portion = self._portions[wish.caller]
        return not portion or portion + wish.amount <= self._of_one

    def _rank(self, wish: _Wish) -> tuple[int, int, int]:
        return self._portions[wish.caller], self._last_turns.get(wish.caller, 0), wish.number
