"""Barred pairs: steps of one case that one identity does not both take.

Who enters a case at the desk does not accept it, who verifies does not score, who proposes does not
decide, and whoever handled a case does not hear what is objected to it. The database holds the same
(`barred_steps`), by the identities behind the actors.
"""

from collections.abc import Mapping
from types import MappingProxyType

_HANDLING = (
    "review", "accept", "verify", "check", "inspect", "score", "agree", "nominate", "publish",
    "propose",
)  # fmt: skip

BARRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "accept": ("submit",),
        "score": ("verify",),
        "approve": ("propose",),
        "dismiss": _HANDLING,
        "uphold": _HANDLING,
    }
)
"""step → the steps that whoever takes it has not taken before."""
