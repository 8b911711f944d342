"""The application over a region, everybody's token, every page of it, and what asking one takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.app import create_app
from api.settings import Settings
from api.web.layout import places
from ledger.desk.codes import FindingKind
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer, issue_token
from ledger.postgres.database import Database
from ledger.registry.codes import RegistrySection
from ledger.vouchers.steps.clauses import load_policies
from tests.support.people import FAR, let_everybody_act, make_payable
from tests.support.region.money import place_money
from tests.support.region.papers import place_papers
from tests.support.region.usage import NOW, TODAY, Size, place_centres, place_usage
from tests.support.simulation import gpu_id

MONTH = date(2026, 11, 1)  # the last that is over
STREAM = "00000000-0000-4000-8000-000000000000"
_CLOSED_DAY = "2026-11-12"
# Beside the menus, which `places` gives: further lists, and a page behind each.
_MORE = {
    Role.CLERK: (
        "/decisions", "/decisions/{decision}", "/postings", "/postings/1", "/publications",
        "/policies", "/pools", "/months/2026-11", "/seals", "/rights", "/mark", "/tokens",
        "/sessions", "/deductions", "/number-reads", "/reconcile/reds", "/reconcile?show=falls",
        "/reconcile/{contract}/2026-11", "/projects/p1", f"/projects/p1/days/{_CLOSED_DAY}",
        f"/projects/p1/days/{TODAY}", "/statements/{statement}", "/documents/{document}",
        "/documents/new", "/claims/{claim}", "/claims?queue=review", "/payments/ZF-2026-0",
        "/nodes?cluster=c1", "/nodes/c1/n0", f"/nodes/c1/n0/{_CLOSED_DAY}",
        f"/nodes/c1/n0/{TODAY}", "/hours/c1", f"/hours/c1/{gpu_id(0)}?hour=2026-12-10T00:00Z",
        f"/batches/{STREAM}/1", "/agents", "/registry/file",
        *(f"/findings?kind={kind}" for kind in FindingKind),
        *(f"/registry/{section}" for section in RegistrySection),
    ),
    Role.BUILDER: ("/projects/p1", f"/projects/p1/days/{TODAY}"),
    Role.OPERATOR: ("/statements", "/documents", "/deductions"),
}  # fmt: skip
_KEYS = {
    "decision": "SELECT max(id) FROM decisions WHERE answer IS NULL",
    "contract": "SELECT id FROM contracts WHERE number = 'k1'",
    "statement": "SELECT s.number FROM statements s JOIN contracts k ON k.id = s.contract_id"
    " WHERE k.number = 'k1'",
    "document": "SELECT min(id) FROM cost_documents",
    "claim": "SELECT min(number) FROM claims WHERE state = 'published'",
}


def page_paths() -> list[tuple[Role, str]]:
    """Every page that is looked at, with who looks at it; keys of rows stand in braces."""
    return [
        (role, path)
        for role in Role
        for path in dict.fromkeys(
            [place.url for place in places(Viewer(1, "x", role), "")] + list(_MORE.get(role, ()))
        )
    ]


@dataclass(frozen=True)
class Answer:
    """How a page came back: statements asked of the database, rows it gave, and its bytes."""

    status: int
    statements: int
    rows: int
    size: int


class RegionSite:
    """A region that grows, and its pages."""

    def __init__(self, database: Database, owner: psycopg.Connection) -> None:
        self.owner, self.engine = owner, database.engine()
        self._owner_engine = database.owner_engine()
        with self._owner_engine.begin() as connection:
            load_policies(connection)
        make_payable(owner)
        place_centres(owner)
        let_everybody_act(owner)
        self.size: Size | None = None
        self._tokens: dict[Role, str] = {}
        self.statement_count = self.row_count = 0
        self.app = create_app(self.engine, Settings(token_days=36_500))
        self.app.state.wall_clock = lambda: NOW
        sa.event.listen(self.engine, "after_cursor_execute", self._count)

    def grow(self, size: Size) -> None:
        """Bring the region to this size, with the money and the papers of the new projects."""
        fresh = range(self.size.projects if self.size else 0, size.projects)
        place_usage(self.owner, size, self.size)
        place_money(self.owner, self.engine, [MONTH], fresh)
        place_papers(self.owner, MONTH, fresh)
        self.size = size
        if not self._tokens:
            self._tokens = dict(self._issue_tokens())  # the owner alone may

    def key(self, name: str) -> str:
        """The key of a row that a path has in braces."""
        row = self.owner.execute(_KEYS[name].encode()).fetchone()
        assert row
        return str(row[0])

    def ask(self, client: TestClient, role: Role, path: str) -> Answer:
        """Ask for a page, as somebody of this role; its keys are found first."""
        address = path.format(**{name: self.key(name) for name in _KEYS if "{" in path})
        statements, rows = self.statement_count, self.row_count
        page = client.get(address, headers=self.headers(role))
        return Answer(
            page.status_code,
            self.statement_count - statements,
            self.row_count - rows,
            len(page.content),
        )

    def headers(self, role: Role) -> dict[str, str]:
        """Who asks: somebody of this role."""
        return {"Authorization": f"Bearer {self._tokens[role]}"}

    @contextmanager
    def client(self) -> Iterator[TestClient]:
        """A reader's program."""
        with TestClient(self.app, headers={"Accept": "text/html"}) as client:
            yield client

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
        self._owner_engine.dispose()

    def _count(self, _connection: object, cursor: psycopg.Cursor, *_of_the_event: object) -> None:
        self.statement_count += 1
        if cursor.description is not None:
            assert cursor.rowcount >= 0  # of a server's cursor it were not known yet
            self.row_count += cursor.rowcount

    def _issue_tokens(self) -> Iterator[tuple[Role, str]]:
        with Session(self._owner_engine) as db, db.begin():
            project, centre = db.execute(
                sa.text("SELECT project_id, centre_id FROM contracts WHERE number = 'k1'")
            ).one()
        for role in Role:
            scope = {Role.BUILDER: {"project": project}, Role.OPERATOR: {"centre": centre}}
            with Session(self._owner_engine) as db, db.begin():
                yield role, issue_token(
                    db, role=role, person=f"某{role}", actor="machine:test", now=NOW,
                    expires_at=FAR, **scope.get(role, {}),
                )  # fmt: skip
