"""A state as a word and a shape, never as a colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A state as a shape and a word; `warm` asks for attention, never by colour alone."""

    shape: str
    word: str
    warm: bool = False
