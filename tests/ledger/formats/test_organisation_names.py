"""Names of organisations, however they were typed."""

import pytest

from ledger.formats.organisation_names import same_name


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("宁夏算力（集团）有限公司", "宁夏算力(集团)有限公司"),
        ("宁夏算力〔集团〕有限公司", "宁夏算力［集团］有限公司"),
        ("ＡＢＣ 科技 有限公司", "abc科技有限公司"),
        ("贺兰山　智算中心", "贺兰山智算中心"),
    ],
)
def test_names_that_are_one(name: str, variant: str) -> None:
    assert same_name(name, variant)
    assert same_name(variant, name)


def test_names_that_are_two() -> None:
    assert not same_name("宁夏算力有限公司", "宁夏算力(集团)有限公司")
