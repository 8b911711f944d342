"""The clocks of a node, moved by hand."""

from __future__ import annotations

from dataclasses import dataclass

from agents.observations import Instant

NOON = 1_767_268_800_000


@dataclass
class Clocks:
    now: int = 0
    error: int = NOON

    def __call__(self) -> Instant:
        return Instant(self.now + self.error, self.now)
