"""What tests share stands in `tests/support/`: no test module leans on another or on a conftest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

MODULES = sorted((ROOT / "tests").rglob("*.py"))
FILES_A_FOLDER = 15


def imported(path: Path) -> Iterator[str]:
    """The modules that a file names in its imports, at whatever depth they stand."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_of_one_test(module: str) -> bool:
    """Whether a module belongs to the tests that stand in it, and to nobody else."""
    root, *_ = parts = module.split(".")
    return root == "tests" and any(p.startswith("test_") or p == "conftest" for p in parts)


def test_no_test_imports_from_another_or_from_a_conftest() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in MODULES
        for module in imported(path)
        if is_of_one_test(module) and (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("module", "own"),
    [
        ("tests.api.cli.test_cli", True),
        ("tests.conftest", True),
        ("tests.support.town", False),
        ("api.policy.cli", False),
    ],
)
def test_such_a_module_is_known_by_its_name(module: str, *, own: bool) -> None:
    assert is_of_one_test(module) == own


def test_support_has_rooms_of_a_size_to_overlook() -> None:
    support = ROOT / "tests/support"
    for folder in (support, *(path for path in support.rglob("*") if path.is_dir())):
        assert len(list(folder.glob("*.py"))) <= FILES_A_FOLDER, folder
