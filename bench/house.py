"""`make figures`: the figures of the code, written into the table of docs/house.md.

They are counted from the tree as it is: lines of Python (all of them, blank ones and comments
too), modules, functions, names that are bare participles or pronouns (as tests/test_names.py has
them), and places that have twelve lines in common with another. The coverage is that of the last
`make coverage`, where there is one. The column «before» was counted by the same code, on the tree
before it had rooms.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from tests.support.source.names import bare_names, names_of
from tests.support.source.trees import tree_of

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "house.md"
BEGIN, END = "<!-- figures: make figures -->", "<!-- end of figures -->"
PACKAGES = ("ledger", "api", "agents", "bench")
SHARED_LINES = 12
COVERAGE = "coverage of the suite"
BEFORE = {
    "`ledger/`, lines": "22,800",
    "`api/`, lines": "16,619",
    "`agents/`, lines": "6,375",
    "`bench/`, lines": "1,034",
    "all four, lines": "46,828",
    "modules": "341",
    "lines of a module, median": "129",
    "lines of the longest module": "355",
    "functions": "2,544",
    "lines of a function, median": "8",
    "lines of the longest function": "49",
    "names that are bare participles or pronouns": "11.0 %",
    f"places with {SHARED_LINES} lines in common": "8",
    COVERAGE: "—",
}


def main() -> int:
    """Count, and write the table into docs/house.md; the rest of the page stays as it is."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    old, _, tail = rest.partition(END)
    now = figures() | {COVERAGE: _coverage() or _cell(old, COVERAGE)}
    rows = [f"| {name} | {BEFORE[name]} | {value} |" for name, value in now.items()]
    table = "\n".join(["", "", "| | before | now |", "|---|---:|---:|", *rows, "", ""])
    PAGE.write_text(head + BEGIN + table + END + tail, encoding="utf-8")
    print("\n".join(rows))
    return 0


def figures(root: Path = ROOT) -> dict[str, str]:
    """Count the tree under `root`; each figure as the table shows it."""
    trees = {
        path: path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }
    lines = {path: text.count("\n") for path, text in trees.items()}
    modules = {path: n for path, n in lines.items() if path.name != "__init__.py"}
    parsed_trees = {path: tree_of(path) for path in trees}
    spans = [span for tree in parsed_trees.values() for span in _functions(tree)]
    names = [name for package in PACKAGES for name in names_of(package, root)]
    bare = len(bare_names(names))
    by_package = {
        package: sum(n for path, n in lines.items() if path.relative_to(root).parts[0] == package)
        for package in PACKAGES
    }
    return {
        **{f"`{package}/`, lines": f"{n:,}" for package, n in by_package.items()},
        "all four, lines": f"{sum(lines.values()):,}",
        "modules": f"{len(modules):,}",
        "lines of a module, median": f"{median(modules.values()):.0f}",
        "lines of the longest module": f"{max(modules.values()):,}",
        "functions": f"{len(spans):,}",
        "lines of a function, median": f"{median(spans):.0f}",
        "lines of the longest function": f"{max(spans):,}",
        "names that are bare participles or pronouns": f"{100 * bare / len(names):.1f} %",
        f"places with {SHARED_LINES} lines in common": f"{_shared(trees.values()):,}",
    }


def _functions(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def _shared(texts: Iterable[str]) -> int:
    """Places where twelve lines, blank ones and imports apart, are those of another place."""
    places: defaultdict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, text in enumerate(texts):
        rows = [row.strip() for row in text.splitlines()]
        rows = [row for row in rows if row and not row.startswith(("import ", "from "))]
        for at in range(len(rows) - SHARED_LINES + 1):
            places[tuple(rows[at : at + SHARED_LINES])].append((number, at))
    starts = {place for same in places.values() if len(same) > 1 for place in same}
    return sum((number, at - 1) not in starts for number, at in starts)


def _coverage() -> str:
    """Return the total of the last `make coverage`, or nothing."""
    if not (ROOT / ".coverage").exists():
        return ""
    command = [sys.executable, "-m", "coverage", "report", "--format=total"]
    total = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    return f"{total.stdout.strip()} %" if total.stdout.strip().isdigit() else ""


def _cell(table: str, name: str) -> str:
    """Return the figure that the table on the page has for `name`."""
    row = next((row for row in table.splitlines() if row.startswith(f"| {name} |")), "| | | — |")
    return row.split("|")[3].strip()


if __name__ == "__main__":
    sys.exit(main())
