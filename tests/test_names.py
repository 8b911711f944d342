"""Names are nouns and imperative verbs: a bare participle or pronoun does not say what it holds.

`found`, `told` or `one` could be anything; `document`, `findings` or `row` cannot. Every name that
our own code defines is counted once for each scope; compounds (`digest_seen`, `left_fen`) are not
judged. What is fixed from outside stays within the ceiling: columns of the books (`used`), keys of
files and answers (`chosen`, `held`, `known`).
"""

from collections import Counter

import pytest

from tests.support.source.names import bare_names, names_of

CEILING = {"agents": 0.2, "api": 0.35, "ledger": 0.3, "tests": 0.45, "bench": 0.3}
"""The highest share of such names, in per cent; it is only ever lowered."""


@pytest.mark.parametrize("package", CEILING)
def test_names_say_what_they_hold(package: str) -> None:
    names = names_of(package)
    bare = Counter(bare_names(names))
    share = 100 * bare.total() / len(names)
    assert share <= CEILING[package], f"{share:.2f} %: {bare.most_common(40)}"
