"""Registers as people write them: three forms, two spellings of money, every fault told."""

import io
import json
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.policy.simulation.applicants import Applicant, BadRow, Row, read
from ledger.policy.simulation.columns import Columns
from ledger.policy.text.published import load

DRAFT = load("yinchuan-2024-draft")
COLUMNS = Columns(DRAFT)


def rows(content: bytes | str) -> list[Row]:
    raw = content.encode() if isinstance(content, str) else content
    result, wrong = read(io.BytesIO(raw), COLUMNS)
    assert result is not None, wrong
    return list(result)


def faults(content: bytes | str) -> list[tuple[int, list[str]]]:
    bad = [row for row in rows(content) if isinstance(row, BadRow)]
    return [(row.line, [fault.code for fault in row.faults]) for row in bad]


def refused(content: bytes) -> list[str]:
    result, wrong = read(io.BytesIO(content), COLUMNS)
    assert result is None
    return [fault.code for fault in wrong]


def test_a_row_has_a_number_facts_clauses_and_a_rank() -> None:
    (row,) = rows("number,clauses,rank,seats,legal_person\nA-1,07-1;12-1,3,50,true\n")
    facts = {"seats": 50, "legal_person": True}
    assert row == Applicant("A-1", 2, facts, frozenset({"07-1", "12-1"}), 3)


@pytest.mark.parametrize(
    ("header", "cell", "fact", "value"),
    [
        ("annual_sales_fen", "2000000000", "annual_sales_fen", 2_000_000_000),
        ("annual_sales_yuan", "20000000.00", "annual_sales_fen", 2_000_000_000),
        ("年度销售金额", "19999999.99", "annual_sales_fen", 1_999_999_999),
        ("intensity_yuan_per_mu", "3000000", "intensity_fen_per_mu", 300_000_000),
        ("facility_kwh", "123456789.5", "facility_kwh", "123456789.5"),
        ("legal_person", "否", "legal_person", False),
        ("business", "数据标注", "business", "annotation"),
        ("seats", "五十", "seats", "五十"),  # the engine says what is wrong with it
        ("annual_sales_fen", "1e9", "annual_sales_fen", "1e9"),
    ],
)
def test_cells(header: str, cell: str, fact: str, value: object) -> None:
    (row,) = rows(f"number,{header}\nA,{cell}\n")
    assert isinstance(row, Applicant)
    assert row.facts == {fact: value}


def test_a_fact_of_one_clause_alone() -> None:
    (row,) = rows("number,paid_before_fen,12-1.paid_before_yuan\nA,0,0.07\n")
    assert isinstance(row, Applicant)
    assert (row.facts, row.own) == ({"paid_before_fen": 0}, {"12-1": {"paid_before_fen": 7}})


def test_an_empty_cell_is_missing_and_an_empty_line_is_nothing() -> None:
    (row,) = rows("number,seats\r\n\r\nA,\r\n\r\n")
    assert row == Applicant("A", 3, {})


def test_bad_rows_are_told_with_their_lines_and_the_rest_goes_on() -> None:
    lines = ["A,1.005,", "B,1", 'C,"1,', "D,1,99-9", ",1,", "A2,1,", "A2,2,", "E,1,06-1"]
    register = "\n".join(["number,annual_sales_yuan,clauses", *lines])
    assert faults(register) == [
        (2, ["not_yuan"]), (3, ["row_length"]), (4, ["bad_row"]), (5, ["unknown_clause"]),
        (6, ["missing"]), (8, ["application_twice"]),
    ]  # fmt: skip
    assert [r.number for r in rows(register) if isinstance(r, Applicant)] == ["A2", "E"]


def test_a_hundred_thousand_rows_of_which_three_are_bad() -> None:
    lines = [f"A-{n},{n}" for n in range(100_000)]
    lines[7], lines[50_000], lines[99_999] = "A-7", 'A-x,"', "A-7,1,2"
    rows = faults("number,seats\n" + "\n".join(lines))
    assert rows == [(9, ["row_length"]), (50_002, ["bad_row"]), (100_001, ["row_length"])]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", ["empty_table"]),
        (b"\xef\xbb\xbf\n \n", ["empty_table"]),
        (b"seats\n50\n", ["no_number_column"]),
        (b"number,seat,12-9.seats\n", ["unknown_column", "unknown_column"]),
        (b"number,seats,seats\n", ["name_twice"]),
        (b"number,annual_sales_fen,annual_sales_yuan\n", ["name_twice"]),
        (b'number,"seats\n', ["not_a_register"]),
        (b"PK\x03\x04\xff\xfe\xff,x\n", ["not_a_register"]),
    ],
)
def test_a_header_that_would_lose_a_fact_refuses_the_whole(
    content: bytes, codes: list[str]
) -> None:
    assert refused(content) == codes


def test_utf_8_with_a_mark_or_gb18030_but_not_both() -> None:
    text = "申请号,business\n甲,数据标注\n"
    for raw in (b"\xef\xbb\xbf" + text.encode(), text.encode("gb18030")):
        (row,) = rows(raw)
        assert row == Applicant("甲", 2, {"business": "annotation"})
    mixed = text.encode() + "乙,数据标注\n".encode("gb18030")
    assert faults(mixed) == [(3, ["bad_row"])]


def test_a_line_without_end_is_one_bad_row() -> None:
    rows = faults(b"number\n" + b"x" * 3_000_000 + b"\nA\n")
    assert rows == [(2, ["line_too_long"])]


def test_json_lines() -> None:
    good = {"number": "A", "clauses": ["07-1"], "seats": 50, "annual_sales_yuan": "0.05"}
    bad = ['{"number": "B", "seat": 1}', '{"number": "C"', "[1]"]
    bad += ['{"number": "D", "seats": 1, "seats": 2}', '{"number": "E", "annual_sales_yuan": 5}']
    lines = [json.dumps(good), "", *bad]
    facts = {"seats": 50, "annual_sales_fen": 5}
    bad_rows = rows("\n".join(lines))
    assert bad_rows[0] == Applicant("A", 1, facts, frozenset({"07-1"}))
    assert faults("\n".join(lines)) == [
        (3, ["unknown_column"]), (4, ["not_json"]), (5, ["not_json_object"]), (6, ["name_twice"]),
        (7, ["not_yuan"]),
    ]  # fmt: skip


def test_json_that_is_too_deep_is_one_bad_row() -> None:
    assert faults('{"number": ' + "[" * 100_000 + '\n{"number": "A"}') == [(1, ["bad_row"])]
    assert faults("[" * 100_000) == [(1, ["rest_unread"])]


def test_a_json_list_is_read_as_far_as_it_is_one() -> None:
    assert rows("[]") == []
    assert [r.line for r in rows('[{"number": "A"},\n\n {"number": "B"}\n]\n')] == [1, 3]
    broken = '[{"number": "A"},\n{"number": "B"}\n{"number": "C"}]'
    assert faults(broken) == [(3, ["rest_unread"])]
    for rest in ("", "]]", '] {"number": "C"}'):
        assert faults('[{"number": "A"}' + rest) == [(1, ["rest_unread"])]


def test_a_long_json_list_is_read_in_pieces() -> None:
    numbers = [f"申请-{n}" for n in range(10_000)]
    text = json.dumps([{"number": number} for number in numbers], ensure_ascii=False, indent=1)
    assert [row.number for row in rows(text) if isinstance(row, Applicant)] == numbers
    cut = text.encode()[:200_001]  # within a character, within an object
    line = cut[: cut.rindex(b"{")].count(b"\n") + 1
    assert faults(cut) == [(line, ["rest_unread"])]


def test_what_is_no_utf_8_ends_a_json_list() -> None:
    name = "甲".encode("gb18030")
    assert faults(b'[{"number": "A"}, {"number": "' + name + b'"}]') == [(1, ["rest_unread"])]
    later = b'[\n{"number": "A"},\n{"number": "' + name + b'"}]'
    assert [codes for _line, codes in faults(later)] == [["rest_unread"]]


def test_a_json_line_without_end_is_one_bad_row() -> None:
    register = '{"number": "A"}\n{"number": "' + "x" * 3_000_000 + '"}\n{"number": "B"}'
    assert faults(register) == [(2, ["line_too_long"])]
    assert [row.line for row in rows(register) if isinstance(row, Applicant)] == [1, 3]


FACTS = {
    "seats": st.integers(0, 10**6),
    "legal_person": st.booleans(),
    "annual_sales_fen": st.integers(0, 10**15),
    "business": st.sampled_from(["annotation", "other"]),
}


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=FACTS), max_size=8), st.integers(0, 6))
def test_the_three_forms_say_the_same(facts: list[dict[str, Any]], indent: int) -> None:
    fields = [{"number": f"A-{n}", **fact_values} for n, fact_values in enumerate(facts)]

    def cell(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    table = [",".join(["number", *FACTS])]
    table += [
        ",".join(cell(fact_values.get(name, "")) for name in ["number", *FACTS])
        for fact_values in fields
    ]
    bad_rows = [
        rows("\n".join(table)),
        rows(json.dumps(fields, indent=indent or None)),
        rows("\n".join(map(json.dumps, fields)) or "[]"),
    ]
    assert [[r._replace(line=0) for r in bad_rows_of_form] for bad_rows_of_form in bad_rows] == [
        [Applicant(f"A-{n}", 0, fact_values) for n, fact_values in enumerate(facts)]
    ] * 3


def test_a_long_list_is_read_across_its_chunks() -> None:
    fields = [{"number": f"编号-{n}", "seats": n} for n in range(20_000)]
    raw = json.dumps(fields, ensure_ascii=False).encode()
    bad_rows = rows(raw)
    assert len(bad_rows) == 20_000
    assert all(isinstance(r, Applicant) and r.facts["seats"] == n for n, r in enumerate(bad_rows))


def test_only_what_is_asked_for_is_read() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            into[:5] = b"A,50\n"
            return 5

    stream = io.BufferedReader(Endless())
    header = io.BytesIO(b"number,seats\n")

    class Joined:
        def readline(self, limit: int = -1) -> bytes:
            return header.readline(limit) or stream.readline(limit)

    result, _ = read(Joined(), COLUMNS)  # type: ignore[arg-type]
    assert result is not None
    assert len(list(islice(result, 3))) == 3
