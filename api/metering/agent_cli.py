"""`suanquan agent`: the nodes that report, what nobody saw, enrolment codes."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, Table, listing
from api.cli.arguments import path
from api.cli.client import ask
from api.cli.commands import Commands
from api.cli.options import METERING
from api.cli.values import HOURS, MOMENT, NUMBER, WORDS, coded, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.metering.codes import GapCause, NodeFault, WitnessReason, WitnessVerdict

app = Commands()
agent = Commands(msgid("采集端"))
app.add_typer(agent, name="agent", rich_help_panel=METERING)

AGENTS = (
    Column(msgid("编号"), "id"),
    Column(msgid("集群"), "cluster"),
    Column(msgid("节点"), "node"),
    Column(msgid("来源"), "source"),
    Column(msgid("最近上报"), "reported_at", MOMENT),
    Column(msgid("滞后秒"), "lag_s", NUMBER),
    Column(msgid("时钟差秒"), "skew_s", NUMBER),
    Column(msgid("批准"), "approved_at", MOMENT),
    Column(msgid("停用"), "revoked_at", MOMENT),
)


def _faults(node: dict[str, Any]) -> str:
    return _("、").join(label_of(NodeFault, fault) for fault in node["faults"])


NODES = (
    Column(msgid("节点"), "node"),
    Column(msgid("最近上报"), "reported_at", MOMENT),
    Column(msgid("滞后秒"), "lag_s", NUMBER),
    Column(msgid("时钟差秒"), "skew_s", NUMBER),
    Column(msgid("看到"), "gpus_seen", NUMBER),
    Column(msgid("登记"), "gpus_registered", NUMBER),
    Column(msgid("空缺卡时"), "gap_ms", HOURS),
    Column(msgid("静默卡时"), "silent_ms", HOURS),
    Column(msgid("毛病"), _faults),
)
INCIDENTS = (
    Column(msgid("原因"), "cause", coded(GapCause)),
    Column(msgid("从"), "since", MOMENT),
    Column(msgid("到"), "until", MOMENT),
    Column("GPU", lambda i: len(i["gpus"]), NUMBER),
    Column(msgid("失去卡时"), "lost_ms", HOURS),
    Column("XID", "xids", WORDS),
    Column(msgid("节点"), "nodes", WORDS),
)


@agent.verb("code", msgid("一次性注册码，24 小时内有效"))
def code(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    *,
    source: Annotated[str, typer.Option(help="nvml, dcgm, slurm, import, witness")],
    history_from: Annotated[
        str | None, typer.Option(help=msgid("注册以前测得的，从哪一天（北京）起算数；不写即不算"))
    ] = None,
    days: Annotated[int, typer.Option(help=msgid("几天内有效，至多 14；信使来回要几天"))] = 1,
) -> Answer:
    """Make a one-time enrolment code."""
    body = {"cluster": cluster, "source": source, "history_from": history_from, "days": days}
    enrolment = ask("POST", "enrolment-codes", body=body)
    return Answer(enrolment, [enrolment["code"]])


CODES = (
    Column(msgid("集群"), "cluster"),
    Column(msgid("来源"), "source"),
    Column(msgid("签发"), "created_by"),
    Column(msgid("签发时间"), "created_at", MOMENT),
    Column(msgid("以前的从哪天算"), "history_from"),
    Column(msgid("到期"), "expires_at", MOMENT),
)


@agent.verb("codes", msgid("还没有用过的注册码，不显示码本身"))
def codes() -> Listing:
    """List the codes that still let a node in."""
    return listing(CODES, ask("GET", "enrolment-codes"), empty=msgid("没有未用的注册码"))


@agent.verb("server-key", msgid("服务器的公钥：核对信使带回的回执"))
def server_key() -> Answer:
    """Show the key with which receipts are signed."""
    key = ask("GET", "server-key")
    return Answer(key, [key["public_key"]])


@agent.verb("list", msgid("所有采集端"))
def agents() -> Listing:
    """List all agents, and say whose clock is off."""
    rows = ask("GET", "agents")
    return listing(AGENTS, rows, *_skewed(rows), empty=msgid("没有采集端"))


@agent.verb("nodes", msgid("各节点，与没有看到的时间"))
def nodes(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    *,
    days: Annotated[int, typer.Option(help=msgid("最近几个北京日，1 至 7"))] = 1,
) -> Listing:
    """Show the nodes, and what nobody saw of their GPUs."""
    picture = ask("GET", "nodes", query={"cluster": cluster, "days": days})
    incidents = Table(INCIDENTS, picture["incidents"], msgid("没有空缺，也没有静默"))
    return Listing(picture, [Table(NODES, picture["nodes"], msgid("没有节点")), "", incidents])


SOURCES = (
    Column(msgid("集群"), "cluster"),
    Column(msgid("计费来源"), "source"),
    Column(msgid("采集端"), lambda status: len(status["agents"]), NUMBER),
    Column(msgid("静默的 GPU"), "gpus_silent", NUMBER),
    Column("GPU", "gpus", NUMBER),
    Column(msgid("隔离中的窗口"), "windows_waiting", NUMBER),
    Column(msgid("中继里等着的批次"), lambda status: _relayed(status["relays"]), NUMBER),
    Column(msgid("最早一批到中继"), lambda status: _waiting_since(status["relays"]), MOMENT),
    Column(
        msgid("见证相反的卡时"), lambda status: status["verdicts"].get("contradicting", "0"), HOURS
    ),
)


def _relayed(relays: list[dict[str, Any]]) -> int | None:
    """How many batches wait in a cluster's relays; None where it has none."""
    return sum(relay["batches"] for relay in relays) if relays else None


def _waiting_since(relays: list[dict[str, Any]]) -> str | None:
    """When the oldest of them came to its relay."""
    return min((r["waiting_since"] for r in relays if r["waiting_since"]), default=None)


@agent.verb("sources", msgid("各集群靠什么上报，报得怎样"))
def sources() -> Listing:
    """List by what each cluster reports, and how well it does."""
    return listing(SOURCES, ask("GET", "sources"), empty=msgid("没有集群"))


WITNESS = (
    Column(msgid("GPU"), "gpu"),
    Column(msgid("命名空间"), "namespace"),
    Column(msgid("容器组"), "pod"),
    Column(msgid("起"), "since", MOMENT),
    Column(msgid("止"), "until", MOMENT),
    Column(msgid("见证"), "verdict", coded(WitnessVerdict)),
    Column(msgid("原因"), "reason", coded(WitnessReason)),
    Column(msgid("计入"), "counts"),
    Column(msgid("证据等级"), "grade"),
)


@agent.verb("witness", msgid("一个节点一天的用量，与集群见证所见是否相符"))
def witness(
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=msgid("集群"))],
    node: Annotated[str, typer.Argument(metavar="NODE", help=msgid("节点"))],
    day: Annotated[str, typer.Argument(metavar="DAY", help=msgid("哪一天（北京）"))],
) -> Listing:
    """Compare what was metered of a node's pods with what the cluster's witness saw."""
    rows = ask("GET", path("nodes", cluster, node) + "/witness", query={"day": day})
    return listing(WITNESS, rows, empty=msgid("这一天没有容器组占用"))


@agent.verb("approve", msgid("批准用中心的注册码注册的采集端"))
def approve_agent(number: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Let what this agent reports count."""
    ask("POST", path("agents", number) + "/approval")
    print(_("采集端 {number} 已批准").format(number=number))


@agent.verb("revoke", msgid("不再接受此采集端"))
def revoke_agent(number: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Believe this agent no more."""
    ask("DELETE", path("agents", number))
    print(_("采集端 {number} 已停用").format(number=number))


def _skewed(agents: list[dict[str, Any]]) -> Iterator[str]:
    for agent in agents:
        if agent["skewed"] and agent["revoked_at"] is None:
            text = _("节点 {node} 的时钟与服务器相差 {skew} 秒：请校时（NTP）")
            yield text.format(node=agent["node"], skew=agent["skew_s"])
