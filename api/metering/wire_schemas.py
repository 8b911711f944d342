"""The wire's own types, as OpenAPI describes them."""

from typing import Any

import msgspec

_WIRE = "#/components/schemas/Wire"


def of_wire(*types: type) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """Describe types of the wire for OpenAPI, and what they consist of.

    Their names begin with `Wire`: a `Part` of a window is none of a contract's month.
    """
    described, parts = msgspec.json.schema_components(types, ref_template=f"{_WIRE}{{name}}")
    return described, {f"Wire{name}": part for name, part in parts.items()}
