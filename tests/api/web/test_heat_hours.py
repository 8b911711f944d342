"""The picture of hours shows each GPU's hour once, and nothing where there is none."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from api.web.heat_hours import CELL, Group, Row, heat_hours, look
from ledger.metering.queries.hours import Hour

MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in Beijing
HOURS = [MIDNIGHT + timedelta(hours=n) for n in range(30)]


def hour(at: int, *, silent: int = 0, gap_ms: int = 0, util: int | None = 500_000) -> Hour:
    measured_ms = 0 if util is None else 3_600_000
    return Hour("g", HOURS[at], 60, silent, gap_ms, measured_ms, measured_ms * (util or 0))


def picture_of(*rows: Row, name: str = "<n1>") -> ET.Element:
    picture = heat_hours(HOURS, [Group(name, rows)], "what & where", lambda h: f"<{h.silent}>")
    return ET.fromstring(picture)  # noqa: S314 - our own


def of(svg: ET.Element, kind: str) -> list[ET.Element]:
    return [e for e in svg.iter() if e.tag == kind]


@pytest.mark.parametrize(
    ("cell", "looks"),
    [
        (hour(0), "h5"),
        (hour(0, util=0), "h0"),
        (hour(0, util=1_000_000), "h9"),
        (hour(0, util=2**53), "h9"),
        (hour(0, util=None), "plain"),
        (hour(0, gap_ms=1), "h5 gapped"),
        (hour(0, gap_ms=3_600_000, util=None), "blank gapped"),
        (hour(0, silent=60, util=None), "blank mute"),
        (hour(0, silent=1, gap_ms=60_000), "h5 gapped mute"),
    ],
)
def test_a_cell_looks_like_what_it_is(cell: Hour, looks: str) -> None:
    assert look(cell) == looks


def test_a_cell_for_every_hour_that_there_is_and_no_other() -> None:
    names_by_key = {HOURS[at]: hour(at, silent=at) for at in (0, 3, 29)}
    svg = picture_of(Row("1995437c", names_by_key), Row("empty", {}))
    assert [e[0].text for e in of(svg, "rect")] == ["<0>", "<3>", "<29>"]
    across = [int(e.get("x", "")) for e in of(svg, "rect")]
    assert [x - across[0] for x in across] == [0, 72, 696]
    assert len(of(svg, "path")) == 2  # silence is crossed, not only coloured


def test_days_begin_at_beijings_midnight_and_every_row_is_named_at_both_sides() -> None:
    svg = picture_of(Row("a", {}), Row("b", {HOURS[1]: hour(1)}))
    sentences = [e.text for e in of(svg, "text")]
    assert sentences == [
        "03-02", "00", "06", "12", "18", "03-03", "00", "<n1>", "<n1>", "a", "a", "b", "b",
    ]  # fmt: skip
    low = max(int(e.get("y", "")) + CELL for e in of(svg, "rect"))
    assert low <= int(svg.get("viewBox", "").split()[3])
    assert svg.get("aria-label") == "what & where"
