"""Whether the words of the text include a bound: 以上 does, 超过 does not.

民法典第一千二百五十九条: 以上、以下、以内、届满 include the number, 不满、超过、以外 do not. 达到,
不低于 and their like are read in the same way by ordinary use. The longest word at a place counts:
不超过 is not 超过.
"""

import re
from collections.abc import Mapping

from ledger.rules.policy.terms import Bound

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


def bound_words(words: str) -> tuple[str, ...]:
    """The words about a bound in a quotation, in their order."""
    return tuple(dict.fromkeys(_ANY.findall(words)))


def says(words: str) -> Bound | None:
    """What a quotation says of its bound; None where it says nothing, or both."""
    said = {WORDS[word] for word in bound_words(words)}
    return said.pop() if len(said) == 1 else None
