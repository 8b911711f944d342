"""The kubelet, asked once a second which container was given which devices.

This is its pod-resources API, version 1, on a socket of its own. It answers with names and device
ids, no more: no pod's UID and no phase, one entry for each device id, in an order that changes from
call to call. It limits all questions on the node together to 100 a second, ten at once; a question
that it turns away, or that fails on the way, is asked a second time a moment later. Every failure
ends as KubeletFailed with one word.

Source: kubernetes/kubernetes, pkg/kubelet/apis/podresources (limits, errors).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from agents import wire
from agents.holders import podresources, slots
from agents.holders.devices import Absent, Devices, Unreadable
from agents.holders.grpc_lite import CallFailed, Channel
from agents.observations import Holding, Looks, Shares

DEADLINE_S = 0.5  # for both tries together: the loop must be back at the next second
_PAUSE_S = 0.1
_COUNT_AGAIN = timedelta(minutes=1)
_SERVICE = "/v1.PodResourcesLister/"
_AGAIN = {"resource_exhausted", "unavailable", "unknown", "aborted", "internal", "broken"}
_Told = TypeVar("_Told")
_log = logging.getLogger(__name__)


class KubeletFailed(Exception):
    """There is no answer that can be used; `code` says why in one word."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Kubelet:
    """The kubelet of this node."""

    def __init__(self, path: Path) -> None:
        self._channel = Channel(path)

    def containers(self) -> list[podresources.Container]:
        """Every container that was given devices. Raises KubeletFailed."""
        return self._ask("List", podresources.containers)

    def allocatable(self) -> list[str]:
        """The ids of all devices that there are to give. Raises KubeletFailed."""
        return self._ask("GetAllocatableResources", podresources.allocatable)

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def _ask(self, method: str, read: Callable[[bytes], _Told]) -> _Told:
        until = time.monotonic() + DEADLINE_S
        for last in (False, True):
            try:
                answer = self._channel.call(_SERVICE + method, b"", until - time.monotonic())
                return read(answer)
            except CallFailed as error:
                left = until - time.monotonic()
                if last or error.code not in _AGAIN or left <= _PAUSE_S:
                    raise KubeletFailed(error.code, str(error)) from error
            except ValueError as error:
                raise KubeletFailed("malformed", f"malformed: {error}") from error
            time.sleep(_PAUSE_S)
        raise AssertionError  # the last try returned or raised


class KubeletHolders:
    """Holders as the kubelet tells them.

    An answer speaks for the second after it and no longer: when the next question fails, the time
    until there is an answer again is a gap.
    """

    def __init__(self, path: Path, rule: Shares = Shares.HELD) -> None:
        self.fault = ""
        self._kubelet = Kubelet(path)
        self._devices = Devices()
        self._rule = rule
        self._on_offer: dict[str, int] = {}
        self._counted: datetime | None = None
        self._said: set[str] = set()  # a fault that lasts is logged once

    def seen(self, looks: Looks) -> None:
        """Device ids are understood by this look until the next one."""
        self._devices.seen(looks)

    def read(self, now: datetime) -> Holding | wire.GapReason:
        """Who holds what, by the kubelet's word."""
        faults: dict[str, str] = {}
        try:
            containers = self._kubelet.containers()
        except KubeletFailed as error:
            self._report({error.code: f"the kubelet does not say who holds what ({error})"})
            return wire.GapReason.KUBELET_UNREACHABLE
        if self._rule is Shares.REPLICAS:
            faults |= self._count(now)
        told, strange = slots.holding(containers, self._devices, self._rule, self._on_offer)
        faults |= _faults(told, strange)
        if "replicas_unknown" in faults:
            self._counted = None
        self._report(faults)
        return told

    def close(self) -> None:
        """Let go of the connection."""
        self._kubelet.close()

    def _count(self, now: datetime) -> dict[str, str]:
        """Count the slots on offer again when it is time; the last count holds until then."""
        if self._counted is not None and abs(now - self._counted) < _COUNT_AGAIN:
            return {}
        try:
            self._on_offer |= slots.slots_on_offer(self._kubelet.allocatable(), self._devices)
        except KubeletFailed as error:
            return {error.code: f"the kubelet does not say what it has to give ({error})"}
        self._counted = now
        return {}

    def _report(self, faults: dict[str, str]) -> None:
        for words in faults.values():
            if words not in self._said:
                _log.error("%s", words)
        if self._said and not faults:
            _log.info("the kubelet says who holds what again")
        self._said = set(faults.values())
        self.fault = min(faults, default="")


def _faults(told: Holding, strange: set[Absent | Unreadable]) -> dict[str, str]:
    """What of the answer could not be believed: the reason, and a sentence for the log."""
    found: dict[str, str] = {}
    for one in sorted(strange):
        reason = one.reason if isinstance(one, Unreadable) else "absent_device"
        found[reason] = f"the kubelet names a device that is not known here: {one.name}"
    for uuid, held in sorted(told.devices.items()):
        if isinstance(held[0].holder, wire.Unattributed):
            found[held[0].holder.reason] = f"the kubelet's answer for {uuid} cannot be"
    return found
