"""What routes declare about themselves, for the layers that act before a route is chosen.

A route that takes more than a small body, counts wrong guesses or is never counted says so with
`@limited` where it stands. The table finds the declaration, and all methods of a path, by address.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
KIB = 1024
BODY_MAX = 64 * KIB
FORM_MAX = 20 * KIB * KIB + BODY_MAX  # a file, and a form around it


@dataclass(frozen=True)
class Limited:
    """The limits of a route: bytes of its body, and how its calls are counted."""

    body: int = BODY_MAX
    guesses: bool = False
    counts: bool = True


DEFAULT = Limited()


def limited(
    *, body: int = BODY_MAX, guesses: bool = False, counts: bool = True
) -> Callable[[Endpoint], Endpoint]:
    """Declare the limits of a route; write it below the route's own decorator.

    Args:
        body: the most bytes that its body may have.
        guesses: a refusal by it may have been a guess at a secret, and is counted as one.
        counts: its calls count towards the caller's rate.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        vars(endpoint)["limited"] = Limited(body, guesses, counts)
        return endpoint

    return declare


@dataclass(frozen=True)
class _Entry:
    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    limits: Limited

    @classmethod
    def of(cls, prefix: str, route: APIRoute) -> "_Entry":
        pattern = re.escape(prefix) + route.path_regex.pattern.removeprefix("^")
        limits = vars(route.endpoint).get("limited", DEFAULT)
        methods = frozenset(route.methods or ())
        return cls(prefix + route.path, re.compile(pattern), methods, limits)


class RouteTable:
    """Every route of an application; routers are given with the prefix that they stand under."""

    def __init__(self, routers: Iterable[tuple[str, APIRouter]] = ()) -> None:
        self._entries = [
            _Entry.of(prefix, route)
            for prefix, router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
        ]
        self._special_entries = [entry for entry in self._entries if entry.limits != DEFAULT]

    @property
    def special_limits(self) -> dict[str, Limited]:
        """The paths whose limits are not the usual ones."""
        return {entry.path: entry.limits for entry in self._special_entries}

    def limits(self, method: str, path: str) -> Limited:
        """What is declared for a request; the usual limits where nothing is."""
        return next(
            (
                e.limits
                for e in self._special_entries
                if method in e.methods and e.pattern.match(path)
            ),
            DEFAULT,
        )

    def methods(self, path: str) -> list[str]:
        """Every method that some route takes at this address."""
        return sorted({m for e in self._entries if e.pattern.match(path) for m in e.methods})
