"""The list of months: what a query narrows it to, and in which order."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from api.reconciliation.month_list import SORTS, MonthsQuery, listed, table
from ledger.reconciliation.queries.months import Month

TODAY = date(2026, 4, 10)
MARCH = Month(
    contract=1, number="HL-2026-001", centre="贺兰", project="helan", project_name="贺兰模型",
    month=date(2026, 3, 1), metered_fen=10_000, invoiced_fen=13_000, matched_fen=10_000,
    fall_fen=0, open_fen=0, state="decided", proposed=None,
)  # fmt: skip
FELL = replace(MARCH, contract=2, number="HL-2026-002", fall_fen=500, invoiced_fen=9_000)
APRIL = replace(MARCH, month=date(2026, 4, 1), state="open", invoiced_fen=0)
OTHER = replace(MARCH, contract=3, number="QT-7", project="qingtong", state="changed")
ROWS = [MARCH, FELL, APRIL, OTHER]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [MARCH, FELL, OTHER, APRIL]),
        ({"show": "due"}, [OTHER]),  # April is not over, and nothing is invoiced for it
        ({"show": "falls"}, [FELL]),
        ({"month": "2026-04"}, [APRIL]),
        ({"month": ""}, [MARCH, FELL, OTHER, APRIL]),
        ({"state": "changed"}, [OTHER]),
        ({"contract": " hl-2026 "}, [MARCH, FELL, APRIL]),
        ({"project": "qingtong"}, [OTHER]),
        ({"project": "helan", "state": "decided", "sort": "-fall"}, [FELL, MARCH]),
        ({"sort": "-contract"}, [OTHER, FELL, APRIL, MARCH]),
        ({"sort": "-difference", "contract": "HL"}, [APRIL, MARCH, FELL]),
    ],
)
def test_a_query_narrows_and_sorts(asked: dict[str, str], expected: list[Month]) -> None:
    assert listed(ROWS, MonthsQuery.model_validate(asked), TODAY) == expected


@pytest.mark.parametrize("column", [*SORTS, *(f"-{column}" for column in SORTS)])
def test_every_column_sorts(column: str) -> None:
    assert sorted(map(id, listed(ROWS, MonthsQuery(sort=column), TODAY))) == sorted(map(id, ROWS))


@pytest.mark.parametrize("wrong", [{"sort": "id"}, {"month": "2026-13"}, {"state": "none"}])
def test_what_is_no_query_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        MonthsQuery.model_validate(wrong)


def test_the_table_has_yuan_under_every_title() -> None:
    titles, row = table([FELL])
    assert len(titles) == len(row)
    assert [str(value) for value in row] == [
        "HL-2026-002", "2026-03", "已确认", "helan", "贺兰模型", "贺兰", "100.00", "90.00",
        "100.00", "-10.00", "5.00", "0.00",
    ]  # fmt: skip
