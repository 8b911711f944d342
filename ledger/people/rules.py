"""Names of people: when two of them are one.

The database holds the same (`plain_name` in people/01_decisions.sql).
"""

import unicodedata

from ledger.formats.visible import HIDDEN

_CAPITALS = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def plain(name: str) -> str:
    """Return what tells persons apart: without width, spaces, capitals and what is not seen."""
    visible = HIDDEN.sub("", unicodedata.normalize("NFKC", name)).replace(" ", "")
    return unicodedata.normalize("NFKC", visible).translate(_CAPITALS)
