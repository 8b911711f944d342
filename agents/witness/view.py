"""What the witness knows of the cluster, and which of it the server has not been told yet.

The watching threads put objects in; `sightings` takes out what has changed. A span of watching
(`Watch`) begins when pods and claims have been listed and are being watched, and everything is
reported anew in it; it ends at the last moment up to which both are known to be complete. So the
server needs no memory of ours: in a span, a pod that was not reported in it was not there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from agents import sightings
from agents.sightings import ClaimDevice, NodeSighting, PodSighting, Watch
from agents.witness import read
from agents.witness.objects import ClaimObject, NodeObject, PodObject, SliceObject

Decoder = msgspec.json.Decoder


class _Pod(msgspec.Struct):
    """A pod as it was read, and its claims."""

    sighting: PodSighting
    claims: tuple[str, ...]


class View:
    """The cluster's pods with devices, claims, slices and nodes; threads share it."""

    def __init__(self, labels: Collection[str], clock: Callable[[], datetime]) -> None:
        self._labels = frozenset(labels)
        self._clock = clock
        self._lock = threading.Lock()
        self._pods: dict[str, _Pod] = {}
        self._nodes: dict[str, NodeSighting] = {}
        self._claims: dict[str, tuple[str, tuple[ClaimDevice, ...]]] = {}  # by UID: its name
        self._devices: dict[str, tuple[ClaimDevice, ...]] = {}  # by namespace/name of the claim
        self._slices: dict[str, dict[read.DeviceName, str]] = {}
        self._uuids: dict[read.DeviceName, str] = {}
        self._changes: dict[str, sightings.Sighting] = {}  # not taken yet, by key
        self._dirty: set[str] = set()  # UIDs of pods that may have changed
        self._proofs: dict[str, datetime | None] = {}  # by kind: complete up to then
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._readers: dict[str, tuple[Decoder[Any], Callable[[Any], None]]] = {
            "pods": (Decoder(PodObject), self._put_pod),
            "claims": (Decoder(ClaimObject), self._put_claim),
            "slices": (Decoder(SliceObject), self._put_slice),
            "nodes": (Decoder(NodeObject), self._put_node),
        }
        self._removers: dict[str, Callable[[str], None]] = {
            "pods": self._remove_pod,
            "claims": self._remove_claim,
            "slices": self._remove_slice,
            "nodes": self._remove_node,
        }
        self._objects: dict[str, dict[str, Any]] = {
            "pods": self._pods,
            "claims": self._claims,
            "slices": self._slices,
            "nodes": self._nodes,
        }

    def expect(self, kind: str) -> None:
        """Say that this kind is watched: without it the view is not complete."""
        with self._lock:
            self._proofs[kind] = None

    def excuse(self, kind: str) -> None:
        """Say that this cluster does not have this kind."""
        with self._lock:
            self._proofs.pop(kind, None)

    def accept(self, kind: str, body: bytes | msgspec.Raw) -> None:
        """Take an object as it is now. Raises msgspec.DecodeError if it cannot be read."""
        decoder, accept = self._readers[kind]
        thing = decoder.decode(body)
        with self._lock:
            accept(thing)

    def remove(self, kind: str, uid: str) -> None:
        """Forget an object that is there no more."""
        with self._lock:
            if uid in self._objects[kind]:
                self._removers[kind](uid)

    def keep_only(self, kind: str, uids: Collection[str]) -> None:
        """After a list: forget every object that is not in it."""
        with self._lock:
            for uid in [uid for uid in self._objects[kind] if uid not in uids]:
                self._removers[kind](uid)

    def prove(self, kind: str) -> None:
        """Say that this kind is complete up to now."""
        with self._lock:
            if kind not in self._proofs:
                return
            self._proofs[kind] = now = self._clock()
            proofs = list(self._proofs.values())
            complete = [proof for proof in proofs if proof is not None]
            if len(complete) < len(proofs):
                return
            if self._since is None:
                self._since = self._until = now
                self._report_anew(now)
            else:
                self._until = max(min(complete), self._until or self._since)
            self._record_watch()

    def lose(self, kind: str) -> None:
        """Say that changes of this kind may be missed from its last proof on."""
        with self._lock:
            if kind in self._proofs:
                self._proofs[kind] = None
                self._since = self._until = None

    def is_complete(self) -> bool:
        """Return whether a span is open."""
        with self._lock:
            return self._since is not None

    def counts(self) -> dict[str, int]:
        """Count the objects known, by kind."""
        with self._lock:
            return {kind: len(objects) for kind, objects in self._objects.items()}

    def take(self) -> list[sightings.Sighting]:
        """Return what has changed since the last call; a watch comes after what it covers."""
        with self._lock:
            for uid in self._dirty:
                pod = self._pods[uid]
                pod.sighting = self._with_devices(pod)
                self._record(pod.sighting)
            self._dirty.clear()
            changes, self._changes = list(self._changes.values()), {}
        return sorted(changes, key=lambda change: isinstance(change, Watch))

    def give_back(self, changes: Collection[sightings.Sighting]) -> None:
        """Take back what could not be stored; what is newer stands."""
        with self._lock:
            old = {sightings.key(change): change for change in changes}
            self._changes = {**old, **self._changes}

    # The methods below run under the lock.

    def _record(self, sighting: sightings.Sighting) -> None:
        self._changes[sightings.key(sighting)] = sighting

    def _record_watch(self) -> None:
        if self._since is not None and self._until is not None:
            self._record(Watch(self._since, self._until))

    def _report_anew(self, now: datetime) -> None:
        for pod in self._pods.values():
            pod.sighting = msgspec.structs.replace(pod.sighting, seen_at=now)
        self._dirty.update(self._pods)
        for uid, node in self._nodes.items():
            self._nodes[uid] = msgspec.structs.replace(node, seen_at=now)
            self._record(self._nodes[uid])

    def _put_pod(self, pod: PodObject) -> None:
        uid, claims = pod.metadata.uid, read.claim_names(pod)
        if not read.asks_for_devices(pod):
            return
        fresh = read.pod_sighting(pod, self._labels, self._clock())
        before = self._pods.get(uid)
        if before is not None:
            fresh = msgspec.structs.replace(
                fresh,
                runs=_merge_runs(before.sighting, fresh),
                devices=before.sighting.devices,
            )
            same = msgspec.structs.replace(fresh, seen_at=before.sighting.seen_at)
            if same == before.sighting and claims == before.claims:
                return
        self._pods[uid] = _Pod(fresh, claims)
        self._dirty.add(uid)

    def _remove_pod(self, uid: str) -> None:
        pod, now = self._pods.pop(uid), self._clock()
        self._dirty.discard(uid)
        last = self._with_devices(pod)
        self._record(msgspec.structs.replace(last, seen_at=now, gone_at=now))

    def _put_claim(self, claim: ClaimObject) -> None:
        about, devices = claim.metadata, read.claim_devices(claim)
        name = f"{about.namespace}/{about.name}"
        if self._claims.get(about.uid) != (name, devices):
            self._claims[about.uid] = name, devices
            self._devices[name] = devices
            if self._since is not None:
                self._mark_users(name)

    def _remove_claim(self, uid: str) -> None:
        name, _ = self._claims.pop(uid)
        self._devices.pop(name, None)

    def _put_slice(self, offer: SliceObject) -> None:
        uid, uuids = offer.metadata.uid, dict(read.device_uuids(offer))
        if self._slices.get(uid) != uuids:
            self._slices[uid] = uuids
            self._uuids.update(uuids)
            if self._since is not None:  # else everything will be reported anyhow
                self._dirty.update(uid for uid, pod in self._pods.items() if pod.claims)

    def _remove_slice(self, uid: str) -> None:
        for name in self._slices.pop(uid):
            if not any(name in uuids for uuids in self._slices.values()):
                self._uuids.pop(name, None)

    def _put_node(self, node: NodeObject) -> None:
        uid, now = node.metadata.uid, self._clock()
        fresh, before = read.node_sighting(node, self._labels, now), self._nodes.get(uid)
        if before is None or msgspec.structs.replace(fresh, seen_at=before.seen_at) != before:
            self._nodes[uid] = fresh
            self._record(fresh)

    def _remove_node(self, uid: str) -> None:
        now = self._clock()
        self._record(msgspec.structs.replace(self._nodes.pop(uid), seen_at=now, gone_at=now))

    def _mark_users(self, name: str) -> None:
        for uid, pod in self._pods.items():
            if name in _full_names(pod):
                self._dirty.add(uid)

    def _with_devices(self, pod: _Pod) -> PodSighting:
        """Add the devices of its claims; a claim that was given back was the pod's all the same."""
        devices = tuple(
            msgspec.structs.replace(
                device, uuid=self._uuids.get((device.driver, device.pool, device.device))
            )
            for name in _full_names(pod)
            for device in self._devices.get(name, ())
        )
        return msgspec.structs.replace(pod.sighting, devices=devices or pod.sighting.devices)


def now_utc() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def _full_names(pod: _Pod) -> Iterator[str]:
    return (f"{pod.sighting.namespace}/{name}" for name in pod.claims)


def _merge_runs(before: PodSighting, fresh: PodSighting) -> tuple[sightings.Run, ...]:
    """Keep the first start of each container: the API tells only of the last two."""
    starts = {run.container: run.start for run in before.runs}
    runs = {
        run.container: msgspec.structs.replace(
            run, start=min(run.start, starts.get(run.container, run.start))
        )
        for run in fresh.runs
    }
    return tuple(({run.container: run for run in before.runs} | runs).values())
