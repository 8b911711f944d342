"""`suanquan-agent`: what runs inside a centre. Every message is Chinese first, then English.

    node      meters this node's GPUs and reports, until SIGTERM
    once      one sample of everything, as a table or --json
    doctor    what stands between this node and the server, each in one sentence
    enrol     make this node known now; --rotate gives a known one a new key
    replay    a job trace, through the same path          (agents/commands/replay.py)
    demo      a made-up centre, through the same path     (agents/commands/demo.py)

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

from agents.errors import AgentError
from agents.settings import Settings

_ELSEWHERE = ("replay", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        if words and words[0] in _ELSEWHERE:  # they read their own arguments
            return _elsewhere(words[0], words[1:])
        asked = _parser().parse_args(words)
        settings = Settings.read(os.environ)
        return _COMMANDS[asked.command](settings, asked)
    except AgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "suanquan-agent", description="GPU 采集端 / GPU metering agent"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("node", help="计量并上报本机 GPU / meter and report this node's GPUs")
    once = commands.add_parser("once", help="采样一次并显示 / take and show one sample")
    once.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    commands.add_parser("doctor", help="检查本机的配置 / check this node's setup")
    enrol = commands.add_parser(
        "enrol", help="用注册码注册本节点 / make this node known by its code"
    )
    enrol.add_argument(
        "--rotate", action="store_true", help="换一把新密钥 / give a known node a new key"
    )
    for name, words in (
        ("replay", "回放作业记录 / replay a trace"),
        ("demo", "演示 / a made-up centre"),
    ):
        commands.add_parser(name, help=words, add_help=False)
    return parser


def _node(settings: Settings, _asked: argparse.Namespace) -> int:
    from agents.commands.node import run  # noqa: PLC0415  each command imports only what it needs

    return run(settings)


def _once(settings: Settings, asked: argparse.Namespace) -> int:
    from agents.commands.once import sample, table  # noqa: PLC0415
    from agents.driver.nvml import Nvml  # noqa: PLC0415
    from agents.holders.holders import holders_of  # noqa: PLC0415

    holders = holders_of(settings)
    nvml = Nvml()
    try:
        found = sample(nvml, holders, datetime.now(UTC))
    finally:
        nvml.close()
        holders.close()
    print(json.dumps(found, ensure_ascii=False, indent=2) if asked.json else table(found))
    return 0


def _doctor(settings: Settings, _asked: argparse.Namespace) -> int:
    from agents.commands.doctor import examine  # noqa: PLC0415

    code = 0
    for check in examine(settings, datetime.now(UTC)):
        print(check, flush=True)
        code = code or check.code
    return code


def _enrol(settings: Settings, asked: argparse.Namespace) -> int:
    from agents.errors import IdentityError  # noqa: PLC0415
    from agents.reporting.identity import Identity, enrol, rotate  # noqa: PLC0415

    known = Identity.load(settings.data)
    if known is None or asked.rotate:
        if settings.enrol_code is None:
            raise IdentityError(
                "没有注册码：请向管理员索取并设置 SUANQUAN_ENROL_CODE",
                "there is no code: ask an administrator and set SUANQUAN_ENROL_CODE",
            )
        if asked.rotate:
            known = rotate(settings.data, settings.server, settings.enrol_code)
        else:
            known = enrol(settings.data, settings.server, settings.enrol_code, settings.node)
    print(f"已注册：集群 {known.cluster}，节点 {known.node}，编号 {known.agent}")
    print(f"enrolled: cluster {known.cluster}, node {known.node}, agent {known.agent}")
    return 0


def _elsewhere(name: str, words: Sequence[str]) -> int:
    if name == "replay":
        from agents.commands import replay  # noqa: PLC0415

        return replay.main(words)
    from agents.commands import demo  # noqa: PLC0415

    return demo.main(words)


_COMMANDS = {"node": _node, "once": _once, "doctor": _doctor, "enrol": _enrol}

if __name__ == "__main__":
    sys.exit(main())
