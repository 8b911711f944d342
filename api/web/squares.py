"""What people carry from a page elsewhere: as a square for a camera, and in groups to be typed."""

import segno
from markupsafe import Markup


def square(content: str, title: str) -> Markup:
    """Draw a content as a square (QR code), black on white in any mode; `title` says what it is."""
    drawing = segno.make(content, error="m").svg_inline(
        border=4, scale=4, dark="#000", light="#fff", omitsize=True, title=title
    )
    return Markup(drawing)  # noqa: S704 - drawn here


def in_fours(text: str) -> str:
    """Write a text in groups of four characters."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
