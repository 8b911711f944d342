"""A Kubernetes API server for the witness's tests: lists in pages, watches in chunks, by HTTP.

It behaves as a real one does: every change has a version; a watch goes on from a version, or is
told 410 when that is compacted; a list's token runs out; bookmarks tell the newest version; a watch
ends after its time. It can be away, answer 504, or break off in the middle of a line.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATHS = {
    "/api/v1/pods": "pods",
    "/api/v1/nodes": "nodes",
    "/apis/resource.k8s.io/v1/resourceclaims": "claims",
    "/apis/resource.k8s.io/v1/resourceslices": "slices",
}
Thing = dict[str, Any]


@dataclass
class FakeApiServer:
    """What the tests say about it between two requests."""

    things: dict[str, dict[str, Thing]] = field(
        default_factory=lambda: {kind: {} for kind in PATHS.values()}
    )
    events: list[tuple[int, str, str, Thing]] = field(default_factory=list)  # version, kind, type
    version: int = 100
    compacted: int = 0  # versions up to this are gone
    status: dict[str, int] = field(default_factory=dict)  # of a kind's requests; 0: no answer
    tokens_expire: int = 0  # how many next pages are told 410
    watch_s: float = 3600
    bookmark_s: float = 0.2
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    breaks: int = 0  # raised by one, every watch breaks off in the middle of a line
    changed: threading.Condition = field(default_factory=threading.Condition)
    stopping: bool = False
    port: int = 0

    def put(self, kind: str, thing: Thing) -> None:
        """Make an object, or change it."""
        with self.changed:
            self.version += 1
            uid = thing["metadata"]["uid"]
            event = "MODIFIED" if uid in self.things[kind] else "ADDED"
            thing = json.loads(json.dumps(thing))
            thing["metadata"]["resourceVersion"] = str(self.version)
            self.things[kind][uid] = thing
            self.events.append((self.version, kind, event, thing))
            self.changed.notify_all()

    def delete(self, kind: str, uid: str) -> None:
        with self.changed:
            self.version += 1
            thing = self.things[kind].pop(uid)
            thing["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, kind, "DELETED", thing))
            self.changed.notify_all()

    def compact(self) -> None:
        """Forget the changes until now, and end every watch."""
        with self.changed:
            self.compacted, self.events = self.version, []
            self.breaks += 1
            self.changed.notify_all()

    def break_watches(self) -> None:
        with self.changed:
            self.breaks += 1
            self.changed.notify_all()

    def page(self, kind: str, query: dict[str, str]) -> tuple[int, Thing]:
        limit = int(query.get("limit") or 1 << 30)
        first = 0
        if token := query.get("continue"):
            if self.tokens_expire:
                self.tokens_expire -= 1
                return 410, _status(410, "The provided continue parameter is too old")
            first = int(token.partition(":")[0])
        with self.changed:
            things = list(self.things[kind].values())
            version = int(token.partition(":")[2]) if token else self.version
        metadata: Thing = {"resourceVersion": str(version)}
        if first + limit < len(things):
            metadata["continue"] = f"{first + limit}:{version}"
        return 200, {"kind": "List", "metadata": metadata, "items": things[first : first + limit]}

    def watch(self, kind: str, version: int, breaks: int) -> Iterator[bytes | None]:
        """Yield lines of a watch; None for a break in the middle of one.

        `breaks` is how many there were when it was asked for: a later one ends it, however late it
        begins.
        """
        end = time.monotonic() + self.watch_s
        if version < self.compacted:
            yield _line("ERROR", _status(410, f"too old resource version: {version}"))
            return
        while time.monotonic() < end and not self.stopping:
            with self.changed:
                fresh = [e for e in self.events if e[0] > version and e[1] == kind]
                if not fresh and self.breaks == breaks:
                    self.changed.wait(self.bookmark_s)
                    fresh = [e for e in self.events if e[0] > version and e[1] == kind]
                newest = self.version
            if self.breaks != breaks:
                yield None
                return
            for number, _, event, thing in fresh:
                version = number
                yield _line(event, thing)
            if not fresh:
                version = newest
                yield _line("BOOKMARK", {"metadata": {"resourceVersion": str(newest)}})

    def kubeconfig(self, folder: Path) -> Path:
        path = folder / "kubeconfig"
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "fake",
                    "clusters": [
                        {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
                    ],
                    "users": [{"name": "witness", "user": {"token": "a-token"}}],
                    "contexts": [
                        {"name": "fake", "context": {"cluster": "fake", "user": "witness"}}
                    ],
                }
            )
        )
        return path


def _status(code: int, message: str) -> Thing:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
            "message": message}  # fmt: skip


def _line(event: str, thing: Thing) -> bytes:
    return json.dumps({"type": event, "object": thing}).encode() + b"\n"


class Handler(BaseHTTPRequestHandler):
    api: FakeApiServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        kind = PATHS[parts.path]
        self.api.requests.append((kind, query))
        breaks = self.api.breaks  # before the status: a test sets that first, and then breaks
        status = self.api.status.get(kind)
        if status == 0:
            self.close_connection = True
        elif status is not None:
            self._answer(status, _status(status, "not now"))
        elif query.get("watch") == "true":
            self._watch(kind, int(query["resourceVersion"]), breaks)
        else:
            self._answer(*self.api.page(kind, query))

    def _watch(self, kind: str, version: int, breaks: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")  # else the client asks again on the old one
        self.end_headers()
        try:
            for line in self.api.watch(kind, version, breaks):
                if line is None:
                    self._chunk(b'{"type":"MODI')
                    return
                half = len(line) // 2  # a line may come in two pieces
                self._chunk(line[:half])
                self._chunk(line[half:])
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()

    def _answer(self, status: int, thing: Thing) -> None:
        body = json.dumps(thing).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serving(api: FakeApiServer) -> Iterator[FakeApiServer]:
    """Serve it on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Api", (Handler,), {"api": api}))
    server.daemon_threads = True
    api.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.stopping = True
        with api.changed:
            api.changed.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()


def pod(name: str, *, uid: str | None = None, gpus: int = 1, **facts: Any) -> Thing:
    """A pod as the API server tells it, waiting; `facts` go over its parts."""
    resources = {"nvidia.com/gpu": str(gpus), "cpu": "4"} if gpus else {"cpu": "4"}
    thing: Thing = {
        "metadata": {
            "name": name,
            "namespace": facts.pop("namespace", "lab"),
            "uid": uid or f"uid-{name}",
            "creationTimestamp": "2026-03-02T00:00:00Z",
            "labels": {"team": "vision", "secret": "not-asked-for"},
            "ownerReferences": [
                {"kind": "Job", "name": "train", "apiVersion": "batch/v1", "uid": "u",
                 "controller": True}
            ],
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
        },
        "spec": {
            "nodeName": facts.pop("node", "node-1"),
            "containers": [{"name": "main", "resources": {"limits": resources,
                                                          "requests": resources}}],
            **facts.pop("spec", {}),
        },
        "status": {"phase": "Pending", **facts.pop("status", {})},
    }  # fmt: skip
    assert not facts
    return thing


def running(name: str, since: str = "2026-03-02T00:01:00Z", **facts: Any) -> Thing:
    state = {"running": {"startedAt": since}}
    status = {"phase": "Running", "containerStatuses": [{"name": "main", "state": state}]}
    return pod(name, status=status, **facts)


def finished_pod(name: str, since: str, until: str, **facts: Any) -> Thing:
    state = {"terminated": {"startedAt": since, "finishedAt": until, "exitCode": 0}}
    status = {"phase": "Succeeded", "containerStatuses": [{"name": "main", "state": state}]}
    return pod(name, status=status, **facts)
