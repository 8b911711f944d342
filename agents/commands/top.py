"""`suanquan-agent top`: this node live, for a person at the node, until Ctrl-C.

It reads the driver and the holders itself, like the agent and beside it, and writes nothing. A GPU
that cannot be read is shown with the reason and for how long; so is the time without holders.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TextIO

from agents import wire
from agents.holders.source import Holders
from agents.metering.meter import devices_of
from agents.observations import Driver, Holdings, Look, Looks, Reading

EVERY_S = 2.0
_BAR = 10
_OPEN, _CLOSE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_WIDTHS = (15, 22, 16, 9, 8)  # GPU or slice, model, utilisation, memory, power; then the holder


class Top:
    """The screen; `lines` gives it as of now."""

    def __init__(
        self, driver: Driver, holders: Holders, node: str, now: Callable[[], datetime]
    ) -> None:
        self._driver, self._holders, self._node, self._now = driver, holders, node, now
        self._looks: Looks | None = None
        self._faults: dict[str, tuple[str, datetime]] = {}  # reason, and since when

    def look(self, wait_s: float) -> None:
        """Look at the driver, for at most `wait_s` seconds."""
        self._driver.poll()
        self._driver.ask()
        sight = self._driver.answer(wait_s)
        if sight is not None:
            self._looks = sight.looks
            self._holders.update_devices(sight.looks)

    def lines(self) -> Iterator[str]:
        """Return the lines of the screen."""
        now = self._now()
        answer = self._holders.read(now)
        holdings = answer if isinstance(answer, Holdings) else None
        faults = self._holders.fault or ("" if holdings else str(answer))
        time_text = now.astimezone().isoformat(sep=" ", timespec="seconds")
        yield f"suanquan-agent top   {self._node}   {time_text}   Ctrl-C 退出 quit"
        yield self._fault("holders", faults, "占用者未知 holders unknown", now)
        yield _row("GPU", "型号 model", "利用率 util", "显存 memory", "功率 power", "占用者 holder")
        if self._looks is None or isinstance(self._looks, str):
            reason = "尚无读数 no reading yet" if self._looks is None else str(self._looks)
            yield self._fault("driver", reason, "读不到 GPU / no GPU can be read", now)
            return
        for number, (uuid, look) in enumerate(self._looks.items()):
            if isinstance(look, Look):
                self._faults.pop(uuid, None)
                yield from _gpu(uuid, look, holdings or Holdings({}))
            else:
                yield self._fault(uuid, str(look), f"#{number} {uuid[:12]}…", now)

    def _fault(self, key: str, reason: str, words: str, now: datetime) -> str:
        if not reason:
            self._faults.pop(key, None)
            return ""
        if self._faults.get(key, ("",))[0] != reason:
            self._faults[key] = reason, now
        since = int((now - self._faults[key][1]).total_seconds())
        return f"{words}: 空缺 gap {reason}, {since} s"


def run(driver: Driver, holders: Holders, node: str, *, once: bool, out: TextIO) -> None:
    """Show the node until Ctrl-C; with `once`, or where no terminal is, one time."""
    top = Top(driver, holders, node, lambda: datetime.now(UTC))
    if once or not out.isatty():
        top.look(10)
        holders.read(datetime.now(UTC))  # the kubelet is believed at its second equal answer
        time.sleep(1)
        print("\n".join(top.lines()), file=out)
        return
    out.write(_OPEN)
    try:
        while True:
            top.look(EVERY_S)
            screen = "".join(f"{line}{_REST_OF_LINE}\r\n" for line in top.lines())
            out.write(_HOME + screen + _REST_OF_SCREEN)
            out.flush()
            time.sleep(EVERY_S)
    except KeyboardInterrupt:
        pass
    finally:
        out.write(_CLOSE)
        out.flush()


def main(driver: Driver, holders: Holders, node: str, *, once: bool) -> None:
    """Show the node on standard output."""
    run(driver, holders, node, once=once, out=sys.stdout)


def _gpu(uuid: str, look: Look, holdings: Holdings) -> Iterator[str]:
    number = "" if look.index is None else f"#{look.index} "
    if look.slices:
        power = _power(look)
        yield _row(f"{number}{uuid[:12]}…", look.model, "MIG", "", power, "")
    for device, mig, shares in devices_of(uuid, look.slices, holdings):
        reading = look.readings.get(device, Reading())
        name = f"{number}{uuid[:12]}…" if mig is None else f"  {mig.gi}/{mig.ci} {device[:8]}…"
        activity = reading.util_ppm if reading.util_ppm is not None else reading.engine_ppm
        yield _row(
            name,
            look.model if mig is None else mig.profile,
            "—" if activity is None else _bar(activity),
            "—" if reading.memory_mib is None else f"{reading.memory_mib} MiB",
            "" if mig else _power(look),
            ", ".join(_describe(share.holder, share.num, share.den) for share in shares),
        )


def _power(look: Look) -> str:
    power = [r.power_mw for r in look.readings.values() if r.power_mw is not None]
    return f"{power[0] // 1000} W" if power else "—"


def _bar(ppm: int) -> str:
    full = (ppm * _BAR + 500_000) // 1_000_000
    return f"{'█' * full}{'·' * (_BAR - full)} {ppm // 10_000:>3} %"


def _describe(holder: wire.Holder, num: int, den: int) -> str:
    part = "" if num == den else f" {num}/{den}"
    match holder:
        case wire.Pod(namespace=namespace, pod=pod, container=container):
            return f"{namespace}/{pod}/{container}{part}"
        case wire.Static(name=name):
            return f"{name}{part}"
        case wire.Unattributed(reason=reason):
            return f"归属不明 unattributed ({reason}){part}"
        case wire.Slurm(job=job):
            return f"{job}{part}"
        case _:
            return f"空闲 free{part}"


def _row(*cells: str) -> str:
    padded = [_pad(cell, width) for cell, width in zip(cells, (*_WIDTHS, 0), strict=True)]
    return "  ".join(padded).rstrip()


def _pad(cell: str, width: int) -> str:
    """Pad to so many columns of a terminal; a Chinese character has two."""
    columns = sum(2 if ord(letter) > 0x2E7F and letter != "█" else 1 for letter in cell)  # noqa: PLR2004
    return cell + " " * (width - columns)
