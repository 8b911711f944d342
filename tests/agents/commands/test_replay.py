"""A trace replayed through the real server: exact, twice the same, and across any death."""

import csv
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.__main__ import main
from agents.commands import replay
from agents.sources import job_trace
from tests.support.agents.traces import SMALL, SMALL_MS, trace
from tests.support.paths import SHARED
from tests.support.postgres import open_folder
from tests.support.processes import AGENT, DRILL, Up, running

PHILLY, OPENB, HELIOS = (SHARED / "data" / name for name in ("philly", "openb", "helios"))


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    """One server for the tests that leave it standing."""
    with open_folder() as folder, running(folder / "data", *DRILL) as server:
        yield server


def test_a_check_says_what_the_trace_holds_and_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = trace(tmp_path / "jobs.csv", *SMALL)
    assert main(["replay", str(jobs), "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "jobs": 4,
        "windows": 2 * 4 + 24 + 4,
        "accounts": SMALL_MS,
        "models": ["A800", "unspecified"],
        "first_day": "2026-01-01",
        "last_day": "2026-01-03",
    }
    assert list(tmp_path.iterdir()) == [jobs]


def test_days_are_beijing_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "j,a,1,,2026-01-01T15:59:59Z,2026-01-01T15:59:59Z,2026-01-01T16:00:00Z,"
    assert main(["replay", str(trace(tmp_path / "jobs.csv", row)), "--check"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["first_day"], facts["last_day"]) == ("2026-01-01", "2026-01-01")


def test_faults_are_told_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = trace(tmp_path / "jobs.csv", *[f"j{n},a,-1,,2026,,," for n in range(15)])
    data = tmp_path / "data"
    wish = [str(jobs), "--cluster", "c", "--url", "http://127.0.0.1:1", "--data", str(data)]
    assert main(["replay", *wish]) == replay.FAULTY
    text = capsys.readouterr().err
    assert "30 fault(s), nothing was sent" in text
    assert "row 2 gpu_num: '-1' must be" in text
    assert "and 10 more" in text
    assert not data.exists()


@pytest.mark.parametrize("path", ["absent.csv", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(tmp_path / path), "--check"]) == replay.FAULTY
    assert "cannot read" in capsys.readouterr().err


def test_a_replay_without_an_identity_says_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = trace(tmp_path / "jobs.csv", *SMALL)
    wish = [str(jobs), "--cluster", "c", "--url", "http://127.0.0.1:1", "--data", str(tmp_path)]
    assert main(["replay", *wish]) == 5
    assert "--code" in capsys.readouterr().err


def ready(up: Up, tmp_path: Path, centre: str, *accounts: str) -> list[str]:
    """The arguments of a replay by an agent that is enrolled; its accounts bound, nothing sent."""
    rows = [f"p-{name},{name},1,,2026-01-01T00:00:00Z,,," for name in accounts]
    pending = trace(tmp_path / "pending.csv", *rows)
    up.ask("replay", str(pending), "--centre", centre, "--price", "10")
    data = up.data / "agents" / f"replay-{centre}"
    return ["--cluster", centre, "--url", up.url, "--data", str(data)]


def test_a_server_that_stays_away_ends_it_with_everything_kept(
    up: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ready(up, tmp_path, "away")
    wish[wish.index("--url") + 1] = "http://127.0.0.1:1"
    jobs = str(trace(tmp_path / "jobs.csv", *SMALL))
    assert main(["replay", jobs, *wish, "--patience", "0.2"]) == 6
    assert "what waits is still in the spool" in capsys.readouterr().err
    wish[wish.index("--url") + 1] = up.url
    assert main(["replay", jobs, *wish]) == 0
    # What waited comes first, then the trace once more, which the server knows by then.
    assert "sent 72 of 72 windows, 36 new" in capsys.readouterr().err


def test_a_second_body_for_a_job_is_said_aloud_and_counts_nothing(
    up: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ready(up, tmp_path, "twofold")
    assert main(["replay", str(trace(tmp_path / "a.csv", *SMALL)), *wish]) == 0
    before = up.usage()
    later = [SMALL[0].replace("03:20:00.500", "03:30:00"), *SMALL[1:]]
    capsys.readouterr()
    assert main(["replay", str(trace(tmp_path / "b.csv", *later)), *wish]) == replay.NOT_KEPT
    assert "conflicts 2" in capsys.readouterr().err
    assert up.usage() == before


def test_another_cluster_than_the_enrolled_one_is_refused(
    up: Up, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ready(up, tmp_path, "named")
    wish[wish.index("--cluster") + 1] = "other"
    assert main(["replay", str(trace(tmp_path / "jobs.csv", *SMALL)), *wish]) == 5
    assert "'named', not 'other'" in capsys.readouterr().err


def test_killing_the_server_and_its_database_half_way_loses_and_doubles_nothing(
    folder: Path, tmp_path: Path
) -> None:
    rows = [
        f"j{n},team-{n % 3},8,,2026-01-01T00:00:00Z,2026-01-01T00:0{n}:30Z,2026-01-12T05:59:5{n}Z,"
        for n in range(6)
    ]
    jobs = trace(tmp_path / "jobs.csv", *rows)
    counter: Counter[str] = Counter()
    for job in job_trace.parse(jobs.read_bytes(), datetime.now(UTC))[0]:
        counter[job.account] += int(job.held_ms)
    with running(folder / "data", *DRILL) as up:
        wish = ready(up, tmp_path, "killed", *counter)
        with subprocess.Popen(
            [*AGENT, "replay", str(jobs), *wish, "--json"], stdout=subprocess.PIPE, text=True
        ) as agent:
            assert agent.stdout
            fields: dict[str, Any] = {}
            for line in agent.stdout:
                fields = json.loads(line)
                if fields["kept"] * 2 > fields["windows"]:
                    break
            up.kill()
            up.start()
            fields = [json.loads(line) for line in agent.stdout][-1]
        assert agent.returncode == 0
        assert sum(v for k, v in fields.items() if k != "windows") == fields["windows"]
        assert up.usage() == counter
        up.ask("replay", str(jobs), "--centre", "killed", "--price", "10")
        assert up.usage() == counter


@pytest.mark.skipif(not PHILLY.exists(), reason="../shared/data/philly is not here")
def test_the_philly_sample_ends_at_exactly_what_is_expected(folder: Path) -> None:
    with running(folder / "data", *DRILL) as up:
        sample = PHILLY / "sample_jobs.csv"
        up.ask("replay", str(sample), "--centre", "Philly", "--price", "12.5")
        with (PHILLY / "sample_jobs_expected_gpu_seconds.csv").open(encoding="utf-8") as file:
            user_ms = {r["user"]: 1000 * int(r["gpu_seconds_total"]) for r in csv.DictReader(file)}
        del user_ms["TOTAL"]
        assert up.usage() == user_ms


def expected_ms(path: Path, column: str, key: str, factor: int) -> Counter[str]:
    """The sums of a sample's page of figures, in device-milliseconds."""
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row[key] and row[key] != "TOTAL"]
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row[key]] += factor * int(row[column])
    return +sums


@pytest.mark.skipif(not OPENB.exists(), reason="../shared/data/openb is not here")
def test_the_openb_sample_ends_at_exactly_what_is_expected(folder: Path) -> None:
    with running(folder / "data", *DRILL) as up:
        up.ask("replay", str(OPENB / "sample_pods.csv"), "--centre", "openb", "--price", "1")
        figures = OPENB / "sample_pods_expected_gpu_milli_seconds.csv"
        assert up.usage() == expected_ms(figures, "gpu_milli_seconds", "qos", 1)


@pytest.mark.skipif(not HELIOS.exists(), reason="../shared/data/helios is not here")
def test_the_helios_sample_ends_at_exactly_what_is_expected(folder: Path) -> None:
    with running(folder / "data", *DRILL) as up:
        sample = HELIOS / "sample_week_2020-05-01_07.csv.gz"
        up.ask("replay", str(sample), "--centre", "helios", "--price", "1")
        figures = HELIOS / "sample_week_expected_gpu_seconds.csv"
        assert up.usage() == expected_ms(figures, "gpu_seconds", "vc", 1000)
