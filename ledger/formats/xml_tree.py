"""Parse XML from outside safely, and read its fields by full path.

No DTD, no entities (defusedxml); size, depth and number of elements are limited. A field is read by
its path from the root, so that a copy inside a signature is never taken for it; a field that
appears twice is a fault, as either could be meant. Namespaces are ignored: each dialect uses other
prefixes.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ledger.errors import Finding
from ledger.formats.findings import finding

BYTES_MAX = 5 * 1024 * 1024
DEPTH_MAX = 32
ELEMENTS_MAX = 100_000

_CHINESE = re.compile(rb"""(<\?xml[^>]*encoding=["'])(gb2312|gbk|gb18030)(["'])""", re.IGNORECASE)


class Tree:
    """The root of a file, and the faults found while its fields are read."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def text(self, path: str, below: Element | None = None) -> str:
        """Return the text at a path, stripped; "" if there is none."""
        element = self.only(path, below)
        return (element.text or "").strip() if element is not None else ""

    def only(self, path: str, below: Element | None = None) -> Element | None:
        """Return the one element at a path; of several, the first, with a finding."""
        elements = self.all(path, below)
        if len(elements) > 1:
            self.findings.append(finding("repeated_element", path))
        return elements[0] if elements else None

    def all(self, path: str, below: Element | None = None) -> list[Element]:
        """Return all elements at a path; every step but the last must be one element."""
        first, _, rest = path.partition("/")
        children = [
            child for child in (self.root if below is None else below) if name(child) == first
        ]
        if not rest or not children:
            return children
        if len(children) > 1:
            self.findings.append(finding("repeated_element", first))
        return self.all(rest, children[0])


def name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def open_tree(content: bytes, where: str) -> tuple[Tree | None, list[Finding]]:
    """Parse a file: the tree, or why it is refused."""
    if len(content) > BYTES_MAX:
        return None, [finding("file_too_large", where, limit=BYTES_MAX)]
    try:
        return Tree(_root(_in_utf8(content))), []
    except _TooMuch as much:
        return None, [much.finding_at(where)]
    except DefusedXmlException:
        return None, [finding("xml_forbidden", where)]
    except ParseError as error:
        line, column = error.position
        return None, [finding("not_xml", where, line=line, column=column)]
    except (ValueError, LookupError):  # an encoding that nobody knows
        return None, [finding("not_xml", where, line=1, column=0)]


class _TooMuch(Exception):
    def __init__(self, *, deep: bool) -> None:
        self.deep = deep

    def finding_at(self, where: str) -> Finding:
        if self.deep:
            return finding("too_deep", where, limit=DEPTH_MAX)
        return finding("too_many_elements", where, limit=ELEMENTS_MAX)


def _root(content: bytes) -> Element:
    root: Element | None = None
    depth = count = 0
    for event, element in _events(content):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEPTH_MAX or count > ELEMENTS_MAX:
            raise _TooMuch(deep=depth > DEPTH_MAX)
        root = element if root is None else root
    if root is None:
        raise ValueError(content)
    return root


def _events(content: bytes) -> Iterator[tuple[str, Element]]:
    yield from iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True)


def _in_utf8(content: bytes) -> bytes:
    """Convert to UTF-8, as expat knows no Chinese encoding."""
    declaration = _CHINESE.match(content)
    if declaration is None:
        return content
    return declaration[1] + b"utf-8" + content[declaration.end(2) :].decode("gb18030").encode()
