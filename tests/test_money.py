"""Every case of docs/money.md names tests that are there."""

import ast
import re

import pytest

from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

NAME = re.compile(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+(?:::\w+)?))?`")
CASES = "tests/ledger/desk/right_figures/"
ROWS = [
    line
    for line in (ROOT / "docs/money.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and ".py" in line
]


def definitions(path: str) -> set[str]:
    """The tests of a module, those in a class after its name: `TestVerified::test_one`."""
    definition_names = set[str]()
    for node in tree_of(ROOT / path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definition_names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            definition_names |= {f"{node.name}::{name}" for name in names}
    return definition_names


@pytest.mark.parametrize("row", ROWS)
def test_a_case_names_tests_that_are_there(row: str) -> None:
    names = NAME.findall(row)
    assert len(names) == len(re.findall(r"test_\w+\.py", row)), "each as `file::name`"
    for file, test in names:
        path = file if "/" in file else f"{CASES}{file}"
        assert (ROOT / path).is_file(), path
        assert not test or test in definitions(path), f"{path}::{test}"


def test_every_case_has_its_tests() -> None:
    assert len(ROWS) > 100
