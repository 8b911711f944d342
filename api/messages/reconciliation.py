"""Messages of reconciliation and of decisions by two persons."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "decision_open": msgid(
            "关于 {subject} 还有一项由 {by} 提出、未答复的决定 {decision}，请先答复或撤回"
        ),
        "decision_answered": msgid("这项决定已由 {by} 于 {at} 答复（{answer}）"),
        "registry_moved": msgid(
            "登记的事实或已过月份的金额已不是提出时的样子；请撤回这项更正，重新登记文件"
        ),
        "decision_changed": msgid("关于 {subject} 的决定与您看到的不同，请重新查看"),
        "same_person": msgid("须由另一人确认：{person} 不能确认自己提出的决定"),
        "one_made_the_other": msgid("须由另一人确认：您与 {person} 的令牌是其中一人签发的"),
        "service_confirms": msgid("须由一个人确认：程序的身份不能确认 {person} 提出的事"),
        "shared_device": msgid(
            "须由另一人在自己的设备上确认：{person} 一天之内在您登录的这个浏览器里登录过"
        ),
        "not_yours": msgid("只有提出者 {person} 可以撤回"),
        "decision": msgid("没有这项决定"),
        "reconciliation": msgid("没有这份对账（合同与账期）"),
        "nothing_to_reconcile": msgid("合同 {contract} 在 {month} 没有用量也没有发票"),
        "contract": msgid("没有合同「{number}」"),
        "cell": msgid("这个月没有这一部分（{part}）的用量或单据"),
        "document_line": msgid("成本单据 {document} 没有第 {line} 行"),
        "not_allocated_there": msgid(
            "成本单据 {document} 第 {line} 行在这一格没有分配这么多（已扣除红字）"
        ),
        "not_left": msgid("这一行可分配的只剩 {left} 元；未确认、已冻结的单据不能分配"),
        "nothing_falls": msgid("{subject} 没有要调减的：账上的就是现在计入的"),
        "month_ahead": msgid("{subject} 还没有开始"),
        "month_excluded": msgid("{subject} 已经不予补贴"),
        "month_not_excluded": msgid("{subject} 照常计补贴，没有不予补贴的决定"),
        "fall_first": msgid("这里的单据行还计在 {month}，请先由两人决定那里的调减"),
        "witness_pending": msgid(
            "{month} 还有 {hours} 卡时等待见证：集群须有两个见证，相符的才能核定；"
            "见证报到或停用之后再提出"
        ),
        "red_parts_known": msgid("这张红字发票冲回哪几行已经明确"),
        "red_parts_sum": msgid("各行冲回的金额须大于零，合计须为 {fen} 元（不含税）"),
        "red_parts_line": msgid("蓝字发票第 {line} 行只剩 {left} 元可冲"),
        "two_kinds": msgid(
            "成本单据 {document} 第 {line} 行已用于另一类项目，同一行不能同时支持第九条和第十四条"
        ),
        "message": msgid("没有这个问题"),
        "message_answered": msgid("这个问题已由 {by} 答复"),
        "reason_missing": msgid("须写明理由或内容"),
        "statement_contested": msgid("对账单 {number} 有一方提出异议，须写明理由才能提出"),
        "figures_changed": msgid("{subject} 的用量或发票在提出之后有变动，请重新提出"),
        "not_proposed": msgid("有 {count} 处须先处理，未提出"),
        "no_such_difference": msgid("没有差异 {code}"),
        "undecided_difference": msgid("差异 {code} 须由人选择处理办法并写明理由"),
        "blocked_difference": msgid("差异 {code} 不得计入，只能剔除"),
        "not_your_decision": msgid("您的角色（{role}）不能确认这类决定"),
    }
)
