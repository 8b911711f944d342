"""What the month's codes are called away from the pages: on the command line, in sentences.

In English a code is its own word; the Chinese ones are those of the pages (`api/web/labels.py`),
and a test holds the two to be the same.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

KEPT_APART = re.compile(r"^(account|claim|document|list) ")
"""The word before a decision's subject by which the books keep kinds apart; nobody is told it."""

CLAIM_STATES: Mapping[str, str] = MappingProxyType(
    {
        "draft": "草稿",
        "submitted": "已提交",
        "accepted": "已受理",
        "published": "公示中",
        "objected": "有异议",
        "approved": "已批准",
        "listed": "银行处理中",
        "paid": "已到账",
        "refused": "不予兑付",
        "withdrawn": "已撤回",
    }
)
CLAIM_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "submit": "提交",
        "return": "退回补正",
        "accept": "受理",
        "publish": "发布公示",
        "object": "登记异议",
        "dismiss": "异议不成立",
        "uphold": "异议成立",
        "propose": "提出批准",
        "approve": "批准",
        "refuse": "决定不付",
        "withdraw": "撤回",
        "list": "列入清单",
        "bounce": "退票",
        "pay": "到账",
    }
)
FILE_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "application": "兑付申请表",
        "commitment": "承诺书",
        "receipt": "付款凭证",
        "account": "收款账户证明",
        "contract": "合同文本",
        "result": "成果材料",
        "other": "其他材料",
    }
)
DECISION_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "document": "录入单据",
        "reconciliation": "对账",
        "extra": "补认用量",
        "claim": "批准兑付",
        "account": "收款账户",
        "indicator": "预算指标",
        "payment_list": "付款清单",
        "refund": "退款入账",
        "recovery": "立案追缴",
        "cap": "调整上限",
        "lapse": "额度失效",
        "year_end": "年终结转",
    }
)
ANSWERS: Mapping[str, str] = MappingProxyType(
    {"confirmed": "已确认", "refused": "已退回", "withdrawn": "已撤回"}
)
STANDINGS: Mapping[str, str] = MappingProxyType(
    {"open": "未答完", "confirmed": "已确认", "contested": "有出入"}
)
LINE_KINDS: Mapping[str, str] = MappingProxyType(
    {"metered": "按用量", "reserved": "包占", "package": "套餐", "fixed": "固定费"}
)
HANDLINGS: Mapping[str, str] = MappingProxyType(
    {
        "block": "不得计入",
        "exclude": "剔除",
        "cut": "按计量截断",
        "person": "须由人判断",
        "note": "仅提示",
    }
)
DIFFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "R01": "重复发票",
        "R02": "红冲或作废",
        "R03": "购方不符",
        "R04": "销方不符",
        "R05": "付款不符",
        "R06": "超出合同",
        "R07": "用量不支持",
        "R08": "产能不可能",
        "R09": "单价异常",
        "R10": "票面不平",
        "R11": "品目不符",
        "R12": "税率提示",
        "R13": "关联方",
        "R14": "期外",
        "R15": "重复支持",
        "R16": "缺件",
        "R17": "少于计量",
        "R18": "红字确认在途",
        "R19": "计税口径不一",
        "R20": "证据等级不足",
    }
)
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "builder": "模型企业",
        "operator": "智算中心",
        "clerk": "经办",
        "approver": "审批",
        "finance": "财务",
        "auditor": "审计",
        "administrator": "管理员",
    }
)
