"""Messages between the agent and its driver process: lines of JSON.

The agent sends a `LookRequest`. For each GPU the process sends a `GpuStart` before the first call
and a `GpuResult` after the last, and at the end a `LookEnd`. So if the process dies, the agent has
the results until then and knows which GPUs were being read.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agents import wire
from agents.observations import Look


class LookRequest(msgspec.Struct, frozen=True):
    """Look at every GPU except those in `skip`, and at those in `last` after all others."""

    skip: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    wait_s: float = 7.0  # a GPU that has not answered by then is a gap
    one_by_one: bool = False  # the process died the last time: find out at which GPU


class GpuStart(msgspec.Struct, frozen=True, tag=True):
    """A thread begins to read this GPU: its UUID, or # and its index."""

    gpu: str


class GpuOpened(msgspec.Struct, frozen=True, tag=True):
    """The GPU of this # and index has answered for the first time, or said why it does not."""

    gpu: str


class GpuResult(msgspec.Struct, frozen=True, tag=True):
    """The look at one GPU, or why there is none."""

    gpu: str
    look: Look | None
    fault: wire.GapReason | None = None


class LookEnd(msgspec.Struct, frozen=True, tag=True):
    """The end of a look. `exits`: this process cannot go on; with `no_driver` it never started."""

    fault: wire.GapReason | None = None  # of the whole driver
    exits: bool = False
    no_driver: tuple[str, str] | None = None  # the messages of NoDriver, in both languages
    events: Mapping[str, tuple[str, ...]] = {}
    silent: int = 0  # GPUs that are counted but cannot be named


Message = GpuStart | GpuOpened | GpuResult | LookEnd
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_requests = msgspec.json.Decoder(LookRequest)
_encoder = msgspec.json.Encoder()


def encode_line(message: LookRequest | Message) -> bytes:
    """Encode a message as one line."""
    return _encoder.encode(message) + b"\n"


def decode_message(content: bytes) -> Message:
    """Decode a line of the driver process. Raises msgspec.DecodeError."""
    return _messages.decode(content)


def decode_request(content: bytes) -> LookRequest:
    """Decode a line of the agent. Raises msgspec.DecodeError."""
    return _requests.decode(content)
