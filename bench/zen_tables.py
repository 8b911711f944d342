"""Articles 5, 6 and 12 as decision tables of zen-engine, written as its manual would have them.

The amount is an expression in the table's output cell; a fact that is a decimal string goes through
`number()`, so that it is compared exactly. The last row is the answer where no other row applies.
"""

import json
from collections.abc import Sequence
from typing import Any

Rows = Sequence[tuple[str, ...]]

_GATE = ("subject_kind", "legal_person")
_PASSED = ('"enterprise"', "true")
_PUE = "number(facility_kwh) * 10 < number(it_kwh) * 12"
_KWH = "round(number(facility_kwh) * 12)"
_SALES = "min([round(annual_sales_fen * 0.01), 1000000000])"

TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "05-1": (
        (*_GATE, "infrastructure", _PUE),
        [(*_PASSED, "true", "true", _KWH)],
    ),
    "06-1": (
        (*_GATE, "listed_product", "drives_local_industry", "annual_sales_fen"),
        [(*_PASSED, "true", "true", ">= 2000000000", _SALES)],
    ),
    "12-1": (
        (*_GATE, "industry", "annual_revenue_fen"),
        [
            (*_PASSED, '"software"', ">= 10000000000", "200000000 - paid_before_fen"),
            (*_PASSED, '"software"', "[5000000000..10000000000)", "100000000 - paid_before_fen"),
            (*_PASSED, '"software"', "[2000000000..5000000000)", "50000000 - paid_before_fen"),
        ],
    ),
}


def table(clause: str) -> str:
    """A clause's table, as the JSON that zen reads."""
    inputs, rows = TABLES[clause]
    texts = ("",) * len(inputs) + ("null",)
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": f"i{n}", "name": fact, "field": fact} for n, fact in enumerate(inputs)],
        "outputs": [{"id": "o", "name": "fen", "field": "fen"}],
        "rules": [_rule(f"r{n}", row) for n, row in enumerate((*rows, texts))],
    }
    nodes = [
        _node("in", "inputNode"),
        {**_node("table", "decisionTableNode"), "content": content},
        _node("out", "outputNode"),
    ]
    edges = [("in", "table"), ("table", "out")]
    return json.dumps(
        {
            "contentType": "application/vnd.gorules.decision",
            "nodes": nodes,
            "edges": [
                {"id": f"{a}-{b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in edges
            ],
        }
    )


def _node(name: str, kind: str) -> dict[str, Any]:
    return {"id": name, "name": name, "type": kind, "position": {"x": 0, "y": 0}}


def _rule(name: str, row: tuple[str, ...]) -> dict[str, str]:
    *cells, out = row
    return {"_id": name, **{f"i{n}": cell for n, cell in enumerate(cells)}, "o": out}
