"""Who holds which device of this node: from the kubelet, or a map file that somebody keeps.

    # device (GPU or MIG slice)                      holder        share (1/1 if left out)
    GPU-8f6c2c1e-0000-4000-8000-000000000001         model-a
    MIG-8f6c2c1e-0000-4000-8000-000000000002         model-b
    GPU-8f6c2c1e-0000-4000-8000-000000000003         model-c       1/2
    GPU-8f6c2c1e-0000-4000-8000-000000000003         model-d       1/2

A device that the file does not name is free (`unallocated`), and so is the rest of a shared one.
The file is read again when it changes, once it has stayed the same for two readings, so that a
half-written file is never believed. A file with a wrong line is not believed either: until it is
mended every device is held by someone unknown (`unattributed`).
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from agents import wire
from agents.errors import SettingsError
from agents.observations import Held, Holding, Looks
from agents.settings import Settings

_DEVICE = re.compile(r"(GPU|MIG)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHARE = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")
_NAME_MAX = 253
_log = logging.getLogger(__name__)


class Holders(Protocol):
    """A source of holders. It is asked every second, so it must be quick."""

    fault: str  # why the last reading could not say everything, in one word; else empty

    def seen(self, looks: Looks) -> None:
        """What the driver shows: names of devices are understood by it until the next look."""

    def read(self, now: datetime) -> Holding | wire.GapReason:
        """Who holds what at this moment, or why nobody can say."""

    def close(self) -> None:
        """It is not asked again."""


class _ByUuid:
    """A source that names devices by their UUID needs neither the driver nor a connection."""

    def seen(self, looks: Looks) -> None:
        """It makes no difference."""

    def close(self) -> None:
        """There is nothing to close."""


class NoMap(_ByUuid):
    """No source is named in the settings: devices are in use or not, we cannot know."""

    fault = "no_holders_source"

    def read(self, now: datetime) -> Holding:
        """Every device is held by someone unknown."""
        del now
        return _NOBODY_TOLD


class MapFile(_ByUuid):
    """The static map. Raises SettingsError when it is wrong at the start."""

    fault = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._seen = self._signature()
        self._holding = parse_map(_text(path), path)

    def read(self, now: datetime) -> Holding:
        """The map as it stands."""
        del now
        signature = self._signature()
        settled, self._seen = signature == self._seen, signature
        if settled and signature != self._known:
            self._known = signature
            self._holding = self._parsed()
        return self._holding

    def _parsed(self) -> Holding:
        try:
            holding = parse_map(_text(self._path), self._path)
        except SettingsError as error:
            _log.error("%s", error)
            self.fault = "holders_file_wrong"
            return _WRONG_MAP
        self.fault = ""
        _log.info("read %s again: it names %d devices", self._path, len(holding.devices))
        return holding

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


_NOBODY_TOLD = Holding({}, Held(wire.Unattributed("no_holders_source")))
_WRONG_MAP = Holding({}, Held(wire.Unattributed("holders_file_wrong")))


def holders_of(settings: Settings) -> Holders:
    """The source of holders that the settings name. Raises SettingsError."""
    if settings.holders is not None:
        return MapFile(settings.holders)
    if settings.kubelet is not None:
        from agents.holders.kubelet import KubeletHolders  # noqa: PLC0415  HTTP/2 only where it is used

        return KubeletHolders(settings.kubelet, settings.shares)
    return NoMap()


def parse_map(text: str, path: Path) -> Holding:
    """Read a map. Raises SettingsError naming the first wrong line."""
    devices: dict[str, tuple[Held, ...]] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if words:
            device, held = _entry(words, f"{path}:{number}")
            together = (*devices.get(device, ()), held)
            _check_shares(together, f"{path}:{number}")
            devices[device] = together
    return Holding({device: _with_rest(held) for device, held in devices.items()})


def _entry(words: list[str], place: str) -> tuple[str, Held]:
    if not 2 <= len(words) <= 3:  # noqa: PLR2004
        raise _wrong(place, "应写「设备 占用者 [份额]」", "write «device holder [share]»")
    if not _DEVICE.fullmatch(words[0]):
        raise _wrong(
            place,
            f"「{words[0]}」不是 GPU-… 或 MIG-… 的 UUID（小写）",
            f"{words[0]!r} is not the UUID of a GPU or MIG slice (GPU-… or MIG-…, lower case)",
        )
    if len(words[1]) > _NAME_MAX:
        raise _wrong(place, "占用者名称过长", f"the holder's name is over {_NAME_MAX} characters")
    share = _SHARE.fullmatch(words[2]) if words[2:] else _SHARE.fullmatch("1/1")
    if share is None or int(share[1]) > int(share[2]):
        raise _wrong(
            place,
            f"份额「{words[2]}」应形如 1/4，且不大于 1",
            f"the share {words[2]!r} must be like 1/4 and not more than one",
        )
    return words[0], Held(wire.Static(words[1]), int(share[1]), int(share[2]))


def _check_shares(together: tuple[Held, ...], place: str) -> None:
    total = _total(together)
    if len({held.holder for held in together}) < len(together):
        raise _wrong(place, "同一设备的同一占用者写了两次", "the device has this holder already")
    if total > 1:
        raise _wrong(
            place, f"该设备的份额合计 {total}，超过 1", f"the device's shares sum to {total}"
        )
    if max(total.denominator, *(held.den for held in together)) > wire.SHARE_MAX:
        raise _wrong(place, "份额的公分母过大", "the shares' common denominator is too large")


def _with_rest(together: tuple[Held, ...]) -> tuple[Held, ...]:
    rest = 1 - _total(together)
    if rest == 0:
        return together
    return (*together, Held(wire.Unallocated(), rest.numerator, rest.denominator))


def _total(together: tuple[Held, ...]) -> Fraction:
    return sum((Fraction(held.num, held.den) for held in together), Fraction(0))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise _wrong(str(path), f"读不了（{why}）", f"cannot be read ({why})") from error


def _wrong(place: str, zh: str, en: str) -> SettingsError:
    return SettingsError(f"占用者文件 {place}：{zh}", f"holders file {place}: {en}")
