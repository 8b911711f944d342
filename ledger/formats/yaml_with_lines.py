"""Read YAML (and JSON) files as plain values with their line numbers.

YAML has many ways to write a number, a date or a yes; here every value stays text, so that a code
keeps its zeros and a price its decimals, and each field is read by its own rule. Anchors, tags,
several documents and duplicate keys are refused. All faults are reported at once, each with its
line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from ledger.errors import Finding
from ledger.formats.findings import printable

BYTES_MAX = 8 * 1024 * 1024
DEPTH_MAX = 16
NULLS = ("", "~", "null")

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the same, without the C library


@dataclass(slots=True)
class Node:
    """A value and the line where it begins: a text, None, a list or a mapping of nodes."""

    line: int
    value: "str | list[Node] | dict[str, Node] | None"

    def plain(self) -> Any:  # noqa: ANN401 - a tree of any shape
        """Return the value without lines."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return self.value

    def child(self, key: str | int) -> "Node | None":
        """Return the value under a key of a mapping, or at an index of a list."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None


@dataclass(frozen=True)
class Place:
    """A place in a document, named for people: `line 12: projects[3].uscc`."""

    node: Node
    path: str = ""

    def at(self, *keys: str | int) -> "Place":
        """Return the place under these keys; if a key is missing, the line of its parent."""
        place = self
        for key in keys:
            place = Place(place.node.child(key) or place.node, join(place.path, key))
        return place

    def __str__(self) -> str:
        return f"line {self.node.line}: {self.path}" if self.path else f"line {self.node.line}"

    def finding(self, code: str, **params: object) -> Finding:
        """Make a finding at this place; texts are shortened."""
        return Finding(str(self), code, tuple((k, printable(str(v))) for k, v in params.items()))


def join(path: str, key: str | int) -> str:
    """Return the path of a key below a path: `projects`, `projects[3]`, `projects[3].uscc`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{printable(key)}" if path else printable(key)


def line_of(finding: Finding) -> int:
    """Return the line that a finding names, to sort by."""
    return int(finding.where.partition(":")[0].removeprefix("line "))


def read(text: str) -> tuple[Node | None, list[Finding]]:
    """Read the mapping in a text, with all faults of its form; None if it cannot be read."""
    if refusal := _refusal(text):
        return None, [refusal]
    builder = _Builder(text)
    try:
        root = builder.document()
    except _TooDeep as error:
        return None, [*builder.findings, error.place.finding("too_deep", limit=DEPTH_MAX)]
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        return None, [*builder.findings, _unreadable(text, error)]
    if root is None or not isinstance(root.value, dict):
        code = "not_mapping" if root else "empty_file"
        return None, [*builder.findings, Place(root or Node(1, None)).finding(code)]
    return root, builder.findings


def _refusal(text: str) -> Finding | None:
    start = Place(Node(1, None))
    if len(text) > BYTES_MAX or len(text.encode(errors="replace")) > BYTES_MAX:
        return start.finding("file_too_large", limit=BYTES_MAX)
    return start.finding("byte_order_mark") if text.startswith("\N{BYTE ORDER MARK}") else None


def _unreadable(text: str, error: Exception) -> Finding:
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that no text should have
        position = getattr(error, "start", getattr(error, "position", 0))
        return Place(Node(text.count("\n", 0, position) + 1, None)).finding("bad_character")
    place = Place(Node(mark.line + 1, None))
    line = text.split("\n")[mark.line : mark.line + 1]
    if line and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]:
        return place.finding("tab")
    return place.finding("not_yaml", problem=getattr(error, "problem", None) or "")


class _TooDeep(Exception):
    def __init__(self, place: Place) -> None:
        self.place = place


class _Builder:
    """Build the tree from the parser's events, which know the lines."""

    def __init__(self, text: str) -> None:
        self.findings: list[Finding] = []
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Node | None:
        """Return the first document; None if there is none."""
        roots: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                if len(roots) == 1:
                    self._fault(event, "", "many_documents")
                roots.append(self._node(event, "", 0))
        return roots[0] if roots else None

    def _node(self, event: Any, path: str, depth: int) -> Node:  # noqa: ANN401 - untyped events
        line = event.start_mark.line + 1
        if event.anchor is not None:
            self._fault(event, path, "alias", name=event.anchor)
        if getattr(event, "tag", None) not in (None, "!"):
            self._fault(event, path, "tag", name=event.tag)
        if depth == DEPTH_MAX:
            raise _TooDeep(Place(Node(line, None), path))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self._items(path, depth))
        if isinstance(event, yaml.MappingStartEvent):
            return Node(line, self._entries(path, depth))
        return Node(line, _text(event))

    def _items(self, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]", depth + 1))
        return items

    def _entries(self, path: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, depth + 1).value
            below = join(path, key) if isinstance(key, str) else path
            value = self._node(next(self._events), below, depth + 1)
            if not isinstance(key, str):
                self._fault(event, path, "bad_key")
            elif key in entries:
                self._fault(event, below, "duplicate_key", first=f"line {entries[key].line}")
            else:
                entries[key] = value
        return entries

    def _fault(self, event: Any, path: str, code: str, **params: str) -> None:  # noqa: ANN401
        line = event.start_mark.line + 1
        self.findings.append(Place(Node(line, None), path).finding(code, **params))


def _text(event: Any) -> str | None:  # noqa: ANN401
    """Return a scalar as written; None for an alias or an unquoted null."""
    if isinstance(event, yaml.AliasEvent) or (event.implicit[0] and event.value in NULLS):
        return None
    return str(event.value)
