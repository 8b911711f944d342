"""What the database guarantees, by which mechanism, and what came of trying to break it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.postgres.codes import Guarantee, MechanismKind, Outcome, TriedAs

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        Guarantee: {
            Guarantee.REAL_ACTORS: msgid("提出、答复的人在任，有那个角色"),
            Guarantee.TWO_PERSONS: msgid("提出的人不能确认自己的事"),
            Guarantee.SHOWN_CODE: msgid("确认之前出示过验证码"),
            Guarantee.DECIDED_AS_SHOWN: msgid("确认的就是提出的内容"),
            Guarantee.ANSWERED_ONCE: msgid("答复过的决定不改、不删"),
            Guarantee.NO_INVENTED_PERSON: msgid("人和令牌只由安全管理员造"),
            Guarantee.NO_LOOKALIKE: msgid("没有两个看起来一样的姓名"),
            Guarantee.SEPARATE_DUTIES: msgid("三员与业务各是各的人"),
            Guarantee.HAPPENS_ONCE: msgid("发生过的时刻不能再改"),
            Guarantee.BY_THE_CLOCK: msgid("记下的时刻就是此刻"),
            Guarantee.NO_OVERDRAFT: msgid("余额不为负，指标不超支"),
            Guarantee.CAP: msgid("补贴不超过上限"),
            Guarantee.LEGAL_MOVES: msgid("只有规定的动法，金额为正"),
            Guarantee.BOOKS_STAY: msgid("账只增加，不改、不删"),
            Guarantee.CAUSED: msgid("没有原因不入账，一个原因只入一次"),
            Guarantee.PROMISE_STANDS: msgid("承诺、付款的退减凭两人"),
            Guarantee.DECIDED_BY_TWO: msgid("与钱有关的登记凭两人的决定"),
            Guarantee.BANK_ROWS: msgid("回单由在任的出纳导入，答的是送出的行"),
            Guarantee.PAYEE: msgid("只付给登记的收款方"),
            Guarantee.CASE_STEPS: msgid("申请一步一步地办"),
            Guarantee.PUBLISHED: msgid("公示满规定的工作日"),
            Guarantee.DOCUMENTS: msgid("单据、凭证有人交，另有人看"),
            Guarantee.ONE_WINDOW: msgid("一块 GPU 的一分钟只算一次"),
            Guarantee.SIGNED_BATCHES: msgid("批次一份接一份，来自注册的采集端"),
            Guarantee.TOTALS: msgid("合计只由窗口加出"),
            Guarantee.REGISTERED: msgid("登记由在任的经办写"),
            Guarantee.EVENTS_STAY: msgid("事件日志不改、不删"),
            Guarantee.SEALS_FOLLOW: msgid("封存一次接一次，不改、不删"),
            Guarantee.DRILL_STAYS: msgid("做过演练的库不会变成真的"),
            Guarantee.AS_MADE: msgid("触发器、约束、函数、权限与程序建的一样"),
        },
        MechanismKind: {
            MechanismKind.TRIGGER: msgid("触发器"),
            MechanismKind.CONSTRAINT: msgid("约束"),
            MechanismKind.INDEX: msgid("唯一索引"),
            MechanismKind.FUNCTION: msgid("函数"),
            MechanismKind.RIGHT: msgid("没有权限"),
            MechanismKind.SCHEMA: msgid("全部结构"),
        },
        TriedAs: {
            TriedAs.OWNER: msgid("属主"),
            TriedAs.APPLICATION: msgid("应用"),
            TriedAs.COMPARED: msgid("对照"),
        },
        Outcome: {
            Outcome.HELD: msgid("守住"),
            Outcome.BROKEN: msgid("没有守住"),
            Outcome.NOT_HERE: msgid("演练的库不设"),
            Outcome.UNTRIED: msgid("没有试成"),
        },
    }
)
