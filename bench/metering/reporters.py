"""Agents that cost nearly nothing: their requests are bytes before the clock starts."""

import multiprocessing
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkProcess
from urllib.parse import urlsplit

FORK = multiprocessing.get_context("fork")
Request = bytes


def request(body: bytes, headers: dict[str, str]) -> Request:
    """A batch as it goes over the line."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /api/v1/batches HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def reporting(url: str, agents: Sequence[Sequence[Request]], processes: int) -> list[ForkProcess]:
    """All agents at once, in so many processes, each on a connection of its own."""
    started = [
        FORK.Process(target=_report, args=(url, agents[number::processes]))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    return started


def wait(processes: Sequence[ForkProcess]) -> None:
    """Wait until they have been told that everything was kept."""
    for process in processes:
        process.join()
        assert process.exitcode == 0


def _report(url: str, agents: Sequence[Sequence[Request]]) -> None:
    with ThreadPoolExecutor(len(agents)) as threads:
        for result in [threads.submit(_send, url, requests) for requests in agents]:
            result.result()


def _send(url: str, requests: Sequence[Request]) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for batch in requests:
            line.sendall(batch)
            _answer(line)


def _answer(line: socket.socket) -> None:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65_536)
    head, _, rest = answer.partition(b"\r\n\r\n")
    length = next(
        int(value) for name, _, value in (h.partition(b":") for h in head.lower().split(b"\r\n"))
        if name == b"content-length"
    )  # fmt: skip
    while len(rest) < length:
        rest += line.recv(65_536)
    assert head.startswith(b"HTTP/1.1 200"), answer
    assert b'"known":0' in rest, rest
