"""What a kubelet says after its restart, and when to believe it.

A kubelet that starts answers at once, with OK and without the pods that it has not heard of yet:
none for a second, some for a moment, and none for as long as the API server is away, while all
their containers run on. Taken at its word, every held GPU would be free. So:

- An answer without any pod is none: a node with devices has at least the plugin's pod.
- An answer names every active pod, also those without devices. An agent that is a pod itself must
  be in it; else the kubelet does not know its pods yet.
- After a new connection the devices must be the same in two answers, one second apart.
- An agent that is no pod (a service of the host) cannot look for itself. For it a pod that had
  devices before the restart and is not named after it still has them, for someone unknown, until
  the pod is named again, another has the device, or the kubelet has removed the pod's folder or its
  line of the checkpoint: it does neither before it knows its pods.

Source: seen on Kubernetes 1.36: seven of seven restarts; with the API server away, for 69 s.
"""

from __future__ import annotations

from pathlib import Path

from agents.holders.checkpoint import Checkpoint
from agents.holders.podresources import Container, Listing

SETTLING = "settling"  # the same again, and it is believed

PodName = tuple[str, str]  # namespace, name


class Restarts:
    """Decides answer by answer. `own` is the agent's own pod, if it is one."""

    def __init__(self, own: PodName | None, checkpoint: Checkpoint, pods_folder: Path) -> None:
        self._own = own
        self._checkpoint = checkpoint
        self._pods_folder = pods_folder
        self._connection = 0
        self._is_settled = False
        self._last: tuple[Container, ...] | None = None  # of the last answer, believed or not
        self._holders: tuple[Container, ...] = ()  # of the last answer that was believed
        self._missing: tuple[Container, ...] = ()  # they held before the restart and are not named

    def doubt(self, answer: Listing, connection: int) -> str:
        """Return why this answer is not believed, in one word; empty if it is.

        `connection` is the number of the connection that it came by.
        """
        if connection != self._connection:
            self._connection, self._is_settled, self._last = connection, False, None
            self._missing += self._holders
            self._holders = ()
        reason = self._reason(answer)
        self._last = answer.containers if reason in ("", SETTLING) else None
        if not reason:
            self._is_settled = True
            self._holders = answer.containers
            self._missing = self._still_missing(answer)
        return reason

    def missing(self) -> tuple[Container, ...]:
        """Return the containers that are taken to hold their devices though nobody names them."""
        return self._missing

    def _reason(self, answer: Listing) -> str:
        if not answer.pods:
            return "no_pods"
        if self._own is not None and self._own not in answer.pods:
            return "own_pod_absent"
        if not self._is_settled and self._last != answer.containers:
            return SETTLING
        return ""

    def _still_missing(self, answer: Listing) -> tuple[Container, ...]:
        if self._own is not None:
            return ()
        devices = {device for container in answer.containers for device in _devices(container)}
        return tuple(
            container
            for container in self._missing
            if (container.namespace, container.pod) not in answer.pods
            and devices.isdisjoint(_devices(container))
            and not self._has_ended(container)
        )

    def _has_ended(self, container: Container) -> bool:
        if container.uid is None:
            return False
        if self._checkpoint.is_readable and not self._checkpoint.names(container):
            return True
        try:
            return self._pods_folder.is_dir() and not (self._pods_folder / container.uid).exists()
        except PermissionError:
            return False


def _devices(container: Container) -> set[tuple[str, str]]:
    return {*container.devices, *((claim.driver, claim.device) for claim in container.claims)}
