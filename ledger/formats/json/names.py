"""Parse JSON in which no object has a name twice: readers differ on which of the values counts."""

import json
from typing import Any


class NameTwice(ValueError):
    """An object has this name twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - whatever was written
    """Parse a text.

    Raises:
        NameTwice: an object has a name twice.
        ValueError: it is no JSON.
        RecursionError: it is too deep.
    """
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise NameTwice(name)
        fields[name] = value
    return fields
