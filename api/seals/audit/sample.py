"""Draw claims at random, so that anybody who knows the seed draws the same ones."""

from collections.abc import Iterable
from hashlib import sha256


def draw(numbers: Iterable[str], seed: str, count: int) -> list[str]:
    """Return `count` of the numbers, or all of them, in the order in which they are drawn.

    Each number's turn is the SHA-256 of the seed, a newline and the number: a claim that is added
    later takes its own turn, and moves none of the others.
    """
    return sorted(numbers, key=lambda number: sha256(f"{seed}\n{number}".encode()).digest())[:count]
