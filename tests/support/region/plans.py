"""The plans by which PostgreSQL really answered, those inside functions too (auto_explain)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

LARGE = (
    "windows", "window_hours", "past_hours", "hour_totals", "hour_coverage", "day_totals",
    "coverage", "batches", "batch_rolls", "roll_spans", "window_counts", "conflicts", "quarantine",
    "xid_events", "postings", "movements", "entries", "accruals", "charges", "events",
    "event_links", "sealed_rows", "sessions",
)  # fmt: skip
"""Tables that grow with minutes, days of GPUs, months of projects, or what people do."""

_NEEDS_ALL = frozenset({"Sort", "Aggregate", "Hash", "Materialize", "Memoize", "WindowAgg"})
_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
}


Node = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """How a statement was answered once: its milliseconds, and the tree of what was done."""

    query: str
    ms: float
    root: Node

    def nodes(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """Each node of the tree with those above it, the nearest first."""
        stack: list[tuple[Node, tuple[Node, ...]]] = [(self.root, ())]
        while stack:
            node, above = stack.pop()
            yield node, above
            stack += [(child, (node, *above)) for child in node.get("Plans", ())]

    @property
    def rows_read(self) -> int:
        """How many rows its scans of tables looked at."""
        return sum(_rows(node) for node, _ in self.nodes() if "Relation Name" in node)

    @property
    def shape(self) -> str:
        """What it does with which table, from the leaves of the tree."""
        words = [
            f"{_index(node)}{node['Relation Name']}" + (f" × {loops}" if loops > 1 else "")
            for node, _ in self.nodes()
            if "Relation Name" in node and (loops := round(node["Actual Loops"]))
        ]
        return ", ".join(dict.fromkeys(reversed(words)))

    def whole_scans(self) -> set[str]:
        """The large tables that are read from one end to the other, and not by a part of a key."""
        return {
            table
            for node, above in self.nodes()
            if (table := large_table(node)) and _reads_all(node) and not _is_cut(node, above)
        }


@dataclass
class Watch:
    """Plans as they come, of the connections of an engine."""

    plans: list[Plan] = field(default_factory=list)

    def take(self, notice: psycopg.errors.Diagnostic) -> None:
        """Keep a plan that the server tells of."""
        words = notice.message_primary or ""
        head, _, body = words.partition("plan:\n")
        if head.startswith("duration:"):
            content = json.loads(body)
            self.plans.append(Plan(content["Query Text"], float(head.split()[1]), content["Plan"]))


def explain(admin: psycopg.Connection, engine: sa.Engine, **settings: str) -> Watch:
    """Let all statements of an engine be explained from now on, by the administrator's word.

    `settings` are further ones of its database.
    """
    name = engine.url.database
    for setting, value in {**_SETTINGS, **settings}.items():
        admin.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'".encode())
    watch = Watch()

    @event.listens_for(engine, "connect")
    def _listen(connection: psycopg.Connection, _record: object) -> None:
        connection.add_notice_handler(watch.take)

    engine.dispose()
    return watch


def large_table(node: Node) -> str:
    """The large table that a node reads, also a month of it; "" for any other."""
    relation = str(node.get("Relation Name", ""))
    return next((t for t in LARGE if relation == t or relation.startswith(f"{t}_2")), "")


def _reads_all(node: Node) -> bool:
    return node["Node Type"] == "Seq Scan" or (
        node["Node Type"].startswith("Index") and "Index Cond" not in node
    )


def _is_cut(node: Node, above: Sequence[Node]) -> bool:
    """Whether no more of it is read than a LIMIT wants: nothing in between needs all rows."""
    for parent in above:
        if node.get("Parent Relationship") == "Inner" or parent["Node Type"] in _NEEDS_ALL:
            return False
        if parent["Node Type"] == "Limit":
            return True
        node = parent
    return False


def _rows(node: Node) -> int:
    names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return round(sum(float(node.get(name, 0)) for name in names) * float(node["Actual Loops"]))


def _index(node: Node) -> str:
    name = node.get("Index Name")
    return f"{name} of " if name else "all of " if node["Node Type"] == "Seq Scan" else ""
