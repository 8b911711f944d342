"""Draw where the money goes: columns of bars, and between them bands as wide as their sum.

Drawn on the server like the other pictures (`api/web/charts.py`): whole coordinates, colours by
class, and a table with the same figures beside it. The same ways always give the same picture: bars
stand by their sum, the greatest first, then by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from unicodedata import east_asian_width

from markupsafe import Markup

from api.language.format import money
from ledger.units import Fen, round_half_up

WIDTH, HEAD = 1440, 70
BAR = 22
ROOM = 300  # for the texts of the last column
FLOW = 380  # the height of all money together
GAP = 78  # between bars: room for a name and a sum
TEXT_MAX = 24  # in halves: what is Chinese takes two


@dataclass
class _Bar:
    """A bar: where it stands, and how far it is used up by the bands on either side."""

    name: str
    fen: Fen
    x: int
    y: int = 0
    height: int = 0
    left_depth: int = 0
    right_depth: int = 0


def sankey(
    heads: Sequence[str],
    ways: Sequence[tuple[Sequence[str], Fen]],
    title: str,
    links: Mapping[tuple[int, str], str] = MappingProxyType({}),
) -> Markup:
    """Each way is a name for every head, and its fen, above zero.

    `links` are the pages of bars, by column and name; a picture with links is a group of them.
    """
    whole = sum(fen for _, fen in ways)
    columns = [_column(n, len(heads), ways, whole) for n in range(len(heads))]
    height = max(bar.y + max(bar.height, 40) for column in columns for bar in column.values()) + 36
    parts = []
    for sources, goals, n in zip(columns, columns[1:], range(len(heads)), strict=False):
        parts += _bands(sources, goals, _between(ways, n), whole)
    for n, column in enumerate(columns):
        parts.append(_text(_x(n, len(heads)), 34, heads[n], "quiet"))
        for bar in column.values():
            parts.append(_node(bar, links.get((n, bar.name), "")))
    role = "group" if links else "img"
    return Markup(
        '<svg class="sankey" viewBox="0 0 {} {}" role="{}" aria-label="{}">{}</svg>'
    ).format(WIDTH, height, role, title, Markup("").join(parts))


def _node(bar: _Bar, url: str) -> Markup:
    """A bar with its name and sum; a link where it has a page."""
    middle = bar.y + bar.height // 2
    drawing = Markup("").join(
        [
            _rect(bar),
            _text(bar.x + BAR + 12, middle - 2, _short(bar.name), "name"),
            _text(bar.x + BAR + 12, middle + 32, money(bar.fen), "quiet"),
        ]
    )
    if not url:
        return drawing
    title = f"{bar.name} {money(bar.fen)}"
    return Markup('<a href="{}" aria-label="{}">{}</a>').format(url, title, drawing)


def _x(column: int, columns: int) -> int:
    return column * (WIDTH - ROOM - BAR) // max(columns - 1, 1)


def _column(
    n: int, columns: int, ways: Sequence[tuple[Sequence[str], Fen]], whole: Fen
) -> dict[str, _Bar]:
    """The bars of a column from top to bottom."""
    sums: dict[str, Fen] = {}
    for names, fen in ways:
        sums[names[n]] = sums.get(names[n], 0) + fen
    bars, y = {}, HEAD
    for name, fen in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        height = max(_height(fen, whole), 3)
        bars[name] = _Bar(name, fen, _x(n, columns), y, height)
        y += max(height, 40) + GAP // 2
    return bars


def _height(fen: Fen, whole: Fen) -> int:
    return round_half_up(Fraction(fen * FLOW, whole))


def _between(ways: Sequence[tuple[Sequence[str], Fen]], column: int) -> dict[tuple[str, str], Fen]:
    """What goes from each bar of a column to each bar of the next."""
    links: dict[tuple[str, str], Fen] = {}
    for names, fen in ways:
        pair = names[column], names[column + 1]
        links[pair] = links.get(pair, 0) + fen
    return links


def _bands(
    sources: dict[str, _Bar], goals: dict[str, _Bar], links: dict[tuple[str, str], Fen], whole: Fen
) -> list[Markup]:
    """The bands between two columns; they leave and arrive in the order of the bars."""
    parts = []
    for source in sources.values():
        for goal in goals.values():
            if fen := links.get((source.name, goal.name)):
                parts.append(_band(source, goal, fen, whole))
    return parts


def _band(source: _Bar, goal: _Bar, fen: Fen, whole: Fen) -> Markup:
    height = max(_height(fen, whole), 2)
    x0, x1 = source.x + BAR, goal.x
    y0, y1 = source.y + source.right_depth, goal.y + goal.left_depth
    source.right_depth += height
    goal.left_depth += height
    middle = (x0 + x1) // 2
    path = (
        f"M{x0} {y0}C{middle} {y0} {middle} {y1} {x1} {y1}v{height}"
        f"C{middle} {y1 + height} {middle} {y0 + height} {x0} {y0 + height}z"
    )
    return Markup('<path class="band" d="{}"><title>{} → {} {}</title></path>').format(
        path, source.name, goal.name, money(fen)
    )


def _rect(bar: _Bar) -> Markup:
    return Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="4"/>').format(
        bar.x, bar.y, BAR, bar.height
    )


def _short(name: str) -> str:
    """A name that fits beside its bar; the whole of it stands in the table."""
    if _halves(name) <= TEXT_MAX:
        return name
    while _halves(name) >= TEXT_MAX:
        name = name[:-1]
    return f"{name}…"


def _halves(name: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)


def _text(x: int, y: int, text: str, look: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(look, x, y, text)
