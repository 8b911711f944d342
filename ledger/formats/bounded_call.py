"""Call a parser in a process of its own, with bounded memory and time.

What strangers upload may be made to cost much: a million columns, a page that unpacks for ever. It
is read beside the server, so that the worst file costs one process its life and nobody else
anything. Few run at once; another is told to come again.
"""

import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from threading import BoundedSemaphore
from typing import Any, ParamSpec, TypeVar, cast

from ledger.errors import Busy, Refused

SECONDS = 20
BYTES = 1 << 30
AT_ONCE = 2

_P = ParamSpec("_P")
_T = TypeVar("_T")
_slots = BoundedSemaphore(AT_ONCE)


def bounded_call(function: Callable[_P, _T], *arguments: _P.args, **more: _P.kwargs) -> _T:
    """Return what a function of a module returns, called in another process.

    Args:
        function: found again by its module and name; its values can be pickled.
        arguments: what it is called with.
        more: the same, by name.

    Raises:
        Busy: too many are being read.
        Refused: it took more than `SECONDS` or `BYTES` (`file_too_hard`).
    """
    if not _slots.acquire(timeout=1):
        raise Busy("busy")
    try:
        call = pickle.dumps((function.__module__, function.__name__, arguments, more))
        process = subprocess.run(
            [sys.executable, "-P", "-m", "ledger.formats.bounded_call"], input=call,
            capture_output=True, timeout=SECONDS, check=True,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise Refused("file_too_hard", seconds=SECONDS) from error
    finally:
        _slots.release()
    return cast(_T, pickle.loads(process.stdout))  # noqa: S301 - written below, by ourselves


def _answer() -> None:
    """Do one call from the input, and write what it returns."""
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
