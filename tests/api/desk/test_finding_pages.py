"""Every kind of finding has its table, or a sentence that says there is none."""

import pytest

from api.desk.finding_pages import about
from api.metering.finding_columns import columns
from ledger.desk.codes import FindingKind
from ledger.desk.queries.findings import KINDS
from tests.support.api.city import Site


@pytest.mark.parametrize(
    ("kind", "sentences"),
    [
        ("conflicts", ["helan-gpu", "2026-04-12 08:00", "先到的上报流"]),
        ("quarantine", ["未登记的 GPU", "n1", "2026-04-12 08:00"]),
        ("gaps", ["采集端停止", "60,000", "2026-04-12"]),
        ("silent", ["GPU-00000000-0000-4000-8000-000000000001", "分钟"]),
        ("unowned", ["stranger", "静态名称", "0.50"]),
        ("unpriced", ["liupan", "当天没有价格", "784.00"]),
    ],
)
def test_what_was_found_is_shown(site: Site, kind: str, sentences: list[str]) -> None:
    page = site.client("clerk").get(f"/findings?kind={kind}").text
    assert "<table>" in page
    for word in sentences:
        assert word in page


def test_every_column_of_the_books_has_a_heading(site: Site) -> None:
    for kind in KINDS:
        answer = site.client("clerk").get(f"/api/v1/findings?kind={kind}")
        for row in answer.json():
            assert row.keys() <= columns().keys(), kind


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found_is_said_in_a_sentence(empty: Site, kind: FindingKind) -> None:
    page = empty.client("auditor").get(f"/findings?kind={kind}").text
    assert about()[kind].none in page
    assert "<table>" not in page


def test_an_operator_sees_its_own_centre_only(site: Site) -> None:
    own = site.client("operator").get("/findings?kind=conflicts").text
    assert "helan-gpu" in own
    foreign = site.client("other").get("/findings?kind=conflicts").text
    assert "没有冲突" in foreign
    assert "helan-gpu" not in foreign
