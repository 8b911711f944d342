"""What the agent and the process that reads the driver for it say to each other: lines of JSON.

The agent says `Ask`. The answer is, for each GPU, `Begun` before the first question to it and `Saw`
after the last; then `Done`. So when a question is never answered, the agent has whatever was seen
before it and knows which GPU it was put to.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agents import wire
from agents.observations import Look


class Ask(msgspec.Struct, frozen=True):
    """Look at every GPU but those in `without`; at those in `last` when all others are done."""

    without: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


class Begun(msgspec.Struct, frozen=True, tag=True):
    """The next question is about this GPU: its UUID, or # and its index."""

    gpu: str


class Saw(msgspec.Struct, frozen=True, tag=True):
    """One GPU was seen, or why it was not."""

    gpu: str
    look: Look | None
    fault: wire.GapReason | None = None


class Done(msgspec.Struct, frozen=True, tag=True):
    """The look is over. `ended`: this process cannot go on; with `sorry` it never could begin."""

    fault: wire.GapReason | None = None  # of the whole driver
    ended: bool = False
    sorry: tuple[str, str] | None = None  # what NoDriver said, in both languages
    announced: Mapping[str, tuple[str, ...]] = {}
    silent: int = 0  # GPUs that are counted and cannot be named


Word = Begun | Saw | Done
_words: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)
_asks = msgspec.json.Decoder(Ask)
_encoder = msgspec.json.Encoder()


def line(word: Ask | Word) -> bytes:
    """One line."""
    return _encoder.encode(word) + b"\n"


def read_word(said: bytes) -> Word:
    """What the reading process said. Raises msgspec.DecodeError."""
    return _words.decode(said)


def read_ask(said: bytes) -> Ask:
    """What the agent said. Raises msgspec.DecodeError."""
    return _asks.decode(said)
