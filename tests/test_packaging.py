"""The wheel alone, in an empty environment: what people have who install nothing but suanquan.

It takes pip and its index, so it runs by itself: `pytest -m packaging`.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ledger.policy.text.published import FOLDER
from tests.support.paths import EXAMPLES, ROOT
from tests.support.seals import write_tiny_export

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

DRAFT = ("--policy", "yinchuan-2024-draft")
CASES = Path(str(FOLDER / "yinchuan-2024-draft.cases.json"))
DECISION = {
    "id": 7, "kind": "indicator", "subject": "2026 Z1", "content": {"fen": 500},
    "digest": "ab" * 32,
    "reason": "", "decided_by": "finance:李四#3", "decided_at": "2026-11-01T01:00:00Z",
    "answer": None, "answered_by": None, "answered_at": None, "answer_reason": "",
}  # fmt: skip
ANSWERED = {**DECISION, "answer": "confirmed", "answered_by": "approver:王五#4"}
Result = subprocess.CompletedProcess[str]


class Server(BaseHTTPRequestHandler):
    """A server with one decision in it."""

    def do_GET(self) -> None:
        view = {
            "names": [],
            "answers": ["confirmed", "refused"],
            "why_not": "",
            "code_wanted": False,
        }
        self._answer(view if self.path.endswith("/view") else DECISION)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["seen"] == DECISION["digest"]
        self._answer(ANSWERED)

    def _answer(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Installed:
    """The wheel in an environment that has nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.binaries = folder, folder / "venv" / "bin"
        self.environment: dict[str, str] = {}

    def run(self, program: str, *arguments: str, answer: str = "") -> Result:
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("SUANQUAN_", "PYTHON"))}
        return subprocess.run(
            [str(self.binaries / program), *arguments], cwd=self.folder, input=answer,
            env=keep | {"LC_ALL": "en", "PYTHONUTF8": "1"} | self.environment,
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip

    def suanquan(self, *arguments: str, answer: str = "") -> str:
        result = self.run("suanquan", *arguments, answer=answer)
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("packaging")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("suanquan-*.whl")
    pinned = re.findall(
        r"^[\w.-]+==\S+(?: ; [^\\\n]+)?", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    (folder / "pinned.txt").write_text("\n".join(pinned))
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    environment = Installed(folder)
    result = environment.run(
        "pip", "install", "--quiet", "-c", str(folder / "pinned.txt"), str(wheel)
    )
    assert result.returncode == 0, result.stderr
    return environment


@pytest.fixture
def decisions(installed: Installed) -> Iterator[Installed]:
    """With a server to ask."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    installed.environment = {"SUANQUAN_URL": url, "SUANQUAN_TOKEN": "sq_x"}
    yield installed
    installed.environment = {}
    server.shutdown()
    server.server_close()


def test_nothing_of_the_server_is_there_and_the_names_are_ours_alone(installed: Installed) -> None:
    names = installed.run("pip", "list", "--format=freeze").stdout.lower()
    assert not re.search(
        r"^(sqlalchemy|sqlmodel|fastapi|babel|psycopg|msgspec)==", names, re.MULTILINE
    )
    code = (
        "from importlib.metadata import packages_distributions as p;"
        "print([p()[n] for n in ('agents', 'api', 'ledger')])"
    )
    assert (
        installed.run("python", "-c", code).stdout == "[['suanquan'], ['suanquan'], ['suanquan']]\n"
    )


def test_every_group_explains_itself_in_both_languages(installed: Installed) -> None:
    assert re.fullmatch(r"suanquan \d+\.\d+\.\d+\n", installed.suanquan("--version"))
    for group in (
        "",
        "policy",
        "invoice",
        "reconcile",
        "claim",
        "pay",
        "voucher",
        "token",
        "agent",
    ):
        words = [group] if group else []
        assert "Usage: suanquan" in installed.suanquan(*words, "--help")
        assert "用法：suanquan" in installed.suanquan(*words, "--help", "--lang", "zh")


def test_the_policy_needs_no_server(installed: Installed) -> None:
    assert "yinchuan-2024-draft" in installed.suanquan("policy", "list")
    assert "¥5,000,000.00" in installed.suanquan("policy", "show", DRAFT[1])
    assert "is sound" in installed.suanquan("policy", "check")
    facts = ("subject_kind=enterprise", "legal_person=yes", "business=annotation", "seats=499")
    assert "149" in installed.suanquan("policy", "explain", "07-1", *DRAFT, *facts)
    answer = json.loads(installed.suanquan("policy", "explain", "07-1", *DRAFT, *facts, "--json"))
    (installed.folder / "record.json").write_text(json.dumps(answer["explanation"]["record"]))
    assert "the same" in installed.suanquan("policy", "replay", "record.json")
    assert "200 posts" in installed.suanquan("policy", "evaluate", str(CASES), *DRAFT)
    assert "as they must be" in installed.suanquan("policy", "boundaries", *DRAFT)
    register = str(EXAMPLES / "applicants.csv")
    picture = ("--picture", "spend.svg")
    assert "There is no total" in installed.suanquan(
        "policy", "simulate", register, *DRAFT, *picture
    )
    assert (installed.folder / "spend.svg").read_text().startswith("<svg")


def test_an_export_is_verified_without_a_server(installed: Installed) -> None:
    write_tiny_export(installed.folder / "2026.zip")
    tally = json.loads(installed.suanquan("verify", "2026.zip", "--json"))
    assert (tally["seals"], tally["rows"], tally["faults"]) == (1, 1, [])


def test_a_decision_is_shown_and_confirmed(decisions: Installed) -> None:
    display = decisions.suanquan("confirm", "7", answer="y\n")
    assert "¥5.00" in display
    assert str(DECISION["digest"]) in display
    answer = decisions.suanquan("confirm", "7", "--seen", str(DECISION["digest"]), "--json")
    assert json.loads(answer)["answer"] == "confirmed"


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("replay", "jobs.csv", "--centre", "x", "--price", "1"), "suanquan[agent]"),
        (("meter",), "suanquan[agent]"),
        (("up",), "suanquan[server]"),
        (("serve",), "suanquan[server]"),
        (("db", "upgrade"), "suanquan[server]"),
        (("admin", "create", "x"), "suanquan[server]"),
        (("usage",), "SUANQUAN_URL"),
    ],
)
def test_what_needs_more_says_what_to_install(
    installed: Installed, command: tuple[str, ...], extra: str
) -> None:
    result = installed.run("suanquan", *command)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert extra in line
