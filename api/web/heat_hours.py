"""GPUs by hours as a picture: who was looked at, how busy it was, and where nobody looked.

A row is a GPU, under the name of its node; a column is an hour, Beijing's midnights marked. The
shade is utilisation, or how long somebody held it; a dot means that it was not measured. A cell may
lead on to its minutes. A dashed frame has a gap in it, a
crossed cell silence, and where there is no cell the GPU was not registered. Like the other pictures
(`api/web/charts.py`) it is drawn on the server, in whole units of a box twice as wide as it is
meant to be seen, and its figures stand in tables beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from api.language.format import clock, short_day
from ledger.metering.queries.hours import Hour
from ledger.units import beijing_day

CELL, STEP, ROW = 20, 24, 26
HEAD, NAME, SIDE = 62, 40, 132  # the hours above, a node's name, the labels at both sides
UNITS_A_REM = 32
TICK_HOURS = 6


Shade = Callable[[Hour], int | None]
"""How dark a cell is, in millionths; None: not known."""


def by_utilisation(hour: Hour) -> int | None:
    """How busy it was, as far as that was measured."""
    return hour.util_ppm


def by_holding(hour: Hour) -> int | None:
    """For how much of the time seen somebody held it."""
    return hour.held_ppm


@dataclass(frozen=True)
class Row:
    """A GPU: what it is called, and its hours."""

    label: str
    hours: Mapping[datetime, Hour]


@dataclass(frozen=True)
class Group:
    """A node's rows under its name; '' where the name stands elsewhere."""

    name: str
    rows: Sequence[Row]


def heat_hours(
    hours: Sequence[datetime],
    groups: Iterable[Group],
    title: str,
    say: Callable[[Hour], str],
    *,
    shade: Shade = by_utilisation,
    url: Callable[[Hour], str] | None = None,
) -> Markup:
    """The picture; `say` tells of one cell what is read when it is pointed at."""
    width, y = 2 * SIDE + len(hours) * STEP, HEAD
    cells: list[Markup] = []
    for group in groups:
        if group.name:
            cells.append(_text(0, y + NAME - 12, group.name, "strong"))
            cells.append(_text(width - SIDE + 8, y + NAME - 12, group.name, "strong"))
            y += NAME
        for row in group.rows:
            cells += [_text(SIDE - 12, y + 18, row.label, "quiet end")]
            cells += [_text(width - SIDE + 8, y + 18, row.label, "quiet")]
            for column, at in enumerate(hours):
                if at in row.hours:
                    hour = row.hours[at]
                    cell = _cell(SIDE + column * STEP, y, look(hour, shade), say(hour))
                    cells.append(_link(url(hour), cell) if url else cell)
            y += ROW
    return Markup(
        '<svg class="hours" viewBox="0 0 {} {}" width="{}rem" role="group" aria-label="{}">{}</svg>'
    ).format(
        width, y, f"{width / UNITS_A_REM:g}", title, Markup("").join([*_axis(hours, y), *cells])
    )


def look(hour: Hour, shade: Shade = by_utilisation) -> str:
    """The classes of a cell: how busy, and what is missing of it."""
    ppm = shade(hour)
    if hour.seen_ms <= 0:
        tone = "blank"
    elif ppm is None:
        tone = "plain"
    else:
        tone = f"h{min(ppm // 100_000, 9)}"
    marks = [("gapped", hour.gap_ms > 0), ("mute", hour.silent > 0)]
    return " ".join([tone, *(mark for mark, applies in marks if applies)])


def _cell(x: int, y: int, looks: str, words: str) -> Markup:
    shapes = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3">').format(
        looks, x, y, CELL, CELL
    ) + Markup("<title>{}</title></rect>").format(words)
    if looks == "plain":
        shapes += Markup('<circle class="point" cx="{}" cy="{}" r="2.5"/>').format(
            x + CELL // 2, y + CELL // 2
        )
    if "mute" in looks:
        shapes += Markup('<path class="strike" d="M{} {}l12 12m0 -12l-12 12"/>').format(
            x + 4, y + 4
        )
    return shapes


def _link(url: str, cell: Markup) -> Markup:
    # The table beside it has the same links: a keyboard need not go through every cell.
    return Markup('<a href="{}" tabindex="-1">{}</a>').format(url, cell)


def _axis(hours: Sequence[datetime], bottom: int) -> Iterable[Markup]:
    for column, at in enumerate(hours):
        x, hour_text = SIDE + column * STEP, clock(at)
        if hour_text == "00:00":
            yield _text(x, 24, short_day(beijing_day(at)), "strong")
            yield Markup('<line class="rule" x1="{0}" y1="30" x2="{0}" y2="{1}"/>').format(
                x - 2, bottom
            )
        if int(hour_text[:2]) % TICK_HOURS == 0:
            yield _text(x, HEAD - 10, hour_text[:2], "quiet")


def _text(x: int, y: int, text: str, looks: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(looks, x, y, text)
