"""docs/house.md draws the tree as it is, and whatever path is named anywhere leads to a file."""

import re
import tomllib
from collections import Counter

import pytest

from bench import house
from tests.support.paths import DOCS, ROOT

PAGE = (DOCS / "house.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
PATH = re.compile(r"(?<![\w/.-])((?:ledger|api|agents|bench|tests|docs)/[\w./-]*\w\.[a-z0-9]+)\b")
MADE = {"bench/results.json", "api/language/locale/en.mo"}  # made, and not in the repository
MADE_FILES = {"results.json", "server.log", "en.mo"}
FOLDERS = ("ledger", "api", "agents", "bench", "bundle", "containers", "helm", "docs", "tests")
FILES_MAX = 15
LINES_MAX = 400
WRITTEN = sorted(
    {*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml", *DOCS.rglob("*.md")}
    | {p for d in ("ledger", "api", "agents", "bench", "tests") for p in (ROOT / d).rglob("*.py")}
    | set((ROOT / "ledger").rglob("*.sql"))
)


def layers(package: str) -> list[str]:
    """The rooms of a package from the top down, as the import contracts have them."""
    for contract in CONTRACTS["contracts"]:
        if contract.get("containers") == [package]:
            names = " ".join(reversed(contract["layers"])).replace("|", " ").split()
            return [name for name in names if name not in ("__main__", "command_line")]
    raise AssertionError(package)


def test_every_path_that_a_document_or_a_comment_names_is_there() -> None:
    assert [
        (str(file.relative_to(ROOT)), path)
        for file in WRITTEN
        for path in PATH.findall(file.read_text(encoding="utf-8"))
        if path not in MADE and not ((ROOT / path).exists() or (file.parent / path).exists())
    ] == []


def test_the_rooms_of_the_ledger_stand_in_their_order() -> None:
    section = PAGE.partition("## The rooms of ledger/")[2]
    lines = section.partition("```\n")[2].partition("```")[0].splitlines()
    rooms_in_picture = [line.split()[0] for line in lines]
    assert set(lines[0].split()[:2]) == {"units", "errors"}
    assert rooms_in_picture[1:] == [
        name for name in layers("ledger") if name not in ("units", "errors")
    ]


@pytest.mark.parametrize(("package", "heading"), [("api", "## api/"), ("agents", "## agents/")])
def test_every_room_is_drawn(package: str, heading: str) -> None:
    picture = PAGE.partition(heading)[2].partition("```\n")[2].partition("```")[0]
    words = set(re.findall(r"\w+", picture))
    expected = set(layers(package)) - {"pages", "health"}
    assert expected <= words


def test_the_table_of_figures_has_every_figure() -> None:
    table = PAGE.partition(house.BEGIN)[2].partition(house.END)[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)
    assert dict(rows) == house.BEFORE


def test_no_folder_has_more_files_than_one_can_take_in() -> None:
    folders = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for name in FOLDERS
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name not in MADE_FILES
    )
    del folders["docs/adr"]  # a diary: it grows by one with each decision
    assert {folder: n for folder, n in folders.items() if n > FILES_MAX} == {}


def test_no_module_is_longer_than_one_reads_at_a_sitting() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for name in FOLDERS
        for path in (ROOT / name).rglob("*.py")
    }
    assert {path: n for path, n in lines.items() if n > LINES_MAX} == {}


def test_no_migration_has_the_number_of_another() -> None:
    numbers = Counter(path.name[:2] for path in (ROOT / "ledger/migrations/sql").rglob("*.sql"))
    assert {number: n for number, n in numbers.items() if n > 1} == {}
