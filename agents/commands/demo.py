"""`suanquan-agent demo`: report the made-up centre of `sources/fiction.py` as real ones are.

Each node, and the Slurm controller, is an agent of its own: its own key, spool and stream, its own
thread. What is told is remembered in the spool with the windows themselves, so the demo can be
stopped anywhere and goes on where it was. With `--live` it then tells every minute as it passes.

The server must know the centre before. `--describe` prints what there is to know (clusters, nodes,
GPUs, holders, since when); `suanquan demo` reads it, registers it all and starts us.
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
from agents.sources import fiction, slurm

PATIENCE_S = 120.0
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_AWAY_MAX_MS = (fiction.K8S_DAYS + 1) * _DAY_MS  # what is older stays untold: silent minutes


class History(msgspec.Struct, frozen=True):
    """When the made-up centre began, milliseconds since 1970: fixed at the first start."""

    k8s_ms: int
    slurm_ms: int
    opened_ms: int


@dataclass(frozen=True, slots=True)
class Teller:
    """One made-up agent: what it says between two moments, and in which steps it says it."""

    node: str
    first_ms: int
    grid_ms: int  # the length of its windows
    stride_ms: int  # how much history goes into the spool at once
    windows: Callable[[int, int], Iterator[wire.Window]]


def main(argv: Sequence[str]) -> int:
    """Run it; 0. Raises AgentError."""
    wish = _parser().parse_args(argv)
    wish.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    history = _history(wish.data / "history.json")
    if wish.describe:
        print(json.dumps(_describe(history, wish.data), ensure_ascii=False))
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _run(history, wish, stop)
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
        k8s_ms=fiction.midnight_ms(now, fiction.K8S_DAYS),
        slurm_ms=fiction.midnight_ms(now, fiction.SLURM_DAYS),
        opened_ms=wire.start_ms(now),
    )
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(history))
    draft.replace(path)
    return history


def _describe(history: History, data: Path) -> dict[str, object]:
    """The facts that a server has to be told before; dates are Beijing days."""

    def node(name: str) -> dict[str, object]:
        return {"node": name, "enrolled": Identity.load(data / name) is not None}

    nodes = [{**node(n), "gpus": [c.gpu for c in fiction.cards(n)]} for n in fiction.NODES]
    return {
        "clusters": [
            {
                "name": fiction.K8S,
                "source": "nvml",
                "since": slurm.beijing_day(history.k8s_ms),
                "nodes": nodes,
            },
            {
                "name": fiction.SLURM,
                "source": "slurm",
                "since": slurm.beijing_day(history.slurm_ms),
                "nodes": [{**node(fiction.CONTROLLER), "gpus": []}],
            },
        ],
    }


def tellers(history: History) -> list[Teller]:
    """Every agent of the made-up centre."""
    minute, hour = wire.MINUTE_MS, wire.HOUR_MS
    found = [Teller(fiction.CONTROLLER, history.slurm_ms, hour, _DAY_MS, _jobs(history))]
    for node in fiction.NODES:
        told = _node(history, node)
        found.append(Teller(node, history.k8s_ms, minute, 4 * _HOUR_MS, told))
    return found


def _jobs(history: History) -> Callable[[int, int], Iterator[wire.Window]]:
    return lambda from_ms, to_ms: fiction.hours(history.slurm_ms, from_ms, to_ms)


def _node(history: History, node: str) -> Callable[[int, int], Iterator[wire.Window]]:
    def told(from_ms: int, to_ms: int) -> Iterator[wire.Window]:
        for card in fiction.cards(node):
            yield from fiction.minutes(card, history.k8s_ms, from_ms, to_ms)
        if node == fiction.NODES[0]:
            for window in fiction.second_story(fiction.cards(node)[2], history.k8s_ms):
                if from_ms <= wire.start_ms(window.start) < to_ms:
                    yield window
        if node == fiction.stranger().node:
            in_ms = history.opened_ms - fiction.SWAPPED_IN_MS
            since_ms = max(from_ms, in_ms - in_ms % wire.MINUTE_MS)  # opened at any moment
            yield from fiction.minutes(fiction.stranger(), history.k8s_ms, since_ms, to_ms)

    return told


def _run(history: History, wish: argparse.Namespace, stop: threading.Event) -> None:
    """All agents at once, until they have told everything; with --live until we are stopped."""
    if not wish.url:
        _parser().error("--url is needed unless --describe is given")
    codes = dict(entry.partition("=")[::2] for entry in wish.code)
    everyone = tellers(history)
    identities = [_identity(teller.node, codes, wish) for teller in everyone]
    with ThreadPoolExecutor(len(everyone)) as pool:
        running = [
            pool.submit(_tell, teller, identity, wish, stop)
            for teller, identity in zip(everyone, identities, strict=True)
        ]
        ended, _ = wait(running, return_when=FIRST_EXCEPTION)
        if any(one.exception() for one in ended):
            stop.set()
    for one in running:
        one.result()


def _identity(node: str, codes: dict[str, str], wish: argparse.Namespace) -> Identity:
    folder = wish.data / node
    identity = Identity.load(folder)
    if identity is not None:
        return identity
    if node not in codes:
        raise IdentityError(
            f"{node} 尚未注册：请用 --code {node}=注册码",
            f"{node} is not enrolled: give --code {node}=CODE",
        )
    return enrol(folder, wish.url, codes[node], node)


class _Stopped(Exception):
    """Somebody asked us to stop; what is in the spool stays there."""


def _tell(
    teller: Teller, identity: Identity, wish: argparse.Namespace, stop: threading.Event
) -> None:
    def pause(seconds: float = 0) -> None:
        if stop.wait(seconds):
            raise _Stopped

    with Spool(wish.data / teller.node / "spool.db") as spool:
        try:
            while True:
                for to_ms, windows in untold(teller, spool, _now_ms()):
                    spool.add(windows, checkpoint=str(to_ms).encode())
                    drain(
                        spool,
                        identity,
                        wish.url,
                        give_up_after_s=None if wish.live else PATIENCE_S,
                        on_answer=lambda _: pause(),
                        wait=pause,
                    )
                if not wish.live:
                    return
                pause((-_now_ms() % teller.grid_ms) / 1000 + phase_s(identity.agent))
        except _Stopped:
            return


def untold(
    teller: Teller, spool: Spool, now_ms: int
) -> Iterator[tuple[int, Iterator[wire.Window]]]:
    """What it has to say up to now, stride by stride, and then nothing but what still waits."""
    kept = spool.restore()
    end_ms = now_ms - now_ms % teller.grid_ms
    told_ms = int(kept) if kept else teller.first_ms
    if teller.grid_ms == wire.MINUTE_MS:
        told_ms = max(told_ms, end_ms - _AWAY_MAX_MS)
    for from_ms in range(told_ms, end_ms, teller.stride_ms):
        to_ms = min(from_ms + teller.stride_ms, end_ms)
        yield to_ms, teller.windows(from_ms, to_ms)
    yield max(told_ms, end_ms), iter(())


def _now_ms() -> int:
    return wire.start_ms(datetime.now(UTC))
