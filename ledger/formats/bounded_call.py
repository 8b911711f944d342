"""Call a parser in a process of its own, with bounded memory and time.

What strangers upload may be made to cost much: a million columns, a page that unpacks for ever. It
is read beside the server, so that the worst file costs one process its life and nobody else
anything. Few run at once, and of one caller fewer still; others wait a while for their turn.
"""

import os
import pickle
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from threading import Condition
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ledger.errors import Busy, Refused

SECONDS = 20
BYTES = 1 << 30
AT_ONCE = 2
OF_ONE = 1  # of one caller, at once
PATIENCE_S = 2 * SECONDS
NICE = 10  # questions that take no reading are answered first
BUSY = 3  # times as long by the clock as by the processor: others work too
SHORT = 32 * 1024  # bytes; the worst text of this length is read in less time than a process starts

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Content = TypeVar("_Content", str, bytes)
_caller = ContextVar("caller", default="")
_calls = Counter[str]()
_change = Condition()


@contextmanager
def working_for(caller: str) -> Iterator[None]:
    """Count the calls made in this block as this caller's."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


def bounded_call(function: Callable[_P, _T], *arguments: _P.args, **more: _P.kwargs) -> _T:
    """Return what a function of a module returns, called in another process.

    Args:
        function: found again by its module and name; its values can be pickled.
        arguments: what it is called with.
        more: the same, by name.

    Raises:
        Busy: too many are being read, for longer than `PATIENCE_S`.
        Refused: it took more than `SECONDS` or `BYTES` (`file_too_hard`).
    """
    call = pickle.dumps((function.__module__, function.__name__, arguments, more))
    with _slot(_caller.get()):
        try:
            process = subprocess.run(
                [sys.executable, "-P", "-m", "ledger.formats.bounded_call"], input=call,
                capture_output=True, timeout=SECONDS * BUSY, check=True,
            )  # fmt: skip
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            raise Refused("file_too_hard", seconds=SECONDS) from error
    return cast(_T, pickle.loads(process.stdout))  # noqa: S301 - written below, by ourselves


def bounded_read(
    function: Callable[Concatenate[_Content, _P], _T],
    content: _Content,
    *arguments: _P.args,
    **more: _P.kwargs,
) -> _T:
    """Return what a reader says of a file: see `bounded_call`; a short text is read at once.

    What is packed (it has zero bytes) is never short: nobody knows what it unpacks to.
    """
    is_text = isinstance(content, str) or b"\0" not in content
    if is_text and len(content) <= SHORT:
        return function(content, *arguments, **more)
    return bounded_call(function, content, *arguments, **more)


@contextmanager
def _slot(caller: str) -> Iterator[None]:
    """Wait until few enough run, and few enough of this caller."""

    def is_free() -> bool:
        return _calls.total() < AT_ONCE and _calls[caller] < OF_ONE

    with _change:
        if not _change.wait_for(is_free, PATIENCE_S):
            raise Busy("busy")
        _calls[caller] += 1
    try:
        yield
    finally:
        with _change:
            _calls[caller] -= 1
            if not _calls[caller]:
                del _calls[caller]
            _change.notify_all()


def _answer() -> None:
    """Do one call from the input, and write what it returns."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a parser prints is no answer
    module, name, arguments, more = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the caller
    function: Callable[..., Any] = getattr(import_module(module), name)
    answer = pickle.dumps(function(*arguments, **more))
    with os.fdopen(out, "wb") as stream:
        stream.write(answer)


if __name__ == "__main__":
    _answer()
