"""Classify invoice lines by their words: whether they are compute, and the usual tax rate.

An item is written `*class*name`: the class is the short name (简称) of the tax classification
(商品和服务税收分类编码), set by the tax office's software; the name is the seller's own. The word
lists are short on purpose: they raise a question for a person (R11, R12), and no award depends on
them alone.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

# Short names under which compute is sold: information technology services (3040203, 3040204) and
# leases of equipment (3040502). Everything else with a class is goods or another service.
SERVICES = frozenset({"信息技术服务", "信息系统服务", "软件服务", "现代服务", "增值电信服务"})
LEASES = frozenset({"经营租赁", "有形动产租赁", "租赁服务"})
# Names that say compute, and names that say what is paid beside it (domain table, R11: storage,
# network, hardware; parameters of the bureau).
COMPUTE = (
    "算力", "智算", "超算", "计算", "卡时", "GPU", "NPU", "裸金属", "云主机", "云服务", "训练",
    "推理", "节点",
)  # fmt: skip
NOT_COMPUTE = (
    "存储", "网络", "带宽", "专线", "流量", "机柜", "机架", "硬件", "服务器", "设备销售", "安全",
    "咨询", "培训", "开发", "数据标注", "餐饮", "住宿", "会议", "材料",
)  # fmt: skip

_ITEM = re.compile(r"\*([^*]+)\*(.*)", re.DOTALL)
_RATE = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%|(0(?:\.\d{1,6})?)", re.ASCII)
_UNTAXED = ("免税", "不征税")
SERVICE_RATE, GOODS_RATE = Fraction(6, 100), Fraction(13, 100)  # VAT law: services, leased goods


def classify(item: str) -> tuple[str, str]:
    """Split `*信息技术服务*算力服务费` into class and name; the class is "" if missing."""
    match = _ITEM.fullmatch(item.strip())
    return (match[1].strip(), match[2].strip()) if match else ("", item.strip())


def is_compute(item: str) -> bool:
    """Return whether a line may be compute: its class sells it, and its name is nothing else."""
    class_, name = classify(item)
    if class_ and class_ not in SERVICES | LEASES:
        return False
    return _says(name, COMPUTE) or not _says(name, NOT_COMPUTE)


def rate(text: str) -> Fraction | None:
    """Parse a tax rate: `6%` and `0.06` → 6/100, `免税` → 0; None if there is none."""
    if text.strip() in _UNTAXED:
        return Fraction(0)
    match = _RATE.fullmatch(text.strip())
    if not match:
        return None
    return Fraction(match[1]) / 100 if match[1] else Fraction(match[2])


def unusual_tax(item: str, tax_rate: str) -> bool:
    """Return whether a service has the rate of goods (13 %), or a lease that of services (6 %)."""
    class_, name = classify(item)
    lease = class_ in LEASES or (not class_ and "租赁" in name)
    return rate(tax_rate) == (SERVICE_RATE if lease else GOODS_RATE)


def _says(name: str, words: Iterable[str]) -> bool:
    upper = name.upper()
    return any(word in upper for word in words)
