"""A decision's content on the page: all of it, in the order in which it is read."""

from api.desk.decision_view import content


def test_amounts_are_money_and_keys_lead_to_their_pages() -> None:
    view = content({"total_fen": 123_456, "document": 7, "year": 2026, "fraud": False})
    assert {name: (value.text, value.url) for name, value in view.values} == {
        "单据号码": ("#7", "/documents/7"),
        "年度": ("2026", ""),
        "合计": ("¥1,234.56", ""),
        "弄虚作假": ("否", ""),
    }
    assert next(name for name, _ in view.values) == "年度"


def test_several_alike_are_a_table_whatever_the_order_of_their_fields() -> None:
    lines = [{"fen": 1, "line": 1}, {"line": 2, "payee": "甲", "fen": 200}]
    (table,) = content({"lines": lines}).tables
    assert table.heads == (("行", True), ("收款单位", False), ("金额", True))
    assert [[value.text for value in row] for row in table.rows] == [
        ["1", "—", "¥0.01"],
        ["2", "甲", "¥2.00"],
    ]


def test_what_has_no_name_is_shown_all_the_same() -> None:
    view = content({"zz": "x", "number": "N-1", "inner": {"fen": 5, "odd": ["a", "b"]}})
    assert [(name, value.text) for name, value in view.values] == [
        ("号码", "N-1"),
        ("inner · 金额", "¥0.05"),
        ("inner · odd", "a · b"),
        ("zz", "x"),
    ]


def test_the_differences_of_a_cell_are_a_table_of_their_own_beside_its_part() -> None:
    typed = [{"code": "R07", "fen": 300, "treatment": "exclude", "reason": "多开"}]
    fields = {
        "cells": [
            {"part": "compute", "metered_fen": 100, "typed": typed},
            {"part": "package", "typed": []},
        ]
    }
    cells, below = content(fields).tables
    assert [name for name, _ in cells.heads] == ["部分", "计量金额"]
    assert [row[0].text for row in cells.rows] == ["算力", "预付包"]
    assert below.name == "差异"
    assert {value.text for value in below.rows[0]} == {
        "算力", "R07 用量不支持", "¥3.00", "剔除", "多开",
    }  # fmt: skip
