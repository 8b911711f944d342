"""Findings about what people wrote; long texts are shortened."""

from collections.abc import Sequence

from ledger.errors import Finding

FINDINGS_MAX = 200  # that are told of one file
SHOWN_MAX = 60  # characters of a text from outside


def finding(code: str, where: str, /, **params: object) -> Finding:
    """Make a finding at a place; users' texts are shortened."""
    return Finding(where, code, tuple((name, printable(str(v))) for name, v in params.items()))


def bounded(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Return the first findings, and how many more there are: nobody reads thousands."""
    more = len(findings) - FINDINGS_MAX
    return [*findings[:FINDINGS_MAX], more_faults(more)] if more > 0 else findings


def more_faults(count: int) -> Finding:
    """Say how many faults are not told."""
    return finding("more_faults", "file", limit=FINDINGS_MAX, count=count)


def printable(text: str) -> str:
    """Shorten a text from outside and replace what cannot be printed."""
    fit = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return fit if len(fit) <= SHOWN_MAX else fit[: SHOWN_MAX - 1] + "…"
