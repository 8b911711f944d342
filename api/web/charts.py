"""The pictures, drawn on the server as SVG: the burn-up, the calendar of utilisation, the flow.

A picture carries no figure of its own: whatever it shows stands in a table beside it. Colours come
from classes of the style sheet, so they follow light and dark; texts come translated. Coordinates
are whole units of a box twice as wide as it is meant to be seen, which is fine enough for any
screen. What was not measured is a dashed, empty cell, never a pale one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import count

from markupsafe import Markup, escape

from api.language.format import percent, short_day, wan
from ledger.units import Fen, round_half_up

WIDTH, HEIGHT = 1440, 700
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 120, 1250, 70, 630  # the burn-up's plot
CELL, STEP, GUTTER, HEAD = 42, 48, 76, 44  # the calendar
WEEKS_MAX = 53
HORIZON_DAYS_MIN = 60
TICKS_MAX = 6
BAR = 1_000  # the width of a bar of shares
BOX_WIDTH, BOX_STEP = 164, 196  # the flow
BARS_LEFT, BARS_LONG = 220, 940  # the comparison


@dataclass(frozen=True)
class BurnUp:
    """What the burn-up draws. Money in fen; `points` are days and what was earned by their end.

    `pace_fen` a day is nought where there is no present pace; `runs_out` None where it is far off.
    """

    points: Sequence[tuple[date, Fen]]
    cap_fen: Fen
    today: date
    runs_out: date | None
    pace_fen: Fraction

    @property
    def first(self) -> date:
        """The day before the first of use: there, nothing was earned yet."""
        return self.points[0][0] - timedelta(days=1)

    @property
    def horizon(self) -> date:
        """Where the picture ends: a little after today, or with the voucher if that is near."""
        length = max((self.today - self.first).days, HORIZON_DAYS_MIN)
        far = self.today + timedelta(days=length)
        return min(far, max(self.runs_out, self.today)) if self.runs_out else far

    def forecast(self) -> tuple[date, Fen] | None:
        """Where the present pace leads by the horizon; None where there is no pace or no rest."""
        amount = self.points[-1][1]
        if self.pace_fen <= 0 or amount >= self.cap_fen:
            return None
        ahead = (self.horizon - self.today).days
        return self.horizon, min(self.cap_fen, amount + round_half_up(self.pace_fen * ahead))


@dataclass(frozen=True)
class BurnUpWords:
    """The burn-up's texts: `title` is read out, the others stand in the picture."""

    title: str
    unit: str
    cap: str
    forecast: str
    today: str


def burn_up(chart: BurnUp, words: BurnUpWords) -> Markup:
    """What was earned day by day, the cap, and where the present pace leads."""
    span = max((chart.horizon - chart.first).days, 1)

    def x(day: date) -> int:
        return PLOT_LEFT + (day - chart.first).days * (PLOT_RIGHT - PLOT_LEFT) // span

    def y(fen: Fen) -> int:
        return PLOT_BOTTOM - round_half_up(Fraction(fen * (PLOT_BOTTOM - PLOT_TOP), chart.cap_fen))

    line = [(x(chart.first), y(0)), *((x(day), y(fen)) for day, fen in chart.points)]
    end = line[-1]
    area = [*line, (end[0], PLOT_BOTTOM)]
    now = x(chart.today)
    parts = [_text(4, PLOT_TOP - 34, words.unit, "quiet")]
    for fen in ticks(chart.cap_fen):
        parts += [_line(PLOT_LEFT, y(fen), PLOT_RIGHT, y(fen), "rule")]
        parts += [_text(PLOT_LEFT - 14, y(fen) + 10, wan(fen), "quiet end")]
    year = None
    for day in calendar_ticks(chart.first, chart.horizon):
        name, year = short_day(day) if day.year == year else day.isoformat(), day.year
        parts += [_line(x(day), PLOT_BOTTOM, x(day), PLOT_BOTTOM + 10, "rule")]
        parts += [_text(x(day), PLOT_BOTTOM + 46, name, "quiet middle")]
    parts += [
        _path(area, "area", closed=True),
        _path(line, "curve"),
        _line(PLOT_LEFT, y(chart.cap_fen), PLOT_RIGHT, y(chart.cap_fen), "cap"),
        _text(PLOT_RIGHT + 14, y(chart.cap_fen) + 10, words.cap, "strong"),
        _line(now, PLOT_TOP, now, PLOT_BOTTOM, "today"),
        _text(max(now, PLOT_LEFT + 100), PLOT_TOP - 34, words.today, "quiet middle"),
    ]
    ahead = chart.forecast()
    start = (max(now, end[0]), end[1])
    if start != end:
        parts.append(_line(*end, *start, "still"))
    if ahead:
        stop = (x(ahead[0]), y(ahead[1]))
        below = 44 if stop[1] < PLOT_TOP + 40 else 10
        parts += [_line(*start, *stop, "forecast")]
        parts += [_text(stop[0] + 14, stop[1] + below, words.forecast, "warm")]
    parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="8"/>').format(*end))
    return _svg("burn-up", WIDTH, HEIGHT, words.title, parts)


def ticks(top: Fen) -> list[Fen]:
    """Round amounts from 0 to `top`: steps of 1, 2 or 5 times a power of ten, at most six."""
    steps = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(step for step in steps if step * TICKS_MAX >= top)
    return list(range(0, top + 1, step))


def calendar_ticks(first: date, last: date) -> list[date]:
    """First days of months, thinned to at most eight; Mondays where there are fewer than two."""
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    months = [day for day in days if day.day == 1]
    ticks = months if len(months) > 1 else [day for day in days if day.weekday() == 0]
    return ticks[:: -(-len(ticks) // 8) or 1]


@dataclass(frozen=True)
class HeatWords:
    """The calendar's texts: seven weekdays from Monday, and the two states without a number."""

    title: str
    weekdays: Sequence[str]
    not_measured: str
    not_used: str


def heat(days: dict[date, int | None], words: HeatWords) -> Markup:
    """A calendar of utilisation, weeks across; `days` maps a day of use to its ppm or None."""
    last = max(days)
    monday = last - timedelta(days=last.weekday())
    first = max(min(days), monday - timedelta(weeks=WEEKS_MAX - 1))
    start = first - timedelta(days=first.weekday())
    parts = [
        _text(GUTTER - 12, HEAD + row * STEP + 31, word, "quiet end")
        for row, word in enumerate(words.weekdays)
        if row % 2 == 0
    ]
    weeks = (monday - start).days // 7 + 1
    parts += [
        _text(GUTTER + x, HEAD - 14, word, "quiet") for x, word in _month_labels(start, weeks)
    ]
    day = max(start, first)
    while day <= last:
        column, row = (day - start).days // 7, day.weekday()
        at = GUTTER + column * STEP, HEAD + row * STEP
        parts.append(_cell(at, day, days, words))
        day += timedelta(days=1)
    width = GUTTER + max(weeks * STEP, 240)
    return _svg("heat", width, HEAD + 7 * STEP, words.title, parts)


def _month_labels(start: date, weeks: int) -> list[tuple[int, str]]:
    """A label over the first week of each month, where it does not touch the one before."""
    labels: list[tuple[int, str]] = []
    for week in range(weeks):
        monday = start + timedelta(weeks=week)
        new = week == 0 or monday.month != (monday - timedelta(weeks=1)).month
        if new and (not labels or week * STEP - labels[-1][0] >= 2 * STEP):
            labels.append(
                (week * STEP, monday.strftime("%m" if labels and monday.month > 1 else "%Y-%m"))
            )
    return labels


def _cell(at: tuple[int, int], day: date, days: dict[date, int | None], words: HeatWords) -> Markup:
    if day not in days:
        look, text = "none", words.not_used
    elif (ppm := days[day]) is None:
        look, text = "unknown", words.not_measured
    else:
        look, text = f"h{min(ppm // 100_000, 9)}", percent(ppm)
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="7"><title>{} {}</title></rect>'
    ).format(look, *at, CELL, CELL, day.isoformat(), text)


def shares(parts: Sequence[tuple[str, Fen]], whole: Fen, title: str) -> Markup:
    """One bar cut into (class, fen) parts of `whole`; a part above zero is always to be seen."""
    widths = [_width(fen, whole) for _, fen in parts]
    widest = widths.index(max(widths))
    widths[widest] -= max(sum(widths) - BAR, 0)
    bars, x = [], 0
    for (look, _), width in zip(parts, widths, strict=True):
        rect = Markup('<rect class="{}" x="{}" width="{}" height="12"/>')
        bars.append(rect.format(look, x, width))
        x += width
    return Markup(
        '<svg class="shares" viewBox="0 0 {} 12" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>'
    ).format(BAR, title, Markup("").join(bars))


def _width(fen: Fen, whole: Fen) -> int:
    return max(round_half_up(Fraction(fen * BAR, whole)), BAR // 250) if fen > 0 else 0


@dataclass(frozen=True)
class Bar:
    """A bar of the comparison: its class, its name, how much, and that in words."""

    look: str
    name: str
    fen: Fen
    amount: str


def bars(groups: Sequence[tuple[str, Sequence[Bar]]], title: str) -> Markup:
    """Named groups of bars of one scale; what is below zero has no length."""
    most = max((bar.fen for _, group in groups for bar in group), default=0)
    parts, y = [], 0
    for name, group in groups:
        parts.append(_text(4, y + 34, name, "strong"))
        y += 48
        for bar in group:
            length = _length(bar.fen, most)
            rect = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="30" rx="4"/>')
            parts += [
                _text(BARS_LEFT - 14, y + 26, bar.name, "quiet end"),
                rect.format(bar.look, BARS_LEFT, y + 2, length),
                _text(BARS_LEFT + length + 14, y + 26, bar.amount, "amount"),
            ]
            y += 42
        y += 16
    return _svg("bars", WIDTH, y, title, parts)


def _length(fen: Fen, most: Fen) -> int:
    return max(round_half_up(Fraction(fen * BARS_LONG, most)), 3) if fen > 0 else 0


def flow(steps: Sequence[tuple[str, str, bool]], title: str) -> Markup:
    """The flow of the architecture: (name, what it does, whether it is there yet), in order."""
    parts = []
    for place, (name, does, exists) in enumerate(steps):
        x, middle = place * BOX_STEP + 4, place * BOX_STEP + 4 + BOX_WIDTH // 2
        if place:
            parts.append(_line(x - 28, 60, x - 10, 60, "arrow"))
            parts.append(Markup('<path class="head" d="M{} 51l12 9l-12 9z"/>').format(x - 14))
        parts.append(
            Markup('<rect class="{}" x="{}" y="6" width="{}" height="108" rx="16"/>').format(
                "step" if exists else "step later", x, BOX_WIDTH
            )
        )
        parts.append(_text(middle, 71, name, "name middle"))
        parts.append(_text(middle, 152, does, "quiet middle"))
    width = len(steps) * BOX_STEP - (BOX_STEP - BOX_WIDTH) + 8
    return _svg("flow", width, 172, title, parts)


def _svg(name: str, width: int, height: int, title: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        name, width, height, title, Markup("").join(parts)
    )


def _text(x: int, y: int, text: str, look: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(look, x, y, text)


def _line(x1: int, y1: int, x2: int, y2: int, look: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(look, x1, y1, x2, y2)


def _path(points: Sequence[tuple[int, int]], look: str, *, closed: bool = False) -> Markup:
    steps = "L".join(f"{x} {y}" for x, y in points)
    return Markup('<path class="{}" d="M{}{}"/>').format(
        look, escape(steps), Markup("Z") if closed else Markup("")
    )
