"""The states of a claim, and its steps."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.claims.codes import ClaimAction, ClaimStage, ClaimState

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        ClaimState: {
            ClaimState.DRAFT: msgid("草稿"),
            ClaimState.SUBMITTED: msgid("已提交"),
            ClaimState.ACCEPTED: msgid("已受理"),
            ClaimState.PUBLISHED: msgid("公示中"),
            ClaimState.OBJECTED: msgid("有异议"),
            ClaimState.APPROVED: msgid("已批准"),
            ClaimState.LISTED: msgid("银行处理中"),
            ClaimState.PAID: msgid("已到账"),
            ClaimState.REFUSED: msgid("不予兑付"),
            ClaimState.WITHDRAWN: msgid("已撤回"),
        },
        ClaimAction: {
            ClaimAction.SUBMIT: msgid("提交"),
            ClaimAction.RETURN: msgid("退回补正"),
            ClaimAction.ACCEPT: msgid("受理"),
            ClaimAction.PUBLISH: msgid("发布公示"),
            ClaimAction.OBJECT: msgid("登记异议"),
            ClaimAction.DISMISS: msgid("异议不成立"),
            ClaimAction.UPHOLD: msgid("异议成立"),
            ClaimAction.PROPOSE: msgid("提出批准"),
            ClaimAction.APPROVE: msgid("批准"),
            ClaimAction.REFUSE: msgid("决定不付"),
            ClaimAction.WITHDRAW: msgid("撤回"),
            ClaimAction.LIST: msgid("列入清单"),
            ClaimAction.BOUNCE: msgid("退票"),
            ClaimAction.PAY: msgid("到账"),
            ClaimAction.REOPEN: msgid("撤销到账"),
        },
        ClaimStage: {
            ClaimStage.DRAFT: msgid("填写"),
            ClaimStage.SUBMITTED: msgid("提交"),
            ClaimStage.ACCEPTED: msgid("受理"),
            ClaimStage.PUBLISHED: msgid("公示"),
            ClaimStage.APPROVED: msgid("批准"),
            ClaimStage.LISTED: msgid("送银行"),
            ClaimStage.PAID: msgid("到账"),
        },
    }
)
