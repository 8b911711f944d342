"""The README and docs/ promise commands, variables and pages; here each of them is looked for."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agents import settings as agent
from agents.__main__ import _parser
from agents.exporters import settings as exporters
from agents.relay import settings as relay
from api import command_line as cli
from api.settings import SECRET_FILES, Settings
from bundle.__main__ import pages as bundle_pages
from tests.support.api.command_line import suanquan
from tests.support.paths import DOCS, ROOT
from tests.support.processes import Result, running, until

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
TEXTS = {
    "README": README,
    **{
        name: (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for name in (
            "commands",
            "month",
            "policy/explain",
            "policy/simulate",
            "registry",
            "agents/agent",
        )
    },
}


def commands(group: TyperGroup, path: str = "") -> dict[str, dict[str, bool]]:
    """Each command's options, by its words (`voucher open`), and whether it needs them."""
    options: dict[str, dict[str, bool]] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            options |= commands(command, f"{path}{name} ")
        else:
            options[path + name] = {
                option: parameter.required and option.startswith("-")
                for parameter in command.params
                for option in parameter.opts
            }
    return options


def blocks(document: str) -> str:
    """What stands in the fenced blocks of a document."""
    return "".join(re.findall(r"^ *```\n(.*?)^ *```", document, re.MULTILINE | re.DOTALL))


def lines(document: str) -> list[str]:
    """The command lines of `suanquan` in a document, continued ones whole; those in its text, too.

    Where only a command's name is mentioned, it is no line.
    """
    alone = re.findall(r"^ *(?:\.venv/bin/)?suanquan ((?:\\\n|.)+)", blocks(document), re.MULTILINE)
    return alone + [
        line for line in re.findall(r"`suanquan ([^`]+)`", document) if len(line.split()) > 2
    ]


def test_a_page_of_the_bundle_leads_to_no_page_outside_of_it() -> None:
    carried = set(bundle_pages())
    assert {"install.md", "faults.md", "metrics.md", "settings.md"} <= carried
    for page in carried:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)", text) if page.endswith(".md") else ():
            target = os.path.normpath((Path(page).parent / link).as_posix())
            assert "://" in link or target in carried, (page, link)


@pytest.mark.parametrize("document", TEXTS.values(), ids=TEXTS)
def test_every_command_is_there_with_its_options(document: str) -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    options = commands(group)
    document_lines = lines(document)
    assert document_lines
    for line in document_lines:
        words = line.partition(" #")[0].replace("\\\n", " ").split()
        verb = next((v for n in (3, 2, 1) if (v := " ".join(words[:n])) in options), "")
        assert verb, line
        options_given = {w.partition("=")[0] for w in words if w.startswith("--")}
        assert options_given <= options[verb].keys(), line
        options_needed = {option for option, is_needed in options[verb].items() if is_needed}
        assert "…" in line or options_needed <= options_given, line


def test_every_command_of_the_agent_is_there() -> None:
    pattern = re.compile(r"^suanquan-agent ([a-z-]+)(?: (/\S+))?", re.MULTILINE)
    rows = dict(pattern.findall(blocks(TEXTS["commands"])))
    assert rows.keys() == {
        "doctor", "once", "top", "node", "dcgm", "cluster", "slurm", "relay", "export",
        "import-receipt",
    }  # fmt: skip
    for verb, path in rows.items():
        assert _parser().parse_args([verb, *([path] if path else [])]).command == verb


def test_the_readme_s_commands_run_beside_the_demo(folder: Path) -> None:
    """All of them only read, and use the names of the centre that `make run` makes up."""
    data = folder / "data"

    def run(*arguments: str) -> Result:
        return suanquan(*arguments, SUANQUAN_DATA=str(data))

    def has_accrued() -> bool:
        quota = run("quota", "helan", "--json")
        return quota.returncode == 0 and json.loads(quota.stdout)["provisional_fen"] > 0

    with running(data, "--demo"):
        until("an accrual of helan", has_accrued)
        for line in lines(README):
            result = run(*shlex.split(line.replace("\\\n", " "), comments=True))
            assert result.returncode == 0, line + result.stderr
            assert result.stdout.strip(), line


def test_the_readme_is_short() -> None:
    assert len(README.encode()) < 6_000


def test_the_index_names_every_document() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#]+)\)", index))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert {page for page in pages if not page.startswith("adr/")} - {"index.md"} <= links
    assert {f"../{path.name}" for path in ROOT.glob("*.md")} - {"../README.md"} <= links


def test_the_table_has_every_variable() -> None:
    settings = (DOCS / "settings.md").read_text(encoding="utf-8")
    table = set(re.findall(r"SUANQUAN_[A-Z_]+", settings.partition("## 环境变量")[2]))
    server = {f"SUANQUAN_{field.upper()}" for field in Settings.model_fields}
    agents = set(
        re.findall(r"SUANQUAN_[A-Z_]+", f"{agent.__doc__}{exporters.__doc__}{relay.__doc__}")
    )
    assert table == server | agents | {
        *SECRET_FILES, "SUANQUAN_TOKEN", "SUANQUAN_AS", "SUANQUAN_DRILL_NOW",
    }  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
