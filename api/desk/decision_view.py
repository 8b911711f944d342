"""A decision's content as a person reads it: names and amounts in a list, several alike in a table.

The content is what the digest is made of, so all of it is shown, also what has no name here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from api.language.format import money, quantity
from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.charging.codes import Part
from ledger.documents.codes import DocumentKind, DocumentSource
from ledger.payment.codes import LineResult, Ruling
from ledger.reconciliation.codes import DifferenceCode, FallCause, Treatment
from ledger.registry.codes import ProjectKind

DIGEST = 64


@dataclass(frozen=True)
class Value:
    """A value as it is shown: whether it is a number or a code, and where it leads."""

    text: str
    number: bool = False
    code: bool = False
    url: str = ""


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
    """What the fields of decisions are called, in the order in which they are read."""
    return {**_subject_names(), **_how_much(), **_why()}


def _subject_names() -> dict[str, str]:
    """What and who a decision is about."""
    return {
        "line": _("行"),
        "centre": _("智算中心"),
        "gpu": "GPU",
        "cluster": _("集群"),
        "node": _("节点"),
        "incident": _("事件编号"),
        "list": _("付款清单"),
        "number": _("号码"),
        "contract_number": _("合同"),
        "deduction": _("抵扣编号"),
        "name": _("名称"),
        "file": _("文件"),
        "documents": _("单据"),
        "claim": _("申请编号"),
        "project": _("项目"),
        "contract": _("合同"),
        "month": _("账期"),
        "kind": _("种类"),
        "voucher": _("算力券"),
        "clause": _("条款"),
        "clauses": _("条款"),
        "pool": _("年度资金池"),
        "since_year": _("自此年度起"),
        "policy": _("政策版本"),
        "part": _("部分"),
        "blue": _("红冲的蓝票"),
        "indicator": _("预算指标"),
        "year": _("年度"),
        "project_name": _("项目名称"),
        "fund_kind": _("资金性质"),
        "classification": _("功能分类"),
        "issued_on": _("开票日"),
        "seller": _("销方"),
        "buyer": _("购方"),
        "organisation": _("单位"),
        "payee": _("收款单位"),
        "bearer": _("谁付"),
        "weight": _("权数"),
        "shares": _("市区分担"),
        "uscc": _("统一社会信用代码"),
        "holder": _("户名"),
        "bank": _("开户行"),
        "bank_code": _("联行号"),
        "account": _("账号"),
        "code": _("代码"),
        "document": _("单据号码"),
        "item": _("项目名称"),
        "unit": _("计量单位"),
        "quantity": _("数量"),
        "unit_price": _("单价"),
    }


def _how_much() -> dict[str, str]:
    """The sums."""
    return {
        "devices": "GPU",
        "windows": _("窗口"),
        "holders": _("各账户"),
        "before_ms": _("原来（毫秒）"),
        "after_ms": _("改后（毫秒）"),
        "difference_ms": _("相差（毫秒）"),
        "gpus": _("GPU 数"),
        "window_ms": _("窗口的时长（毫秒）"),
        "device_ms": _("设备毫秒"),
        "metered_fen": _("计量金额"),
        "invoiced_fen": _("已开票"),
        "extra_fen": _("补认金额"),
        "matched_fen": _("核定"),
        "held_fen": _("账上"),
        "counted_fen": _("现在计入"),
        "subsidy_before_fen": _("补贴：原来"),
        "subsidy_after_fen": _("补贴：改后"),
        "closed_fen": _("不再开票的金额"),
        "net_fen": _("不含税金额"),
        "tax_rate": _("税率"),
        "tax_fen": _("税额"),
        "gross_fen": _("价税合计"),
        "before_fen": _("原来"),
        "after_fen": _("改后"),
        "difference_fen": _("相差"),
        "cap_fen": _("上限"),
        "available_fen": _("可用"),
        "reserved_fen": _("预留"),
        "asked_fen": _("申请金额"),
        "fen": _("金额"),
        "paid_fen": _("这一行的已到账增减"),
        "returned_fen": _("这一行的退回增减"),
        "over_fen": _("多付、应追缴的增减"),
        "outside_fen": _("账外的增减"),
        "total_fen": _("合计"),
        "debt_fen": _("其中还这笔欠款"),
        "words": _("大写"),
        "claimed_months": _("其中各账期"),
    }


def _why() -> dict[str, str]:
    """Reasons, days, and what lies behind."""
    return {
        "treatment": _("处理"),
        "ruling": _("判定"),
        "counts": _("计入"),
        "excluded": _("这个账期不予补贴"),
        "explanation": _("说明"),
        "result": _("结果"),
        "recalled": _("银行书面答复不再付"),
        "row": _("回单行"),
        "reason": _("理由"),
        "evidence": _("依据"),
        "received_until": _("收到于此前"),
        "job": _("作业"),
        "accept": _("采用后来的说法"),
        "since": _("起"),
        "from": _("起"),
        "until": _("止"),
        "on_day": _("日期"),
        "pay_by": _("退还期限"),
        "reference": _("银行流水号"),
        "fraud": _("弄虚作假"),
        "to_treasury": _("缴回国库"),
        "statement": _("对账单号"),
        "reverses": _("红冲的蓝票"),
        "confirmation": _("红字确认单编号"),
        "remark": _("备注"),
        "cells": _("各部分"),
        "versions": _("各政策版本"),
        "parts": _("各行"),
        "causes": _("原因"),
        "by": _("何人"),
        "at": _("何时"),
        "valid_from": _("有效期起"),
        "valid_until": _("有效期止（不含此日）"),
        "effective": _("施行日期（不含止日）"),
        "complete": _("有日期、无待定问题"),
        "version_before": _("前一个可付的版本"),
        "vouchers": _("按此版本开的券"),
        "rate_before": _("原比例"),
        "rate": _("比例"),
        "rate_words": _("比例的依据"),
        "changes": _("更正"),
        "about": _("事项"),
        "term": _("约定"),
        "before": _("原来"),
        "after": _("改为"),
        "months": _("受影响的月份"),
        "recorded": _("写入"),
        "superseded": _("取代"),
        "lines": _("各行"),
        "clauses": _("各条款"),
        "differences": _("与前一个可付的版本不同之处"),
        "typed": _("差异"),
        "notes": _("仅提示的差异"),
        "facts": _("事实的摘要"),
        "source": _("来源"),
        "original": _("原件"),
        "values": _("摘要"),
        "digest": _("摘要"),
        "digests": _("各条款的摘要"),
    }


KeyNames = Mapping[tuple[str, int], str]
"""What a key of the books stands for, by the field that it is in: `("document", 18)`."""


def content(
    of: Mapping[str, Any], lead: str = "", key_names: KeyNames = MappingProxyType({})
) -> Content:
    """The whole of a decision's content; `lead` names what a part belongs to."""
    field_names = names()
    values: list[tuple[str, Value]] = []
    tables: list[Table] = []
    for key, value in sorted(of.items(), key=lambda pair: _rank(field_names, pair[0])):
        name = f"{lead}{field_names.get(key, key)}"
        if isinstance(value, Mapping):
            part = content(value, f"{name} · ", key_names)
            values += part.values
            tables += part.tables
        elif _alike(value):
            tables += _tables(name, value, field_names, key_names)
        else:
            values.append((name, value_of(key, value, key_names)))
    return Content(tuple(values), tuple(tables))


def _rank(field_names: Mapping[str, str], key: str) -> tuple[int, str]:
    """Where a field stands: as in `names`, then what has no name there."""
    return (list(field_names).index(key) if key in field_names else len(field_names), key)


def value_of(
    key: str,
    value: Any,  # noqa: ANN401 - as JSON gives it
    key_names: KeyNames = MappingProxyType({}),
) -> Value:
    """One value: money where the name says fen, codes by their words."""
    if isinstance(value, bool):
        return Value(_("是") if value else _("否"))
    if value is None or value in ("", [], {}):
        return Value("—")
    if isinstance(value, int):
        if key == "fen" or key.endswith("_fen"):
            return Value(money(value), number=True)
        return _count(key, value, key_names)
    text = _join(key, value) if isinstance(value, list | dict) else str(value)
    if key == "effective":
        return Value(text.replace("/", " — "))
    return Value(_word(key, text), code=len(text) == DIGEST and text.isalnum())


def _count(key: str, value: int, key_names: KeyNames) -> Value:
    """A whole number that is no money: a key of the books by what it stands for, or as such."""
    text = key_names.get((key, value), f"#{value}")
    if key == "document":
        return Value(text, url=f"/documents/{value}")
    if key in {"contract", "voucher", "account", "organisation"}:
        return Value(text)
    plain = key in {"year", "since_year", "line"}
    return Value(str(value) if plain else quantity(value), number=True)


def _join(key: str, value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, list):
        return " · ".join(value_of(key, part).text for part in value)
    field_names = names()
    return " · ".join(
        f"{field_names.get(name, name)} {value_of(name, part).text}" for name, part in value.items()
    )


def _word(key: str, text: str) -> str:
    """A code by its label; text that is none stays as it is."""
    kinds: tuple[type[StrEnum], ...] = _CODES.get(key, ())
    kind = next((kind for kind in kinds if text in set(kind)), None)
    if kind is None:
        return text
    words = label_of(kind, text)
    return f"{text} {words}" if kind is DifferenceCode else words


_CODES: Mapping[str, tuple[type[StrEnum], ...]] = MappingProxyType(
    {
        "treatment": (Treatment,),
        "part": (Part,),
        "code": (DifferenceCode, FallCause),
        "ruling": (Ruling,),
        "result": (LineResult,),
        "source": (DocumentSource,),
        "kind": (DocumentKind, ProjectKind),
    }
)


def _alike(value: Any) -> bool:  # noqa: ANN401 - as JSON gives it
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(entry, Mapping) for entry in value)
    )


def _tables(
    name: str,
    things: Sequence[Mapping[str, Any]],
    field_names: Mapping[str, str],
    key_names: KeyNames,
) -> list[Table]:
    """A row for each; what hangs on a row is told below, each with the part of its row."""
    hanging = {key for entry in things for key, value in entry.items() if _alike(value)}
    tables = [_table(name, [_without(entry, hanging) for entry in things], field_names, key_names)]
    for key in sorted(hanging, key=lambda key: _rank(field_names, key)):
        below = [
            {**{name: entry[name] for name in ("month", "part") if name in entry}, **detail}
            for entry in things
            for detail in entry.get(key) or ()
        ]
        tables.append(_table(field_names.get(key, key), below, field_names, key_names))
    return tables


def _without(thing: Mapping[str, Any], hanging: set[str]) -> Mapping[str, Any]:
    return {key: value for key, value in thing.items() if key not in hanging}


def _table(
    name: str,
    things: Sequence[Mapping[str, Any]],
    field_names: Mapping[str, str],
    key_names: KeyNames,
) -> Table:
    """A row for each."""
    keys = sorted(
        {key for entry in things for key in entry}, key=lambda key: _rank(field_names, key)
    )
    rows = tuple(
        tuple(value_of(key, entry.get(key), key_names) for key in keys) for entry in things
    )
    numeric = [any(row[n].number for row in rows) for n in range(len(keys))]
    heads = tuple((field_names.get(key, key), numeric[n]) for n, key in enumerate(keys))
    return Table(name, heads, rows)
