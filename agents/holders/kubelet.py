"""Holders from the kubelet, which says once a second which container has which devices.

This is its pod-resources API, version 1, on a unix socket. An answer has only names and device ids:
no pod UID (agents/holders/checkpoint.py) and no phase, one entry for each device id, in an order
that changes from call to call. The kubelet limits the calls of all clients of a node to 100 a
second, ten at once; a call that is refused or broken is repeated once after a tenth of a second.
Every failure is a KubeletFailed with one word. Not every answer is believed
(agents/holders/restarts.py).

Source: kubernetes/kubernetes, pkg/kubelet/apis/podresources (limits, errors).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from agents import wire
from agents.holders import podresources, slots
from agents.holders.checkpoint import FILE, Checkpoint
from agents.holders.devices import AbsentDevice, Devices, UnresolvedId
from agents.holders.grpc_lite import CallFailed, Channel
from agents.holders.restarts import PodName, Restarts
from agents.observations import HolderShare, Holdings, Looks, ShareRule

DEADLINE_S = 0.5  # for both tries together: the next sample is a second later
_PAUSE_S = 0.1
_COUNT_AGAIN = timedelta(minutes=1)
_SERVICE = "/v1.PodResourcesLister/"
_RETRY_CODES = {"resource_exhausted", "unavailable", "unknown", "aborted", "internal", "broken"}
_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


class KubeletFailed(Exception):
    """The kubelet gave no usable answer; `code` says why in one word."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Kubelet:
    """The kubelet of this node."""

    def __init__(self, path: Path) -> None:
        self._channel = Channel(path)

    @property
    def connection(self) -> int:
        """The number of the connection in use; a restarted kubelet has another."""
        return self._channel.connection_count

    def listing(self) -> podresources.Listing:
        """List the pods, and the containers that have devices. Raises KubeletFailed."""
        return self._call("List", podresources.listing)

    def allocatable(self) -> list[str]:
        """List the ids of all devices that can be allocated. Raises KubeletFailed."""
        return self._call("GetAllocatableResources", podresources.allocatable)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _call(self, method: str, read: Callable[[bytes], _Answer]) -> _Answer:
        until = time.monotonic() + DEADLINE_S
        for last in (False, True):
            try:
                answer = self._channel.call(_SERVICE + method, b"", until - time.monotonic())
                return read(answer)
            except CallFailed as error:
                remaining_s = until - time.monotonic()
                if last or error.code not in _RETRY_CODES or remaining_s <= _PAUSE_S:
                    raise KubeletFailed(error.code, str(error)) from error
            except ValueError as error:
                raise KubeletFailed("malformed", f"malformed: {error}") from error
            time.sleep(_PAUSE_S)
        raise AssertionError  # the last try returned or raised


class KubeletHolders:
    """Holders from the kubelet. `own` is the agent's own pod, if it runs in one.

    An answer is valid for the second after it: when the next call fails, the time until there is an
    answer again is a gap.
    """

    def __init__(
        self, path: Path, rule: ShareRule = ShareRule.HELD, own: PodName | None = None
    ) -> None:
        self.fault = ""
        self._kubelet = Kubelet(path)
        root = path.parent.parent
        self._checkpoint = Checkpoint(root / FILE)
        self._restarts = Restarts(own, self._checkpoint, root / "pods")
        self._devices = Devices()
        self._rule = rule
        self._on_offer: dict[str, int] = {}
        self._count_time: datetime | None = None
        self._last_faults: set[str] = set()  # a fault that lasts is logged once

    def update_devices(self, looks: Looks) -> None:
        """Resolve device ids by this look until the next one."""
        self._devices.update(looks)

    def read(self, now: datetime) -> Holdings | wire.GapReason:
        """Return who holds what, as the kubelet says."""
        faults: dict[str, str] = {}
        try:
            answer = self._kubelet.listing()
        except KubeletFailed as error:
            self._report({error.code: f"the kubelet does not say who holds what ({error})"})
            return wire.GapReason.KUBELET_UNREACHABLE
        self._checkpoint.read()
        answer = answer._replace(
            containers=tuple(
                self._checkpoint.with_uid(container) for container in answer.containers
            )
        )
        doubt = self._restarts.doubt(answer, self._kubelet.connection)
        if doubt:
            self._report({doubt: f"the kubelet's answer is not believed ({doubt})"})
            return wire.GapReason.KUBELET_UNREACHABLE
        if self._rule is ShareRule.REPLICAS:
            faults |= self._count(now)
        holdings, failures = self._holdings(answer)
        faults |= _faults(holdings, failures)
        if "replicas_unknown" in faults:
            self._count_time = None
        self._report(faults)
        return holdings

    def _holdings(
        self, answer: podresources.Listing
    ) -> tuple[Holdings, set[AbsentDevice | UnresolvedId]]:
        """Return who holds what; what a missing pod had, someone unknown has."""
        holdings, failures = slots.holdings(
            answer.containers, self._devices, self._rule, self._on_offer
        )
        missing = self._restarts.missing()
        if missing:
            lost, _ = slots.holdings(missing, self._devices)
            unknown = (HolderShare(wire.Unattributed("missing_after_restart")),)
            devices = {**holdings.devices, **dict.fromkeys(lost.devices, unknown)}
            holdings = msgspec.structs.replace(holdings, devices=devices)
        return holdings, failures

    def close(self) -> None:
        """Close the connection."""
        self._kubelet.close()

    def _count(self, now: datetime) -> dict[str, str]:
        """Count the slots on offer once a minute; the last count holds until then."""
        if self._count_time is not None and abs(now - self._count_time) < _COUNT_AGAIN:
            return {}
        try:
            self._on_offer |= slots.slots_on_offer(self._kubelet.allocatable(), self._devices)
        except KubeletFailed as error:
            return {error.code: f"the kubelet does not say what it has to give ({error})"}
        self._count_time = now
        return {}

    def _report(self, faults: dict[str, str]) -> None:
        for words in faults.values():
            if words not in self._last_faults:
                _log.error("%s", words)
        if self._last_faults and not faults:
            _log.info("the kubelet says who holds what again")
        self._last_faults = set(faults.values())
        self.fault = min(faults, default="")


def _faults(holdings: Holdings, failures: set[AbsentDevice | UnresolvedId]) -> dict[str, str]:
    """Find what is wrong with the answer: each reason, with a sentence for the log."""
    faults: dict[str, str] = {}
    for device in sorted(failures):
        reason = device.reason if isinstance(device, UnresolvedId) else "absent_device"
        faults[reason] = f"the kubelet names a device that is not known here: {device.name}"
    for uuid, shares in sorted(holdings.devices.items()):
        if isinstance(shares[0].holder, wire.Unattributed):
            faults[shares[0].holder.reason] = f"the kubelet's answer for {uuid} cannot be"
    return faults
