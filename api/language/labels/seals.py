"""How a seal came about, what hashed it, and what verification can find."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.seals.codes import Algorithm, FaultCode, SealKind, UnprovedReason

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        SealKind: {
            SealKind.LIGHT: msgid("按时"),
            SealKind.MONTH: msgid("月末"),
            SealKind.CLOSE: msgid("结账"),
        },
        Algorithm: {
            Algorithm.SHA256: msgid("SHA-256（国际）"),
            Algorithm.SM3: msgid("SM3（国密）"),
        },
        FaultCode: {
            FaultCode.CHANGED: msgid("与封存时不同"),
            FaultCode.MISSING: msgid("封存过，现在没有了"),
            FaultCode.ADDED: msgid("没有经过程序加进来"),
            FaultCode.REWRITTEN: msgid("只写一次的行封存了两种内容"),
            FaultCode.CAME_BACK: msgid("封存时已经没有，现在又有了"),
            FaultCode.TREE: msgid("摘要合不成封首里的树根"),
            FaultCode.HEAD: msgid("封首与所存的不符"),
            FaultCode.CHAIN: msgid("没有接着前一次"),
            FaultCode.SIGNATURE: msgid("签名不对"),
            FaultCode.KEY: msgid("不是登记过的密钥"),
            FaultCode.CLOCK: msgid("时刻不在前一次之后"),
            FaultCode.COPY: msgid("抄下的这个封首不在链里"),
            FaultCode.DIFFERS: msgid("与重新算出的不同"),
            FaultCode.FORM: msgid("写得不像导出的文件"),
            FaultCode.ARCHIVE: msgid("归档的文件缺失，或已不是归档时的样子"),
            FaultCode.COLUMNS: msgid("封存时的列现在没有了"),
            FaultCode.ACTOR: msgid("不是这个人能决定的"),
            FaultCode.REPLAY: msgid("政策重新判定，结果不同"),
            FaultCode.DAY_TOTAL: msgid("日合计与批次里的窗口不符"),
            FaultCode.CHARGE: msgid("费用与用量、价格不符"),
            FaultCode.STATEMENT: msgid("对账单与它的行、当时的费用不符"),
            FaultCode.ALLOCATION: msgid("分配超出单据这一行所余"),
            FaultCode.MATCH: msgid("对账与两人决定的不符"),
            FaultCode.POSTING: msgid("凭证与引起它的那一行不符"),
            FaultCode.LIST: msgid("清单与决定、申请、银行流水不符"),
            FaultCode.BANK: msgid("银行流水与银行的文件、决定不符"),
            FaultCode.STAMP: msgid("时间戳不是这个封首的，或不由给出的根证书签发"),
        },
        UnprovedReason: {
            UnprovedReason.NO_RECORD: msgid("没有留下判定的记录"),
            UnprovedReason.OTHER_ENGINE: msgid("由另一版本的引擎判定"),
            UnprovedReason.NO_POLICY: msgid("没有那个版本的政策文件"),
            UnprovedReason.NO_READER: msgid("读这种文件要安装服务器版（suanquan[server]）"),
            UnprovedReason.TWO_SOURCES: msgid("两个来源报了同一分钟，谁先到只有到达的次序知道"),
            UnprovedReason.WITNESSED: msgid("见证与用户绑定的更正照库里的取用"),
            UnprovedReason.ROUNDS_SESSIONS: msgid("合同按会话取整，会话还没有重算"),
            UnprovedReason.NO_BATCHES: msgid("归档的批次读不了，日合计与费用没有重算"),
            UnprovedReason.NO_ROOTS: msgid("没有给出时间戳机构的根证书（--tsa-roots）"),
            UnprovedReason.BEHIND: msgid("计费之后又到了用量或改了登记，下一轮才算得准"),
        },
    }
)
