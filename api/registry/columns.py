"""What the registry's columns are called, and how their values are written."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from api.language.format import money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.language.labels import label_of
from ledger.desk.queries.registry_sections import SOURCES, Scalar
from ledger.metering.codes import HolderKind
from ledger.registry.codes import (
    ControllerRole,
    LineKind,
    Market,
    PriceUnit,
    ProjectKind,
    RegistrySection,
    RelationKind,
)

ABSENT = "—"
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "uscc": msgid("统一社会信用代码"),
        "name": msgid("名称"),
        "centres": msgid("运营的中心"),
        "projects": msgid("项目"),
        "organisation": msgid("单位"),
        "clusters": msgid("集群"),
        "simulated": msgid("虚构"),
        "centre": msgid("智算中心"),
        "source": msgid("计费来源"),
        "gpus": msgid("GPU 数"),
        "required": msgid("须有几个见证"),
        "cluster": msgid("集群"),
        "gpu": msgid("GPU 编号"),
        "node": msgid("节点"),
        "devices": msgid("设备的称呼"),
        "code": msgid("编号"),
        "kind": msgid("种类"),
        "drill": msgid("演练"),
        "number": msgid("号码"),
        "project": msgid("项目"),
        "total_fen": msgid("合同总额（含税）"),
        "text_sha256": msgid("合同文本的摘要"),
        "contract": msgid("合同"),
        "model": msgid("型号"),
        "mig_profile": msgid("切片规格"),
        "partition": msgid("分区"),
        "qos": msgid("服务质量"),
        "market": msgid("按需或竞价"),
        "yuan": msgid("单价（元）"),
        "unit": msgid("计价单位"),
        "hours": msgid("折合小时"),
        "tax_included": msgid("含税"),
        "tax_rate": msgid("税率"),
        "rounding": msgid("用量进位"),
        "session_price": msgid("跨价格的占用"),
        "quantity": msgid("预付卡时"),
        "expires": msgid("最后一天"),
        "counts": msgid("算力成本"),
        "reserved": msgid("预留的 GPU"),
        "holder_kind": msgid("占用者的种类"),
        "holder": msgid("占用者"),
        "other": msgid("另一单位"),
        "role": msgid("身份"),
        "person": msgid("姓名"),
        "id_tail": msgid("身份证号末六位"),
        "low_yuan": msgid("下限（元）"),
        "high_yuan": msgid("上限（元）"),
        "programme": msgid("哪项政策"),
        "fen": msgid("金额"),
        "bank": msgid("开户行"),
        "bank_code": msgid("联行号"),
    }
)
_OF_ACCOUNTS = {"number": msgid("账号"), "holder": msgid("户名")}
_SHORT: Mapping[RegistrySection, tuple[str, ...]] = MappingProxyType(
    {
        RegistrySection.PRICES: (
            "contract", "kind", "name", "model", "mig_profile", "partition", "qos", "market",
            "yuan", "unit", "tax_included", "tax_rate",
        ),
        RegistrySection.CONTRACTS: ("number", "project", "centre", "total_fen"),
    }
)  # fmt: skip
_KINDS: Mapping[RegistrySection, type[StrEnum]] = MappingProxyType(
    {
        RegistrySection.PROJECTS: ProjectKind,
        RegistrySection.PRICES: LineKind,
        RegistrySection.RELATIONS: RelationKind,
    }
)
_CODES: Mapping[str, type[StrEnum]] = MappingProxyType(
    {"market": Market, "unit": PriceUnit, "role": ControllerRole, "holder_kind": HolderKind}
)
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rounding": {
            "ms": msgid("精确到毫秒"),
            "minute": msgid("四舍五入到整分"),
            "started_hour": msgid("不足一小时按一小时"),
        },
        "session_price": {
            "start": msgid("归它开始时的价格"),
            "split": msgid("按用时分摊"),
        },
        "mig_profile": {"whole": msgid("整卡")},
    }
)
NUMBERS = frozenset(
    {
        "gpus", "required", "total_fen", "yuan", "hours", "tax_rate", "quantity", "low_yuan",
        "high_yuan", "fen",
    }
)  # fmt: skip
"""Columns of numbers, which line up on the right."""


def columns_of(section: RegistrySection) -> tuple[str, ...]:
    """All columns of a section."""
    return SOURCES[section].columns


def short_columns(section: RegistrySection) -> tuple[str, ...]:
    """The columns that a table on a page has room for."""
    return _SHORT.get(section, columns_of(section))


def title(section: RegistrySection, column: str) -> str:
    """What a column is called in the reader's language."""
    is_account = section is RegistrySection.ACCOUNTS
    return _(_OF_ACCOUNTS[column] if is_account and column in _OF_ACCOUNTS else TITLES[column])


def code_of(section: RegistrySection, column: str) -> type[StrEnum] | None:
    """The codes that stand in a column."""
    return _KINDS.get(section) if column == "kind" else _CODES.get(column)


def words_of(column: str) -> dict[str, str]:
    """The words of a column whose few values are plain texts of the file."""
    return {value: _(word) for value, word in _WORDS.get(column, {}).items()}


def show(section: RegistrySection, column: str, value: Scalar) -> str:
    """A value as it is read on a page."""
    if value in (None, ""):
        return ABSENT
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int):
        return money(value) if column.endswith("fen") else f"{value:,}"
    if isinstance(value, Decimal):
        return f"{plain(value * 100)}%" if column == "tax_rate" else plain(value)
    if isinstance(value, date):
        return value.isoformat()
    code = code_of(section, column)
    return label_of(code, str(value)) if code else words_of(column).get(str(value), str(value))


def cell(section: RegistrySection, column: str, value: Scalar) -> str | Decimal:
    """A value in a spreadsheet: sums in yuan are numbers, all else is read as on the page."""
    if isinstance(value, int) and column.endswith("fen"):
        return Decimal(value).scaleb(-2)
    text = show(section, column, value)
    return "" if text == ABSENT else text


def of_json(column: str, value: Scalar) -> Scalar:
    """A value as the server sent it: numbers that are no integers are texts."""
    return Decimal(value) if column in NUMBERS and isinstance(value, str) else value


def plain(value: Decimal) -> str:
    """An exact decimal without noughts at its end that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
