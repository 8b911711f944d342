"""Messages of cost documents."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        # Of a document by itself.
        "text_too_long": msgid("文字过长：最多 {limit} 个字"),
        "digital_number": msgid("数电票号码应为 20 位数字，且没有发票代码；此处为「{number}」"),
        "number_year": msgid("号码前两位「{year}」与开票日期 {issued} 的年份不符"),
        "invoice_code": msgid("发票代码应为 10 位或 12 位数字，此处为「{code}」"),
        "invoice_number": msgid("这种发票的号码应为 8 位数字，此处为「{number}」"),
        "amount_too_large": msgid("金额过大，请核对"),
        "no_lines": msgid("单据没有明细行"),
        "too_many_lines": msgid("明细行过多：最多 {limit} 行"),
        "zero_document": msgid("价税合计不能是零"),
        "settlement_taxed": msgid("校内结算没有税额，此处为 {tax} 元"),
        "net_not_sum": msgid("各行金额之和 {added} 元，与合计金额 {total} 元不符"),
        "tax_not_sum": msgid("各行税额之和 {added} 元，与合计税额 {total} 元不符"),
        "gross_not_sum": msgid("金额 {net} 元加税额 {tax} 元，与价税合计 {gross} 元不符"),
        "mixed_signs": msgid("金额、税额与价税合计的正负不一致"),
        "words_unreadable": msgid("「{words}」不是大写金额"),
        "words_differ": msgid("大写「{words}」与小写 {gross} 元不符"),
        "red_without_blue": msgid("金额为负的单据须写明所冲的蓝字发票号码"),
        "blue_reverses": msgid("金额为正的单据不能冲销 {number}"),
        "reverses_itself": msgid("单据不能冲销自己"),
        "bad_amount": msgid("「{text}」不是以元计、至多两位小数的金额"),
        # Of the file.
        "needs_keying": msgid("从这个文件读不出明细，请对照原件人工录入"),
        "unknown_file": msgid("不认识这种文件；请上传数电票 XML 或 OFD"),
        "not_xml": msgid("不是完好的 XML（第 {line} 行第 {column} 列）"),
        "xml_forbidden": msgid("XML 中有 DTD 或实体，已拒绝"),
        "too_many_elements": msgid("XML 元素过多：最多 {limit} 个"),
        "repeated_element": msgid("此项出现了不止一次，不知以哪个为准"),
        "unknown_xml": msgid("不是认识的电子发票（根元素为 {root}）"),
        "two_numbers": msgid("发票号码 {number} 与监制信息中的 {other} 不符"),
        "mark_differs": msgid("红蓝字标志与价税合计 {gross} 的正负不符"),
        "archive_broken": msgid("压缩包已损坏"),
        "archive_members": msgid("压缩包内文件过多：最多 {limit} 个"),
        "archive_unpacked": msgid("压缩包解开后过大：最多 {limit} 字节"),
        "archive_twice": msgid("压缩包内有两个同名文件：{member}"),
        "archive_path": msgid("压缩包内的路径不合要求：{member}"),
        "archive_locked": msgid("压缩包内的文件已加密，或压缩方法不认识：{member}"),
        "archive_ratio": msgid("压缩包内的文件压缩比超过 {limit} 倍：{member}"),
        "archive_nested": msgid("压缩包内还有压缩包：{member}"),
        "ofd_member": msgid("OFD 内缺少文件，或文件已损坏：{member}"),
        "ofd_differs": msgid("此处写的是「{text}」，与发票内容不符"),
        "not_qr": msgid("不是发票二维码的文字"),
        "qr_type": msgid("不认识的发票种类：二维码中为 {type}"),
        "qr_differs": msgid("二维码为「{qr}」，单据为「{document}」"),
        # Of a list.
        "formula": msgid("单元格是公式，请改为数值"),
        "not_kept_exactly": msgid(
            "数字超过 15 位，表格已把后面几位舍去；请把这一列设为文本，重新填写"
        ),
        "only_a_header": msgid("只有表头，没有单据"),
        "unknown_column": msgid("没有名为「{name}」的列"),
        "column_twice": msgid("「{name}」列写了两次"),
        "column_missing": msgid("缺少「{name}」列"),
        "beyond_columns": msgid("这一行在没有列名的地方有内容"),
        "differs_above": msgid("与这张单据的第一行（{above}）不同"),
        # Of what is there already.
        "cost_documents": msgid("单据有 {count} 处不合要求，没有收下"),
        "no_file": msgid("请求中没有文件"),
        "no_document": msgid("请求中没有 JSON 写成的单据（document）"),
        "number_known": msgid("号码 {number} 已由 {by} 于 {on} 交来，内容与此不同"),
        "number_known_same": msgid("号码 {number} 已由 {by} 于 {on} 以另一份文件交来，内容相同"),
        "list_known": msgid("这份清单已由 {by} 于 {on} 导入"),
        "not_your_document": msgid("销售方「{seller}」不是本中心的销售方"),
        "blue_unknown": msgid("没有收到过号码为 {number} 的蓝字单据"),
        "blue_unconfirmed": msgid("蓝字单据 {number} 还没有经第二人确认"),
        "red_of_red": msgid("{number} 本身是红字单据，不能再冲"),
        "red_parties": msgid("红字单据与蓝字单据 {number} 的销售方或购买方不同"),
        "red_too_much": msgid("冲得过多：{number} 只剩 {left} 元可冲"),
        "receipt_of_red": msgid("{number} 是红字单据，没有付款凭证"),
        "receipt_known": msgid("银行流水号 {reference} 已登记为另一笔付款"),
        "freeze_red": msgid("{number} 是红字单据，不必冻结"),
        "frozen": msgid("{number} 已因红字确认单 {confirmation} 冻结"),
        "document": msgid("没有编号为 {id} 的成本单据"),
        "original": msgid("没有这个原件"),
    }
)
