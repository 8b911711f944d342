"""Findings about what people wrote; long texts are shortened."""

from ledger.errors import Finding

SHOWN_MAX = 60  # characters of a text from outside


def finding(code: str, where: str, /, **params: object) -> Finding:
    """Make a finding at a place; users' texts are shortened."""
    return Finding(where, code, tuple((name, printable(str(v))) for name, v in params.items()))


def printable(text: str) -> str:
    """Shorten a text from outside and replace what cannot be printed."""
    fit = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return fit if len(fit) <= SHOWN_MAX else fit[: SHOWN_MAX - 1] + "…"
