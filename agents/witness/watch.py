"""Watch one kind of object at the API server: list it in pages, then follow its changes.

The official client makes the requests; its answers are read as bytes, because its models cost more
memory and time than all the rest. What the API server may do, and what follows:

| it answers                          | the watcher                                             |
|-------------------------------------|---------------------------------------------------------|
| a page, with the token of the next  | goes on; the token's 410 begins the list again          |
| an end of the watch after minutes   | watches on from the newest version: nothing is missed   |
| 410, or an ERROR event of code 410  | lists again; what happened meanwhile is a gap           |
| 429, 5xx, 504, no answer, half a    | the gap begins at the last proof; tries again, from the |
| line, silence longer than 90 s      | same version, after 1, 2, 4 … 30 s                      |
| 404 for a kind it does not know     | does without that kind and asks again every ten minutes |
| 401, 403                            | tries again as above; a person must give it the right   |

A bookmark, an event or the end of a list proves that nothing was missed until then.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from agents.witness.objects import BareObject, Event, Page, Status
from agents.witness.view import View

PAGE_OBJECTS = 200
WATCH_S = 300  # the API server ends a watch after so long, and the next goes on
SILENCE_S = 90.0  # bookmarks come about once a minute
CONNECT_S = 5.0
LINE_BYTES_MAX = 8 * 2**20  # etcd keeps nothing larger than 1.5 MiB
_WAIT_MAX_S = 30.0
_ABSENT_S = 600.0
_GONE_S = 0.2  # between a 410 and the next list
_LISTS_MAX = 5  # in a row whose tokens ran out
_EXPIRED, _NOT_FOUND = 410, 404
_log = logging.getLogger(__name__)


class Answer(Protocol):
    """An answer of urllib3, not read yet."""

    def read(self) -> bytes:
        """Return all of it."""

    def stream(self, amt: int) -> Iterator[bytes]:
        """Yield it as it comes."""

    def close(self) -> None:
        """Close its connection."""

    def release_conn(self) -> None:
        """Give its connection back."""


Ask = Callable[..., Answer]


class VersionGone(Exception):
    """The API server no longer knows the version from which we would go on."""


class StreamBroken(Exception):
    """The watch ended in the middle of a line, or said something else than events."""


class Watcher:
    """One kind: `ask` is the client's list method, of all namespaces."""

    def __init__(self, kind: str, ask: Ask, view: View, stopping: threading.Event) -> None:
        self.kind, self._ask, self._view, self._stopping = kind, ask, view, stopping
        self.counts: Counter[str] = Counter()  # what happened, for /metrics
        self.fault = ""  # why it is not watching now, for people
        self._answer: Answer | None = None
        self._failures = 0  # in a row

    def run(self) -> None:
        """Watch until a request to stop."""
        version: str | None = None
        while not self._stopping.is_set():
            try:
                version = self._list() if version is None else version
                version = self._watch(version)
            except VersionGone:
                version = None
                self.counts["gone"] += 1
                self._view.lose(self.kind)
                self._stopping.wait(_GONE_S)
            except (ApiException, HTTPError, OSError, msgspec.MsgspecError, StreamBroken) as error:
                if self._stopping.is_set():
                    return
                self._wait(error)

    def close(self) -> None:
        """Break off what is being read, so that the thread sees the request to stop."""
        answer = self._answer
        if answer is not None:
            shut(answer)

    def _wait(self, error: Exception) -> None:
        is_absent = isinstance(error, ApiException) and error.status == _NOT_FOUND
        self.fault = _describe(error)
        if is_absent:
            self._view.excuse(self.kind)
            self.counts["absent"] += 1
            self._stopping.wait(_ABSENT_S)
            return
        self._view.lose(self.kind)
        self.counts["failures"] += 1
        self._failures += 1
        _log.warning("%s: %s", self.kind, self.fault)
        self._stopping.wait(
            max(min(2.0 ** min(self._failures - 1, 8), _WAIT_MAX_S), _retry_after_s(error))
        )

    def _list(self) -> str:
        for _ in range(_LISTS_MAX):
            try:
                return self._list_once()
            except ApiException as error:
                if error.status != _EXPIRED:
                    raise
        raise StreamBroken("the tokens of the list's pages ran out again and again")

    def _list_once(self) -> str:
        """Read all pages and return the list's version."""
        self.counts["lists"] += 1
        uids: set[str] = set()
        token: str | None = None
        while True:
            answer = self._ask(
                limit=PAGE_OBJECTS,
                **({"_continue": token} if token else {}),
                _preload_content=False,
                _request_timeout=(CONNECT_S, SILENCE_S),
            )
            try:
                page = msgspec.json.decode(answer.read(), type=Page)
            finally:
                answer.release_conn()
            for item in page.items or ():
                self._accept(item, uids)
            token = page.metadata.token
            if not token:
                break
        self._view.keep_only(self.kind, uids)
        self._view.prove(self.kind)
        return page.metadata.resource_version

    def _watch(self, version: str) -> str:
        """Follow the changes from `version` until the API server ends; return the newest one."""
        try:
            self._answer = answer = self._ask(
                watch=True,
                resource_version=version,
                allow_watch_bookmarks=True,
                timeout_seconds=WATCH_S,
                _preload_content=False,
                _request_timeout=(CONNECT_S, SILENCE_S),
            )
        except ApiException as error:
            if error.status == _EXPIRED:
                raise VersionGone from error
            raise
        try:
            if self._stopping.is_set():  # asked to stop before there was an answer to break off
                return version
            for line in _lines(answer):
                version = self._take(msgspec.json.decode(line, type=Event), version)
                self._failures, self.fault = 0, ""
        finally:
            self._answer = None
            answer.close()
        return version

    def _take(self, event: Event, version: str) -> str:
        self.counts["events"] += 1
        if event.type == "ERROR":
            status = msgspec.json.decode(event.object, type=Status)
            if status.code == _EXPIRED:
                raise VersionGone
            raise StreamBroken(f"{status.code} {status.message}"[:200])
        bare = msgspec.json.decode(event.object, type=BareObject).metadata
        if event.type in ("ADDED", "MODIFIED", "DELETED"):
            self._accept(event.object, set())
        if event.type == "DELETED":
            self._view.remove(self.kind, bare.uid)
        self._view.prove(self.kind)
        return bare.resource_version or version

    def _accept(self, body: msgspec.Raw, uids: set[str]) -> None:
        """Take an object; one that cannot be read is counted, and the others go on."""
        try:
            uids.add(msgspec.json.decode(body, type=BareObject).metadata.uid)
            self._view.accept(self.kind, body)
        except msgspec.MsgspecError as error:
            self.counts["unreadable"] += 1
            _log.warning("%s: an object cannot be read: %s", self.kind, str(error)[:200])


def _lines(answer: Answer) -> Iterator[bytes]:
    """Split the answer into lines as they come. Raises StreamBroken for half a line at its end."""
    rest = b""
    for chunk in answer.stream(1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
        if len(rest) > LINE_BYTES_MAX:
            raise StreamBroken(f"a line longer than {LINE_BYTES_MAX} bytes")
    if rest.strip():
        raise StreamBroken("the watch ended in the middle of a line")


def shut(answer: Any) -> None:  # noqa: ANN401 - urllib3's answer, whose socket another thread reads
    """Shut the socket under an answer: its reader wakes with an error or an end."""
    try:
        answer.shutdown()
    except (AttributeError, OSError, ValueError, RuntimeError, HTTPError):
        answer.close()


def _retry_after_s(error: Exception) -> float:
    if not isinstance(error, ApiException) or not error.headers:
        return 0.0
    value = error.headers.get("Retry-After", "")
    return min(float(value), _WAIT_MAX_S) if value.isdigit() else 0.0


def _describe(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"HTTP {error.status} {error.reason}"
    return f"{type(error).__name__}: {error}"[:200]
