"""`suanquan policy simulate` as the bureau uses it: tables, JSON, a picture; no server anywhere."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.support.api.command_line import CHINESE, suanquan
from tests.support.paths import EXAMPLES
from tests.support.processes import Result

EXAMPLE = str(EXAMPLES / "applicants.csv")
POLICY = "--policy=yinchuan-2024-draft"
SVG = "{http://www.w3.org/2000/svg}"


def simulate(*arguments: str) -> Result:
    result = suanquan("policy", "simulate", POLICY, *arguments)
    assert result.returncode == 0, result.stderr
    return result


def report_of(*arguments: str) -> Any:
    return json.loads(simulate(*arguments, "--json").stdout)


def by_clause(version: dict[str, Any]) -> dict[str, int]:
    return {c["id"]: c["paid_fen"] for c in version["clauses"] if c["paid_fen"]}


def test_the_example_register() -> None:
    report = report_of(EXAMPLE)
    (version,) = report["versions"]
    assert (report["applicants"], report["bad_rows"]) == (12, 0)
    assert by_clause(version) == {
        "05-1": 12_088_800_000, "06-1": 1_338_842_975, "06-2": 661_157_025, "09-1": 80_000_000,
        "10-1": 50_000_000, "12-1": 100_000_000,
    }  # fmt: skip
    assert version["total"]["posts"] == 349
    assert version["exposure"]["total_fen"] is None
    assert version["exposure"]["bounded_fen"] == 3_000_000_000


def test_another_reading_beside_the_chosen_one() -> None:
    report = report_of(EXAMPLE, "--reading=Q12-1=accumulate")
    assert report["changes"]["fen"]["winners"] == [
        {"number": "YC-008", "change": 50_000_000, "by": {"12-1": 50_000_000}}
    ]
    assert report["changes"]["fen"]["losses"] == {"applicants": 0, "sum": 0}
    first, second = report["versions"]
    assert by_clause(second)["12-1"] - by_clause(first)["12-1"] == 50_000_000


def test_a_version_against_another_with_the_same_terms() -> None:
    report = report_of(EXAMPLE, "--against=yinchuan-2024-drill")
    assert report["against"] == "yinchuan-2024-drill"
    assert report["moved"] == []
    assert all(m["gains"]["applicants"] == 0 for m in report["changes"].values())
    assert report["versions"][1]["questions"] == []


@pytest.mark.parametrize("arguments", [(), ("--reading=Q2-4=refused", "--reading=Q12-1=once")])
def test_the_tables_say_what_the_bureau_asks(arguments: tuple[str, ...]) -> None:
    output = simulate(EXAMPLE, *arguments).stdout
    assert "There is no total" in output
    assert "¥120,888,000.00" in output
    assert "82.6446%" in output
    assert any("07-1" in line and "149 posts" in line and "YC-005" in line
               for line in output.splitlines())  # fmt: skip


def test_a_reader_of_chinese() -> None:
    result = suanquan("--lang=zh", "policy", "simulate", POLICY, EXAMPLE)
    assert "没有合计" in result.stdout
    assert "多得 51 岗" not in result.stderr
    assert CHINESE.search(result.stdout)


def test_the_picture_has_a_bar_and_a_figure_for_each_clause_that_pays(tmp_path: Path) -> None:
    file = tmp_path / "spend.svg"
    report = report_of(EXAMPLE, "--reading=Q12-1=accumulate", f"--picture={file}")
    svg = ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own
    looks = [rect.get("class") for rect in svg.iter(f"{SVG}rect")]
    paying = len(by_clause(report["versions"][0]))
    assert looks.count("first") == looks.count("second") == paying + 1  # and the legend
    texts = [text.text or "" for text in svg.iter(f"{SVG}text")]
    assert "¥120,888,000.00" in texts
    assert any("Q12-1=accumulate" in text for text in texts)


def test_bad_rows_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    rows = [f"A-{n},enterprise,true,annotation,{n}" for n in range(1, 1_000)]
    rows[10] = "A-x,enterprise"
    rows[500] = "A-y,enterprise,true,annotation,4.5"
    rows[998] = "\x1b[2J,enterprise,true,annotation,5"
    header = "number,subject_kind,legal_person,business,seats"
    register.write_text("\n".join([header, *rows]), encoding="utf-8")
    result = simulate(str(register), "--json")
    report = json.loads(result.stdout)
    assert (report["applicants"], report["bad_rows"]) == (996, 3)
    assert [bad["line"] for bad in report["first_bad_rows"]] == [12, 502, 1000]
    assert "3 row(s) left out" in result.stderr
    assert "line 502 A-y" in result.stderr
    assert "[2J" not in result.stderr  # whoever writes a register commands no terminal


def test_a_made_up_register_is_the_same_for_the_same_seed() -> None:
    first, same, different = (report_of("--generate=60", f"--seed={seed}") for seed in (5, 5, 6))
    assert first == same != different
    assert first["decisions"] == 60 * 29


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "not both"),
        ((EXAMPLE, "--generate=5"), "not both"),
        (("/nowhere/register.csv",), "cannot read /nowhere/register.csv"),
        ((EXAMPLE, "--reading=Q12-1"), "Q12-1=accumulate"),
        ((EXAMPLE, "--reading=Q12-1=tripled"), "top_up, accumulate, once"),
        ((EXAMPLE, "--against=nowhere-1999"), "nowhere-1999"),
        ((EXAMPLE, "--picture=/nowhere/a.svg"), "cannot write /nowhere/a.svg"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(arguments: tuple[str, ...], words: str) -> None:
    result = suanquan("policy", "simulate", POLICY, *arguments)
    assert result.returncode == 1
    assert words in result.stderr


def test_a_register_that_is_none(tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    register.write_text("number,seatz\nA,1\n", encoding="utf-8")
    result = suanquan("policy", "simulate", POLICY, str(register))
    assert result.returncode == 1
    assert "line 1" in result.stderr
    assert "seatz" in result.stderr
    register.write_text("number,seats\nA\n", encoding="utf-8")
    result = suanquan("policy", "simulate", POLICY, str(register))
    assert (result.returncode, result.stdout) == (1, "")
    assert "no row that can be used" in result.stderr
