"""Whether two names of organisations are one, however they were typed.

Invoices, bank returns and registers write brackets, letters and spaces in full or half width. A
code (USCC) decides wherever there is one; names are compared where there is none.
"""

import unicodedata

_BRACKETS = str.maketrans("〔〕【】[]", "()()()")


def same_name(first: str, second: str) -> bool:
    """Whether two names of organisations are one: full or half width, brackets, spaces, case.

    Unicode's NFKC turns `（` into `(` and `Ａ` into `A`; `〔` and `[` are brackets as well.
    """
    return _fold(first) == _fold(second)


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).translate(_BRACKETS)
    return "".join(plain.split()).casefold()
