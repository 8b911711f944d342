"""Who may do what: one table from role to rights, and the scopes that bound them.

A builder sees its own project and nothing else; an operator its own centre, and the claims by
which that redeems; the bureau's roles see
everything and differ in what they may do. The auditor reads everything and writes nothing. The
three administrators see none of it. What is not there and what is not yours look the same: 404.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import or_
from sqlmodel import Session, col, select

from ledger.claims.queries import claim_by_number
from ledger.claims.tables import Claim
from ledger.errors import NotFound
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.people.steps.decisions import own
from ledger.people.tables import Decision
from ledger.registry.codes import ProjectKind
from ledger.registry.tables import Cluster, Organisation, Project
from ledger.vouchers.queries.quotas import project_by_code
from ledger.vouchers.tables import Voucher


class Right(StrEnum):
    """One kind of act. A route asks for exactly one."""

    READ_PROJECTS = "read_projects"  # projects, quotas, days, windows
    READ_USAGE = "read_usage"
    READ_METERING = "read_metering"  # nodes and findings of a centre
    READ_AGENTS = "read_agents"  # who reports, and when it last did
    TEND_AGENTS = "tend_agents"  # enrolment codes, revocation, release from quarantine
    ADMIT_USAGE = "admit_usage"  # approve agents, admit what came late
    EXPLAIN_INCIDENTS = "explain_incidents"  # with a file, what a witness contradicts
    READ_REGISTRY = "read_registry"  # the registry and who registered what; a centre its own
    REGISTER = "register"  # the registry's YAML
    REGISTER_SEEN = "register_seen"  # GPUs as approved agents see them: a centre says, a clerk does
    OPEN_VOUCHERS = "open_vouchers"
    ACCRUE = "accrue"
    READ_TOKENS = "read_tokens"
    ISSUE_TOKENS = "issue_tokens"
    READ_LOGS = "read_logs"  # everybody's sign-ins
    READ_METRICS = "read_metrics"
    READ_MONTH = "read_month"  # statements, cost documents, reconciliations: each in its scope
    HAND_IN = "hand_in"  # cost documents, answers to the bureau's questions
    ANSWER_STATEMENTS = "answer_statements"  # the centre and the builder, line by line
    RECONCILE = "reconcile"  # statements, matching, decisions on a month
    ANSWER_DECISIONS = "answer_decisions"  # which kinds: `ledger/desk/steps/confirm.py`
    READ_CLAIMS = "read_claims"
    CLAIM = "claim"  # open a builder's claim, confirm deductions
    BRING_PAPERS = "bring_papers"  # a claim's files, the payee's account
    MOVE_CLAIMS = "move_claims"  # who may do what in which state: `ledger/claims/rules/courses.py`
    HANDLE_CLAIMS = "handle_claims"  # objections, proposals to approve
    TAKE_DOSSIERS = "take_dossiers"  # all of a claim in a file, account numbers whole among it
    CERTIFY = "certify"  # certificates of metered use: a clerk of any project, a builder of hers
    READ_NUMBERS = "read_numbers"  # account numbers whole: all of them, or one's own
    READ_PAYMENTS = "read_payments"
    READ_POSTINGS = "read_postings"  # postings, movements, batches: all projects' together
    CLOSE = "close"  # a month: its usage at once, its books with a second person
    PAY = "pay"  # indicators, lists, what the bank returns, refunds, recoveries


_READ_BOOKS = {
    Right.READ_PROJECTS,
    Right.READ_USAGE,
    Right.READ_METERING,
    Right.READ_AGENTS,
    Right.READ_REGISTRY,
    Right.READ_MONTH,
    Right.READ_CLAIMS,
    Right.READ_PAYMENTS,
    Right.READ_POSTINGS,
}
_BUREAU = _READ_BOOKS | {Right.ANSWER_DECISIONS, Right.MOVE_CLAIMS, Right.HANDLE_CLAIMS}
_WRITE_BOOKS = {
    Right.ADMIT_USAGE,
    Right.EXPLAIN_INCIDENTS,
    Right.REGISTER,
    Right.REGISTER_SEEN,
    Right.OPEN_VOUCHERS,
    Right.ACCRUE,
    Right.HAND_IN,
    Right.RECONCILE,
    Right.CLAIM,
    Right.BRING_PAPERS,
    Right.CLOSE,
}
# Outside the bureau a decision is only ever withdrawn, by who made it.
_BUILDER = {
    Right.READ_PROJECTS,
    Right.READ_USAGE,
    Right.READ_MONTH,
    Right.ANSWER_DECISIONS,
}
_OPERATOR = {
    Right.READ_USAGE,
    Right.READ_METERING,
    Right.READ_AGENTS,
    Right.READ_REGISTRY,
    Right.TEND_AGENTS,
    Right.EXPLAIN_INCIDENTS,
    Right.REGISTER_SEEN,
    Right.READ_MONTH,
    Right.ANSWER_DECISIONS,
}
# Who is paid by a claim: the builder, or the centre that redeems; each sees and moves its own.
_CLAIMANT = {
    Right.READ_CLAIMS,
    Right.MOVE_CLAIMS,
    Right.BRING_PAPERS,
    Right.READ_NUMBERS,
}

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.BUILDER: frozenset(
            _BUILDER | _CLAIMANT | {Right.ANSWER_STATEMENTS, Right.CLAIM, Right.CERTIFY}
        ),
        Role.OPERATOR: frozenset(_OPERATOR | _CLAIMANT | {Right.ANSWER_STATEMENTS, Right.HAND_IN}),
        Role.CLERK: frozenset(_BUREAU | _WRITE_BOOKS | {Right.TAKE_DOSSIERS, Right.CERTIFY}),
        Role.APPROVER: frozenset(_BUREAU),
        Role.FINANCE: frozenset(_BUREAU | {Right.PAY, Right.READ_NUMBERS, Right.CLOSE}),
        Role.AUDITOR: frozenset(
            _READ_BOOKS
            | {Right.READ_TOKENS, Right.READ_LOGS, Right.READ_METRICS, Right.TAKE_DOSSIERS}
        ),
        # Who tends the machine, who lets people in and who reads the logs are three, and none of
        # them sees any business.
        Role.SYSTEM_ADMIN: frozenset({Right.READ_AGENTS, Right.TEND_AGENTS, Right.READ_METRICS}),
        Role.SECURITY_ADMIN: frozenset({Right.READ_TOKENS, Right.ISSUE_TOKENS}),
        Role.AUDIT_ADMIN: frozenset({Right.READ_TOKENS, Right.READ_LOGS}),
    }
)

_PROJECTS = (
    select(Project, Organisation.name, Voucher.clause)
    .join(Organisation, col(Organisation.id) == Project.organisation_id)
    .outerjoin(Voucher, col(Voucher.project_id) == Project.id)
    .order_by(col(Project.code))
)


def may(viewer: Viewer, right: Right) -> bool:
    """Whether the viewer's role has this right, and her token too; scopes are checked elsewhere."""
    has = viewer.rights is None or right in viewer.rights
    return has and right in RIGHTS[viewer.role]


def may_read_decision(viewer: Viewer, decision: Decision) -> bool:
    """Whether the viewer may see a decision: outside the bureau only one's own."""
    return may(viewer, Right.READ_PAYMENTS) or own(viewer.actor, decision)


def project(db: Session, viewer: Viewer, code: str) -> Project:
    """The project of this code, if it is there and the viewer's to see; else NotFound."""
    project = project_by_code(db, code)
    if viewer.project is not None and project.id != viewer.project:
        raise NotFound("project", code=code)
    return project


def projects(
    db: Session,
    viewer: Viewer,
    text: str = "",
    kind: ProjectKind | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[tuple[Project, str, str | None]]:
    """The projects that are the viewer's to see, by code: each, its organisation, its clause.

    Args:
        db: the transaction.
        viewer: who looks; a builder sees her own alone.
        text: a part of name or code; "": all.
        kind: of one kind alone.
        limit: so many at most.
        offset: without the first ones.
    """
    query = _PROJECTS
    if viewer.project is not None:
        query = query.where(Project.id == viewer.project)
    if text:
        parts = (col(column).icontains(text, autoescape=True)
                 for column in (Project.name, Project.code))  # fmt: skip
        query = query.where(or_(*parts))
    if kind is not None:
        query = query.where(Project.kind == kind)
    return db.exec(query.limit(limit).offset(offset)).all()


def project_codes(db: Session, viewer: Viewer) -> dict[int, str]:
    """Codes by key of the projects whose usage the viewer may see, in whole or in part."""
    rows = db.exec(select(Project.id, Project.code)).all()
    return {key: code for key, code in rows if key and viewer.project in (None, key)}


def clusters(db: Session, viewer: Viewer) -> list[int]:
    """The keys of the clusters of the viewer's centre, or of all."""
    rows = db.exec(select(Cluster.id, Cluster.centre_id).order_by(col(Cluster.id))).all()
    return [key for key, centre in rows if key and viewer.centre in (None, centre)]


def cluster_names(db: Session, viewer: Viewer) -> list[str]:
    """The names of the same clusters, by name."""
    names = select(Cluster.name).where(col(Cluster.id).in_(clusters(db, viewer)))
    return list(db.exec(names.order_by(Cluster.name)))


def claim(db: Session, viewer: Viewer, number: str) -> Claim:
    """The claim of this number, if it is there and the viewer's to see; else NotFound."""
    claim = claim_by_number(db, number)
    if not _is_own(viewer, claim, db.get_one(Voucher, claim.voucher_id).project_id):
        raise NotFound("claim", number=number)
    return claim


def _is_own(viewer: Viewer, claim: Claim, project: int) -> bool:
    """A centre's are what it redeems; of a builder's project, those that no centre redeems."""
    if viewer.centre is not None:
        return claim.centre_id == viewer.centre
    return viewer.project is None or (claim.centre_id is None and project == viewer.project)


def cluster(db: Session, viewer: Viewer, name: str) -> Cluster:
    """The cluster of this name, if it is there and the viewer's to see; else NotFound."""
    cluster = db.exec(select(Cluster).where(Cluster.name == name)).one_or_none()
    if cluster is None or (viewer.centre is not None and cluster.centre_id != viewer.centre):
        raise NotFound("cluster", name=name)
    return cluster
