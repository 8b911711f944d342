"""The tables that `suanquan db distribute` spreads over several machines (docs/adr/0018-citus.md).

They hold what grows with every minute of every GPU and is kept for ever. Only what is packed goes
there: days that are over, written by one round in a transaction of its own. What arrives, what
counts and what is paid for stays on one machine, with its triggers and keys.
"""

from collections.abc import Mapping
from types import MappingProxyType

LARGE_TABLES: Mapping[str, str] = MappingProxyType(
    {"window_hours": "gpu", "past_hours": "gpu", "batch_rolls": "stream"}
)
"""Each with the column by which it is spread; those of one column lie together."""
