"""What routes declare about themselves, for the layers that act before a route is chosen.

A route that takes more than a small body, counts wrong guesses or is never counted says so with
`@limited` where it stands. By address the table finds that declaration and all methods; by route,
which parameters of a query are read.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
API = "/api/v1"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing
KIB = 1024
BODY_MAX = 64 * KIB
FORM_MAX = 20 * KIB * KIB + BODY_MAX  # a file, and a form around it


@dataclass(frozen=True)
class Limited:
    """The limits of a route: bytes of its body, and how its calls are counted."""

    body: int = BODY_MAX
    guesses: bool = False
    counts: bool = True
    gathers: bool = False
    of_caller: bool = False

    @property
    def names_inside(self) -> bool:
        """Whether the body may say who is asking, so that it is read of anybody."""
        return self.guesses and not self.of_caller


DEFAULT = Limited()


def limited(
    *,
    body: int = BODY_MAX,
    guesses: bool = False,
    counts: bool = True,
    gathers: bool = False,
    of_caller: bool = False,
) -> Callable[[Endpoint], Endpoint]:
    """Declare the limits of a route; write it below the route's own decorator.

    Args:
        body: the most bytes that its body may have.
        guesses: a refusal by it may have been a guess at a secret, and is counted as one.
        counts: its calls count towards the caller's rate.
        gathers: its calls wait for each other, and none holds a connection of its own meanwhile.
        of_caller: it is for who has signed in, though it counts guesses.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        vars(endpoint)["limited"] = Limited(body, guesses, counts, gathers, of_caller)
        return endpoint

    return declare


@dataclass(frozen=True)
class _Entry:
    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    limits: Limited
    endpoint: Callable[..., Any]
    parameters: frozenset[str]

    @classmethod
    def of(cls, prefix: str, route: APIRoute) -> "_Entry":
        pattern = re.escape(prefix) + route.path_regex.pattern.removeprefix("^")
        limits = vars(route.endpoint).get("limited", DEFAULT)
        methods = frozenset(route.methods or ())
        parameters = frozenset(_query_names(route.dependant))
        return cls(
            prefix + route.path, re.compile(pattern), methods, limits, route.endpoint, parameters
        )

    @property
    def blanks(self) -> int:
        """How many parts of the path are open."""
        return self.path.count("{")


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The names that a route and what it depends on read of a query; a model stands for its own."""
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (inner.alias or name for name, inner in model.model_fields.items())
        else:
            yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


class RouteTable:
    """Every route of an application; routers are given with the prefix that they stand under."""

    def __init__(self, routers: Iterable[tuple[str, APIRouter]] = ()) -> None:
        self._entries = [
            _Entry.of(prefix, route)
            for prefix, router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
        ]
        self._parameters = {entry.endpoint: entry.parameters for entry in self._entries}
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
        """Every method of an address; of paths that match it, the most literal ones count."""
        matching = [entry for entry in self._entries if entry.pattern.match(path)]
        blanks = min((entry.blanks for entry in matching), default=0)
        return sorted({m for e in matching if e.blanks == blanks for m in e.methods})

    def has(self, method: str, path: str) -> bool:
        """Whether some route answers this."""
        return any(method in e.methods and e.pattern.match(path) for e in self._entries)

    def parameters(self, endpoint: Callable[..., Any]) -> frozenset[str]:
        """The query parameters that a route reads."""
        return self._parameters.get(endpoint, frozenset())
