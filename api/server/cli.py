"""`suanquan replay`, `demo`, `meter`: bring usage, through the agent and the API.

What reports usage is a program of its own, `suanquan-agent`, started from here as a process: it
signs and sends as it would in a centre. These commands register, through the API, whatever the
server has to know before, and show what came of it.
"""

import json
import os
import re
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Column, Listing, Table
from api.cli.arguments import path
from api.cli.client import Client, Door, data_folder
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import MACHINE
from api.cli.values import HOURS, MONEY
from api.demo import drill, prepare
from api.demo import month as demo_month
from api.demo.office import as_part
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.server import agent_process
from ledger.units import beijing_day, decimal

app = Commands()

USED = (
    Column(msgid("项目"), "project"),
    Column(msgid("卡时"), "device_ms", HOURS),
    Column(msgid("费用"), "cost_fen", MONEY),
    Column(msgid("预计补贴"), "accrued_fen", MONEY),
    Column(msgid("剩余"), "left_fen", MONEY),
)


@app.verb("replay", msgid("以作业记录代替实测用量，缺的项目自动登记"), panel=MACHINE)
def replay(
    jobs: Annotated[Path, typer.Argument(metavar="JOBS.csv", help=msgid("作业记录"))],
    *,
    centre: Annotated[str, typer.Option(help=msgid("智算中心"))],
    price: Annotated[str, typer.Option(help=msgid("每卡时单价（元，不含税）"))],
    cluster: Annotated[str | None, typer.Option(help=msgid("集群名"))] = None,
) -> Listing:
    """Replay a job trace, making what is missing."""
    try:
        decimal(price)
    except ValueError as error:
        text = _("单价「{price}」须为不带符号的小数")
        raise Failure(text.format(price=price)) from error
    where = cluster or re.sub(r"[/\s]+", "-", centre)[:64]
    facts = agent_process.check(jobs)
    accounts = list(facts["accounts"])
    registry = drill.trace_registry(centre, where, accounts, facts["models"], price)
    prepare.prepare(registry, drill.trace_vouchers(accounts))
    folder = _agents() / f"replay-{where}"
    arguments = [str(jobs), "--cluster", where, "--data", str(folder)]
    if not _enrolled(folder):
        arguments += ["--code", prepare.enrolment_code(where, "import", drill.SINCE_EVER)]
    agent_process.replay(facts["windows"], arguments, Door.find().url)
    return _accrued(accounts)


@app.verb("demo", msgid("登记并上报一个虚构的智算中心"), panel=MACHINE)
def demo(*, live: Annotated[bool, typer.Option(help=msgid("随后每分钟上报"))] = False) -> Listing:
    """Register and report a made-up centre; with `--live`, go on each minute."""
    folder = _agents() / "demo"
    facts = json.loads(agent_process.run(["demo", "--describe", "--data", str(folder)]))
    prepare.prepare(drill.demo_registry(facts), drill.demo_vouchers(), drill.demo_capacities(facts))
    codes = list(_codes(facts["clusters"]))
    arguments = ["demo", "--data", str(folder), "--url", Door.find().url]
    agent_process.run([*arguments, *codes])
    usage = _accrued([voucher.project for voucher in drill.demo_vouchers()])
    if why_not := demo_month.play(beijing_day(datetime.now(UTC))):
        print(_("演示没有公示中的申请：{why}").format(why=why_not))
    if live:
        agent_process.become([*arguments, "--live"])
    return usage


@app.verb("meter", msgid("登记本机的 GPU 并开始计量"), panel=MACHINE)
def meter() -> None:
    """Register this machine's GPUs and meter them."""
    facts = json.loads(agent_process.run(["once", "--json"]))
    node, folder = socket.gethostname(), _agents() / "node"
    if not _enrolled(folder):
        with as_part("clerk") as clerk:
            today = beijing_day(datetime.now(UTC))
            prepare.register(clerk, drill.local_registry(node, facts["gpus"], today))
        code = prepare.enrolment_code(drill.LOCAL_CLUSTER, "nvml")
        os.environ["SUANQUAN_ENROL_CODE"] = code
    os.environ |= {
        "SUANQUAN_URL": Door.find().url,
        "SUANQUAN_AGENT_DATA": str(folder),
        "SUANQUAN_NODE": node,
    }
    os.environ.setdefault("SUANQUAN_HEALTH_PORT", "0")
    agent_process.become(["node"])


def _agents() -> Path:
    """Where the agents that we start keep their keys and spools."""
    return data_folder() / "agents"


def _enrolled(folder: Path) -> bool:
    return (folder / "agent.json").exists()


def _codes(clusters: Sequence[dict[str, Any]]) -> Iterable[str]:
    """An enrolment code for each node that has no key yet."""
    for cluster in clusters:
        agents = [(node, cluster["source"]) for node in cluster["nodes"]]
        agents += [(witness, "witness") for witness in cluster.get("witnesses", ())]
        for node, source in agents:
            if not node["enrolled"]:
                code = prepare.enrolment_code(cluster["name"], source, cluster["since"])
                yield f"--code={node['node']}={code}"


def _accrued(codes: Sequence[str]) -> Listing:
    """Accrue, and say what the projects have used and what is left of their vouchers."""
    with as_part("clerk") as client:
        client.ask("POST", "accruals")
        return _project_usage(client, codes)


def _project_usage(client: Client, codes: Sequence[str]) -> Listing:
    device_ms_of = {line["project"]: line["device_ms"] for line in client.ask("GET", "usage")}
    rows = []
    for code in codes:
        quota = client.ask("GET", path("projects", code, "quota"))
        rows.append(
            {
                "project": code,
                "device_ms": device_ms_of.get(code, 0),
                "cost_fen": quota["cost_fen"],
                "accrued_fen": quota["provisional_fen"],
                "left_fen": quota["left_fen"],
            }
        )
    total = str(sum((Fraction(row["device_ms"]) for row in rows), Fraction(0)))
    empty = {"cost_fen": None, "accrued_fen": None, "left_fen": None}
    return Listing(
        rows, [Table(USED, [*rows, {"project": _("合计"), "device_ms": total, **empty}])]
    )
