"""The registry."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "registry_entry": msgid("没有这一条登记「{key}」"),
        "registry_sort": msgid("不能按「{column}」排序"),
    }
)
