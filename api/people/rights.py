"""The one table of rights: which role may do what, and of whose things.

It is read off `api/door/access.py`, which every route asks, so it says what holds. The page, the
API and docs/doors/rights.md show it; a test holds each route to it, for every role, both ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from api.door.access import RIGHTS, Right
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.people.codes import Role


class Scope(StrEnum):
    """Of whose things a role has a right."""

    ALL = "all"
    PROJECT = "project"
    CENTRE = "centre"


SCOPES: Mapping[Role, Scope] = MappingProxyType(
    {Role.BUILDER: Scope.PROJECT, Role.OPERATOR: Scope.CENTRE}
)
SCOPE_WORDS: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.ALL: msgid("全部"),
        Scope.PROJECT: msgid("自己的项目"),
        Scope.CENTRE: msgid("自己的中心"),
    }
)
WORDS: Mapping[Right, str] = MappingProxyType(
    {
        Right.READ_PROJECTS: msgid("看项目、额度、逐日用量、窗口"),
        Right.READ_USAGE: msgid("看用量"),
        Right.READ_METERING: msgid("看节点、见证、待查事项"),
        Right.READ_AGENTS: msgid("看采集端何时上报"),
        Right.TEND_AGENTS: msgid("发注册码，停用采集端，放出已登记的隔离"),
        Right.ADMIT_USAGE: msgid("批准采集端，放行迟到的用量，认定容量，裁定更正与事件"),
        Right.EXPLAIN_INCIDENTS: msgid("为用量事件提交说明"),
        Right.READ_REGISTRY: msgid("看登记簿"),
        Right.REGISTER: msgid("登记单位、合同、价格、绑定"),
        Right.REGISTER_SEEN: msgid("登记采集端所见的 GPU"),
        Right.OPEN_VOUCHERS: msgid("提出开券、上限、比例、有效期、政策版本"),
        Right.ACCRUE: msgid("立即计费并计提"),
        Right.READ_TOKENS: msgid("看谁有令牌"),
        Right.ISSUE_TOKENS: msgid("签发、确认、停用令牌"),
        Right.READ_LOGS: msgid("看所有人的登录与事件"),
        Right.READ_METRICS: msgid("看 /metrics"),
        Right.READ_MONTH: msgid("看对账单、单据、对账"),
        Right.HAND_IN: msgid("交单据，答复询问"),
        Right.ANSWER_STATEMENTS: msgid("逐行答复对账单"),
        Right.RECONCILE: msgid("出对账单，匹配，提出对账与差异的决定"),
        Right.ANSWER_DECISIONS: msgid(
            "确认、退回别人提出的决定（各类由哪些角色，见决定），撤回自己的"
        ),
        Right.READ_CLAIMS: msgid("看兑付申请"),
        Right.CLAIM: msgid("提出兑付申请，确认抵扣，登记付款凭证"),
        Right.BRING_PAPERS: msgid("交申请材料、收款账户"),
        Right.MOVE_CLAIMS: msgid("办理申请的各步（哪一步由谁，见申请）"),
        Right.HANDLE_CLAIMS: msgid("登记异议，提出批准"),
        Right.TAKE_DOSSIERS: msgid("取申请的卷宗，里面有完整的账号（每次留下记录）"),
        Right.CERTIFY: msgid("开算力计量证明"),
        Right.READ_NUMBERS: msgid("看完整的账号（每次留下记录）"),
        Right.READ_PAYMENTS: msgid("看指标、付款清单、回单、退款、追缴"),
        Right.READ_POSTINGS: msgid("看凭证、分录、批次"),
        Right.CLOSE: msgid("月结：结用量，提出结账"),
        Right.PAY: msgid("提出指标、清单、退款、追缴，收回单"),
    }
)


@dataclass(frozen=True)
class RightRow:
    """A right: its code, what it is in the reader's language, and the scope of each role's."""

    right: Right
    means: str
    roles: dict[Role, Scope]


def right_table() -> list[RightRow]:
    """Every right with the roles that have it, in the order of the flow."""
    return [
        RightRow(
            right,
            _(WORDS[right]),
            {role: SCOPES.get(role, Scope.ALL) for role in Role if right in RIGHTS[role]},
        )
        for right in Right
    ]


def right_words() -> dict[str, str]:
    """What each right is in the reader's language, by its code."""
    return {right: _(words) for right, words in WORDS.items()}


def scope_word(scope: Scope) -> str:
    """A scope in the reader's language."""
    return _(SCOPE_WORDS[scope])
