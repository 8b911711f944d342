"""`suanquan replay` makes what is missing, keeps what is there, and says what is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.demo.drill import made_up_code
from tests.support.agents.traces import SMALL, SMALL_MS, trace
from tests.support.postgres import open_folder
from tests.support.processes import DRILL, Up, running


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    with open_folder() as folder, running(folder / "data", *DRILL) as server:
        yield server


def replay(up: Up, jobs: Path, centre: str, price: str = "10") -> list[str]:
    """Exit code and standard error of a replay that should fail, as lines."""
    result = up.command("replay", str(jobs), "--centre", centre, "--price", price)
    return [str(result.returncode), *result.stderr.splitlines()]


def test_twice_the_same_is_once_and_another_price_is_one_error(up: Up, tmp_path: Path) -> None:
    jobs = trace(tmp_path / "jobs.csv", *SMALL)
    first = up.ask("replay", str(jobs), "--centre", "中心 甲", "--price", "12.50")
    assert {line["project"]: line["device_ms"] for line in first} == SMALL_MS
    # 12.50 yuan a GPU-hour, and the city's 30 %, each rounded once
    assert first[0]["cost_fen"] == (SMALL_MS["alpha"] * 1250 * 2 + 3_600_000) // (2 * 3_600_000)
    assert first[0]["accrued_fen"] == (first[0]["cost_fen"] * 30 + 50) // 100
    assert first[0]["left_fen"] == 500_000_000 - first[0]["accrued_fen"]
    assert up.ask("replay", str(jobs), "--centre", "中心 甲", "--price", "12.50") == first
    code, *words = replay(up, jobs, "中心 甲", "13")
    assert code == "1"
    assert len(words) == 1
    assert "another price" in words[0]
    assert "12.5" in words[0]


def test_a_second_trace_of_the_same_centre_adds_to_the_first(up: Up, tmp_path: Path) -> None:
    first = trace(tmp_path / "one.csv", SMALL[1])
    two = trace(tmp_path / "two.csv", SMALL[1].replace("a-2", "a-0").replace("2026-", "2025-"))
    up.ask("replay", str(first), "--centre", "乙", "--price", "10")
    before = up.usage()["alpha"]
    up.ask("replay", str(two), "--centre", "乙", "--price", "10")
    assert int(up.usage()["alpha"]) - int(before) == 24 * 3_600_000


def test_what_is_registered_already_keeps_its_own_names(up: Up, tmp_path: Path) -> None:
    owner = made_up_code("真实的单位")
    registry = tmp_path / "registry.json"
    organisation = {"uscc": owner, "name": "真实的单位"}
    project = {
        "code": "gamma",
        "name": "真实的项目",
        "kind": "model",
        "organisation": owner,
        "drill": True,
    }
    names_by_key = {
        "organisations": [organisation],
        "centres": [{"name": "真实的中心", "organisation": owner}],
        "catalogue": [{"model": "H20-96G", "names": [{"nvml": "H20"}]}],
        "projects": [project],
    }
    registry.write_text(json.dumps(names_by_key, ensure_ascii=False))
    assert up.by("clerk").command("register", str(registry)).returncode == 0
    jobs = trace(tmp_path / "jobs.csv", SMALL[1].replace("alpha", "gamma").replace("A800", "H20"))
    (line,) = up.ask("replay", str(jobs), "--centre", "真实的中心", "--price", "10")
    assert line["cost_fen"] == 24 * 1000
    (stored_rows,) = (p for p in up.ask("projects") if p["code"] == "gamma")
    assert (stored_rows["name"], stored_rows["organisation"]) == ("真实的项目", "真实的单位")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf" + b"job_id\n", "row 1 job_id: the file begins with a BOM"),
        (b"job_id,user\n", "row 1 gpu_num: is missing"),
        (None, "cannot read"),
    ],
    ids=["BOM", "columns", "absent"],
)
def test_a_faulty_file_is_told_and_nothing_is_registered(
    content: bytes | None, words: str, up: Up, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs.csv"
    if content is not None:
        jobs.write_bytes(content)
    before = up.ask("projects")
    code, *lines = replay(up, jobs, "丙")
    assert code == "1"
    assert any(words in line for line in lines)
    assert up.ask("projects") == before


@pytest.mark.parametrize("price", ["-1", "1e3", "12,5", "NaN", ""])
def test_a_price_is_a_plain_decimal(price: str, up: Up, tmp_path: Path) -> None:
    jobs = trace(tmp_path / "jobs.csv", *SMALL)
    code, *words = replay(up, jobs, "丁", price)
    assert code == "1"
    assert words == [f"the price {price!r} must be a plain decimal"]
