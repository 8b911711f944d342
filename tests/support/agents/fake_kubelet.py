"""A kubelet for the agent's tests: a gRPC server by another hand (grpcio) on a unix socket.

It behaves as a real one does (kubernetes 1.36): one entry for each device id, in an order that
changes from call to call; pods that have ended stay for a while; all questions together are limited
to 100 a second and ten at once; its own faults are UNKNOWN; when it is down its socket's file
stays, and when it is back there is another file of that name. When it has just started it answers
with OK and knows none of its pods, then some, then all (`knows`); while the API server is away it
knows none for as long.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc

GPU = "nvidia.com/gpu"
SERVICE = "v1.PodResourcesLister"
QPS, BURST = 100, 10


@dataclass
class Pod:
    """A pod of one container, or of more by `others`."""

    name: str
    devices: list[tuple[str, str]] = field(default_factory=list)  # resource, device id
    claims: list[tuple[str, str, str]] = field(default_factory=list)  # claim, driver, device
    namespace: str = "lab"
    container: str = "main"
    others: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    share: str = ""  # share_id of each claimed device


PLUGIN = Pod("nvidia-device-plugin", namespace="gpu-operator")  # it runs wherever GPUs are given


@dataclass
class FakeKubelet:
    """What the tests say about it between two questions."""

    path: Path
    pods: list[Pod] = field(default_factory=list)
    on_offer: list[str] = field(default_factory=list)
    fault: tuple[grpc.StatusCode, str] | None = None
    faults_left: int = -1  # how many questions still meet the fault; below 0: all
    delay_s: float = 0
    raw: bytes | None = None  # the answer, whatever it is
    limited: bool = False
    knows: int | None = None  # how many of its pods, the plugin's first; None: all
    request_count: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    _tokens: float = BURST
    _filled: float = field(default_factory=time.monotonic)
    _server: grpc.Server | None = None
    _threads: ThreadPoolExecutor | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._threads = ThreadPoolExecutor(4)
        unlimited = [("grpc.max_send_message_length", -1)]
        self._server = grpc.server(self._threads, options=unlimited)
        handlers = {
            "List": grpc.unary_unary_rpc_method_handler(self._list),
            "GetAllocatableResources": grpc.unary_unary_rpc_method_handler(self._allocatable),
        }
        generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
        self._server.add_generic_rpc_handlers((generic,))
        assert self._server.add_insecure_port(f"unix:{self.path}")
        self._server.start()

    def stop(self, *, file_stays: bool = True) -> None:
        if self._server is None or self._threads is None:
            return
        self._server.stop(None).wait()
        self._threads.shutdown()
        self._server = None
        self.path.unlink(missing_ok=True)
        if file_stays:
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(self.path))

    def _admit(self, context: grpc.ServicerContext) -> None:
        with self._lock:
            self.request_count += 1
            now = time.monotonic()
            self._tokens = min(BURST, self._tokens + QPS * (now - self._filled))
            self._filled = now
            if self.limited:
                if self._tokens < 1:
                    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "rejected by rate limit")
                self._tokens -= 1
            fault = self.fault if self.faults_left else None
            self.faults_left -= fault is not None
        time.sleep(self.delay_s)
        if fault is not None:
            context.abort(*fault)

    def _list(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        self._admit(context)
        return (
            listing([PLUGIN, *self.pods][: self.knows], self.chance)
            if self.raw is None
            else self.raw
        )

    def _allocatable(self, _request: bytes, context: grpc.ServicerContext) -> bytes:
        self._admit(context)
        return b"".join(part(1, device(GPU, name)) for name in self.on_offer)


@contextmanager
def running(kubelet: FakeKubelet) -> Iterator[FakeKubelet]:
    kubelet.start()
    try:
        yield kubelet
    finally:
        kubelet.stop(file_stays=False)


def listing(pods: list[Pod], chance: random.Random) -> bytes:
    """A ListPodResourcesResponse in some order."""
    return b"".join(part(1, _pod(pod, chance)) for pod in chance.sample(pods, len(pods)))


def _pod(pod: Pod, chance: random.Random) -> bytes:
    main = _container(pod.container, pod.devices, chance) + b"".join(
        part(5, _claim(pod, *claim)) for claim in pod.claims
    )
    rest = (_container(name, devices, chance) for name, devices in pod.others)
    containers = b"".join(part(3, container) for container in (main, *rest))
    return part(1, pod.name) + part(2, pod.namespace) + containers + part(4, b"\x00\x01")


def _container(name: str, devices: list[tuple[str, str]], chance: random.Random) -> bytes:
    device_fields = [part(2, device(*pair)) for pair in chance.sample(devices, len(devices))]
    return (
        part(1, name) + b"".join(device_fields) + part(3, b"\x02\x03") + part(4, part(1, "memory"))
    )


def _claim(pod: Pod, claim: str, driver: str, name: str) -> bytes:
    cdi = part(1, part(1, f"k8s.{driver}/claim=0f-{name}"))
    share = part(5, pod.share) if pod.share else b""
    resource = cdi + part(2, driver) + part(3, "node-1") + part(4, name) + share
    return part(2, claim) + part(3, pod.namespace) + part(4, resource)


def device(resource: str, name: str) -> bytes:
    topology = part(3, part(1, b"\x08\x01"))
    return part(1, resource) + part(2, name) + topology


def part(number: int, content: str | bytes) -> bytes:
    """One field of a Protocol Buffers message: a text or a message."""
    content = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low = [value & 0x7F]
    while value := value >> 7:
        low.append(value & 0x7F)
    return bytes([*(byte | 0x80 for byte in low[:-1]), low[-1]])
