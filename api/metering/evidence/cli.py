"""`suanquan evidence …`: what the witnesses say of usage, and incidents explained and decided."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Column, Listing, listing, record
from api.cli.arguments import content_of, path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import METERING, Month, Reason
from api.cli.values import HOURS, MOMENT, NUMBER, PERSON, coded
from api.language.i18n import msgid
from ledger.metering.codes import IncidentKind, WitnessReason, WitnessVerdict

app = Commands()
evidence = Commands(msgid("见证：用量是否相符，事件由谁说明、怎样判定"))
app.add_typer(evidence, name="evidence", rich_help_panel=METERING)

SUMS = (
    Column(msgid("项目"), "project"),
    Column(msgid("集群"), "cluster"),
    Column(msgid("见证"), "verdict", coded(WitnessVerdict)),
    Column(msgid("原因"), "reason", coded(WitnessReason)),
    Column(msgid("计入"), "counts"),
    Column(msgid("证据等级"), "grade"),
    Column(msgid("卡时"), "device_ms", HOURS),
)
UNEXPLAINED = (
    Column(msgid("集群"), "cluster"),
    Column(msgid("种类"), "kind", coded(IncidentKind)),
    Column(msgid("原因"), "reason", coded(WitnessReason)),
    Column(msgid("节点"), "node"),
    Column(msgid("命名空间"), "namespace"),
    Column(msgid("起"), "since", MOMENT),
    Column(msgid("止"), "until", MOMENT),
    Column(msgid("卡时"), "device_ms", HOURS),
)
INCIDENTS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("集群"), "cluster"),
    Column(msgid("种类"), "kind", coded(IncidentKind)),
    Column(msgid("起"), "since", MOMENT),
    Column(msgid("止"), "until", MOMENT),
    Column(msgid("卡时"), "device_ms", HOURS),
    Column(msgid("说明"), "explanation"),
    Column(msgid("说明者"), "explained_by", PERSON),
    Column(msgid("计入"), "counts"),
    Column(msgid("决定"), "decision", NUMBER),
)


@evidence.verb("month", msgid("一个月的用量，按项目、集群和见证所说"))
def month(
    of: Month,
    *,
    cluster: Annotated[str | None, typer.Option(help=msgid("只看一个集群"))] = None,
) -> Listing:
    """Show what the witnesses say of a month's usage."""
    rows = ask("GET", "evidence", query={"month": of, "cluster": cluster})
    return listing(SUMS, rows, empty=msgid("没有用量"))


@evidence.verb("unexplained", msgid("见证相反、或无人计量，还没有人说明的用量"))
def unexplained() -> Listing:
    """List what is to be explained."""
    return listing(
        UNEXPLAINED, ask("GET", "incidents/unexplained"), empty=msgid("没有要说明的用量")
    )


@evidence.verb("incidents", msgid("已说明的事件和两人的判定"))
def incidents() -> Listing:
    """List what was explained."""
    return listing(INCIDENTS, ask("GET", "incidents"), empty=msgid("没有事件"))


@evidence.verb("explain", msgid("交文件说明一段时间里见证相反、或无人计量的用量"))
def explain(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("证明的文件"))],
    *,
    kind: Annotated[IncidentKind, typer.Option(help=msgid("哪一类"))],
    since: Annotated[str, typer.Option(help=msgid("起，如 2026-11-01T08:00:00+08:00"))],
    until: Annotated[str, typer.Option(help=msgid("止，如 2026-11-01T09:00:00+08:00"))],
    explanation: Annotated[str, typer.Option(help=msgid("说明"))],
    node: Annotated[str | None, typer.Option(help=msgid("只说明一个节点的"))] = None,
    namespace: Annotated[str | None, typer.Option(help=msgid("只说明一个命名空间的"))] = None,
    pod: Annotated[str | None, typer.Option(help=msgid("只说明一个容器组的"))] = None,
) -> Answer:
    """Explain, with a file, what nobody explained yet."""
    query = {
        "cluster": cluster, "kind": kind.value, "since": since, "until": until,
        "explanation": explanation, "node": node, "namespace": namespace, "pod": pod,
    }  # fmt: skip
    form = {"file": (file.name, content_of(file))}
    return record(INCIDENTS, ask("POST", "incidents", query=query, form=form))


@evidence.verb("rule", msgid("提出：一个事件的用量计入，或不计入"))
def rule(
    incident: Annotated[int, typer.Argument(metavar="NUMBER", help=msgid("编号"))],
    *,
    counts: Annotated[bool, typer.Option("--counts/--not", help=msgid("计入，或不计入"))],
    reason: Reason,
) -> Answer:
    """Propose whether an incident's use counts; another person confirms."""
    body = {"counts": counts, "reason": reason}
    column = Column(msgid("待确认的决定"), "id", NUMBER)
    return record([column], ask("POST", path("incidents", incident) + "/ruling", body=body))
