"""`suanquan-agent demo`: report the made-up centre of `sources/demo_centre.py`.

Each node, and the Slurm controller, is an agent with its own key, spool, stream and thread. The
spool stores how far each has reported in the same transaction as the windows, so the demo can be
stopped at any moment and continues. With `--live` it then reports every minute as it passes.

The server must know the centre before. `--describe` prints clusters, nodes and GPUs with their
first day; `suanquan demo` reads that, registers everything and starts this command.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agents import wire
from agents.errors import IdentityError
from agents.reporting.identity import Identity, enrol
from agents.reporting.report import drain, phase_s
from agents.reporting.spool import Spool
from agents.sightings import Sighting
from agents.sources import demo_centre, demo_witness, job_trace

PATIENCE_S = 120.0
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_AWAY_MAX_MS = (demo_centre.K8S_DAYS + 1) * _DAY_MS  # older minutes stay silent


class History(msgspec.Struct, frozen=True):
    """When the made-up centre began, in ms since 1970: fixed at the first start."""

    k8s_ms: int
    slurm_ms: int
    opened_ms: int


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """One made-up agent: its windows between two moments, and the length of its steps."""

    node: str
    first_ms: int
    grid_ms: int  # the length of its windows
    stride_ms: int  # how much history goes into the spool at once, in ms
    windows: Callable[[int, int], Iterator[wire.Window]]
    sightings: Callable[[int, int], Iterator[Sighting]] = lambda _from_ms, _to_ms: iter(())


def main(argv: Sequence[str]) -> int:
    """Run the command and return 0. Raises AgentError."""
    arguments = _parser().parse_args(argv)
    arguments.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    history = _history(arguments.data / "history.json")
    if arguments.describe:
        print(json.dumps(_describe(history, arguments.data), ensure_ascii=False))
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _run(history, arguments, stop)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="suanquan-agent demo",
        description="上报一个虚构的智算中心（演示） / report a made-up centre",
    )
    parser.add_argument("--data", type=Path, required=True, help="密钥与上报队列 / keys and spools")
    parser.add_argument("--describe", action="store_true", help="只说明有什么 / say what there is")
    parser.add_argument("--url", help="服务器地址 / the server's address")
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="NODE=CODE",
        help="各节点的一次性注册码，首次需要 / one-time codes, the first time",
    )
    parser.add_argument("--live", action="store_true", help="随后每分钟上报 / go on each minute")
    return parser


def _history(path: Path) -> History:
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=History)
    now = datetime.now(UTC)
    history = History(
        k8s_ms=demo_centre.midnight_ms(now, demo_centre.K8S_DAYS),
        slurm_ms=demo_centre.midnight_ms(now, demo_centre.SLURM_DAYS),
        opened_ms=wire.start_ms(now),
    )
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(history))
    draft.replace(path)
    return history


def _describe(history: History, data: Path) -> dict[str, object]:
    """Return what the server must register first; dates are Beijing days."""

    def node(name: str) -> dict[str, object]:
        return {"node": name, "enrolled": Identity.load(data / name) is not None}

    nodes = [{**node(n), "gpus": [c.gpu for c in demo_centre.cards(n)]} for n in demo_centre.NODES]
    return {
        "clusters": [
            {
                "name": demo_centre.K8S,
                "source": "nvml",
                "since": job_trace.beijing_day(history.k8s_ms),
                "nodes": nodes,
                "witnesses": [node(demo_witness.WITNESS)],
            },
            {
                "name": demo_centre.SLURM,
                "source": "slurm",
                "since": job_trace.beijing_day(history.slurm_ms),
                "nodes": [{**node(demo_centre.CONTROLLER), "gpus": []}],
                "capacity": demo_centre.SLURM_GPUS,
            },
        ],
    }


def demo_agents(history: History) -> list[DemoAgent]:
    """Return every agent of the made-up centre."""
    minute, hour = wire.MINUTE_MS, wire.HOUR_MS
    agents = [DemoAgent(demo_centre.CONTROLLER, history.slurm_ms, hour, _DAY_MS, _jobs(history))]
    for node in demo_centre.NODES:
        windows = _node(history, node)
        agents.append(DemoAgent(node, history.k8s_ms, minute, 4 * _HOUR_MS, windows))
    agents.append(
        DemoAgent(
            *(demo_witness.WITNESS, history.k8s_ms, minute, 4 * _HOUR_MS),
            lambda _from_ms, _to_ms: iter(()),
            lambda from_ms, to_ms: demo_witness.sightings(history.k8s_ms, from_ms, to_ms),
        )
    )
    return agents


def _jobs(history: History) -> Callable[[int, int], Iterator[wire.Window]]:
    return lambda from_ms, to_ms: demo_centre.hours(history.slurm_ms, from_ms, to_ms)


def _node(history: History, node: str) -> Callable[[int, int], Iterator[wire.Window]]:
    def windows(from_ms: int, to_ms: int) -> Iterator[wire.Window]:
        for card in demo_centre.cards(node):
            yield from demo_centre.minutes(card, history.k8s_ms, from_ms, to_ms)
        if node == demo_centre.NODES[0]:
            for window in demo_centre.conflicting_windows(
                demo_centre.cards(node)[2], history.k8s_ms
            ):
                if from_ms <= wire.start_ms(window.start) < to_ms:
                    yield window
        if node == demo_centre.unregistered_card().node:
            in_ms = history.opened_ms - demo_centre.SWAPPED_IN_MS
            since_ms = max(from_ms, in_ms - in_ms % wire.MINUTE_MS)  # opened at any moment
            yield from demo_centre.minutes(
                demo_centre.unregistered_card(), history.k8s_ms, since_ms, to_ms
            )

    return windows


def _run(history: History, arguments: argparse.Namespace, stop: threading.Event) -> None:
    """Run all agents at once, until everything is reported; with --live until stopped."""
    if not arguments.url:
        _parser().error("--url is needed unless --describe is given")
    codes = dict(entry.partition("=")[::2] for entry in arguments.code)
    agents = demo_agents(history)
    identities = [_identity(agent.node, codes, arguments) for agent in agents]
    with ThreadPoolExecutor(len(agents)) as pool:
        tasks = [
            pool.submit(_run_agent, agent, identity, arguments, stop)
            for agent, identity in zip(agents, identities, strict=True)
        ]
        finished, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        if any(task.exception() for task in finished):
            stop.set()
    for task in tasks:
        task.result()


def _identity(node: str, codes: dict[str, str], arguments: argparse.Namespace) -> Identity:
    folder = arguments.data / node
    identity = Identity.load(folder)
    if identity is not None:
        return identity
    if node not in codes:
        raise IdentityError(
            f"{node} 尚未注册：请用 --code {node}=注册码",
            f"{node} is not enrolled: give --code {node}=CODE",
        )
    return enrol(folder, arguments.url, codes[node], node)


class _StopRequest(Exception):
    """A request to stop; the spool keeps what it has."""


def _run_agent(
    agent: DemoAgent, identity: Identity, arguments: argparse.Namespace, stop: threading.Event
) -> None:
    def pause(seconds: float = 0) -> None:
        if stop.wait(seconds):
            raise _StopRequest

    with Spool(arguments.data / agent.node / "spool.db") as spool:
        try:
            while True:
                for to_ms, windows in pending_windows(agent, spool, _now_ms()):
                    told_ms = int(spool.restore() or agent.first_ms)
                    spool.add_sightings(agent.sightings(told_ms, to_ms))
                    spool.add(windows, checkpoint=str(to_ms).encode())
                    drain(
                        spool,
                        identity,
                        arguments.url,
                        give_up_after_s=None if arguments.live else PATIENCE_S,
                        on_answer=lambda _: pause(),
                        wait=pause,
                    )
                if not arguments.live:
                    return
                pause((-_now_ms() % agent.grid_ms) / 1000 + phase_s(identity.agent))
        except _StopRequest:
            return


def pending_windows(
    agent: DemoAgent, spool: Spool, now_ms: int
) -> Iterator[tuple[int, Iterator[wire.Window]]]:
    """Yield the windows up to now, one stride at a time, and at last an empty one for the rest."""
    checkpoint = spool.restore()
    end_ms = now_ms - now_ms % agent.grid_ms
    reported_ms = int(checkpoint) if checkpoint else agent.first_ms
    if agent.grid_ms == wire.MINUTE_MS:
        reported_ms = max(reported_ms, end_ms - _AWAY_MAX_MS)
    for from_ms in range(reported_ms, end_ms, agent.stride_ms):
        to_ms = min(from_ms + agent.stride_ms, end_ms)
        yield to_ms, agent.windows(from_ms, to_ms)
    yield max(reported_ms, end_ms), iter(())


def _now_ms() -> int:
    return wire.start_ms(datetime.now(UTC))
