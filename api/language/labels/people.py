"""Roles, decisions and their answers."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.people.codes import Answer, DecisionKind, EventResult, Role, SignInFault

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        Role: {
            Role.BUILDER: msgid("模型企业"),
            Role.OPERATOR: msgid("智算中心"),
            Role.CLERK: msgid("经办"),
            Role.APPROVER: msgid("审批"),
            Role.FINANCE: msgid("财务"),
            Role.AUDITOR: msgid("审计"),
            Role.SYSTEM_ADMIN: msgid("系统管理员"),
            Role.SECURITY_ADMIN: msgid("安全管理员"),
            Role.AUDIT_ADMIN: msgid("审计管理员"),
        },
        DecisionKind: {
            DecisionKind.DOCUMENT: msgid("录入单据"),
            DecisionKind.RECONCILIATION: msgid("对账"),
            DecisionKind.EXTRA: msgid("补认用量"),
            DecisionKind.FALL: msgid("调减已核定"),
            DecisionKind.RED_PARTS: msgid("红字冲回的行"),
            DecisionKind.DEDUCTION_CONSENT: msgid("抵扣的书面同意"),
            DecisionKind.DEDUCTION_FALL: msgid("调减抵扣"),
            DecisionKind.CLAIM: msgid("批准兑付"),
            DecisionKind.ACCOUNT: msgid("收款账户"),
            DecisionKind.INDICATOR: msgid("预算指标"),
            DecisionKind.PAYMENT_LIST: msgid("付款清单"),
            DecisionKind.REFUND: msgid("退款入账"),
            DecisionKind.RECOVERY: msgid("立案追缴"),
            DecisionKind.CAP: msgid("调整上限"),
            DecisionKind.LAPSE: msgid("额度失效"),
            DecisionKind.VALIDITY: msgid("券的有效期"),
            DecisionKind.EXCLUDED_MONTH: msgid("账期不予补贴或恢复"),
            DecisionKind.YEAR_CAP: msgid("券的年度上限"),
            DecisionKind.POOL: msgid("年度资金池"),
            DecisionKind.RATE: msgid("券的比例"),
            DecisionKind.POLICY_END: msgid("政策版本终止"),
            DecisionKind.POLICY_PAYABLE: msgid("政策版本定为可付"),
            DecisionKind.YEAR_END: msgid("年终结转"),
            DecisionKind.BOOKS_CLOSE: msgid("结账"),
            DecisionKind.BANK_REVERSAL: msgid("回单判定"),
            DecisionKind.REGISTRY: msgid("登记更正"),
            DecisionKind.VOUCHER: msgid("开券"),
            DecisionKind.USAGE: msgid("放行用量"),
            DecisionKind.CAPACITY: msgid("认定容量"),
            DecisionKind.CORRECTION: msgid("更正用量"),
            DecisionKind.INCIDENT: msgid("判定用量事件"),
            DecisionKind.INVENTORY: msgid("登记中心所说的 GPU"),
        },
        Answer: {
            Answer.CONFIRMED: msgid("已确认"),
            Answer.REFUSED: msgid("已退回"),
            Answer.WITHDRAWN: msgid("已撤回"),
        },
        SignInFault: {
            SignInFault.PASSWORD: msgid("口令不对"),
            SignInFault.CODE: msgid("口令对，验证码不对"),
            SignInFault.TOKEN: msgid("令牌已到期或停用"),
            SignInFault.STEP_UP: msgid("已登录，确认时验证码不对"),
        },
        EventResult: {
            EventResult.DONE: msgid("已办"),
            EventResult.REFUSED: msgid("被拒绝"),
        },
    }
)
