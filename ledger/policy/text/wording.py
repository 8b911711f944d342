"""What words of the law mean: whether a bound is included, and which figures they name.

民法典第一千二百五十九条: 以上、以下、以内、届满 include the number, 不满、超过、以外 do not. 达到,
不低于 and similar words are read by ordinary use. The longest word at a place counts: 不超过 is not
超过. Figures are read as written: 5亿元, 0.5%, 百亿, 1/3.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from ledger.policy.text.terms import Bound

WORDS: Mapping[str, Bound] = {
    "（均含）以上": "included", "（含）以上": "included", "（含）以下": "included",
    "及以上": "included", "及以下": "included", "以上": "included", "以下": "included",
    "以内": "included", "（含）": "included", "（均含）": "included", "达到": "included",
    "不低于": "included", "不少于": "included", "不超过": "included", "不高于": "included",
    "不多于": "included", "不大于": "included", "不小于": "included", "届满": "included",
    "低于": "excluded", "少于": "excluded", "超过": "excluded", "高于": "excluded",
    "多于": "excluded", "大于": "excluded", "小于": "excluded", "不足": "excluded",
    "不满": "excluded", "以外": "excluded",
}  # fmt: skip

_ANY = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))
_DIGITS = {digit: n for n, digit in enumerate("一二三四五六七八九", start=1)} | {"两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_UNITS = {"": 1, "万": 10**4, "亿": 10**8}
_FIGURE = re.compile(
    r"(?P<of>\d+)/(?P<to>[1-9]\d*)"
    r"|(?P<number>\d[\d,]*(?:\.\d+)?)(?P<tens>[十百千]?)(?P<unit>[万亿]?)(?P<percent>%?)"
    r"|(?P<digit>[一二两三四五六七八九]?)(?P<power>[十百千]?)(?P<large>[万亿])",
    re.ASCII,
)


def bound_words(words: str) -> tuple[str, ...]:
    """Return the words about a bound in a quotation, in order."""
    return tuple(dict.fromkeys(_ANY.findall(words)))


def says(words: str) -> Bound | None:
    """Return whether a quotation includes its bound; None if it says nothing, or both."""
    bounds = {WORDS[word] for word in bound_words(words)}
    return bounds.pop() if len(bounds) == 1 else None


def figures(words: str) -> frozenset[Fraction]:
    """Return the figures in a quotation: money in yuan, a share as a fraction of one."""
    return frozenset(_figure(match) for match in _FIGURE.finditer(words))


def _figure(match: re.Match[str]) -> Fraction:
    if match["of"]:
        return Fraction(int(match["of"]), int(match["to"]))
    if match["number"]:
        number = Fraction(match["number"].replace(",", ""))
        number *= _TENS.get(match["tens"], 1) * _UNITS[match["unit"]]
        return number / 100 if match["percent"] else number
    digit, power = _DIGITS.get(match["digit"], 1), _TENS.get(match["power"], 1)
    return Fraction(digit * power * _UNITS[match["large"]])
