"""What the columns of findings are called, and how their values are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.language.format import gpu_hours, moment, quantity
from api.language.i18n import gettext as _
from api.language.labels import label_of
from ledger.metering.codes import CapacityBasis, GapCause, HolderKind, QuarantineReason
from ledger.registry.codes import Market, UnpricedReason

_REASONS = (QuarantineReason, UnpricedReason, GapCause, HolderKind)


@dataclass(frozen=True)
class Column:
    """A column: its heading, how a value is shown, and whether it is a number or a code."""

    name: str
    show: Callable[[Any], str] = str
    number: bool = False
    code: bool = False


def columns() -> dict[str, Column]:
    """Every column that a finding may have, by the name it has in the books."""
    return {
        "cluster": Column(_("集群")),
        "node": Column(_("节点")),
        "project": Column(_("项目")),
        "centre": Column(_("智算中心")),
        "gpu": Column("GPU", code=True),
        "model": Column(_("型号")),
        "mig_profile": Column("MIG", lambda profile: profile or _("整卡")),
        "partition": Column(_("分区"), lambda partition: partition or "—"),
        "qos": Column("QOS", lambda qos: qos or "—"),
        "market": Column(_("按需或竞价"), lambda market: label_of(Market, market)),
        "month": Column(_("账期"), lambda month: month.strftime("%Y-%m")),
        "job": Column(_("作业"), code=True),
        "before_ms": Column(_("现在算的卡时"), gpu_hours, number=True),
        "after_ms": Column(_("改后的卡时"), gpu_hours, number=True),
        "holder_kind": Column(_("占用者类别"), reason),
        "holder": Column(_("占用者"), lambda holder: holder or "—"),
        "reason": Column(_("原因"), reason),
        "reasons": Column(_("原因"), _words),
        "day": Column(_("日期"), _when),
        "start": Column(_("时刻"), _when),
        "received_at": Column(_("收到于"), _when),
        "first": Column(_("最早"), _when),
        "last": Column(_("最近"), _when),
        "stream": Column(_("上报流"), code=True),
        "number": Column(_("批次号"), quantity, number=True),
        "first_stream": Column(_("先到的上报流"), code=True),
        "first_number": Column(_("先到的批次号"), quantity, number=True),
        "hash": Column("SHA-256", code=True),
        "size": Column(_("字节"), quantity, number=True),
        "windows": Column(_("窗口"), quantity, number=True),
        "minutes": Column(_("分钟"), quantity, number=True),
        "gap_ms": Column(_("毫秒"), quantity, number=True),
        "basis": Column(_("容量是谁说的"), lambda basis: label_of(CapacityBasis, basis)),
        "gpus": Column(_("容量（GPU）"), quantity, number=True),
        "device_ms": Column(_("卡时"), gpu_hours, number=True),
    }


def reason(code: str) -> str:
    """A holder's kind, or why something is missing or set aside, in the reader's language."""
    kind = next((kind for kind in _REASONS if code in set(kind)), None)
    return label_of(kind, code) if kind else code


def _words(codes: str | None) -> str:
    return _("、").join(reason(code) for code in codes.split(", ")) if codes else "—"


def _when(value: date | datetime) -> str:
    return moment(value) if isinstance(value, datetime) else value.isoformat()
