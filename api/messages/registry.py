"""The registry."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "inventory_moved": msgid(
            "{gpu} 已不是您看到的样子：采集端不再这样上报，或者已经登记；请重新查看"
        ),
        "registry_entry": msgid("没有这一条登记「{key}」"),
        "registry_sort": msgid("不能按「{column}」排序"),
    }
)
