"""Messages of payment, refunds and recoveries."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

_INDICATORS = {
    "lines_at_bank": msgid("还有 {count} 行在银行（{lists}）；银行书面答复不再支付之后才能结转"),
    "list_not_sent": msgid("清单 {list} 还没有经另一人确认，不能导出"),
    "indicator": msgid("{year} 年没有编号为「{number}」的预算指标"),
    "indicator_exists": msgid("{year} 年已有编号为「{number}」的预算指标"),
    "indicator_year": msgid("预算指标「{number}」是 {year} 年的，只能在当年付款"),
    "shares_wrong": msgid("分担至少两方，各方、各指标不重复，都是同一年度的指标"),
    "shares_exist": msgid("{year} 年预算指标「{number}」已有分担"),
    "money_short": msgid("预算指标「{number}」可用 {free} 元，不足 {wanted} 元"),
}

_LISTS = {
    "payment_list": msgid("没有编号为 {number} 的付款清单"),
    "nothing_payable": msgid("目前没有可以列入清单的兑付申请"),
    "claim_not_waiting": msgid("申请 {claim} 不在待付之列：未批准，已在别的清单上，或应付金额已变"),
    "without_account": msgid("申请 {claim} 的收款单位还没有经两人确认的账户"),
    "account_changing": msgid("申请 {claim} 的收款账户正在变更，等另一人确认后才能付款"),
    "account_changed": msgid("申请 {claim} 的收款账户在列入清单之后变了，请退回清单，重新编制"),
    "payee_changed": msgid("申请 {claim} 的收款单位「{payee}」已变更，须由现在的收款单位重新申请"),
    "payable_gone": msgid("申请 {claim} 的待兑付余额已不足（可能收到了红字发票或应先抵扣）"),
    "columns": msgid("导出列有 {count} 处写法不对"),
    "bad_column": msgid("每列写成「标题=字段」"),
    "unknown_field": msgid("没有名为 {field} 的字段，可用的有：{known}"),
}

_RETURNS = {
    "bank_return": msgid("银行回单有 {count} 处错误，未作任何入账"),
    "bank_return_repeated": msgid("这个文件已于 {day} 由 {by} 导入过，不再入账"),
    "not_a_table": msgid("不是完好的 CSV 或 XLSX 表格"),
    "too_many_columns": msgid("列数过多：最多 {limit} 列"),
    "too_many_rows": msgid("行数过多：最多 {limit} 行"),
    "empty_table": msgid("表格里没有内容"),
    "bad_cell": msgid("「{column}」的写法不对"),
    "bad_paid_amount": msgid("金额应为大于零、至多两位小数的元，此处为「{text}」"),
    "unknown_result": msgid("不认识的结果「{result}」，应为以下之一：{known}"),
    "reference_twice": msgid("与{first}重复"),
    "unknown_line": msgid("没有已送出的清单 {list} 第 {line} 笔"),
    "day_outside": msgid("日期应在 {first} 与 {last} 之间"),
    "return_rows_missing": msgid("回单只有清单 {list} 共 {lines} 笔中的 {rows} 笔"),
    "return_sum_differs": msgid("回单里清单 {list} 的金额合计 {file} 元，清单是 {sent} 元"),
    "bank_row": msgid("没有编号为 {id} 的回单行"),
    "row_state": msgid("流水号 {reference} 的这一行不能这样判定：它已判定过，或没有入账"),
    "claim_at_bank": msgid(
        "申请 {claim} 还在清单 {lists} 上等银行付款；等银行回音，或银行书面答复不再付之后才能认可"
    ),
    "not_undoable": msgid("流水号 {reference} 的款已被银行收回或已退，不能再撤销"),
    "reversal_changed": msgid("流水号 {reference} 的判定提出之后账上有变，请撤回后重新提出"),
    "bank_rows_wait": msgid("清单 {list} 有等两人判定的回单行；请先判定"),
    "claim_held": msgid("申请 {claim} 挂起了，了结之后才能付款"),
    "bank_contradiction": msgid("申请 {claim} 的银行回单有矛盾，等两人判定后才能付款"),
}

_PAYBACK = {
    "refund_known": msgid("流水号 {reference} 已经入过账，或总额、日期与前不同"),
    "refund_beyond_total": msgid("流水号 {reference} 的汇款只剩 {left} 元没有入账"),
    "refund_share": msgid("预算指标「{number}」按分担应退回这笔汇款中的 {share} 元"),
    "refund_changed": msgid("退款 {reference} 提出之后，追缴案件有变，请撤回后重新提出"),
    "refund_day": msgid("退款日期应在 {year} 年年初之后，且不晚于今天"),
    "refund_beyond_paid": msgid("预算指标「{number}」付给此项目而未退回的只有 {paid} 元"),
    "not_recoverable": msgid("项目「{project}」应退回的只有 {recoverable} 元"),
    "nothing_recoverable": msgid("项目「{project}」没有应退回的钱；如系作假，请先撤销核对"),
    "recovery_open": msgid("已有未了结的追缴案件 {number}"),
    "pay_by_past": msgid("期限 {pay_by} 须在今天之后"),
    "not_later_year": msgid("预算指标「{number}」是 {year} 年的，不是以后年度的"),
    "list_waits": msgid("付款清单 {list} 还在等另一人确认；请先确认或退回"),
    "nothing_to_close": msgid("{year} 年预算指标「{number}」没有未付的款项，也没有结余"),
    "year_end_changed": msgid(
        "{year} 年预算指标「{number}」的情况在提出之后有变，请撤回后重新提出"
    ),
}

_VOUCHERS = {
    "undecided": msgid("下调上限、额度失效须先由两人决定"),
    "cap_unchanged": msgid("上限已是 {cap} 元"),
    "cap_below_drawn": msgid("上限不能低于已占用的额度，最低可调到 {lowest} 元；预留的可先解除"),
    "cap_moved": msgid("上限现为 {cap} 元，与提出时不同；请重新提出"),
    "nothing_left": msgid("这张算力券没有可以失效的额度"),
    "not_available": msgid("可用额度只有 {available} 元"),
    "reservation_past": msgid("{until} 已经过去，不能预留到这一天"),
    "reservation_released": msgid("预留 {id} 已经解除"),
    "reservation": msgid("没有编号为 {id} 的预留"),
}

SENTENCES: Mapping[str, str] = MappingProxyType(
    {**_INDICATORS, **_LISTS, **_RETURNS, **_PAYBACK, **_VOUCHERS}
)
