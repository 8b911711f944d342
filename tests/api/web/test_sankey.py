"""The picture of the money's way: the same ways give the same picture, in whatever order."""

import pytest

from api.web.sankey import BAR, FLOW, sankey
from tests.support.api.html import attribute, parse, texts

HEADS = ("Indicator", "Project", "Centre")
WAYS = [
    (("2026", "a", "north"), 600),
    (("2026", "a", "south"), 100),
    (("2026", "b", "south"), 300),
]


def bars(picture: str) -> list[tuple[int, int]]:
    """Each bar's place across, and its height."""
    rects = parse(picture).css(f"rect.bar[width='{BAR}']")
    return [(int(attribute(bar, "x")), int(attribute(bar, "height"))) for bar in rects]


def test_every_column_holds_all_the_money() -> None:
    drawing = bars(sankey(HEADS, WAYS, "title"))
    columns = {x: [h for at, h in drawing if at == x] for x, _ in drawing}
    assert [len(heights) for heights in columns.values()] == [1, 2, 2]
    assert [sum(heights) for heights in columns.values()] == [FLOW] * 3


def test_the_order_of_the_ways_does_not_matter() -> None:
    assert sankey(HEADS, WAYS, "title") == sankey(HEADS, WAYS[::-1], "title")


def test_the_greatest_stands_on_top_and_equals_by_name() -> None:
    picture = sankey(("A", "B"), [(("x", "q"), 5), (("x", "p"), 5), (("x", "r"), 9)], "title")
    assert texts(parse(picture), "text.name") == ["x", "r", "p", "q"]


def test_what_is_tiny_is_still_to_be_seen() -> None:
    columns = bars(sankey(("A", "B"), [(("x", "big"), 10**12), (("x", "small"), 1)], "title"))
    assert min(height for _, height in columns) >= 3


def test_names_are_text_and_nothing_else() -> None:
    picture = sankey(("A", "B"), [(("<script>", 'a"b'), 1)], "t<")
    assert "<script>" not in picture
    assert "t&lt;" in picture


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("银财〔2026〕12号 / 2026", "银财〔2026〕12号 / 2026"),
        ("宁夏回族自治区算力券兑付专项资金", "宁夏回族自治区算力券兑…"),
        ("a" * 25, "a" * 23 + "…"),
    ],
)
def test_a_name_is_cut_where_the_next_bar_begins(name: str, label: str) -> None:
    assert f">{label}<" in sankey(("A", "B"), [((name, "x"), 1)], "title")


def test_bars_with_a_page_are_links_and_the_others_are_not() -> None:
    links = {(1, "a"): "/projects/a", (2, "north"): "/nodes"}
    anchors = parse(sankey(HEADS, WAYS, "title", links)).css("a")
    names = [(attribute(a, "href"), attribute(a, "aria-label")) for a in anchors]
    assert names == [("/projects/a", "a ¥7.00"), ("/nodes", "north ¥6.00")]
