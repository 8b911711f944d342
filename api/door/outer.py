"""Which routes a server has, and for whom: one server for all, or a door by itself.

| SUANQUAN_DOOR | its routes                                              | who signs in           |
|---------------|---------------------------------------------------------|------------------------|
| all           | every one                                               | everybody              |
| people        | every one but the agents'                               | everybody              |
| agents        | the agents' batches and enrolment, health, metrics      | nobody                 |
| outer         | public ones, the agents', those of builders and centres | builders and centres   |

People and agents have doors of their own so that the work of one does not slow the other. What the
other door has is answered there by 421, unread: a load balancer that sends it wrong is to be
mended. What an outer door has not is a 404, and its body has the usual small limit; nothing of the
bureau's can be called from its zone, with whatever token.
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
_HEALTH = frozenset({"/healthz", "/readyz", "/metrics"})
_OF_AGENTS = frozenset({("/batches", "POST"), ("/agents", "POST")})
Check = Callable[..., Any]


def admits(door: Door, role: Role) -> bool:
    """Whether a holder of this role may come in by this door."""
    return door in (Door.ALL, Door.PEOPLE) or (door is Door.OUTER and role in APPLICANTS)


def beside(door: Door) -> Door | None:
    """The other door, to which a request may have been meant; None: there is none to name."""
    return {Door.PEOPLE: Door.AGENTS, Door.AGENTS: Door.PEOPLE}.get(door)


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
    if door is Door.OUTER:
        return rights_of(route) <= _THEIRS
    is_agents = any((route.path, method) in _OF_AGENTS for method in route.methods or ())
    return not is_agents if door is Door.PEOPLE else is_agents or route.path in _HEALTH
