"""Which statements on tables that Citus spreads keep to what Citus does, by their form alone.

Stricter than Citus: of what it refuses or does otherwise (`docs/adr/0018-citus.md`) nothing can be
written in these forms. A statement names one large table and nothing else that is kept anywhere,
and says which of its rows are meant by the column by which it is spread.
"""

import re
from collections.abc import Collection, Iterator, Mapping

import sqlglot
from sqlglot import exp

_PLACE = re.compile(r"\$(\d+)")


def faults(sql: str, large: Mapping[str, str], own_functions: Collection[str] = ()) -> list[str]:
    """What of a statement's form is against the rules; none, if it names no large table.

    Args:
        sql: one statement, its values perhaps replaced by $1, $2.
        large: the columns of the large tables by their names.
        own_functions: names of functions that the schema makes.
    """
    if not any(re.search(rf"\b{name}\b", sql) for name in large):
        return []
    try:
        tree = sqlglot.parse_one(_PLACE.sub(r"'\1'", sql), read="postgres")
    except sqlglot.ParseError:
        return ["is not understood"]
    names = [table.name for table in tree.find_all(exp.Table) if table.name]
    if not set(names) & set(large):
        return []
    return list(_faults(tree, names, large, own_functions))


def _faults(
    tree: exp.Expr, names: list[str], large: Mapping[str, str], own: Collection[str]
) -> Iterator[str]:
    if len(names) > 1:
        yield f"touches {', '.join(sorted(names))} in one statement"
    if tree.find(exp.Lock):
        yield "locks rows of a large table"
    if tree.find(exp.CTE, exp.Subquery, exp.Lateral, exp.Exists):
        yield "has a query inside it"
    calls = {call.name.lower() for call in tree.find_all(exp.Anonymous)} & set(own)
    if calls:
        yield f"calls {', '.join(sorted(calls))}"
    column = large[next(name for name in names if name in large)]
    if isinstance(tree, exp.Insert):
        yield from _insert_faults(tree, column)
    elif isinstance(tree, exp.Select | exp.Update | exp.Delete):
        if tree.find(exp.Join) or (isinstance(tree, exp.Select) and _reads_function(tree)):
            yield "joins a large table"
        if not _is_meant(tree, column) and not _is_any_row(tree):
            yield f"does not say which {column} is meant"
        if isinstance(tree, exp.Update) and any(_sets(e, column) for e in tree.expressions):
            yield f"changes {column}"
    else:
        yield f"is no SELECT, INSERT, UPDATE or DELETE, but {type(tree).__name__}"


def _insert_faults(tree: exp.Insert, column: str) -> Iterator[str]:
    target = tree.this
    columns = [c.name for c in target.expressions] if isinstance(target, exp.Schema) else []
    if column not in columns:
        yield f"does not name {column} among its columns"
    conflict = tree.args.get("conflict")
    if conflict is None:
        yield "leaves it to an error to say that a key is known: ON CONFLICT is missing"
        return
    keys = [key.this.name for key in conflict.args.get("conflict_keys") or ()]
    if keys and column not in keys:
        yield f"does not name {column} in ON CONFLICT"
    if any(_sets(e, column) for e in conflict.expressions):
        yield f"changes {column}"


def _reads_function(tree: exp.Select) -> bool:
    """Whether a function or another table stands in FROM beside the large one."""
    return any(
        isinstance(part, exp.Unnest) or (isinstance(part, exp.Table) and not part.name)
        for part in tree.find_all(exp.Unnest, exp.Table)
    )


def _is_meant(tree: exp.Expr, column: str) -> bool:
    """Whether the condition, an AND of several, holds the column to a value or a list of values."""
    where = tree.args.get("where")
    parts = where.this.flatten() if where and isinstance(where.this, exp.And) else []
    if where and not isinstance(where.this, exp.And):
        parts = [where.this]
    return any(
        isinstance(part, exp.EQ | exp.In)
        and isinstance(part.this, exp.Column)
        and part.this.name == column
        for part in parts
    )


def _is_any_row(tree: exp.Expr) -> bool:
    """Whether it asks for no row in particular: all workers are asked, and the first few count."""
    return isinstance(tree, exp.Select) and not tree.args.get("where") and "limit" in tree.args


def _sets(change: exp.Expr, column: str) -> bool:
    return isinstance(change, exp.EQ) and change.this.name == column
