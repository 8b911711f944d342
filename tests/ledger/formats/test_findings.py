"""Of very many findings the first ones are told, and how many more there are."""

import pytest

from ledger.errors import Finding
from ledger.formats.findings import FINDINGS_MAX, bounded


@pytest.mark.parametrize("count", [0, 1, FINDINGS_MAX])
def test_as_many_as_are_read_are_told(count: int) -> None:
    findings = [Finding(f"row {n}", "bad_cell") for n in range(count)]
    assert bounded(findings) == findings


def test_of_more_the_first_and_their_number() -> None:
    findings = [Finding(f"row {n}", "bad_cell") for n in range(90_000)]
    texts = bounded(findings)
    assert [*texts[:-1]] == findings[:FINDINGS_MAX]
    assert texts[-1].code == "more_faults"
    assert dict(texts[-1].params) == {"limit": "200", "count": "89800"}
