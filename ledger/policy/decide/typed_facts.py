"""Read facts as people type them: yuan and 万元, exactly.

`500万`, `5亿`, `1亿2000万`, `1,234.56`, `1234.56元` are sums; `100亿` is a count, `1.2亿` any
quantity. Less than a fen, or ambiguous (`5亿3`, `1,5`), is refused and never rounded. An empty
field is a missing fact: neither zero nor «no».
"""

import re
import unicodedata
from fractions import Fraction

from ledger.policy.decide.changes import decimal_text
from ledger.policy.text.conditions import FactKind

YI, WAN = 10**8, 10**4
LONGEST = 60

_NUMBER = r"(\d{1,18}|\d{1,3}(?:,\d{3}){1,6})(\.\d{1,12})?"
_NUMBER_TEXT = re.compile(
    rf"(?P<sign>-?)(?:(?P<yi>{_NUMBER})亿)?(?:(?P<wan>{_NUMBER})万)?(?:(?P<one>{_NUMBER}))?",
    re.ASCII,
)
_YES_NO = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}

Keyed = bool | int | str | None


def keyed(kind: FactKind, text: str) -> tuple[Keyed, str | None]:
    """Convert a field's text to the engine's value (None: empty), or return the fault's code."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return None, None
    if kind.kind == "yes_no":
        return (_YES_NO[text], None) if text in _YES_NO else (None, "not_yes_no")
    if kind.kind == "choice":
        return (text, None) if text in kind.choices else (None, "not_a_choice")
    return _measure(kind.kind, number(text, yuan=kind.kind == "money"))


def _measure(kind: str, exact: Fraction | None) -> tuple[Keyed, str | None]:
    """Convert to fen, a count or a decimal, or return the fault's code."""
    if exact is None or exact < 0:
        return None, "keyed_number" if exact is None else "negative"
    if kind == "decimal":
        text = decimal_text(exact)
        return text, None if text else "keyed_number"
    whole = exact * 100 if kind == "money" else exact
    if whole.denominator != 1:
        return None, "keyed_fen" if kind == "money" else "not_a_count"
    return int(whole), None


def number(text: str, *, yuan: bool = False) -> Fraction | None:
    """Parse the exact number; None if it is no number or ambiguous."""
    text = re.sub(r"\s", "", text) if len(text) <= LONGEST else ""
    with_yuan = yuan and text.endswith("元")
    plain = text.removesuffix("元").removeprefix("¥") if yuan else text
    match = _NUMBER_TEXT.fullmatch(plain)
    if match is None:
        return None
    parts = [match[name] for name in ("yi", "wan", "one")]
    if not any(parts) or (parts[2] and any(parts[:2]) and not with_yuan):
        return None  # 5亿3 may be 5.3亿
    if parts[0] and parts[1] and _exact(parts[1]) >= WAN:
        return None
    exact = sum(_exact(part) * unit for part, unit in zip(parts, (YI, WAN, 1), strict=True) if part)
    return Fraction(-exact if match["sign"] else exact)


def _exact(part: str) -> Fraction:
    return Fraction(part.replace(",", ""))
