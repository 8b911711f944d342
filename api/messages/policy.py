"""Sentences about the policy: what is wrong with facts, with a version's file, with a round."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "not_decimal": msgid('「{words}」应为小数字符串，如 "123456789.5"'),
        "impossible": msgid("所报事实自相矛盾：{words}"),
        "not_json": msgid("不是正确的 JSON（{problem}）"),
        "not_json_list": msgid("应为 JSON 列表，每项是一个案例"),
        "not_json_object": msgid("应为 JSON 对象，即花括号里的「名称: 值」"),
        "name_twice": msgid("「{name}」写了两次"),
        "amount_lacks": msgid("公式 {kind} 还须写 {names}"),
        "amount_strange": msgid("公式 {kind} 没有 {names}"),
        "derived_one_way": msgid("得出的事实须且只能写一种：plus（可减 less）或 ratio"),
        "bound_mismatch": msgid(
            "bound 与 {op} 不符：>=、<= 是 included（含），>、< 是 excluded（不含）"
        ),
        "band_empty": msgid("这一档没有任何数"),
        "band_gap": msgid("与前一档之间有空档"),
        "band_overlap": msgid("与前面的档重叠，或前面的档没有止数"),
        "band_order": msgid("这一档写在比它低的档之前"),
        "band_ended": msgid("最高一档不能有止数，超过的数就不在任何一档"),
        "asked_nowhere": msgid("待定问题 {name} 没有任何条款提到"),
        "no_such_place": msgid("版本中没有 {place} 这一处"),
        "wrong_span": msgid("所引文字在原文的 {span}"),
        "uncited": msgid("{article}的「{words}」没有任何条款引用"),
        "no_such_question": msgid("政策 {version} 中没有编号为 {question} 的待定问题"),
        "no_such_reading": msgid("待定问题 {question} 的读法应为以下之一：{choices}"),
        "no_ceiling": msgid("这项认定没有上限，不由人定金额"),
        "negative_approval": msgid("所定金额不能是负数"),
        "above_ceiling": msgid("所定金额 {fen} 元超过上限 {ceiling} 元"),
        "application_twice": msgid("申请号 {number} 出现了两次"),
        "selected_already": msgid("{number} 已在名单上"),
        "keyed_number": msgid("「{words}」应为数字，可以写成 500万、5亿、1234.56"),
        "keyed_fen": msgid("「{words}」最多精确到分（元的两位小数）"),
        "other_engine": msgid("这份记录出自认定引擎第 {engine} 版，此处是第 {here} 版"),
        "bad_reading": msgid("读法应写成 Q12-1=accumulate"),
        "too_many_cases": msgid("一次最多 {limit} 个案例，此处有 {count} 个"),
        "selection_full": msgid("名单已满 {limit} 个，{number} 不能再列入"),
        "no_such_version": msgid("没有名为 {name} 的版本，或它的文件读不了"),
        "no_law": msgid("没有写明全文在哪个文件（law），引文无从核对"),
        "no_such_text": msgid("旁边没有全文 {name}，或它不是 UTF-8 文本"),
        "no_cases": msgid("旁边没有案例文件 {name}"),
        "no_case": msgid("{clause} 没有一个案例"),
        "no_case_gives": msgid("{clause} 没有一个给予的案例"),
        "no_case_refuses": msgid("{clause} 没有一个不符合的案例"),
        "no_expectation": msgid("案例没有写明应得的结果（expect.result）"),
        "case_differs": msgid("{clause} 的案例（{note}）应为 {expected}，算得 {got}"),
        "fact_unused": msgid("没有任何条款用到 {name}"),
        "pool_unused": msgid("没有任何条款从总额池 {name} 支付"),
        "never_met": msgid("{clause} 的条件自相矛盾，谁也不能符合"),
        "figure_unlike_words": msgid("所引文字「{words}」里没有 {figure} 这个数"),
        "bound_unlike_words": msgid("含不含与原文用字「{words}」不一致，也没有采用这样的读法"),
        "not_a_register": msgid("不是 CSV、JSON 行或 JSON 列表"),
        "no_number_column": msgid("没有申请号一列（number）"),
        "row_length": msgid("应有 {wanted} 格，此处 {given} 格"),
        "bad_row": msgid("这一行读不了：引号没有成对，层次过深，或不是 UTF-8、GB18030"),
        "line_too_long": msgid("这一行过长"),
        "rest_unread": msgid("从这里起不是正确的 JSON 列表，以后的内容没有读"),
        "not_yuan": msgid("应为元，至多两位小数，如 1234.50"),
    }
)
