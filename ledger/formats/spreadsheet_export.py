"""Escape texts for spreadsheets, so that none is read as a formula."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """Escape a text that a spreadsheet would read as a formula, also in full width."""
    return f"'{text}" if text.lstrip(" \N{IDEOGRAPHIC SPACE}").startswith(_FORMULA) else text
