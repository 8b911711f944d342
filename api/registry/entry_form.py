"""The form of one entry of the registry: its fields, and the registry file that it stands for.

One entry is registered as a file with one entry, so that a form and a file follow the same rules.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from starlette.datastructures import FormData

from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.language.labels import label, labels
from api.registry.columns import code_of, plain, title, words_of
from api.web.forms import text
from ledger.desk.queries.registry_entries import RegistryEntry
from ledger.errors import Finding
from ledger.metering.codes import HolderKind
from ledger.registry.codes import (
    LineKind,
    PriceUnit,
    RegistrySection,
)

Kind = Literal["text", "date", "month", "yes", "choice"]


@dataclass(frozen=True)
class Field:
    """A field of a form, named as in the file."""

    name: str
    kind: Kind = "text"
    required: bool = False


def _fields(*names: str) -> tuple[Field, ...]:
    """Fields by their names: `!` before one that is needed, `:kind` after one that is no text."""
    parts = (name.partition(":") for name in names)
    return tuple(
        Field(name.removeprefix("!"), kind or "text", name.startswith("!"))  # type: ignore[arg-type]
        for name, _colon, kind in parts
    )


_DAYS = ("!from:date", "until:date")
FORMS: Mapping[RegistrySection, tuple[Field, ...]] = {
    RegistrySection.ORGANISATIONS: _fields("!uscc", "!name"),
    RegistrySection.CENTRES: _fields("!name", "!organisation", "simulated:yes"),
    RegistrySection.CLUSTERS: _fields("!name", "!centre", "!source:choice", *_DAYS),
    RegistrySection.BILLING: _fields("!cluster", "!source:choice", *_DAYS),
    RegistrySection.WITNESSES: _fields("!cluster", "!required:choice", *_DAYS),
    RegistrySection.GPUS: _fields("!gpu", "!cluster", "!node", *_DAYS),
    RegistrySection.CATALOGUE: _fields("!model", "!nvml", "mig_profile"),
    RegistrySection.PROJECTS: _fields(
        "!code", "!name", "!kind:choice", "!organisation", "drill:yes"
    ),
    RegistrySection.CONTRACTS: _fields(
        "!number", "!centre", "!project", *_DAYS, "total", "sha256"
    ),
    RegistrySection.PRICES: _fields(
        "!contract", "!kind:choice", "name", "!yuan", "!unit:choice", "gpus_per_node",
        "hours_per_month", "!tax_included:yes", "!tax_rate", "model", "mig_profile", "partition",
        "qos", "market:choice", "rounding:choice", "session_price:choice", "gpus", "nodes",
        "quantity", "expires:date", "counts:yes", "from:date", "until:date",
    ),
    RegistrySection.BINDINGS: _fields(
        "!cluster", "!holder_kind:choice", "!holder", "!project", "market:choice", "contract",
        *_DAYS,
    ),
    RegistrySection.RELATIONS: _fields(
        "!kind:choice", "!organisation", "centre", "project", "other", *_DAYS
    ),
    RegistrySection.NAMES: _fields("!organisation", "!name", *_DAYS),
    RegistrySection.CONTROLLERS: _fields(
        "!organisation", "!role:choice", "!person", "id_tail", *_DAYS
    ),
    RegistrySection.PRICE_BANDS: _fields("!model", "mig_profile", "!low", "!high", *_DAYS),
    RegistrySection.OTHER_SUPPORT: _fields(
        "!project", "contract", "!programme", "!month:month", "!yuan"
    ),
    RegistrySection.ASSIGNMENTS: _fields("!contract", "!programme"),
}  # fmt: skip
_SOURCES = ("nvml", "dcgm", "slurm", "import")
_HOLDERS = (
    HolderKind.POD, HolderKind.SLURM, HolderKind.STATIC, HolderKind.LABEL, HolderKind.OWNER,
    HolderKind.USER,
)  # fmt: skip
_TITLES = {
    "from": msgid("起"),
    "until": msgid("止（含此日，可不填）"),
    "total": msgid("合同总额（元，含税）"),
    "sha256": msgid("合同文本的 SHA-256"),
    "organisation": msgid("单位（统一社会信用代码）"),
    "other": msgid("另一单位（统一社会信用代码）"),
    "project": msgid("项目编号"),
    "contract": msgid("合同号"),
    "nvml": msgid("设备的称呼"),
    "gpus": msgid("预留的 GPU（编号，空格分开）"),
    "nodes": msgid("预留的节点（集群/节点，空格分开）"),
    "gpus_per_node": msgid("每台几卡"),
    "hours_per_month": msgid("每月折合小时"),
    "low": msgid("下限（元）"),
    "high": msgid("上限（元）"),
    "month": msgid("账期"),
}
_LEAF = re.compile(r"\.(\w+)(?:\[\d+\])?$", re.ASCII)
_ALIASES = {"pod": "holder", "slurm": "holder", "static": "holder"}


CORRECTED = frozenset(FORMS) - {
    RegistrySection.ORGANISATIONS, RegistrySection.CENTRES, RegistrySection.CLUSTERS,
    RegistrySection.CATALOGUE, RegistrySection.PROJECTS, RegistrySection.ASSIGNMENTS,
}  # fmt: skip
"""Sections whose entries may be stated anew; the others are what they are."""


def has_form(section: RegistrySection) -> bool:
    """Whether one entry of a section is registered by a form; an account is set with a claim."""
    return section in FORMS


def fields(section: RegistrySection, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The fields of a form, and what stands in each."""
    return [
        {
            "field": field,
            "title": field_title(section, field.name),
            "value": typed.get(field.name, ""),
            "choices": choices(section, field),
        }
        for field in FORMS[section]
    ]


def field_title(section: RegistrySection, name: str) -> str:
    """What a field is called in the reader's language."""
    return _(_TITLES[name]) if name in _TITLES else title(section, name)


def choices(section: RegistrySection, field: Field) -> dict[str, str]:
    """What may stand in a field, with its words; nothing: any text."""
    if field.kind == "yes":
        return {"true": _("是"), "false": _("否")}
    if field.kind != "choice":
        return {}
    if field.name == "source":
        return dict(zip(_SOURCES, _SOURCES, strict=True))
    if field.name == "required":
        return {"1": _("一个：计量本身"), "2": _("两个：计量与集群的见证")}
    if field.name == "holder_kind":
        return {code.value: label(code) for code in _HOLDERS}
    code = code_of(section, field.name)
    return labels(code) if code else words_of(field.name)


def typed_fields(section: RegistrySection, data: FormData) -> dict[str, str]:
    """What somebody typed; empty fields are left out."""
    typed = {field.name: text(data, field.name) for field in FORMS[section]}
    return {name: value for name, value in typed.items() if value}


def file_of(section: RegistrySection, typed: Mapping[str, str], parent: Mapping[str, Any]) -> str:
    """The registry file with this one entry; `parent` is what it hangs on, stated as it is."""
    name, entry = entry_of(section, typed, parent)
    return json.dumps({name: [entry]}, ensure_ascii=False)


def entry_of(
    section: RegistrySection, typed: Mapping[str, str], parent: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The section of the file in which such an entry stands, and how it is written there."""
    entry: dict[str, Any] = dict(typed)
    days: dict[str, Any] = {name: entry.pop(name) for name in ("from", "until") if name in entry}
    match section:
        case RegistrySection.CLUSTERS | RegistrySection.BILLING:
            billing = {"source": entry.pop("source", None), **days}
            entry.pop("cluster", None)
            return _with_values("clusters", {**entry, **parent, "billing": [billing]})
        case RegistrySection.WITNESSES:
            entry.pop("cluster", None)
            return _with_values("clusters", {**parent, "witnesses": [{**entry, **days}]})
        case RegistrySection.CATALOGUE:
            model = entry.pop("model", None)
            return _with_values("catalogue", {"model": model, "names": [entry]})
        case RegistrySection.PRICES:
            entry.pop("contract", None)
            entry |= {name: entry[name].split() for name in ("gpus", "nodes") if name in entry}
            return _with_values("contracts", {**parent, "prices": [{**entry, **days}]})
        case RegistrySection.BINDINGS:
            kind = entry.pop("holder_kind", "")
            return _with_values(
                "bindings", {**entry, "holder": {kind: entry.get("holder")}, **days}
            )
    return _with_values(section.value, {**entry, **days})


def _with_values(section: str, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return section, {name: value for name, value in entry.items() if value is not None}


def at_fields(faults: Iterable[Finding]) -> list[Finding]:
    """Faults of the file that a form stands for, at the fields of the form."""
    return [replace(fault, where=_field_of(fault.where)) for fault in faults]


def _field_of(where: str) -> str:
    leaf = _LEAF.search(where)
    return _ALIASES.get(leaf[1], leaf[1]) if leaf else "entry"


def prefilled(
    section: RegistrySection, entry: RegistryEntry, uscc: Mapping[str, str]
) -> dict[str, str]:
    """An entry as its form would have stated it; `uscc` are the codes of organisations it names."""
    values = {
        column: _as_typed(value) for column, value in entry.values.items() if value is not None
    }
    typed = {**values, **uscc}
    typed |= {"from": _as_typed(entry.since), "until": _as_typed(entry.until)}
    total, support = entry.values.get("total_fen"), entry.values.get("fen")
    typed["total"] = _yuan(total)
    typed["sha256"] = values.get("text_sha256", "")
    typed["low"], typed["high"] = values.get("low_yuan", ""), values.get("high_yuan", "")
    if section is RegistrySection.OTHER_SUPPORT:
        typed |= {"yuan": _yuan(support), "month": typed["from"][:7]}
    if section is RegistrySection.CATALOGUE:
        typed["model"] = values["name"]
    if section is RegistrySection.ASSIGNMENTS:
        typed["contract"] = values["number"]
    if section is RegistrySection.PRICES:
        typed |= _line(values)
    return {field.name: typed[field.name] for field in FORMS[section] if typed.get(field.name)}


def _line(values: Mapping[str, str]) -> dict[str, str]:
    """What of a contract line only some kinds and units may state."""
    by_node = values["unit"].startswith("node")
    is_metered = values["kind"] == LineKind.METERED
    is_package = values["kind"] == LineKind.PACKAGE
    return {
        "gpus": values.get("reserved", ""),
        "gpus_per_node": values["gpus"] if by_node else "",
        "hours_per_month": values["hours"] if values["unit"] == PriceUnit.NODE_MONTH else "",
        "rounding": values["rounding"] if is_metered else "",
        "session_price": values["session_price"] if is_metered else "",
        **({"until": ""} if is_package else {}),
    }


def _as_typed(value: Any) -> str:  # noqa: ANN401 - a value of the registry
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if hasattr(value, "as_tuple") else str(value)


def _yuan(fen: Any) -> str:  # noqa: ANN401 - of a row
    return "" if fen is None else f"{fen // 100}.{fen % 100:02d}"
