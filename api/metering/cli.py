"""What was metered, and what is wrong with it: `suanquan usage`, `days`, `hours`, `findings`."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import METERING, Code, Limit, Month, Offset, Since, Until
from api.cli.values import HOURS, MOMENT, MONEY, NUMBER, PERCENT, ROUGHLY, Format
from api.language.i18n import msgid
from ledger.desk.codes import FindingKind
from ledger.metering.codes import QuarantineReason

app = Commands()

USAGE = (
    Column(msgid("项目"), "project"),
    Column(msgid("卡时"), "device_ms", HOURS),
    Column(msgid("设备毫秒"), "device_ms", NUMBER),
)
DAYS = (
    Column(msgid("日期"), "day"),
    Column(msgid("卡时"), "device_ms", HOURS),
    Column(msgid("费用"), "cost_fen", ROUGHLY),
    Column(msgid("累计补贴"), "earned_fen", MONEY),
    Column(msgid("利用率"), "util_ppm", PERCENT),
    Column(msgid("无价格卡时"), "unpriced_ms", HOURS),
)


def _holders(hour: dict[str, Any]) -> str:
    return " ".join(
        share["project"] or share["holder"] or share["kind"] for share in hour["shares"]
    )


def _stretches(minute: dict[str, Any]) -> str:
    return " ".join(
        f"{span['kind']}:{span['holder']}:{span['from_ms']}-{span['to_ms']}"
        for span in minute["stretches"]
    )


HOUR_COLUMNS = (
    Column("GPU", "gpu"),
    Column(msgid("时刻"), "hour", MOMENT),
    Column(msgid("占用者"), _holders),
    Column(msgid("看到的卡时"), "seen_ms", HOURS),
    Column(msgid("空缺卡时"), "gap_ms", HOURS),
    Column(msgid("静默卡时"), "silent_ms", HOURS),
    Column(msgid("利用率"), "util_ppm", PERCENT),
)
MINUTE_COLUMNS = (
    Column(msgid("时刻"), "start", MOMENT),
    Column(msgid("占用者"), _stretches),
    Column(msgid("来源"), "source"),
    Column(msgid("上报流"), "stream"),
    Column(msgid("批次号"), "number", NUMBER),
)


@app.verb("usage", msgid("各项目用量"), panel=METERING)
def usage(*, since: Since = None, until: Until = None) -> Listing:
    """List the usage of each project."""
    return listing(
        USAGE, ask("GET", "usage", query={"since": since, "until": until}), empty=msgid("没有用量")
    )


@app.verb("days", msgid("逐日用量"), panel=METERING)
def days(code: Code, *, since: Since = None, until: Until = None) -> Listing:
    """List a project's usage day by day."""
    query = {"since": since, "until": until}
    return listing(
        DAYS, ask("GET", path("projects", code, "days"), query=query), empty=msgid("没有用量")
    )


@app.verb("hours", msgid("一个集群一天里每块 GPU 每小时"), panel=METERING)
def hours(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    day: Annotated[str, typer.Argument(metavar="DAY", help=msgid("哪一天（北京）"))],
    *,
    limit: Annotated[int, typer.Option(help=msgid("几个节点"))] = 16,
    offset: Offset = 0,
) -> Listing:
    """List who held each GPU in each hour, and what nobody saw."""
    query = {"day": day, "limit": limit, "offset": offset}
    return listing(
        HOUR_COLUMNS,
        ask("GET", path("hours", cluster), query=query),
        empty=msgid("没有登记 GPU；按作业计量的集群看各项目的逐日用量"),
    )


@app.verb("minutes", msgid("一块 GPU 一小时里的每个窗口"), panel=METERING)
def minutes(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    gpu: Annotated[str, typer.Argument(metavar="GPU", help=msgid("GPU 的 UUID"))],
    hour: Annotated[
        str, typer.Argument(metavar="HOUR", help=msgid("哪一小时，如 2026-11-01T08:00+08:00"))
    ],
) -> Listing:
    """List the windows of an hour of a GPU."""
    rows = ask("GET", path("hours", cluster, gpu), query={"hour": hour})
    return listing(MINUTE_COLUMNS, rows, empty=msgid("没有窗口"))


@app.verb("findings", msgid("待查事项"), panel=METERING)
def findings(
    kind: Annotated[FindingKind, typer.Argument(help=msgid("哪一类"))],
    *,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List what a person should look at, newest first."""
    query = {"kind": kind.value, "limit": limit, "offset": offset}
    rows = ask("GET", "findings", query=query)
    return listing(
        [_column(name) for name in (rows[0] if rows else ())], rows, empty=msgid("没有待查事项")
    )


@app.verb("release", msgid("重新审视隔离的窗口"), panel=METERING)
def release() -> Answer:
    """Keep what was quarantined and may count by now."""
    column = Column(msgid("解除隔离的窗口"), "released")
    return record([column], ask("POST", "quarantine/release"))


ADMISSION = (
    Column(msgid("窗口"), "windows", NUMBER),
    Column(msgid("解除隔离的窗口"), "released", NUMBER),
    Column(msgid("待确认的决定"), "decision", NUMBER),
)


@app.verb("admit", msgid("放行因日期而隔离的窗口"), panel=METERING)
def admit(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    code: Annotated[QuarantineReason, typer.Argument(help=msgid("隔离的原因"))],
    *,
    reason: Annotated[str, typer.Option(help=msgid("理由"))],
    node: Annotated[str | None, typer.Option(help=msgid("只放行一个节点的"))] = None,
    since: Since = None,
    until: Until = None,
) -> Answer:
    """Admit quarantined windows; where a month was reconciled another person confirms."""
    body = {
        "cluster": cluster, "code": code.value, "reason": reason, "node": node, "since": since,
        "until": until,
    }  # fmt: skip
    return record(ADMISSION, ask("POST", "quarantine/admissions", body=body))


@app.verb("capacity", msgid("认定一个上报作业的集群有多少 GPU"), panel=METERING)
def capacity(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    gpus: Annotated[int, typer.Argument(metavar="GPUS", help=msgid("GPU 数"))],
    *,
    since: Annotated[str, typer.Option(help=msgid("从哪一天（北京）起"))],
    evidence: Annotated[str, typer.Option(help=msgid("依据"))],
    until: Until = None,
) -> Answer:
    """Propose a cluster's capacity; another person confirms."""
    body = {
        "cluster": cluster, "gpus": gpus, "since": since, "until": until, "evidence": evidence,
    }  # fmt: skip
    column = Column(msgid("待确认的决定"), "decision", NUMBER)
    return record([column], ask("POST", "capacities", body=body))


@app.verb("correct", msgid("裁定作业记录后来的更正"), panel=METERING)
def correct(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    month: Month,
    *,
    accept: Annotated[
        bool, typer.Option("--accept/--put-aside", help=msgid("采用后来的说法，还是不采用"))
    ],
    reason: Annotated[str, typer.Option(help=msgid("理由"))],
    job: Annotated[str | None, typer.Option(help=msgid("只裁定一个作业的"))] = None,
) -> Answer:
    """Propose what becomes of later words of a job source; another person confirms."""
    body = {
        "cluster": cluster, "month": month, "job": job, "accept": accept, "reason": reason,
    }  # fmt: skip
    columns = (
        Column(msgid("待确认的决定"), "decision", NUMBER),
        Column(msgid("窗口"), "windows", NUMBER),
    )
    return record(columns, ask("POST", "corrections", body=body))


def _column(name: str) -> Column:
    """A column of a finding, called and written as on the page."""
    from api.metering.finding_columns import columns  # noqa: PLC0415 - loaded when it is used

    column = columns().get(name)
    if column is None:
        return Column(name, name)
    return Column(column.name, name, Format(lambda v: column.show(_typed(v)), right=column.number))


def _typed(value: object) -> object:
    """A day, a moment or a fraction, which came as text; anything else as it is."""
    if not isinstance(value, str):
        return value
    for read in (date.fromisoformat, datetime.fromisoformat, _fraction):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def _fraction(text: str) -> Fraction:
    numerator, _slash, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator))
