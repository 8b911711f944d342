"""Messages of contract lines, relations and statements."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "not_for_kind": msgid("{kind} 一类没有这一项"),
        "bad_quantity": msgid("卡时应为大于零、小于一亿的小数，如 5000"),
        "bad_node": msgid("节点应写成 集群/节点"),
        "itself": msgid("一个单位不能与自己有关系"),
        "unknown_gpu": msgid("没有登记过 GPU {name}"),
        "unknown_node": msgid("节点 {name} 上没有登记过 GPU"),
        "no_witness_yet": msgid(
            "集群「{cluster}」还没有经主管部门批准的见证（suanquan-agent cluster），"
            "不能要求两个见证"
        ),
        "label_keys": msgid(
            "集群 {cluster} 在这些日子里已按标签 {key} 绑定：按两个标签绑定，一个容器组会有两个项目"
        ),
        "contract_of_others": msgid("合同 {number} 不是这个项目与这个集群的智算中心的"),
        "bad_total": msgid("合同总额是大于零的元，至多两位小数，如 1000000.00"),
        "bad_id_tail": msgid("身份证号的末六位写作五位数字加一位数字或 X"),
        "bad_month": msgid("账期写作 2026-03"),
        "bad_sha256": msgid("合同文本的 SHA-256 是 64 个小写十六进制数字"),
        "reversed_band": msgid("参考价的上限低于下限 {low}"),
        "assigned_elsewhere": msgid("这份合同已由「{programme}」支持，不能再受本政策支持"),
        "same_contract": msgid("与合同 {number} 是同一份：编号只是写法不同，或文本相同"),
        "subsidised_here": msgid("合同 {number} 已在本政策登记，不能再整份归入其他政策"),
        "other_centre": msgid("{name} 在 {centre}，不在合同的智算中心"),
        "reserved_twice": msgid("GPU {gpu} 在这些日子里已由合同 {contract} 预留"),
        "statement": msgid("没有编号为 {number} 的对账单"),
        "statement_line": msgid("对账单 {number} 没有第 {line} 行"),
        "statement_superseded": msgid("对账单 {number} 已由 {by} 取代，请对新的一份答复"),
        "month_open": msgid("{month} 还没有过完；可以先看预览（preview）"),
        "nothing_metered": msgid("合同 {contract} 在 {month} 没有任何费用"),
        "preview_of_one": msgid("预览须指明一份合同"),
        "not_a_party": msgid("对账单只由智算中心和模型企业答复，您的角色是 {role}"),
    }
)
