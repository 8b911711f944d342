"""Compare names of organisations however they were typed.

Invoices, bank returns and registers write brackets, letters and spaces in full or half width. Where
there is a code (USCC), compare the code instead.
"""

import unicodedata

_BRACKETS = str.maketrans("〔〕【】[]", "()()()")


def same_name(first: str, second: str) -> bool:
    """Compare two names, ignoring width, brackets, spaces and case.

    Unicode's NFKC turns `（` into `(` and `Ａ` into `A`; `〔` and `[` are brackets as well.
    """
    return _fold(first) == _fold(second)


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).translate(_BRACKETS)
    return "".join(plain.split()).casefold()
