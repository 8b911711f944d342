"""Apply the readings of open questions to a version, before it is parsed.

A reading may set a figure or a mode of a clause, or add a condition. It is applied to the file as
written, so that a changed figure is parsed by the rule of its own field and a fault has its line. A
place is named by keys: `12-1.amount.mode`, `pools.06.rule`, `scope.require.subject_kind.value`; an
item of a list by its `id` or its `fact`.
"""

from collections.abc import Iterator, Mapping

from ledger.errors import Finding
from ledger.formats.yaml_with_lines import Node, Place


def with_decisions(root: Node, decisions: Node) -> Iterator[Finding]:
    """Write an extension's decisions into the questions of the extended version."""
    for key, decision in _entries(decisions):
        question = _descend(root, ("questions", key))
        if question is None or not isinstance(question.value, dict):
            yield Place(decision, f"decisions.{key}").finding("unknown_question", name=key)
            continue
        choice, readings = decision.child("chosen"), _entries(question.child("readings"))
        names = [name for name, _ in readings]
        if choice is not None and choice.value not in names:
            at = Place(decision, f"decisions.{key}").at("chosen")
            yield at.finding("bad_choice", choices=", ".join(names))
        elif isinstance(decision.value, dict):
            question.value |= decision.value


def with_readings(root: Node, readings: Mapping[str, str]) -> Iterator[Finding]:
    """Choose other readings for a trial, marked as not decided."""
    for key, reading in readings.items():
        question = _descend(root, ("questions", key))
        if question is None or not isinstance(question.value, dict):
            yield Place(root, "questions").finding("unknown_question", name=key)
            continue
        choice = question.value.get("chosen")
        if choice is not None and choice.value == reading:
            continue
        question.value["chosen"] = Node(question.line, reading)
        question.value.pop("decided_by", None)
        question.value.pop("decided_on", None)


def apply_readings(root: Node) -> tuple[Node, list[Finding]]:
    """Return the version with its chosen readings applied; the original is unchanged."""
    version = copy_tree(root)
    findings: list[Finding] = []
    for key, question in _entries(version.child("questions")):
        choice = question.child("chosen")
        name = choice.value if choice and isinstance(choice.value, str) else ""
        reading = _descend(question, ("readings", name))
        if reading is None or not isinstance(reading.value, dict):
            continue
        at = Place(reading, f"questions.{key}.readings.{name}")
        for path, value in _entries(reading.child("sets")):
            if not _set(version, path.split("."), value):
                findings.append(at.at("sets", path).finding("no_such_place", place=path))
        for path, conditions in _entries(reading.child("requires")):
            if not _require(version, path, conditions, key):
                findings.append(at.at("requires", path).finding("no_such_place", place=path))
    return version, findings


def copy_tree(node: Node) -> Node:
    """Return a copy of a tree."""
    if isinstance(node.value, list):
        return Node(node.line, [copy_tree(item) for item in node.value])
    if isinstance(node.value, dict):
        return Node(node.line, {key: copy_tree(value) for key, value in node.value.items()})
    return Node(node.line, node.value)


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    return list(node.value.items()) if node and isinstance(node.value, dict) else []


def _set(root: Node, path: list[str], value: Node) -> bool:
    """Set the value at a place; return whether its parent exists."""
    holder = _descend(root, tuple(path[:-1]))
    if holder is None or not isinstance(holder.value, dict):
        return False
    holder.value[path[-1]] = copy_tree(value)
    return True


def _require(root: Node, part: str, conditions: Node, question: str) -> bool:
    """Add conditions to the scope or a clause, marked with their question."""
    holder = _descend(root, (part,))
    if holder is None or not isinstance(holder.value, dict):
        return False
    listed = holder.value.setdefault("require", Node(conditions.line, []))
    additions = copy_tree(conditions).value
    if not isinstance(listed.value, list) or not isinstance(additions, list):
        return False
    for condition in additions:
        if isinstance(condition.value, dict):
            condition.value["reading"] = Node(condition.line, question)
        listed.value.append(condition)
    return True


def _descend(node: Node, path: tuple[str, ...]) -> Node | None:
    """Return the node at a place; a clause is also found by its id alone."""
    clauses = node.child("clauses")
    if path and node.child(path[0]) is None and clauses is not None:
        node = clauses
    for key in path:
        child = _item(node, key) if isinstance(node.value, list) else node.child(key)
        if child is None:
            return None
        node = child
    return node


def _item(node: Node, key: str) -> Node | None:
    """Return the item of a list with this `id` or `fact`."""
    for item in node.value if isinstance(node.value, list) else []:
        for name in ("id", "fact"):
            label = item.child(name)
            if label is not None and label.value == key:
                return item
    return None
