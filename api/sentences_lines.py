"""The sentences of contract lines, relations and statements; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "not_for_kind": "{kind} 一类没有这一项",
        "bad_quantity": "卡时应为大于零、小于一亿的小数，如 5000",
        "bad_node": "节点应写成 集群/节点",
        "itself": "一个单位不能与自己有关系",
        "unknown_gpu": "没有登记过 GPU {name}",
        "unknown_node": "节点 {name} 上没有登记过 GPU",
        "other_centre": "{name} 在 {centre}，不在合同的智算中心",
        "reserved_twice": "GPU {gpu} 在这些日子里已由合同 {contract} 预留",
    }
)
