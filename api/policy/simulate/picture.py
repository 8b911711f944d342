"""A simulation as one picture: a bar for each clause that pays, two where versions are compared.

A file by itself, so it brings its colours along, those of the style sheet, and follows light and
dark. Every bar has its figure beside it; a sum above zero is always to be seen.
"""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from api.language.format import money, wan
from api.language.i18n import gettext as _
from api.web.charts import ticks
from ledger.units import Fen

WIDTH, PLOT_LEFT, PLOT_RIGHT, PLOT_TOP = 1440, 420, 1180, 110
LINE, LONG = 38, 90
BAR, GAP, LEAST = 26, 22, 3

_STYLE = """
svg { color-scheme: light dark; background: #ffffff; font: 24px "PingFang SC", "Microsoft YaHei",
 "Noto Sans CJK SC", system-ui, sans-serif; font-variant-numeric: tabular-nums; }
text { fill: #15222a; } .quiet { fill: #55636b; } .end { text-anchor: end; }
text { paint-order: stroke; stroke: #ffffff; stroke-width: 6px; }
.middle { text-anchor: middle; } .title { font-size: 32px; font-weight: 600; }
.rule { stroke: #dde4e2; stroke-width: 2; } .first { fill: #0b6570; } .second { fill: #c2702f; }
@media (prefers-color-scheme: dark) {
 svg { background: #192125; } text { fill: #e4ebeb; stroke: #192125; } .quiet { fill: #9db0b4; }
 .rule { stroke: #2d393e; } .first { fill: #6cc9cc; } .second { fill: #f0a56a; }
}
"""


def picture(values: dict[str, Any]) -> str:
    """The picture of a simulation, as an SVG file."""
    looks = ("first", "second")[: len(values["versions"])]
    clauses = _clauses(values["versions"])
    most = max((max(sums) for _, sums in clauses), default=0)
    top = PLOT_TOP + len(looks) * LINE
    height = top + len(clauses) * (len(looks) * BAR + GAP) + 60
    parts = [_text(24, 52, _heading(values), "title")]
    for index, look in enumerate(looks):
        parts += _legend(values, index, look)
    parts += _axis(most, top, height)
    for name, sums in clauses:
        parts.append(_text(PLOT_LEFT - 16, top + len(looks) * BAR // 2 + 9, name, "end"))
        for index, (fen, look) in enumerate(zip(sums, looks, strict=True)):
            parts += _bar(top + index * BAR, fen, most, look)
        top += len(looks) * BAR + GAP
    box = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">'
    ).format(WIDTH, height, _heading(values))
    style = Markup("<style>{}</style>").format(Markup(_STYLE))  # noqa: S704 - our own constant
    return str(box + style + Markup("").join(parts) + Markup("</svg>\n"))


def _heading(values: dict[str, Any]) -> str:
    count = f"{values['applicants']:,}"
    return _("{count} 个申请的测算：按条款实给（万元）").format(count=count)


def _clauses(versions: Sequence[dict[str, Any]]) -> list[tuple[str, list[Fen]]]:
    """The clauses that pay in any of the versions, each with what it pays."""
    paid: dict[str, list[Fen]] = {}
    names: dict[str, str] = {}
    for index, version in enumerate(versions):
        for clause in version["clauses"]:
            names.setdefault(clause["id"], f"{clause['id']} {clause['title']}")
            sums = paid.setdefault(clause["id"], [0] * len(versions))
            sums[index] = clause["paid_fen"]
    return [(names[clause], sums) for clause, sums in paid.items() if any(sums)]


def _legend(values: dict[str, Any], index: int, look: str) -> list[Markup]:
    """Which version a colour is, with its readings, and what it pays in all."""
    version, y = values["versions"][index], PLOT_TOP - 22 + index * LINE
    readings = (
        " ".join(f"{key}={value}" for key, value in values["readings"].items()) if index else ""
    )
    name = f"{version['version']} {readings}".strip()
    name = name if len(name) <= LONG else f"{name[:LONG]}…"
    label = f"{money(version['total']['paid_fen'])}　{name}"
    return [_rect(24, y - 20, 22, 22, look), _text(58, y, label, "quiet")]


def _axis(most: Fen, top: int, height: int) -> list[Markup]:
    parts = []
    for fen in ticks(most) if most > 0 else []:
        x = PLOT_LEFT + fen * (PLOT_RIGHT - PLOT_LEFT) // most
        parts.append(
            Markup('<line class="rule" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                x, top - 10, x, height - 50
            )
        )
        parts.append(_text(x, height - 18, wan(fen), "quiet middle"))
    return parts


def _bar(top: int, fen: Fen, most: Fen, look: str) -> list[Markup]:
    """A bar and its figure; a recovery has a figure and no bar."""
    width = max(fen * (PLOT_RIGHT - PLOT_LEFT) // most, LEAST) if fen > 0 and most > 0 else 0
    bar = [_rect(PLOT_LEFT, top, width, BAR - 4, look)] if width else []
    return [*bar, _text(PLOT_LEFT + width + 10, top + BAR - 6, money(fen), "quiet")]


def _rect(x: int, y: int, width: int, height: int, look: str) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="4"/>').format(
        look, x, y, width, height
    )


def _text(x: int, y: int, text: str, look: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(look, x, y, text)
