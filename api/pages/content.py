"""A decision's content as a person reads it: names and amounts in a list, several alike in a table.

The content is what the digest is made of, so all of it is shown, also what has no name here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.format import money, quantity
from api.i18n import gettext as _
from api.pages import words

DIGEST = 64


@dataclass(frozen=True)
class Value:
    """A value as it is shown: whether it is a number, and whether it is a code."""

    said: str
    number: bool = False
    code: bool = False


@dataclass(frozen=True)
class Table:
    """Several things alike: a row each, under the names of what they have."""

    name: str
    heads: tuple[tuple[str, bool], ...]  # name, whether its column holds numbers
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Content:
    """Single values by name, then tables."""

    values: tuple[tuple[str, Value], ...]
    tables: tuple[Table, ...]


def names() -> dict[str, str]:
    """What the fields of decisions are called."""
    return {
        "account": _("账户"),
        "amount_fen": _("金额"),
        "bank": _("开户行"),
        "bank_code": _("联行号"),
        "bounce": _("退票"),
        "buyer_name": _("购方"),
        "buyer_uscc": _("购方代码"),
        "cap_fen": _("上限"),
        "cells": _("各行"),
        "centre": _("智算中心"),
        "claim": _("申请"),
        "claims": _("申请"),
        "classification": _("功能分类"),
        "clause": _("条款"),
        "close": _("不再开票"),
        "closed_fen": _("不再开票的金额"),
        "code": _("代码"),
        "contract": _("合同"),
        "differences": _("差异"),
        "digest": _("摘要"),
        "document": _("单据"),
        "extra_fen": _("补认金额"),
        "fen": _("金额"),
        "fraud": _("弄虚作假"),
        "from": _("起"),
        "fund_kind": _("资金性质"),
        "gross_fen": _("价税合计"),
        "holder": _("户名"),
        "indicator": _("预算指标"),
        "invoiced_fen": _("已开票"),
        "item": _("项目名称"),
        "kind": _("种类"),
        "line": _("行"),
        "lines": _("各行"),
        "list": _("付款清单"),
        "matched_fen": _("核定"),
        "metered_fen": _("计量"),
        "month": _("账期"),
        "name": _("名称"),
        "net_fen": _("不含税金额"),
        "number": _("号码"),
        "organisation": _("单位"),
        "original": _("原件"),
        "payee": _("收款单位"),
        "pay_by": _("退还期限"),
        "policy": _("政策版本"),
        "price": _("合同行"),
        "project": _("项目"),
        "project_name": _("项目名称"),
        "reason": _("理由"),
        "reference": _("银行流水号"),
        "seller_name": _("销方"),
        "seller_uscc": _("销方代码"),
        "statement": _("对账单"),
        "tax_fen": _("税额"),
        "to": _("止"),
        "total_fen": _("合计"),
        "treatment": _("处理"),
        "typed": _("差异"),
        "until": _("止"),
        "since": _("起"),
        "uscc": _("统一社会信用代码"),
        "voucher": _("算力券"),
        "words": _("大写"),
        "year": _("年度"),
    }


def content(of: Mapping[str, Any], lead: str = "") -> Content:
    """The whole of a decision's content; `lead` names what a part belongs to."""
    known = names()
    values: list[tuple[str, Value]] = []
    tables: list[Table] = []
    for key, value in of.items():
        name = f"{lead}{known.get(key, key)}"
        if isinstance(value, Mapping):
            part = content(value, f"{name} · ")
            values += part.values
            tables += part.tables
        elif _alike(value):
            tables.append(_table(name, value, known))
        else:
            values.append((name, shown(key, value)))
    return Content(tuple(values), tuple(tables))


def shown(key: str, value: Any) -> Value:  # noqa: ANN401 - as JSON gives it
    """One value: money where the name says fen, codes by their words."""
    if isinstance(value, bool):
        return Value(_("是") if value else _("否"))
    if value is None or value in ("", [], {}):
        return Value("—")
    if isinstance(value, int):
        if key == "fen" or key.endswith("_fen"):
            return Value(money(value), number=True)
        return Value(str(value) if key in {"year", "line"} else quantity(value), number=True)
    text = _joined(key, value) if isinstance(value, list | dict) else str(value)
    return Value(_word(key, text), code=len(text) == DIGEST and text.isalnum())


def _joined(key: str, value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, list):
        return "、".join(shown(key, each).said for each in value)
    known = names()
    return "；".join(
        f"{known.get(name, name)} {shown(name, each).said}" for name, each in value.items()
    )


def _word(key: str, text: str) -> str:
    if key == "treatment":
        return words.said(words.treatments(), text)
    if key == "code" and text in words.exceptions():
        return f"{text} {words.exceptions()[text]}"
    if key == "kind":
        return words.said(words.document_kinds(), text)
    return text


def _alike(value: Any) -> bool:  # noqa: ANN401 - as JSON gives it
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(each, Mapping) for each in value)
    )


def _table(name: str, things: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> Table:
    """A row for each; a list inside a thing becomes a sentence in its row."""
    keys = list(dict.fromkeys(key for each in things for key in each))
    rows = tuple(tuple(shown(key, each.get(key)) for key in keys) for each in things)
    numeric = [any(row[n].number for row in rows) for n in range(len(keys))]
    heads = tuple((known.get(key, key), numeric[n]) for n, key in enumerate(keys))
    return Table(name, heads, rows)
