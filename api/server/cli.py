"""Commands that run something: the server with all it needs, a job trace's replay, the demo.

What reports usage is a program of its own, `suanquan-agent`, started from here as a process: it
signs and sends as it would in a centre. These commands register, through the API, whatever the
server has to know before, and show what came of it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.cli.client import Client, Door, Failure, say
from api.cli.failures import failures
from api.cli.options import Json
from api.cli.screen import as_json, gpu_hours, money, table
from api.demo import drill, prepare
from api.demo import month as demo_month
from ledger.units import beijing_day, decimal

app = typer.Typer()

_FAULTY = 9  # the agent's exit code for a file with faults (agents/commands/replay.py)
_INTERRUPTED = 130


@app.command()
def up(
    *, demo: Annotated[bool, typer.Option(help="空库时载入演示数据 / the demo where empty")] = True
) -> None:
    """在本机启动全部服务 / start everything on this machine."""
    try:
        with failures():
            from api.server.up import up as run  # noqa: PLC0415
            from api.settings import read_settings  # noqa: PLC0415 - loaded when it is used

            run(read_settings(), demo=demo)
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


@app.command()
def replay(
    jobs: Annotated[Path, typer.Argument(metavar="JOBS.csv", help="作业记录 / job trace")],
    *,
    centre: Annotated[str, typer.Option(help="智算中心 / the centre")],
    price: Annotated[str, typer.Option(help="每卡时单价（元，不含税） / yuan a GPU-hour, net")],
    cluster: Annotated[str | None, typer.Option(help="集群名 / the cluster's name")] = None,
    json_: Json = False,
) -> None:
    """以作业记录代替实测用量，缺的项目自动登记 / replay a job trace, making what is missing."""
    try:
        decimal(price)
    except ValueError as error:
        raise Failure(
            say(
                f"单价「{price}」须为不带符号的小数", f"the price {price!r} must be a plain decimal"
            )
        ) from error
    where = cluster or re.sub(r"[/\s]+", "-", centre)[:64]
    facts = _checked(jobs)
    accounts = list(facts["accounts"])
    with Client() as client:
        registry = drill.trace_registry(centre, where, accounts, facts["models"], price)
        prepare.register(client, registry)
        prepare.open_vouchers(client, drill.trace_vouchers(accounts))
        folder = _agents() / f"replay-{where}"
        arguments = [str(jobs), "--cluster", where, "--data", str(folder)]
        if not _enrolled(folder):
            arguments += ["--code", prepare.enrolment_code(client, where, "import")]
        _replay(facts["windows"], arguments)
        client.ask("POST", "accruals")
        _show(client, accounts, as_json_=json_)


@app.command()
def demo(
    *, live: Annotated[bool, typer.Option(help="随后每分钟上报 / go on each minute")] = False
) -> None:
    """登记并上报一个虚构的智算中心 / register and report a made-up centre."""
    folder = _agents() / "demo"
    facts = json.loads(_run_agent(["demo", "--describe", "--data", str(folder)]))
    with Client() as client:
        prepare.register(client, drill.demo_registry(facts))
        prepare.open_vouchers(client, drill.demo_vouchers())
        codes = []
        for cluster in facts["clusters"]:
            for node in cluster["nodes"]:
                if not node["enrolled"]:
                    code = prepare.enrolment_code(client, cluster["name"], cluster["source"])
                    codes.append(f"--code={node['node']}={code}")
        arguments = ["demo", "--data", str(folder), "--url", Door.find().url]
        _run_agent([*arguments, *codes])
        client.ask("POST", "accruals")
        if not_published := demo_month.play(client, beijing_day(datetime.now(UTC))):
            print(say("演示没有公示中的申请：", "no claim is published: ") + not_published)
        if live:
            _become_agent([*arguments, "--live"])
        _show(client, [voucher.project for voucher in drill.demo_vouchers()], as_json_=False)


@app.command()
def meter() -> None:
    """登记本机的 GPU 并开始计量 / register this machine's GPUs and meter them."""
    facts = json.loads(_run_agent(["once", "--json"]))
    node, folder = socket.gethostname(), _agents() / "node"
    with Client() as client:
        today = beijing_day(datetime.now(UTC))
        prepare.register(client, drill.local_registry(node, facts["gpus"], today))
        if not _enrolled(folder):
            code = prepare.enrolment_code(client, drill.LOCAL_CLUSTER, "nvml")
            os.environ["SUANQUAN_ENROL_CODE"] = code
    os.environ |= {
        "SUANQUAN_URL": Door.find().url,
        "SUANQUAN_AGENT_DATA": str(folder),
        "SUANQUAN_NODE": node,
    }
    os.environ.setdefault("SUANQUAN_HEALTH_PORT", "0")
    _become_agent(["node"])


# --- the agent ----------------------------------------------------------------------------


def _agents() -> Path:
    """Where the agents that we start keep their keys and spools."""
    return Path(os.environ.get("SUANQUAN_DATA") or ".suanquan") / "agents"


def _enrolled(folder: Path) -> bool:
    return (folder / "agent.json").exists()


def _agent_command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "agents", *arguments]


def _run_agent(arguments: Sequence[str]) -> str:
    """Run it to its end, its messages on our standard error; what it printed.

    Whoever stops us stops it: `run` kills its program on the way out.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_INTERRUPTED))
    done = subprocess.run(  # noqa: S603 - our own program
        _agent_command(arguments), check=False, stdout=subprocess.PIPE, encoding="utf-8"
    )
    if done.returncode:
        raise Failure(say("采集端未能完成", "the agent did not finish"))
    return done.stdout


def _become_agent(arguments: Sequence[str]) -> NoReturn:
    """From here on this process is the agent, so whoever stops us stops it."""
    sys.stdout.flush()
    command = _agent_command(arguments)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


def _checked(jobs: Path) -> dict[str, Any]:
    """What the trace holds. Every fault of the file is told, and nothing was sent by then."""
    done = subprocess.run(  # noqa: S603 - our own program
        _agent_command(["replay", str(jobs), "--check", "--json"]),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode and not (done.returncode == _FAULTY and done.stdout):
        raise Failure(done.stderr.strip() or say("采集端未能启动", "the agent did not start"))
    facts: dict[str, Any] = json.loads(done.stdout)
    if "faults" in facts:
        found, more = facts["faults"], facts["more"]
        count = len(found) + more
        raise Failure(
            say(
                f"{jobs} 有 {count} 处错误，未发送任何数据",
                f"{jobs} has {count} fault(s), nothing was sent",
            ),
            tuple(_fault(f) for f in found) + (("…",) if more else ()),
        )
    first = facts["first_day"]
    if first is not None and date.fromisoformat(first) < date.fromisoformat(drill.SINCE_EVER):
        raise Failure(
            say(f"{jobs} 中有早于 2000 年的作业", f"{jobs} has jobs from before the year 2000")
        )
    return facts


def _fault(found: dict[str, Any]) -> str:
    row, column = found["row"], found["column"]
    return say(f"第 {row} 行 {column}：{found['zh']}", f"row {row} {column}: {found['en']}")


def _replay(windows: int, arguments: Sequence[str]) -> None:
    """Run the replay behind a progress bar."""
    command = _agent_command(["replay", *arguments, "--url", Door.find().url, "--json"])
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        bar,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=said, encoding="utf-8"
        ) as agent,
    ):
        task = bar.add_task(say("上报窗口", "windows"), total=windows)
        for line in agent.stdout or ():
            told = json.loads(line)
            total = told.pop("windows")
            bar.update(task, total=total, completed=sum(told.values()))
        if agent.wait():
            said.seek(0)
            last = said.read().strip().splitlines()[-2:]
            raise Failure(say("回放未完成", "the replay is not complete"), tuple(last))


def _show(client: Client, codes: Sequence[str], *, as_json_: bool) -> None:
    """What the projects have used, and what is left of their vouchers."""
    used = {line["project"]: line["device_ms"] for line in client.ask("GET", "usage")}
    rows = []
    for code in codes:
        quota = client.ask("GET", f"projects/{quote(code, safe='')}/quota")
        rows.append(
            {
                "project": code,
                "device_ms": used.get(code, 0),
                "cost_fen": quota["cost_fen"],
                "accrued_fen": quota["provisional_fen"],
                "left_fen": quota["left_fen"],
            }
        )
    if as_json_:
        as_json(rows)
        return
    titles = say("项目 卡时 费用 预计补贴 剩余", "project GPU-h cost accrued left").split()
    cells = [
        [r["project"], gpu_hours(r["device_ms"]), *(money(r[k]) for k in list(r)[2:])] for r in rows
    ]
    total = sum((Fraction(row["device_ms"]) for row in rows), Fraction(0))
    table(
        titles, [*cells, [say("合计", "total"), gpu_hours(str(total)), "", "", ""]], right="lrrrr"
    )
