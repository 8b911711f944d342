"""Faults of files that people write: of the form, of single values, of sense."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "file_too_large": msgid("文件过大：最多 {limit} 字节"),
        "byte_order_mark": msgid("文件以 BOM 开头，请另存为不带 BOM 的 UTF-8"),
        "bad_character": msgid("含有不允许的字符"),
        "empty_file": msgid("文件是空的"),
        "tab": msgid("缩进用了制表符，YAML 只用空格"),
        "not_yaml": msgid("不是正确的 YAML（{problem}）"),
        "too_deep": msgid("层次过深：最多 {limit} 层"),
        "many_documents": msgid("一个文件只能有一份内容（多了一个 ---）"),
        "alias": msgid("不能使用锚点或别名（{name}）"),
        "tag": msgid("不能使用类型标签（{name}）"),
        "duplicate_key": msgid("同一名称写了两次，前一次在{first}"),
        "bad_key": msgid("名称不合要求"),
        "unknown_key": msgid("没有这一项"),
        "not_mapping": msgid("此处应写「名称: 值」"),
        "not_list": msgid("此处应为列表，每项以 - 开头"),
        "not_text": msgid("此处应为单个值"),
        "bad_name": msgid("应为 1 到 {limit} 个字，首尾无空格，不含控制字符"),
        "bad_handle": msgid("应为 1 到 64 个字符，不含空格和斜线"),
        "bad_day": msgid("日期应写成 2026-11-01，在 {first} 与 {last} 之间"),
        "bad_yes_no": msgid("应写 true 或 false"),
        "bad_price": msgid("应为不带符号、小于一亿的小数，如 12.5"),
        "bad_tax_rate": msgid("税率应为小于 1 的小数，如 0.06"),
        "bad_gpu": msgid("应为 GPU- 加小写的 UUID，或 NPU- 加小写的 vdie_id"),
        "bad_mig_profile": msgid("MIG 规格应形如 1g.10gb"),
        "bad_count": msgid("应为 1 到 {limit} 的整数"),
        "bad_choice": msgid("应为以下之一：{choices}"),
        "bad_id": msgid("编号的写法不对"),
        "bad_sentence": msgid("应为一句没有换行的话"),
        "bad_rate": msgid("比例应写成分数，如 30/100，不超过 1"),
        "bad_cap": msgid("上限应为大于零的金额（元，至多两位小数）"),
        "bad_threshold": msgid("与 {op} 相比的值写法不对"),
        "uscc_length": msgid("统一社会信用代码「{uscc}」不是 18 位"),
        "uscc_character": msgid("统一社会信用代码「{uscc}」含有不会出现的字符"),
        "uscc_department": msgid("统一社会信用代码「{uscc}」第 1 位不是登记管理部门代码"),
        "uscc_place": msgid("统一社会信用代码「{uscc}」第 3 至 8 位应为行政区划数字"),
        "uscc_check_digit": msgid("统一社会信用代码「{uscc}」校验位不符，请核对是否抄错"),
        "choices_mismatch": msgid("选项（choices）须且只能用于 choice 类事实"),
        "half_decided": msgid("裁定人与裁定日期须同时写明"),
        "reversed_days": msgid("截止日早于起始日 {since}"),
        "not_for_unit": msgid("计价单位 {unit} 没有这一项"),
        "profile_without_model": msgid("写了 MIG 规格就须写型号"),
        "one_holder": msgid("占用者须写且只写一种：pod、slurm 或 static"),
        "outside_contract": msgid("不在合同期限 {contract} 之内"),
        "duplicate": msgid("重复，前一处为 {first}"),
        "overlaps": msgid("与 {other} 的日期重叠"),
        "differs": msgid("{field} 与已登记的不同：已登记 {there}，此处 {here}"),
        "contradicts": msgid(
            "与已登记的事实不同：已登记 {there}，此处 {here}；确要更正请用 --supersede"
        ),
        "unknown_organisation": msgid("没有登记过机构 {name}"),
        "unknown_centre": msgid("没有登记过智算中心 {name}"),
        "unknown_cluster": msgid("没有登记过集群 {name}"),
        "unknown_model": msgid("型号目录中没有 {name}"),
        "unknown_project": msgid("没有登记过项目 {name}"),
        "unknown_contract": msgid("没有登记过合同 {name}"),
        "unknown_mig_profile": msgid("型号目录中没有 MIG 规格 {name}"),
        "unknown_question": msgid("没有编号为 {name} 的待定问题"),
        "not_in_text": msgid("所引文字不在{article}的原文中"),
    }
)
