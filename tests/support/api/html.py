"""Pages as a browser reads them: elements by CSS selectors, their texts and their attributes."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

Parsed = LexborHTMLParser | LexborNode


def parse(html: str) -> LexborHTMLParser:
    """Read a page, or a piece of one."""
    return LexborHTMLParser(html)


def one(within: Parsed, selector: str) -> LexborNode:
    """The one element, or the first, that the selector names; it must be there."""
    node = within.css_first(selector)
    assert node is not None, selector
    return node


def text(node: LexborNode, between: str = "") -> str:
    """The text of an element and of all in it, each white space one blank."""
    return " ".join(node.text(separator=between).split())


def texts(within: Parsed, selector: str) -> list[str]:
    """The text of each element that the selector names."""
    return [text(node) for node in within.css(selector)]


def attributes(within: Parsed, selector: str, name: str) -> list[str]:
    """An attribute of each element that the selector names; all of them have it."""
    return [attribute(node, name) for node in within.css(selector)]


def attribute(node: LexborNode, name: str) -> str:
    """An attribute that the element has, its entities resolved."""
    value = node.attributes[name]
    assert value is not None, name
    return value


def visible_text(html: str, between: str = " ") -> str:
    """All that a page says, without its markup."""
    root = parse(html).root
    assert root is not None
    return text(root, between)
