"""Command line `suanquan-agent`. Every message is in Chinese first, then in English.

    node      meters this node's GPUs and reports, until SIGTERM
    dcgm      meters a cluster by its exporters or its Prometheus server, and reports
    cluster   witnesses at the Kubernetes API server which pods ran, and reports, until SIGTERM
    once      one sample of everything, as a table or --json
    top       this node live: GPUs, slices, holders, readings, gaps
    doctor    check the setup of a node, exporters, Slurm, a relay or courier, a sentence a check
    enrol     enrol this node now; --rotate replaces its key
    relay     take the batches of a centre's nodes and pass them on, until SIGTERM
    export    what waits here, as a courier's file
    import-receipt  take in the receipt that a courier brought back
    slurm     report what Slurm's accounting says         (agents/commands/slurm/command.py)
    replay    send a job trace by the same path           (agents/commands/replay.py)
    demo      send a made-up centre by the same path      (agents/commands/demo.py)

Settings come from the environment (agents/settings.py); exit codes are in agents/errors.py. Each
command imports only what it needs, which keeps the node's agent small.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agents.errors import AgentError
from agents.settings import Settings

_STANDALONE = ("slurm", "replay", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        if words and words[0] in _STANDALONE:  # they read their own arguments
            return _run_standalone(words[0], words[1:])
        arguments = _parser().parse_args(words)
        settings = Settings.read(os.environ)
        return _COMMANDS[arguments.command](settings, arguments)
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "suanquan-agent", description="GPU 采集端 / GPU metering agent"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("node", help="计量并上报本机 GPU / meter and report this node's GPUs")
    commands.add_parser(
        "dcgm", help="抓取导出器，计量一个集群 / meter a cluster by its dcgm-exporters"
    )
    commands.add_parser(
        "cluster", help="在 API server 旁作见证并上报 / witness this cluster's pods and report"
    )
    once = commands.add_parser("once", help="采样一次并显示 / take and show one sample")
    once.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    top = commands.add_parser("top", help="实时显示本机 / show this node live, until Ctrl-C")
    top.add_argument("--once", action="store_true", help="只显示一次 / show it once")
    doctor = commands.add_parser("doctor", help="检查配置 / check the setup of a node or a source")
    doctor.add_argument(
        "kind", nargs="?", choices=("node", "dcgm", "slurm", "relay", "courier"),
        help="检查什么：本机、导出器、Slurm、中继、信使；不写则看环境变量 / what is checked: this "
             "node, the exporters, Slurm, a relay, what a courier needs; else by the environment",
    )  # fmt: skip
    enrol = commands.add_parser(
        "enrol", help="用注册码注册本节点 / make this node known by its code"
    )
    way = enrol.add_mutually_exclusive_group()
    way.add_argument(
        "--offline",
        type=Path,
        metavar="FILE",
        help="不经线路：把注册请求写成文件 / without a line: write the request to a file",
    )
    way.add_argument(
        "--answer",
        type=Path,
        metavar="FILE",
        help="收下带回的注册回答 / take in the answer that came back",
    )
    enrol.add_argument(
        "--rotate", action="store_true", help="换一把新密钥 / give a known node a new key"
    )
    commands.add_parser(
        "relay", help="转发全中心节点的批次 / pass the batches of a centre's nodes on"
    )
    for name, text, help_text in (
        ("export", "批次文件", "把未送到的批次写成文件 / write what waits to a courier's file"),
        ("import-receipt", "回执文件", "收下带回的回执 / take in the receipt that came back"),
    ):
        carry = commands.add_parser(name, help=help_text)
        carry.add_argument("file", type=Path, metavar="FILE", help=text)
    for name, text in (
        ("slurm", "上报 Slurm 的作业记录 / report what Slurm's accounting says"),
        ("replay", "回放作业记录 / replay a trace"),
        ("demo", "演示 / a made-up centre"),
    ):
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _node(settings: Settings, _arguments: argparse.Namespace) -> int:
    from agents.commands.node import run  # noqa: PLC0415  each command imports only what it needs

    return run(settings)


def _dcgm(settings: Settings, _arguments: argparse.Namespace) -> int:
    from agents.commands.dcgm import run  # noqa: PLC0415

    return run(settings)


def _cluster(settings: Settings, _arguments: argparse.Namespace) -> int:
    from agents.commands.cluster import run  # noqa: PLC0415

    return run(settings)


def _once(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.commands.once import sample, table  # noqa: PLC0415
    from agents.driver.nvml import Nvml  # noqa: PLC0415
    from agents.holders.source import holders_of  # noqa: PLC0415

    holders = holders_of(settings)
    nvml = Nvml()
    try:
        result = sample(nvml, holders, datetime.now(UTC))
    finally:
        nvml.close()
        holders.close()
    print(json.dumps(result, ensure_ascii=False, indent=2) if arguments.json else table(result))
    return 0


def _top(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.commands.top import main as show  # noqa: PLC0415
    from agents.driver.watchdog import WatchedDriver  # noqa: PLC0415
    from agents.holders.source import holders_of  # noqa: PLC0415

    holders = holders_of(settings)
    driver = WatchedDriver()
    driver.open()
    try:
        show(driver, holders, settings.node, once=arguments.once)
    finally:
        driver.close()
        holders.close()
    return 0


def _doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.commands.doctor.examine import examine, kind_of  # noqa: PLC0415

    code = 0
    for check in examine(settings, datetime.now(UTC), kind_of(arguments.kind)):
        print(check, flush=True)
        code = code or check.code
    return code


def _enrol(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.reporting import offline  # noqa: PLC0415
    from agents.reporting.identity import Identity, enrol, rotate  # noqa: PLC0415

    if arguments.offline is not None:
        code = _code(settings)
        offline.write_request(
            settings.data, arguments.offline, code, settings.node, rotates=arguments.rotate
        )
        print(f"{arguments.offline}：请交给管理员（suanquan import enrolment），带回它的回答")
        print(f"{arguments.offline}: to the administrator (suanquan import enrolment)")
        return 0
    if arguments.answer is not None:
        identity: Identity | None = offline.take_answer(settings.data, arguments.answer)
    elif arguments.rotate:
        identity = rotate(settings.data, settings.server, _code(settings))
    else:
        identity = Identity.load(settings.data)
    if identity is None:
        identity = enrol(settings.data, settings.server, _code(settings), settings.node)
    print(f"已注册：集群 {identity.cluster}，节点 {identity.node}，编号 {identity.agent}")
    print(f"enrolled: cluster {identity.cluster}, node {identity.node}, agent {identity.agent}")
    return 0


def _code(settings: Settings) -> str:
    from agents.errors import IdentityError  # noqa: PLC0415

    code = settings.read_code()
    if code is None:
        raise IdentityError(
            "没有注册码：请向管理员索取并设置 SUANQUAN_ENROL_CODE",
            "there is no code: ask an administrator and set SUANQUAN_ENROL_CODE",
        )
    return code


def _relay(_settings: Settings, _arguments: argparse.Namespace) -> int:
    from agents.commands.relay import run  # noqa: PLC0415
    from agents.relay.settings import RelaySettings  # noqa: PLC0415

    return run(RelaySettings.read(os.environ))


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.commands.courier import export  # noqa: PLC0415

    print(export(settings.data, arguments.file, datetime.now(UTC)))
    return 0


def _import_receipt(settings: Settings, arguments: argparse.Namespace) -> int:
    from agents.commands.courier import import_receipt  # noqa: PLC0415

    print(import_receipt(settings.data, arguments.file, os.environ))
    return 0


def _run_standalone(name: str, words: Sequence[str]) -> int:
    if name == "slurm":
        from agents.commands.slurm import command as slurm  # noqa: PLC0415

        return slurm.main(words)
    if name == "replay":
        from agents.commands import replay  # noqa: PLC0415

        return replay.main(words)
    from agents.commands import demo  # noqa: PLC0415

    return demo.main(words)


_COMMANDS = {
    "node": _node,
    "dcgm": _dcgm,
    "cluster": _cluster,
    "once": _once,
    "top": _top,
    "doctor": _doctor,
    "enrol": _enrol,
    "relay": _relay,
    "export": _export,
    "import-receipt": _import_receipt,
}

if __name__ == "__main__":
    sys.exit(main())
