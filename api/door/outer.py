"""Which routes a server has, and for whom: one server for all, or the outer door by itself.

| SUANQUAN_DOOR | its routes                                              | who signs in           |
|---------------|---------------------------------------------------------|------------------------|
| all           | every one                                               | everybody              |
| outer         | public ones, the agents', those of builders and centres | builders and centres   |
| intake        | the agents' batches, health                             | nobody                 |

A route that is not there is a 404, and its body has the usual small limit; nothing of the bureau's
can be called from the zone of an outer door, with whatever token.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.door.access import RIGHTS, Right
from api.settings import Door
from ledger.people.codes import Role

APPLICANTS = frozenset({Role.BUILDER, Role.OPERATOR})
_THEIRS = frozenset[Right]().union(*(RIGHTS[role] for role in APPLICANTS))
_INTAKE = frozenset({"/healthz", "/readyz", "/batches"})
Check = Callable[..., Any]


def admits(door: Door, role: Role) -> bool:
    """Whether a holder of this role may come in by this door."""
    return door is Door.ALL or (door is Door.OUTER and role in APPLICANTS)


def behind(door: Door, router: APIRouter) -> APIRouter:
    """The router with the routes that this door has; what it is included with stays."""
    if door is Door.ALL:
        return router
    part = copy.copy(router)
    part.routes = [r for r in router.routes if isinstance(r, APIRoute) and _has(door, r)]
    return part


def wants(right: Right, check: Check) -> Check:
    """Note which right a dependency asks for, so that a route's rights can be read off it."""
    vars(check)["right"] = right
    return check


def rights_of(route: APIRoute) -> frozenset[Right]:
    """Every right that a route asks for; an empty set: it is open to whoever is signed in, or all.

    A route asks for one right; where a router adds another one, it takes both.
    """
    return frozenset(_rights(route.dependant))


def _rights(dependant: Dependant) -> Iterator[Right]:
    if dependant.call is not None and "right" in vars(dependant.call):
        yield vars(dependant.call)["right"]
    for dependency in dependant.dependencies:
        yield from _rights(dependency)


def _has(door: Door, route: APIRoute) -> bool:
    rights = rights_of(route)
    return route.path in _INTAKE and not rights if door is Door.INTAKE else rights <= _THEIRS
