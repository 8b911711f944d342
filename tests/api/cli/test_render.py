"""What commands print: tables for people, JSON and CSV for programs."""

import csv
import io
import json

import pytest

from api.cli.answer import Column, Listing, Table, listing
from api.cli.render import render
from api.cli.values import MONEY, NUMBER

HOLDERS = (Column("holder", 0), Column("n", 1, NUMBER))
SUMS = (Column("name", "name"), Column("sum", "fen", MONEY))


def test_a_name_that_an_agent_gave_does_not_command_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render(listing(HOLDERS, [["\x1b]0;x\x07\x9b2Jteam\r\n甲", 1], [None, 2]]))
    output = capsys.readouterr().out
    assert output.count("\n") == 3
    assert all(c.isprintable() for c in output.replace("\n", ""))
    assert "team" in output
    assert "甲  1" in output


def test_chinese_takes_two_places_and_figures_end_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render(listing(SUMS, [{"name": "银川", "fen": 1}, {"name": "ab", "fen": 12_345_600}]))
    assert capsys.readouterr().out.splitlines() == [
        "Name          Sum",
        "银川        ¥0.01",
        "ab    ¥123,456.00",
    ]


def test_json_is_the_answer_as_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "银川", "fen": 1, "more": None}]
    render(listing(SUMS, rows), as_json=True)
    assert json.loads(capsys.readouterr().out) == rows


def test_csv_has_plain_sums_and_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, object]] = [
        {"name": "=1+1", "fen": 12_345_600},
        {"name": None, "fen": None},
    ]
    render(listing(SUMS, rows), as_csv=True)
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert lines == [["Name", "Sum"], ["'=1+1", "123456.00"], ["", ""]]


@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_terminal_nothing_is_wider_than_it(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    wide = [Column("说明", 0), *(Column(f"figure {n}", n, MONEY) for n in range(1, 4))]
    rows: list[list[object]] = [["长" * 60, 1, 2, 3]]
    render(listing(wide, rows))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert "¥0.03" in lines[1] + lines[-1]


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_not_there_is_a_dash(
    nothing: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    render(listing(SUMS, [{"name": nothing, "fen": None}]))
    assert capsys.readouterr().out.split() == ["Name", "Sum", "—", "—"]


def test_an_empty_table_says_what_there_is_none_of(capsys: pytest.CaptureFixture[str]) -> None:
    render(Listing([], [Table(SUMS, [], "没有节点")]))
    assert capsys.readouterr().out == "没有节点\n"
