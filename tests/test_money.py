"""Every case of docs/money.md and docs/security.md names tests that are there."""

import ast
import json
import re

import pytest
from typer.main import get_command

from api import command_line
from tests.support.api.doors import DOORS
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

NAME = re.compile(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(\w+(?:::\w+)?))?`")
CASES = "tests/ledger/desk/right_figures/"
PAGE = (ROOT / "docs/money.md").read_text(encoding="utf-8")
MONTH = (ROOT / "docs/month.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def rows_of(page: str) -> list[str]:
    """The rows of a page's tables that name a test."""
    return [line for line in page.splitlines() if line.startswith("|") and ".py" in line]


ROWS = rows_of(PAGE)
SAYABLE = [
    row
    for row in PAGE.partition("## 说得出的情形")[2].partition("\n## ")[0].splitlines()
    if row in ROWS
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


@pytest.mark.parametrize("row", [*ROWS, *rows_of(SECURITY)])
def test_a_case_names_tests_that_are_there(row: str) -> None:
    names = NAME.findall(row)
    assert len(names) == len(re.findall(r"test_\w+\.py", row)), "each as `file::name`"
    for file, test in names:
        path = file if "/" in file else f"{CASES}{file}"
        assert (ROOT / path).is_file(), path
        assert not test or test in definitions(path), f"{path}::{test}"


def test_every_case_has_its_tests() -> None:
    assert len(ROWS) > 100


@pytest.mark.parametrize("row", SAYABLE)
def test_what_can_be_said_has_its_command_its_route_and_its_page(row: str) -> None:
    _, _, commands, route, page, _, _ = (cell.strip() for cell in row.split("|"))
    for line in re.findall(r"`suanquan ([^`]+)`", commands):
        command: object = get_command(command_line.app)
        for word in line.split():
            command = command.commands[word]  # type: ignore[attr-defined]
        assert line in MONTH, line
    method, path = route.strip("`").split()
    paths = json.loads((ROOT / "tests/api/openapi.json").read_text(encoding="utf-8"))["paths"]
    assert method.lower() in paths[f"/api/v1{path}"]
    assert page.strip("`") in DOORS


def test_what_must_be_sayable_is() -> None:
    assert len(SAYABLE) > 25
