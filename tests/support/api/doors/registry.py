"""The doors of the registry."""

from ledger.people.codes import Role
from tests.support.api.asks import (
    A_SIGHT,
    a_registered_gpu,
    at,
)
from tests.support.api.doors.door import (
    BUREAU,
    OPERATOR,
    Door,
)

REGISTRY = {
    "GET /api/v1/inventory": Door(BUREAU | {OPERATOR}, at("/api/v1/inventory")),
    "POST /api/v1/inventory": Door(
        {Role.CLERK, OPERATOR}, at("/api/v1/inventory", json=A_SIGHT), yes=409
    ),
    "POST /api/v1/registry": Door({Role.CLERK}, at("/api/v1/registry", content=b"{}")),
    "POST /api/v1/registry/preview": Door(
        {Role.CLERK}, at("/api/v1/registry/preview", content=b"{}")
    ),
    "GET /api/v1/registry.xlsx": Door(BUREAU | {OPERATOR}, at("/api/v1/registry.xlsx")),
    "GET /api/v1/registry/{section}": Door(BUREAU | {OPERATOR}, at("/api/v1/registry/contracts")),
    "GET /api/v1/registry/{section}.{form}": Door(
        BUREAU | {OPERATOR}, at("/api/v1/registry/contracts.csv")
    ),
    "GET /api/v1/registry/{section}/{key}": Door(
        BUREAU | {OPERATOR}, a_registered_gpu("/api/v1"), scoped=True
    ),
    "GET /registry": Door(BUREAU | {OPERATOR}, at("/registry")),
    "GET /registry/{section}": Door(BUREAU | {OPERATOR}, at("/registry/contracts")),
    "GET /registry/{section}/{key}": Door(BUREAU | {OPERATOR}, a_registered_gpu(""), scoped=True),
    "GET /registry/file": Door({Role.CLERK}, at("/registry/file")),
    "POST /registry/file": Door({Role.CLERK}, at("/registry/file", data={"content": "{}"})),
    "GET /registry/{section}/new": Door({Role.CLERK}, at("/registry/bindings/new")),
    "POST /registry/{section}/new": Door(
        {Role.CLERK}, at("/registry/bindings/new", data={}), yes=422
    ),
    "GET /inventory": Door(BUREAU | {OPERATOR}, at("/inventory")),
    "POST /inventory": Door({Role.CLERK, OPERATOR}, at("/inventory", data={}), yes=422),
}
