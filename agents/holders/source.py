"""Source of holders: the kubelet, or a map file that an administrator writes.

    # device (GPU or MIG slice)                      holder        share (1/1 if left out)
    GPU-8f6c2c1e-0000-4000-8000-000000000001         model-a
    MIG-8f6c2c1e-0000-4000-8000-000000000002         model-b
    GPU-8f6c2c1e-0000-4000-8000-000000000003         model-c       1/2
    GPU-8f6c2c1e-0000-4000-8000-000000000003         model-d       1/2

A device that is not in the file is free (`unallocated`), and so is the rest of a shared one. After
a change the file is read again once it has stayed the same for two samples, so that a half-written
file is never used. While the file has a wrong line, every device is held by someone unknown
(`unattributed`).
"""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from agents import wire
from agents.errors import SettingsError
from agents.holders.restarts import SETTLING
from agents.observations import HolderShare, Holdings, Looks
from agents.settings import Settings

_DEVICE = re.compile(r"(GPU|MIG)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHARE = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")
_NAME_MAX = 253
SETTLING_S = 1.0
_log = logging.getLogger(__name__)


class Holders(Protocol):
    """A source of holders. It is read every second, so it must be quick."""

    fault: str  # why the last sample is incomplete, in one word; else empty

    def update_devices(self, looks: Looks) -> None:
        """Take a look at the driver: device names are resolved by it until the next one."""

    def read(self, now: datetime) -> Holdings | wire.GapReason:
        """Return who holds what now, or why that is unknown."""

    def close(self) -> None:
        """Free its resources."""


class _ByUuid:
    """A source that names devices by their UUID needs neither the driver nor a connection."""

    def update_devices(self, looks: Looks) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class NoSource(_ByUuid):
    """The settings name no source, so every holder is unknown."""

    fault = "no_holders_source"

    def read(self, now: datetime) -> Holdings:
        """Return someone unknown as the holder of every device."""
        del now
        return _NO_SOURCE


class MapFile(_ByUuid):
    """The map file. Raises SettingsError if it is wrong at the start."""

    fault = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parsed_signature = self._last_signature = self._signature()
        self._holding = parse_map(_text(path), path)

    def read(self, now: datetime) -> Holdings:
        """Return the map, read again if it has changed."""
        del now
        signature = self._signature()
        is_stable, self._last_signature = signature == self._last_signature, signature
        if is_stable and signature != self._parsed_signature:
            self._parsed_signature = signature
            self._holding = self._parse_again()
        return self._holding

    def _parse_again(self) -> Holdings:
        try:
            holdings = parse_map(_text(self._path), self._path)
        except SettingsError as error:
            _log.error("%s", error)
            self.fault = "holders_file_wrong"
            return _WRONG_MAP
        self.fault = ""
        _log.info("read %s again: it names %d devices", self._path, len(holdings.devices))
        return holdings

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


_NO_SOURCE = Holdings({}, HolderShare(wire.Unattributed("no_holders_source")))
_WRONG_MAP = Holdings({}, HolderShare(wire.Unattributed("holders_file_wrong")))


def holders_of(settings: Settings) -> Holders:
    """Open the source that the settings name. Raises SettingsError."""
    if settings.holders is not None:
        return MapFile(settings.holders)
    if settings.kubelet is not None:
        from agents.holders.kubelet import KubeletHolders  # noqa: PLC0415  HTTP/2 only where it is used

        return KubeletHolders(settings.kubelet, settings.shares, settings.own_pod)
    return NoSource()


def read_first(holders: Holders, now: datetime) -> Holdings | wire.GapReason:
    """Read a source that was just opened; the kubelet is believed at its second equal answer."""
    answer = holders.read(now)
    if holders.fault == SETTLING:
        time.sleep(SETTLING_S)
        answer = holders.read(now)
    return answer


def parse_map(text: str, path: Path) -> Holdings:
    """Parse a map. Raises SettingsError for the first wrong line."""
    devices: dict[str, tuple[HolderShare, ...]] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if words:
            device, share = _entry(words, f"{path}:{number}")
            shares = (*devices.get(device, ()), share)
            _check_shares(shares, f"{path}:{number}")
            devices[device] = shares
    return Holdings({device: _with_rest(share) for device, share in devices.items()})


def _entry(words: list[str], place: str) -> tuple[str, HolderShare]:
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
    return words[0], HolderShare(wire.Static(words[1]), int(share[1]), int(share[2]))


def _check_shares(shares: tuple[HolderShare, ...], place: str) -> None:
    total = _total(shares)
    if len({share.holder for share in shares}) < len(shares):
        raise _wrong(place, "同一设备的同一占用者写了两次", "the device has this holder already")
    if total > 1:
        raise _wrong(
            place, f"该设备的份额合计 {total}，超过 1", f"the device's shares sum to {total}"
        )
    if max(total.denominator, *(share.den for share in shares)) > wire.SHARE_MAX:
        raise _wrong(place, "份额的公分母过大", "the shares' common denominator is too large")


def _with_rest(shares: tuple[HolderShare, ...]) -> tuple[HolderShare, ...]:
    rest = 1 - _total(shares)
    if rest == 0:
        return shares
    return (*shares, HolderShare(wire.Unallocated(), rest.numerator, rest.denominator))


def _total(shares: tuple[HolderShare, ...]) -> Fraction:
    return sum((Fraction(share.num, share.den) for share in shares), Fraction(0))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise _wrong(str(path), f"读不了（{why}）", f"cannot be read ({why})") from error


def _wrong(place: str, zh: str, en: str) -> SettingsError:
    return SettingsError(f"占用者文件 {place}：{zh}", f"holders file {place}: {en}")
