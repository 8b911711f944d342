"""Commands about who may enter: tokens for people, enrolment codes and keys for agents."""

from typing import Annotated, Any

import typer

from api.cli.client import Client, say
from api.cli.options import Json
from api.cli.screen import as_json, beijing, table
from ledger.units import hours

app = typer.Typer()
token = typer.Typer(no_args_is_help=True, help="令牌 / tokens")
agent = typer.Typer(no_args_is_help=True, help="采集端 / agents")
app.add_typer(token, name="token")
app.add_typer(agent, name="agent")

ROLES = "builder, operator, clerk, approver, finance, auditor, administrator"


@token.command()
def create(
    person: Annotated[str, typer.Argument(help="给谁 / for whom")],
    *,
    role: Annotated[str, typer.Option(help=ROLES)],
    project: Annotated[
        str | None, typer.Option(help="builder 的项目编号 / a builder's project")
    ] = None,
    centre: Annotated[
        str | None, typer.Option(help="operator 的中心 / an operator's centre")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="到期时刻 / until: 2027-01-01T00:00:00+08:00")
    ] = None,
    json_: Json = False,
) -> None:
    """新令牌，只显示这一次 / a new token, shown this once."""
    wanted = {
        "person": person, "role": role, "project": project, "centre": centre, "expires_at": expires,
    }  # fmt: skip
    with Client() as client:
        told = client.ask("POST", "tokens", body=wanted)
    if json_:
        as_json(told)
    else:
        print(told["secret"])


@token.command("list")
def tokens(*, json_: Json = False) -> None:
    """所有令牌 / all tokens."""
    with Client() as client:
        told = client.ask("GET", "tokens")
    if json_:
        as_json(told)
        return
    titles = say(
        "编号 角色 姓名 范围 创建 到期 停用", "id role person scope created expires revoked"
    )
    table(titles.split(), [_token(t) for t in told], right="r")


@token.command("revoke")
def revoke_token(number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """停用令牌 / end a token."""
    with Client() as client:
        client.ask("DELETE", f"tokens/{number}")
    print(say(f"令牌 {number} 已停用", f"token {number} is revoked"))


@agent.command()
def code(
    cluster: Annotated[str, typer.Argument(help="集群 / cluster")],
    *,
    source: Annotated[str, typer.Option(help="nvml, dcgm, slurm, import")],
    json_: Json = False,
) -> None:
    """一次性注册码，24 小时内有效 / a one-time enrolment code, good for 24 hours."""
    with Client() as client:
        told = client.ask("POST", "enrolment-codes", body={"cluster": cluster, "source": source})
    if json_:
        as_json(told)
    else:
        print(told["code"])


@agent.command("list")
def agents(*, json_: Json = False) -> None:
    """所有采集端 / all agents."""
    with Client() as client:
        told = client.ask("GET", "agents")
    if json_:
        as_json(told)
        return
    titles = say(
        "编号 集群 节点 来源 最近上报 滞后秒 时钟差秒 停用",
        "id cluster node source reported lag-s skew-s revoked",
    )
    keys = ("id", "cluster", "node", "source")
    rows = [
        [
            *(a[k] for k in keys),
            beijing(a["reported_at"]),
            a["lag_s"],
            a["skew_s"],
            beijing(a["revoked_at"]),
        ]
        for a in told
    ]
    table(titles.split(), rows, right="lllllrr")
    for a in told:
        if a["skewed"] and a["revoked_at"] is None:
            print(
                say(
                    f"节点 {a['node']} 的时钟与服务器相差 {a['skew_s']} 秒：请校时（NTP）",
                    f"the clock of node {a['node']} is {a['skew_s']} s off: set it by NTP",
                )
            )


@agent.command()
def nodes(
    cluster: Annotated[str, typer.Argument(help="集群 / cluster")],
    *,
    days: Annotated[int, typer.Option(help="最近几个北京日，1 至 7 / Beijing days, 1 to 7")] = 1,
    json_: Json = False,
) -> None:
    """各节点，与没有看到的时间 / the nodes, and what nobody saw of their GPUs."""
    with Client() as client:
        told = client.ask("GET", "nodes", query={"cluster": cluster, "days": days})
    if json_:
        as_json(told)
        return
    titles = say(
        "节点 最近上报 滞后秒 时钟差秒 看到 登记 空缺卡时 静默卡时 毛病",
        "node reported lag-s skew-s seen registered gap-h silent-h faults",
    )
    table(titles.split(), [_node(n) for n in told["nodes"]], right="llrrrrrr")
    titles = say("原因 从 到 GPU 失去卡时 XID 节点", "cause from until gpus lost-h xids nodes")
    print()
    table(titles.split(), [_incident(i) for i in told["incidents"]], right="lllrr")


@agent.command("revoke")
def revoke_agent(number: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """不再接受此采集端 / believe this agent no more."""
    with Client() as client:
        client.ask("DELETE", f"agents/{number}")
    print(say(f"采集端 {number} 已停用", f"agent {number} is revoked"))


def _token(t: dict[str, Any]) -> list[object]:
    moments = (t["created_at"], t["expires_at"], t["revoked_at"])
    return [t["id"], t["role"], t["person"], t["project"] or t["centre"], *map(beijing, moments)]


def _node(n: dict[str, Any]) -> list[object]:
    keys = ("lag_s", "skew_s", "gpus_seen", "gpus_registered")
    lost = (hours(n["gap_ms"]), hours(n["silent_ms"]))
    faults = " ".join(n["faults"])
    return [n["node"], beijing(n["reported_at"]), *(n[k] for k in keys), *lost, faults]


def _incident(i: dict[str, Any]) -> list[object]:
    xids = " ".join(map(str, i["xids"]))
    times = (beijing(i["since"]), beijing(i["until"]))
    return [i["cause"], *times, len(i["gpus"]), hours(i["lost_ms"]), xids, " ".join(i["nodes"])]
