"""How a seal came about, what hashed it, and what verification can find."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.seals.codes import Algorithm, FaultCode, SealKind

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        SealKind: {
            SealKind.LIGHT: msgid("按时"),
            SealKind.MONTH: msgid("月末"),
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
            FaultCode.DIFFERS: msgid("与重新算出的不同"),
            FaultCode.FORM: msgid("写得不像导出的文件"),
            FaultCode.ARCHIVE: msgid("归档的文件缺失，或已不是归档时的样子"),
            FaultCode.COLUMNS: msgid("封存时的列现在没有了"),
        },
    }
)
