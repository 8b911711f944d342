"""Pictures show what they are given: no more, no less, and nothing where nothing was measured."""

from datetime import date, timedelta
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.charts import (
    PLOT_BOTTOM,
    PLOT_RIGHT,
    PLOT_TOP,
    BurnUp,
    BurnUpWords,
    HeatWords,
    burn_up,
    calendar_ticks,
    flow,
    heat,
    shares,
    ticks,
)

DAY = date(2026, 3, 2)
WORDS = BurnUpWords("<title>", "unit", "cap & all", "forecast", "today")
HEAT = HeatWords(
    "heat", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "not measured", "no use"
)


def picture_of(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def of(svg: ET.Element, look: str) -> list[ET.Element]:
    return [e for e in svg.iter() if look in e.get("class", "").split()]


def chart(
    sums: list[int], *, cap: int = 1_000, today: int = 10, out: int | None = 30, pace: int = 20
) -> BurnUp:
    points = [(DAY + timedelta(days=n), fen) for n, fen in enumerate(sums)]
    runs_out = None if out is None else DAY + timedelta(days=out)
    return BurnUp(points, cap, DAY + timedelta(days=today), runs_out, Fraction(pace))


@given(st.integers(1, 10**15))
def test_ticks_are_few_round_and_end_within_the_cap(top: int) -> None:
    values = ticks(top)
    assert values[0] == 0
    assert values[-1] <= top < values[-1] + values[1] if len(values) > 1 else top
    assert 2 <= len(values) <= 7
    assert str(values[1]).strip("0") in {"1", "2", "5"}


def test_the_ticks_of_five_million_yuan_read_in_steps_of_a_million() -> None:
    assert [fen // 1_000_000 for fen in ticks(500_000_000)] == [0, 100, 200, 300, 400, 500]


def test_a_long_picture_is_marked_by_months_and_a_short_one_by_mondays() -> None:
    assert calendar_ticks(date(2026, 1, 15), date(2026, 4, 2)) == [
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 1),
    ]
    assert calendar_ticks(date(2026, 3, 1), date(2026, 3, 15)) == [
        date(2026, 3, 2),
        date(2026, 3, 9),
    ]
    assert len(calendar_ticks(date(2020, 1, 1), date(2026, 1, 1))) <= 8


def test_the_curve_ends_where_the_money_is() -> None:
    svg = picture_of(burn_up(chart([100, 250, 250]), WORDS))
    (curve,) = of(svg, "curve")
    (dot,) = of(svg, "dot")
    last = curve.attrib["d"].rsplit("L", 1)[1].split()
    assert last == [dot.attrib["cx"], dot.attrib["cy"]]
    assert int(last[1]) == PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) // 4
    (cap,) = of(svg, "cap")
    assert int(cap.attrib["y1"]) == PLOT_TOP


def test_the_forecast_reaches_the_cap_on_the_day_it_runs_out() -> None:
    svg = picture_of(burn_up(chart([200], pace=40, out=30), WORDS))
    (line,) = of(svg, "forecast")
    assert (int(line.attrib["x2"]), int(line.attrib["y2"])) == (PLOT_RIGHT, PLOT_TOP)


def test_far_away_the_forecast_ends_under_the_cap() -> None:
    for out in (800, None):
        ahead = chart([200], pace=1, out=out).forecast()
        assert ahead
        assert 200 < ahead[1] < 1_000


@pytest.mark.parametrize("case", [chart([200], pace=0), chart([1_000], out=3), chart([1_000])])
def test_without_a_pace_or_a_rest_there_is_no_forecast(case: BurnUp) -> None:
    assert case.forecast() is None
    assert not of(picture_of(burn_up(case, WORDS)), "forecast")


def test_days_since_the_last_use_are_dotted_not_drawn() -> None:
    assert of(picture_of(burn_up(chart([10, 20], today=10), WORDS)), "still")
    assert not of(picture_of(burn_up(chart([10, 20], today=1), WORDS)), "still")


def test_texts_are_escaped_and_the_picture_has_a_name() -> None:
    svg = picture_of(burn_up(chart([10]), WORDS))
    assert svg.get("aria-label") == "<title>"
    assert svg.get("role") == "img"
    assert "cap & all" in [e.text for e in svg.iter("text")]


def test_not_measured_is_neither_pale_nor_zero() -> None:
    days = {DAY: None, DAY + timedelta(days=2): 0, DAY + timedelta(days=3): 1_000_000}
    svg = picture_of(heat(days, HEAT))
    titles = {e.get("class"): "".join(e.itertext()) for e in svg.iter("rect")}
    assert titles == {
        "unknown": "2026-03-02 not measured",
        "none": "2026-03-03 no use",
        "h0": "2026-03-04 0.0%",
        "h9": "2026-03-05 100.0%",
    }


def test_a_calendar_is_a_year_long_at_most() -> None:
    svg = picture_of(heat({DAY + timedelta(days=n): 500_000 for n in range(800)}, HEAT))
    cells = list(svg.iter("rect"))
    assert 52 * 7 < len(cells) <= 53 * 7
    assert all(cell.get("class") == "h5" for cell in cells)


@given(st.lists(st.integers(0, 10**14), min_size=1, max_size=5))
def test_a_bar_never_overflows_and_shows_every_part(parts: list[int]) -> None:
    whole = max(sum(parts), 1)
    svg = picture_of(shares([(f"p{n}", fen) for n, fen in enumerate(parts)], whole, "parts"))
    widths = [int(rect.attrib["width"]) for rect in svg.iter("rect")]
    assert sum(widths) <= 1_000
    assert all((width > 0) == (fen > 0) for width, fen in zip(widths, parts, strict=True))


def test_steps_that_are_to_come_are_dashed() -> None:
    svg = picture_of(flow([("meter", "…", True), ("pay", "…", False)], "the flow"))
    assert [e.get("class") for e in svg.iter("rect")] == ["step", "step later"]
    assert len(of(svg, "arrow")) == 1
