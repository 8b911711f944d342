"""How much of the ledger's room an agent takes in a day, and what of it is its share.

What counts is bounded by itself: a GPU has one window a minute. What does not (windows set aside,
other words for kept ones, batches that say nothing new) is bounded here, a Beijing day at a time.
The counts stand in the database, one row an agent, and are read where no other process takes a
batch of that agent (`queries/reporters.py`): all processes count together, and none is spent twice.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from ledger.errors import Spent
from ledger.metering.queries.windows import Raw

GPUS = 64
"""A share is for so many GPUs; an agent that speaks for more has as many times more."""


class Use(NamedTuple):
    """What a batch or a day takes: bytes of batches, windows set aside, conflicts."""

    bytes: int = 0
    aside: int = 0
    conflicts: int = 0

    def plus(self, more: "Use") -> "Use":
        """Add what something else takes."""
        return Use(*(own + also for own, also in zip(self, more, strict=True)))

    def exceeds(self, most: "Use") -> bool:
        """Whether there is more of anything than there may be."""
        return any(own > limit for own, limit in zip(self, most, strict=True))


class Share(NamedTuple):
    """What the agents of a place may take in a day, and what this one took today.

    `node` is None for an agent that speaks for its whole cluster.
    """

    most: Use
    today: Use
    cluster: int
    node: str | None

    def refuse_more(self, raw: Raw, more: Use) -> None:
        """Raise Spent (`agent_share`) if a batch that takes this is too much for today."""
        use = self.today.plus(more)
        if use.exceeds(self.most) and use.exceeds(self._by_gpus(raw)):
            raise Spent("agent_share", **use._asdict())

    def _by_gpus(self, raw: Raw) -> Use:
        row = raw.execute(
            "SELECT count(*) FROM gpus WHERE cluster_id = %s AND node = coalesce(%s, node)",
            (self.cluster, self.node),
        ).fetchone()
        gpus = max(GPUS, row[0] if row else 0)
        return Use(*(limit * gpus // GPUS for limit in self.most))


def spend(raw: Raw, uses: Sequence[tuple[UUID, date, Use]]) -> None:
    """Count what batches of agents took, of each agent one; a new day begins with nothing."""
    agents, days, amounts = zip(*uses, strict=True)
    columns = [list(column) for column in zip(*amounts, strict=True)]
    raw.execute(
        "INSERT INTO agent_shares AS s (agent_id, day, bytes, aside, conflicts)"
        " SELECT * FROM unnest(%s::uuid[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[])"
        " ON CONFLICT (agent_id) DO UPDATE SET day = excluded.day,"
        " bytes = excluded.bytes + CASE WHEN s.day = excluded.day THEN s.bytes ELSE 0 END,"
        " aside = excluded.aside + CASE WHEN s.day = excluded.day THEN s.aside ELSE 0 END,"
        " conflicts = excluded.conflicts"
        "     + CASE WHEN s.day = excluded.day THEN s.conflicts ELSE 0 END",
        (list(agents), list(days), *columns),
    )
