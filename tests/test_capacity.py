"""The page of capacity says what was measured gives, and the model is near to what was measured."""

import json

import pytest

from bench.metering import size
from bench.scale import capacity, model
from tests.support.paths import DOCS

MEASURED = json.loads(capacity.MEASURED.read_text(encoding="utf-8"))
CONSTANTS = model.constants(MEASURED)


def test_the_page_has_the_tables_of_what_was_measured() -> None:
    page = (DOCS / "capacity.md").read_text(encoding="utf-8")
    tables = page.partition(capacity.BEGIN)[2].partition(capacity.END)[0].strip()
    assert tables == capacity.tables(MEASURED), "run python -m bench capacity --tables"


@pytest.mark.parametrize("check", model.checks(MEASURED, CONSTANTS), ids=lambda check: check.name)
def test_the_model_is_within_a_quarter_of_what_was_measured(check: model.Check) -> None:
    assert 0.75 <= check.ratio <= 1.25


def test_the_intake_is_checked_at_three_sizes() -> None:
    names = [check.name for check in model.checks(MEASURED, CONSTANTS)]
    assert sum(name.startswith("intake") for name in names) >= 3


@pytest.mark.torture
def test_the_model_reads_what_is_measured_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive's bytes among it; so few minutes tell the names, not the figures."""
    monkeypatch.setattr(size, "MINUTES", 125)
    monkeypatch.setattr(size, "SIZES", (1, 125))
    measured = size.run()
    of = model.constants({**MEASURED, "size": measured})
    for name, line in (("wire", of.wire), ("archive", of.archive)):
        for windows in (model.SMALLEST, model.LARGEST):
            figure = measured[f"{windows}_a_batch_{name}"]
            assert line.of(1, 1 / windows) == pytest.approx(figure)


def test_a_line_goes_through_both_sizes() -> None:
    line = model.line(small=100.0, large=20.0)
    assert line.of(model.SMALLEST, 1) == pytest.approx(100 * model.SMALLEST)
    assert line.of(model.LARGEST, 1) == pytest.approx(20 * model.LARGEST)


def test_fewer_and_larger_batches_cost_less_and_windows_are_the_same() -> None:
    often, seldom = (
        model.need(model.Site("x", 8_000, 10, minutes), CONSTANTS, open_days=3, every_s=10, pool=12)
        for minutes in (1, 10)
    )
    assert often.windows_per_s == seldom.windows_per_s
    assert often.batches_per_s == pytest.approx(10 * seldom.batches_per_s)
    assert seldom.packed_bytes < often.packed_bytes
    assert seldom.intake_cores < often.intake_cores


def test_a_round_that_takes_longer_than_its_pause_is_done_less_often() -> None:
    few, many = (
        model.need(model.Site("x", 8, projects, 1), CONSTANTS, open_days=3, every_s=10, pool=12)
        for projects in (10, 1_000_000)
    )
    assert few.postings_per_s == pytest.approx(1)
    assert many.postings_per_s == pytest.approx(1_000_000 / many.round_core_s)
