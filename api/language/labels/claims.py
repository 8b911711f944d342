"""The states of a claim, and its steps."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.claims.codes import ClaimAction, ClaimStage, ClaimState, HoldKind

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        ClaimState: {
            ClaimState.DRAFT: msgid("草稿"),
            ClaimState.SUBMITTED: msgid("已提交"),
            ClaimState.REVIEWED: msgid("已初审"),
            ClaimState.ACCEPTED: msgid("已受理"),
            ClaimState.VERIFIED: msgid("已核查"),
            ClaimState.CHECKED: msgid("已复审"),
            ClaimState.INSPECTED: msgid("已查现场"),
            ClaimState.SCORED: msgid("已评审"),
            ClaimState.AGREED: msgid("已会审"),
            ClaimState.NOMINATED: msgid("已拟定"),
            ClaimState.PUBLISHED: msgid("公示中"),
            ClaimState.APPROVED: msgid("已批准"),
            ClaimState.LISTED: msgid("银行处理中"),
            ClaimState.PAID: msgid("已到账"),
            ClaimState.REJECTED: msgid("不予受理"),
            ClaimState.REFUSED: msgid("不予兑付"),
            ClaimState.WITHDRAWN: msgid("已撤回"),
            ClaimState.TERMINATED: msgid("已终止"),
        },
        ClaimAction: {
            ClaimAction.SUBMIT: msgid("提交"),
            ClaimAction.RETURN: msgid("退回补正"),
            ClaimAction.REVIEW: msgid("初审"),
            ClaimAction.ACCEPT: msgid("受理"),
            ClaimAction.REJECT: msgid("决定不予受理"),
            ClaimAction.VERIFY: msgid("核查"),
            ClaimAction.CHECK: msgid("复审"),
            ClaimAction.INSPECT: msgid("查现场"),
            ClaimAction.SCORE: msgid("评审"),
            ClaimAction.AGREE: msgid("会审"),
            ClaimAction.NOMINATE: msgid("拟定名单"),
            ClaimAction.PUBLISH: msgid("发布公示"),
            ClaimAction.OBJECT: msgid("登记异议"),
            ClaimAction.DISMISS: msgid("异议不成立"),
            ClaimAction.UPHOLD: msgid("异议成立"),
            ClaimAction.PROPOSE: msgid("提出批准"),
            ClaimAction.APPROVE: msgid("批准"),
            ClaimAction.REFUSE: msgid("决定不付"),
            ClaimAction.WITHDRAW: msgid("撤回"),
            ClaimAction.TERMINATE: msgid("终止"),
            ClaimAction.LIST: msgid("列入清单"),
            ClaimAction.BOUNCE: msgid("退票"),
            ClaimAction.PAY: msgid("到账"),
            ClaimAction.REOPEN: msgid("撤销到账"),
        },
        ClaimStage: {
            ClaimStage.DRAFT: msgid("填写"),
            ClaimStage.SUBMITTED: msgid("提交"),
            ClaimStage.REVIEWED: msgid("初审"),
            ClaimStage.ACCEPTED: msgid("受理"),
            ClaimStage.VERIFIED: msgid("核查"),
            ClaimStage.CHECKED: msgid("复审"),
            ClaimStage.INSPECTED: msgid("查现场"),
            ClaimStage.SCORED: msgid("评审"),
            ClaimStage.AGREED: msgid("会审"),
            ClaimStage.NOMINATED: msgid("拟定名单"),
            ClaimStage.PUBLISHED: msgid("公示"),
            ClaimStage.APPROVED: msgid("批准"),
            ClaimStage.LISTED: msgid("送银行"),
            ClaimStage.PAID: msgid("到账"),
        },
        HoldKind: {
            HoldKind.APPLICANT: msgid("等申请人"),
            HoldKind.OBJECTION: msgid("异议未了"),
            HoldKind.CREDIT: msgid("信用待查"),
            HoldKind.QUESTION: msgid("政策待定"),
            HoldKind.COURT: msgid("诉讼复议"),
        },
    }
)
