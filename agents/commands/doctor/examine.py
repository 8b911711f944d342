"""The checks of `suanquan-agent doctor`, in their order.

The exit code is 0 if nothing fails, else the code (agents/errors.py) of the first failing check:
the code with which the agent would stop, or 1 if it would go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime

from agents.commands.doctor.check import Check
from agents.commands.doctor.site import folder_check, identity_check, server_check, spool_check
from agents.errors import AgentError
from agents.settings import Settings

Checks = Iterator[Callable[[], Check]]


def kind_of(choice: str | None) -> str:
    """Return what is examined: what was chosen, else exporters if the environment names them."""
    by_exporters = any(os.environ.get(f"SUANQUAN_{n}") for n in ("EXPORTERS", "PROMETHEUS"))
    return choice or ("dcgm" if by_exporters else "node")


def examine(settings: Settings, now: datetime, kind: str = "node") -> Iterator[Check]:
    """Yield the result of each check. Nothing is changed on this machine or the server."""
    for check in _checks(settings, now, kind):
        try:
            yield check()
        except AgentError as error:
            yield Check(error.exit_code, error.zh, error.en)


def _checks(settings: Settings, now: datetime, kind: str) -> Checks:
    if kind == "relay":
        from agents.commands.doctor import relay  # noqa: PLC0415  each imports only its own

        yield from relay.checks(settings, now)
    elif kind == "courier":
        from agents.commands.doctor import courier  # noqa: PLC0415

        yield from courier.checks(settings, now)
    else:
        yield from _of_source(settings, now, kind)
        yield from _of_site(settings, now)


def _of_site(settings: Settings, now: datetime) -> Checks:
    yield lambda: folder_check(settings)
    yield lambda: identity_check(settings)
    yield lambda: spool_check(settings)
    yield lambda: server_check(settings, now)


def _of_source(settings: Settings, now: datetime, kind: str) -> Checks:
    if kind == "dcgm":
        from agents.commands.doctor import exporters  # noqa: PLC0415  each imports only its own

        yield from exporters.checks(now)
    elif kind == "slurm":
        from agents.commands.doctor import slurm  # noqa: PLC0415

        yield from slurm.checks(now)
    else:
        from agents.commands.doctor.node import Gpus, driver_check, holders_check  # noqa: PLC0415

        gpus: Gpus = {}
        yield lambda: driver_check(gpus)
        yield lambda: holders_check(settings, gpus, now)
