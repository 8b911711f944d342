"""The kubelet's own note of which pod has which device: a hint, and the only source of pod UIDs.

The kubelet's device manager keeps `device-plugins/kubelet_internal_checkpoint` beside the folder of
its socket, and reads it when it starts. Only root may read it (0600). It is exact for a device that
is held, but a pod that has ended stays in it until the next pod asks for a device; so it never says
alone that a device is held or free. Devices of a ResourceClaim are not in it.

Source: kubernetes/kubernetes, pkg/kubelet/cm/devicemanager/checkpoint/checkpoint.go. `DeviceIDs` is
a list of ids, or since 1.20 lists by NUMA node.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec

from agents.holders.podresources import Container

FILE = Path("device-plugins", "kubelet_internal_checkpoint")  # beside the folder of the socket
_BYTES_MAX = 16 * 2**20
_log = logging.getLogger(__name__)

Use = tuple[str, str, str]  # container, resource, device id


class _Entry(msgspec.Struct, rename="pascal"):
    pod_uid: str = msgspec.field(name="PodUID")
    container_name: str
    resource_name: str
    device_ids: list[str] | dict[str, list[str]] | None = msgspec.field(
        name="DeviceIDs", default=None
    )


class _Data(msgspec.Struct, rename="pascal"):
    pod_device_entries: list[_Entry] | None = None


class _File(msgspec.Struct, rename="pascal"):
    data: _Data


class Checkpoint:
    """The checkpoint of this node's kubelet, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signature: tuple[int, int, int] | None = None
        self._uids: dict[Use, set[str]] = {}
        self._last_fault = ""
        self.is_readable = False

    def read(self) -> None:
        """Read the file if it has changed. A file that cannot be read tells nothing."""
        try:
            status = self._path.stat()
            signature = (status.st_mtime_ns, status.st_size, status.st_ino)
            if signature != self._signature:
                self._uids = _uids(self._path)
                self._signature = signature
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self._uids, self._signature, self.is_readable = {}, None, False
            self._log_fault(f"{type(error).__name__}: {error}")
            return
        self.is_readable = True
        self._last_fault = ""

    def with_uid(self, container: Container) -> Container:
        """Return the container with its pod's UID, if the checkpoint names one for its devices."""
        uids = {uid for use in _uses(container) for uid in self._uids.get(use, ())}
        return container._replace(uid=uids.pop()) if len(uids) == 1 else container

    def names(self, container: Container) -> bool:
        """Return whether the checkpoint still says that this pod has all of these devices."""
        return bool(container.devices) and all(
            container.uid in self._uids.get(use, ()) for use in _uses(container)
        )

    def _log_fault(self, fault: str) -> None:
        if fault != self._last_fault:
            _log.info("no pod UIDs: the kubelet's checkpoint is not readable (%s)", fault)
        self._last_fault = fault


def _uses(container: Container) -> Iterator[Use]:
    return ((container.name, resource, device) for resource, device in container.devices)


def _uids(path: Path) -> dict[Use, set[str]]:
    with path.open("rb") as file:
        content = file.read(_BYTES_MAX + 1)
    if len(content) > _BYTES_MAX:
        raise ValueError(f"more than {_BYTES_MAX} bytes")
    uids: dict[Use, set[str]] = {}
    for entry in msgspec.json.decode(content, type=_File).data.pod_device_entries or ():
        ids = entry.device_ids or []
        for device in ids if isinstance(ids, list) else chain(*ids.values()):
            use = entry.container_name, entry.resource_name, device
            uids.setdefault(use, set()).add(entry.pod_uid)
    return uids
