"""Messages of closes."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "close_obstructed": msgid("{month} 现在不能结，有 {count} 处"),
        "close_too_early": msgid("最早 {day} 才能结"),
        "closed_before": msgid("已经结过"),
        "month_before_open": msgid("先结 {month}"),
        "usage_open": msgid("用量还没有结"),
        "invariant_broken": msgid("账不平：{why}"),
        "close_changed": msgid("{month} 的数字与提出时不同，请退回，再提出一次"),
    }
)
