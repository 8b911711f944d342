"""What a relay says: to a node, that it has its batch; to the server, what waits in it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from agents.values import Count, Frozen

RELAY_HEADER = "Suanquan-Relay"  # of a batch that a relay passes on: a `RelayState` as JSON
RELAYS_BEHIND_MAX = 8  # in a row, behind the last one

Seconds = Annotated[int, Meta(ge=0, le=10**9)]


class Relayed(Frozen, frozen=True):
    """A relay's answer (202): it has the batch whose bytes have this SHA-256 on its disk.

    It is no answer of the server's: the agent keeps the batch until the server has it.
    """

    relayed: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class RelayQueue(Frozen, frozen=True, forbid_unknown_fields=False):
    """What waits in a relay besides the batch that it passes on just now.

    `relay` tells it from others of its name; older ones have none. `age_s` is how long ago it said
    so, to the relay that passes its word on.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,63}$")]
    batches: Count
    oldest_s: Seconds
    bytes: Count
    bytes_max: Count
    relay: UUID | None = None
    age_s: Seconds = 0


class RelayState(RelayQueue, frozen=True, forbid_unknown_fields=False):
    """What a relay says beside a batch, and what those said through whom the batch came to it.

    Nobody signs it: it is shown to people, and nothing is decided by it. Of another version's only
    the fields that are known here are read.
    """

    behind: Annotated[tuple[RelayQueue, ...], Meta(max_length=RELAYS_BEHIND_MAX)] = ()
