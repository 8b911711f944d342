"""Who may do what: one table from role to rights, and the scopes that bound them.

A builder sees its own project and nothing else; an operator its own centre; the bureau's roles see
everything and differ in what they may do. The auditor reads everything and writes nothing. What
is not there and what is not yours look the same: 404.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session, select

from ledger.books.quotas import project_by_code
from ledger.errors import NotFound
from ledger.steps.doors import Role, Viewer
from ledger.tables.parties import Cluster
from ledger.tables.projects import Project


class Right(StrEnum):
    """One kind of act. A route asks for exactly one."""

    READ_PROJECTS = "read_projects"  # projects, quotas, days, windows
    READ_USAGE = "read_usage"
    READ_METERING = "read_metering"  # agents and findings of a centre
    TEND_AGENTS = "tend_agents"  # enrolment codes, revocation, release from quarantine
    REGISTER = "register"  # the registry's YAML
    OPEN_VOUCHERS = "open_vouchers"
    ACCRUE = "accrue"
    READ_TOKENS = "read_tokens"
    ISSUE_TOKENS = "issue_tokens"
    READ_METRICS = "read_metrics"


_READ_BOOKS = {Right.READ_PROJECTS, Right.READ_USAGE, Right.READ_METERING}
_WRITE_BOOKS = {Right.REGISTER, Right.OPEN_VOUCHERS, Right.ACCRUE}

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.BUILDER: frozenset({Right.READ_PROJECTS, Right.READ_USAGE}),
        Role.OPERATOR: frozenset({Right.READ_USAGE, Right.READ_METERING, Right.TEND_AGENTS}),
        Role.CLERK: frozenset(_READ_BOOKS | _WRITE_BOOKS),
        Role.APPROVER: frozenset(_READ_BOOKS),
        Role.FINANCE: frozenset(_READ_BOOKS),
        Role.AUDITOR: frozenset(_READ_BOOKS | {Right.READ_TOKENS, Right.READ_METRICS}),
        Role.ADMINISTRATOR: frozenset(Right),
    }
)


def may(viewer: Viewer, right: Right) -> bool:
    """Whether the viewer's role has this right; its scope is asked elsewhere."""
    return right in RIGHTS[viewer.role]


def project(db: Session, viewer: Viewer, code: str) -> Project:
    """The project of this code, if it is there and the viewer's to see; else NotFound."""
    found = project_by_code(db, code)
    if viewer.project is not None and found.id != viewer.project:
        raise NotFound("project", code=code)
    return found


def cluster(db: Session, viewer: Viewer, name: str) -> Cluster:
    """The cluster of this name, if it is there and the viewer's to see; else NotFound."""
    found = db.exec(select(Cluster).where(Cluster.name == name)).one_or_none()
    if found is None or (viewer.centre is not None and found.centre != viewer.centre):
        raise NotFound("cluster", name=name)
    return found
