"""A real PostgreSQL for every test that asks for one.

There may be two engines: `embedded` (the wheel that `make run` uses) and `system` (the newest
PostgreSQL of this machine). A test that uses a database runs on the embedded one; what another
version of PostgreSQL might do otherwise (`EACH_ENGINE`) runs on each engine found here.
`--engine=all` runs every test on each, `--engine=system` on that one alone.

A server is started once a session; a test gets a database of its own, copied from a migrated one,
so that tests never see each other's rows and may break what they like.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hatch_build import compile_catalogues
from ledger.postgres.binaries import find_binaries, system_binaries
from ledger.postgres.database import Database, mark_drill, upgrade
from ledger.postgres.embedded import Embedded
from tests.support.citus.statements import WATCHED
from tests.support.people import let_everybody_act
from tests.support.postgres import FAST, TEMPLATE, Server, open_folder

# The schema with its triggers, roles and upgrades; what arrives from the agents; every route asked
# by every role; a month from end to end.
EACH_ENGINE = (
    *("ledger/migrations/", "ledger/postgres/", "ledger/metering/steps/test_intake"),
    *("api/door/test_access.py", "api/test_month.py"),
)


LONG = (
    *("api/server/test_up.py", "agents/commands/test_replay.py", "test_story.py", "test_readme.py"),
    *("ledger/accounts/test_books_stateful.py", "ledger/accounts/test_books_histories.py"),
    *("ledger/reconciliation/test_months_stateful.py", "ledger/payment/steps/test_bank_histories"),
    *("ledger/metering/steps/test_intake_histories.py", "agents/commands/test_slurm.py"),
    *("api/test_month.py", "api/web/test_browser.py", "agents/faults/test_network.py"),
)
"""What takes longest begins first, so that no worker is left alone with it at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=["embedded", "system", "all"], help="on these alone")
    parser.addoption("--renew-schema", action="store_true", help="rewrite migrations/schema.sql")
    parser.addoption("--renew-openapi", action="store_true", help="rewrite tests/api/openapi.json")
    parser.addoption("--renew-faults", action="store_true", help="rewrite docs/faults.md")
    parser.addoption("--renew-rights", action="store_true", help="rewrite docs/doors/rights.md")
    parser.addoption("--renew-pictures", action="store_true", help="rewrite docs/awards/*.svg")
    parser.addoption("--renew-golden", action="store_true", help="rewrite this engine's records")


def pytest_configure() -> None:
    compile_catalogues()  # `git` may have brought newer texts than `make install` compiled


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "postgres" in metafunc.fixturenames:
        path = metafunc.definition.path.relative_to(Path(__file__).parent).as_posix()
        names = engines(metafunc.config.getoption("--engine"), path)
        metafunc.parametrize("postgres", names, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    items.sort(key=lambda item: not item.path.relative_to(root).as_posix().startswith(LONG))


def engines(choice: str | None, path: str) -> list[str]:
    """The engines on which the tests of a module run."""
    names = ["embedded", *(["system"] if system_binaries() else [])]
    if choice == "system" and choice not in names:
        raise pytest.UsageError("--engine=system: this machine has no PostgreSQL of its own")
    if choice == "all" or (choice is None and path.startswith(EACH_ENGINE)):
        return names
    return [choice or "embedded"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter, as pytest's own tmp_path is closed to all but us."""
    with open_folder() as path:
        yield path


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Starts an engine's server when it is first asked for; all are stopped at the end."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def server(engine: str) -> Server:
            if engine not in running:
                path = stack.enter_context(open_folder())
                binaries = system_binaries()[0] if engine == "system" else find_binaries()
                embedded = Embedded(path / "data", binaries=binaries, settings=FAST | WATCHED)
                running[engine] = Server(engine, stack.enter_context(embedded))
                running[engine].watch_statements()
                stack.callback(running[engine].look_at_statements)
                template = running[engine].create(TEMPLATE)
                upgrade(template)
                with template.owner_engine().begin() as connection:
                    mark_drill(connection, is_drill=True)  # tests say what time it is
            return running[engine]

        yield server


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """The server of the engine that this run of the test is for."""
    return servers(request.param)


@pytest.fixture
def ground(request: pytest.FixtureRequest, postgres: Server) -> str:
    """The database that the test's own is copied from; rooms of tests lay more on it."""
    if "engine" in request.fixturenames:
        return postgres.lay("acting", TEMPLATE, _let_act)
    return TEMPLATE


def _let_act(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        let_everybody_act(owner)


@pytest.fixture
def database(postgres: Server, ground: str) -> Iterator[Database]:
    """A migrated database of the test's own."""
    name = f"test_{next(postgres.numbers)}"
    yield postgres.create(name, ground)
    postgres.drop(name)


@pytest.fixture
def engine(database: Database) -> Iterator[sa.Engine]:
    """Connections with the application's rights; who decides anything has the token she names."""
    engine = database.engine()
    yield engine
    engine.dispose()


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    """A connection as the owner, each statement committed: to arrange, and to look."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection
