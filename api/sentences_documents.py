"""The sentences of cost documents; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        # Of a document by itself.
        "text_too_long": "文字过长：最多 {limit} 个字",
        "digital_number": "数电票号码应为 20 位数字，且没有发票代码；此处为「{number}」",
        "number_year": "号码前两位「{year}」与开票日期 {issued} 的年份不符",
        "invoice_code": "发票代码应为 10 位或 12 位数字，此处为「{code}」",
        "invoice_number": "这种发票的号码应为 8 位数字，此处为「{number}」",
        "amount_too_large": "金额过大，请核对",
        "no_lines": "单据没有明细行",
        "too_many_lines": "明细行过多：最多 {limit} 行",
        "zero_document": "价税合计不能是零",
        "settlement_taxed": "校内结算没有税额，此处为 {tax} 元",
        "net_not_sum": "各行金额之和 {added} 元，与合计金额 {total} 元不符",
        "tax_not_sum": "各行税额之和 {added} 元，与合计税额 {total} 元不符",
        "gross_not_sum": "金额 {net} 元加税额 {tax} 元，与价税合计 {gross} 元不符",
        "mixed_signs": "金额、税额与价税合计的正负不一致",
        "words_unreadable": "「{words}」不是大写金额",
        "words_differ": "大写「{words}」与小写 {gross} 元不符",
        "red_without_blue": "金额为负的单据须写明所冲的蓝字发票号码",
        "blue_reverses": "金额为正的单据不能冲销 {number}",
        "reverses_itself": "单据不能冲销自己",
        "bad_amount": "「{text}」不是以元计、至多两位小数的金额",
        # Of the file.
        "needs_keying": "从这个文件读不出明细，请对照原件人工录入",
        "unknown_file": "不认识这种文件；请上传数电票 XML 或 OFD",
        "not_xml": "不是完好的 XML（第 {line} 行第 {column} 列）",
        "xml_forbidden": "XML 中有 DTD 或实体，已拒绝",
        "too_many_elements": "XML 元素过多：最多 {limit} 个",
        "repeated_element": "此项出现了不止一次，不知以哪个为准",
        "unknown_xml": "不是认识的电子发票（根元素为 {root}）",
        "two_numbers": "发票号码 {number} 与监制信息中的 {other} 不符",
        "mark_differs": "红蓝字标志与价税合计 {gross} 的正负不符",
        "archive_broken": "压缩包已损坏",
        "archive_members": "压缩包内文件过多：最多 {limit} 个",
        "archive_unpacked": "压缩包解开后过大：最多 {limit} 字节",
        "archive_twice": "压缩包内有两个同名文件：{member}",
        "archive_path": "压缩包内的路径不合要求：{member}",
        "archive_locked": "压缩包内的文件已加密，或压缩方法不认识：{member}",
        "archive_ratio": "压缩包内的文件压缩比超过 {limit} 倍：{member}",
        "archive_nested": "压缩包内还有压缩包：{member}",
        "ofd_member": "OFD 内缺少文件，或文件已损坏：{member}",
        "ofd_differs": "此处写的是「{text}」，与发票内容不符",
        "not_qr": "不是发票二维码的文字",
        "qr_type": "不认识的发票种类：二维码中为 {type}",
        "qr_differs": "二维码为「{qr}」，单据为「{document}」",
        # Of a list.
        "formula": "单元格是公式，请改为数值",
        "not_kept_exactly": "数字超过 15 位，表格已把后面几位舍去；请把这一列设为文本，重新填写",
        "only_a_header": "只有表头，没有单据",
        "unknown_column": "没有名为「{name}」的列",
        "column_twice": "「{name}」列写了两次",
        "column_missing": "缺少「{name}」列",
        "beyond_columns": "这一行在没有列名的地方有内容",
        "differs_above": "与这张单据的第一行（{above}）不同",
    }
)
