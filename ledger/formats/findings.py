"""Faults of what people wrote: texts from outside are cut to what fits in a sentence."""

from ledger.errors import Finding

SHOWN_MAX = 60  # characters of a text from outside


def finding(code: str, where: str, /, **params: object) -> Finding:
    """A fault at a place; texts of users are cut to what fits in a sentence."""
    return Finding(where, code, tuple((name, printable(str(v))) for name, v in params.items()))


def printable(text: str) -> str:
    """A text from outside, fit to stand within a sentence."""
    fit = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return fit if len(fit) <= SHOWN_MAX else fit[: SHOWN_MAX - 1] + "…"
