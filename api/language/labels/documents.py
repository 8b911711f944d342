"""Cost documents: kinds, sources, states."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.documents.codes import (
    DocumentKind,
    DocumentSource,
    DocumentState,
    LookupResult,
    SealOutcome,
    Verification,
)

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        DocumentKind: {
            DocumentKind.DIGITAL_INVOICE: msgid("数电票"),
            DocumentKind.ELECTRONIC_INVOICE: msgid("增值税电子发票"),
            DocumentKind.PAPER_INVOICE: msgid("纸质发票"),
            DocumentKind.INTERNAL_SETTLEMENT: msgid("校内结算"),
            DocumentKind.OTHER: msgid("其他凭证"),
        },
        DocumentSource: {
            DocumentSource.XML: "XML",
            DocumentSource.OFD: "OFD",
            DocumentSource.KEYED: msgid("手工录入"),
        },
        DocumentState: {
            DocumentState.STANDING: msgid("有效"),
            DocumentState.TO_CONFIRM: msgid("待核对"),
            DocumentState.PERIOD_UNKNOWN: msgid("服务期未知"),
            DocumentState.FROZEN: msgid("冻结"),
            DocumentState.REFUSED: msgid("未予确认"),
            DocumentState.DROPPED: msgid("已重录"),
        },
        Verification: {
            Verification.UNVERIFIED: msgid("未查验"),
            Verification.COMPARED: msgid("已核对"),
            Verification.SEALED: msgid("已验章"),
            Verification.LOOKED_UP: msgid("已查验"),
        },
        SealOutcome: {
            SealOutcome.HOLDS: msgid("签章有效"),
            SealOutcome.MISSING: msgid("文件没有电子签章"),
            SealOutcome.NO_ROOTS: msgid("有签章；没有设信任的根证书，不能验证"),
            SealOutcome.UNKNOWN: msgid("有签章；种类不认识，不能验证"),
            SealOutcome.UNCOVERED: msgid("签章没有盖住读出的内容，不能凭它"),
            SealOutcome.UNTRUSTED: msgid("有签章；签发机构不在信任之列"),
            SealOutcome.BROKEN: msgid("签章与内容不符"),
        },
        LookupResult: {
            LookupResult.AGREES: msgid("查验一致"),
            LookupResult.DIFFERS: msgid("查验不一致"),
            LookupResult.UNKNOWN: msgid("查无此票"),
            LookupResult.VOID: msgid("已作废或已红冲"),
        },
    }
)
