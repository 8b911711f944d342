"""Sentences about the policy: what is wrong with facts, with a version's file, with a round."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "not_decimal": '「{words}」应为小数字符串，如 "123456789.5"',
        "impossible": "所报事实自相矛盾：{words}",
        "not_json": "不是正确的 JSON（{problem}）",
        "not_json_list": "应为 JSON 列表，每项是一个案例",
        "not_json_object": "应为 JSON 对象，即花括号里的「名称: 值」",
        "name_twice": "「{name}」写了两次",
        "amount_lacks": "公式 {kind} 还须写 {names}",
        "amount_strange": "公式 {kind} 没有 {names}",
        "derived_one_way": "得出的事实须且只能写一种：plus（可减 less）或 ratio",
        "bound_mismatch": "bound 与 {op} 不符：>=、<= 是 included（含），>、< 是 excluded（不含）",
        "band_empty": "这一档没有任何数",
        "band_gap": "与前一档之间有空档",
        "band_overlap": "与前面的档重叠，或前面的档没有止数",
        "band_order": "这一档写在比它低的档之前",
        "band_ended": "最高一档不能有止数，超过的数就不在任何一档",
        "asked_nowhere": "待定问题 {name} 没有任何条款提到",
        "no_such_place": "版本中没有 {place} 这一处",
        "wrong_span": "所引文字在原文的 {span}",
        "uncited": "{article}的「{words}」没有任何条款引用",
        "no_such_question": "政策 {version} 中没有编号为 {question} 的待定问题",
        "no_such_reading": "待定问题 {question} 的读法应为以下之一：{choices}",
        "no_ceiling": "这项认定没有上限，不由人定金额",
        "negative_approval": "所定金额不能是负数",
        "above_ceiling": "所定金额 {fen} 元超过上限 {ceiling} 元",
        "application_twice": "申请号 {number} 出现了两次",
        "selected_already": "{number} 已在名单上",
        "keyed_number": "「{words}」应为数字，可以写成 500万、5亿、1234.56",
        "keyed_fen": "「{words}」最多精确到分（元的两位小数）",
        "other_engine": "这份记录出自认定引擎第 {engine} 版，此处是第 {here} 版",
        "bad_reading": "读法应写成 Q12-1=accumulate",
        "too_many_cases": "一次最多 {limit} 个案例，此处有 {count} 个",
        "selection_full": "名单已满 {limit} 个，{number} 不能再列入",
    }
)
