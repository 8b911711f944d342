"""The README promises commands, variables and pages; here each of them is looked for."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agents import settings as agent
from agents.__main__ import _parser
from api import command_line as cli
from api.settings import Settings
from tests.support.paths import DOCS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = "".join(re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
MONTH = (DOCS / "month.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((DOCS).rglob("*.md"))]


def commands(group: TyperGroup, path: str = "") -> dict[str, set[str]]:
    """Each command's options, by its words: `voucher open`."""
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found |= commands(command, f"{path}{name} ")
        else:
            found[path + name] = {option for given in command.params for option in given.opts}
    return found


@pytest.mark.parametrize("document", [README, MONTH], ids=["README", "month"])
def test_every_command_is_there_with_its_options(document: str) -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    known = commands(group)
    blocks = "".join(re.findall(r"^```\n(.*?)^```", document, re.MULTILINE | re.DOTALL))
    said = re.findall(r"^suanquan ((?:\\\n|.)+)", blocks, re.MULTILINE)
    assert said
    for line in said:
        words = line.partition(" #")[0].split()
        verb = next((v for n in (3, 2, 1) if (v := " ".join(words[:n])) in known), "")
        assert verb, line
        assert {w.partition("=")[0] for w in words if w.startswith("--")} <= known[verb], line


def test_every_command_of_the_agent_is_there() -> None:
    said = set(re.findall(r"^suanquan-agent ([a-z]+)", BLOCKS, re.MULTILINE))
    assert said == {"doctor", "once", "node"}
    for verb in said:
        assert _parser().parse_args([verb]).command == verb


def test_the_table_has_every_variable() -> None:
    table = set(re.findall(r"SUANQUAN_[A-Z_]+", README.partition("## 环境变量")[2]))
    server = {f"SUANQUAN_{field.upper()}" for field in Settings.model_fields}
    agents = set(re.findall(r"SUANQUAN_[A-Z_]+", agent.__doc__ or ""))
    assert table == server | agents | {"SUANQUAN_TOKEN", "SUANQUAN_DRILL_NOW"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
