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
        "drill_stays": msgid("这里是演练，只登记演练项目（drill: true）；真实的项目请另用空库"),
        "registry_sort": msgid("不能按「{column}」排序"),
    }
)
