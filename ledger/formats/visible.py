"""Characters that leave no ink, or turn the order of a text round: names that look alike are alike.

The database has the same list (`visible` in people/01_decisions.sql).
"""

import re
import unicodedata

# Code points that leave no ink: white space but U+0020, control, format, private and ignorable ones
# (Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt), and letters that are blank.
HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    r"\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159"
    r"\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)


def is_visible(name: str) -> bool:
    """Return whether every character of a name is seen, also in its plain form (NFKC)."""
    return HIDDEN.search(unicodedata.normalize("NFKC", name)) is None


def is_seen(text: str) -> bool:
    """Return whether a text of a file is one printable line without hidden characters."""
    return text.isprintable() and is_visible(text)
