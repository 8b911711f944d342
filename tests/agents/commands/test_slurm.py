"""`suanquan-agent slurm` through the real server: exact, once, nothing of a faulty file."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.__main__ import main
from agents.commands.slurm.report import FAULTY, NOT_KEPT
from tests.support.agents.sacct import DAY_S, HEADER, gpus, row, table
from tests.support.agents.traces import trace
from tests.support.postgres import open_folder
from tests.support.processes import AGENT, DRILL, Up, running

T = DAY_S + 3600
BEGUN = {"JobIDRaw": 8, "Start": T, "End": "Unknown", "State": "RUNNING"}


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    with open_folder() as folder, running(folder / "data", *DRILL) as server:
        yield server


@pytest.fixture
def centre(request: pytest.FixtureRequest) -> str:
    return f"c{len(request.node.name)}"


@pytest.fixture
def place(up: Up, centre: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An enrolled agent of a cluster that knows the accounts lab1 and lab2."""
    rows = [f"p-{name},{name},1,,2026-01-01T00:00:00Z,,," for name in ("lab1", "lab2")]
    up.ask(
        "replay", str(trace(tmp_path / "pending.csv", *rows)), "--centre", centre, "--price", "1"
    )
    monkeypatch.setenv("SUANQUAN_URL", up.url)
    monkeypatch.setenv("SUANQUAN_AGENT_DATA", str(up.data / "agents" / f"replay-{centre}"))
    return tmp_path


def held_ms(up: Up) -> int:
    """Device-milliseconds of all projects."""
    return sum(int(ms) for ms in up.usage().values())


def send(path: Path, content: bytes, *arguments: str) -> int:
    (path / "jobs.txt").write_bytes(content)
    return main(["slurm", str(path / "jobs.txt"), *arguments])


def test_a_file_is_counted_once_however_often_it_is_read(
    up: Up, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held_ms(up)
    content = table(row(), row(JobIDRaw=2, Account="lab2", AllocTRES=gpus(3)), row())
    for _ in range(2):
        assert send(place, content) == 0
    assert held_ms(up) - before == (40 + 60) * 1000
    assert "sent 0 windows" in capsys.readouterr().err


def test_a_running_job_is_told_by_the_hour_and_ends_at_its_sum(
    up: Up, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held_ms(up)
    for hours in (2, 2, 5):
        assert send(place, table(row(**BEGUN, ElapsedRaw=hours * 3600 + 60))) == 0
        assert held_ms(up) - before == 2 * hours * 3_600_000
    end = {**BEGUN, "End": T + 20_000, "State": "COMPLETED"}
    assert send(place, table(row(**end))) == 0
    assert held_ms(up) - before == 2 * 20_000_000
    assert send(place, table(row(**{**end, "End": T + 7_000}))) == NOT_KEPT
    assert held_ms(up) - before == 2 * 20_000_000
    assert "conflicts 10" in capsys.readouterr().err


def test_a_file_with_a_fault_keeps_and_sends_nothing(
    up: Up, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = up.usage()
    assert send(place, table(row(JobIDRaw=50), row(JobIDRaw=51, End="soon"))) == FAULTY
    text = capsys.readouterr().err
    assert "nothing was kept or sent" in text
    assert "jobs.txt line 3 End: 'soon' must be" in text
    assert send(place, table(row(JobIDRaw=50))[:-5], "--json") == FAULTY
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert (fault["row"], fault["column"]) == (2, "")
    assert send(place, table()) == 0
    assert up.usage() == before


def test_standard_input_and_several_files_are_read_alike(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.txt").write_bytes(table(row()))
    (place / "b.txt").write_bytes(table(row(JobIDRaw=2), row(JobIDRaw=3, AllocTRES="cpu=1")))
    assert main(["slurm", str(place / "a.txt"), str(place / "b.txt"), "--check", "--json"]) == 0
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert facts["accounts"] == {"lab1": 80_000}
    assert (facts["runs"], facts["unknown"]) == (2, 1)
    assert "unknown, which is not none" in output.err
    headless = table(row()).partition(b"\n")[2]
    process = subprocess.run(
        [*AGENT, "slurm", "-", "--check", "--json", "--format", HEADER.replace("|", ",")],
        input=headless, capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(process.stdout)["accounts"] == {"lab1": 40_000}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--check"], "needs a file"),
        (["x", "--check", "--tz", "Mars/Base"], "is no time zone"),
        (["x", "--check", "--shards-per-gpu", "0"], "--shards-per-gpu 0"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["slurm", *arguments])
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slurm", "--check", str(tmp_path / "absent")]) == FAULTY
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "x").write_bytes(table(row()))
    assert main(["slurm", "--check", "--format", "Start,End", str(tmp_path / "x")]) == FAULTY
    assert "JobIDRaw" in capsys.readouterr().err


def test_an_agent_that_is_not_enrolled_says_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANQUAN_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SUANQUAN_AGENT_DATA", str(tmp_path))
    assert main(["slurm", "--once"]) == 5
    assert "--source=slurm" in capsys.readouterr().err


def test_a_long_name_is_told_and_one_that_cannot_be_told_costs_its_row_alone(
    up: Up, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held_ms(up)
    long = row(JobIDRaw=70, QOS="q" * 200, Partition="p" * 253)
    assert send(place, table(long)) == 0
    assert held_ms(up) - before == 40_000
    assert send(place, table(row(JobIDRaw=71), row(JobIDRaw=72, QOS="q" * 254))) == NOT_KEPT
    assert held_ms(up) - before == 80_000
    text = capsys.readouterr().err
    assert "1 rows have names that cannot be told" in text
    assert "jobs.txt line 3 QOS: " in text
    assert send(place, table(row(JobIDRaw=73, QOS="q" * 254)), "--check") == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == 1
