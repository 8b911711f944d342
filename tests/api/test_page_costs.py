"""What a page asks of the database does not grow with what there is: a statement for all of its
rows, never one for each, and no more rows than it shows. Every page of every role's menu, the pages
behind them, and a round where nothing moves. And no statement of theirs reads a table that grows
from one end to the other.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from types import ModuleType

import psycopg
import pytest

from api.door.turns import callers
from api.server.background import accrue_round
from api.web import layout
from ledger.people.codes import Role
from tests.support.postgres import TEMPLATE, Server
from tests.support.region.plans import explain
from tests.support.region.site import Answer, RegionSite, page_paths
from tests.support.region.usage import NOW, TODAY, Size

SMALL, LARGER = Size(8, 16, 12), Size(16, 32, 12)
SHOWN = {"PAGE_ROWS", "PAGE_NODES"}  # how a page's module calls what it shows at most
Page = tuple[Role, str]


@dataclass
class Costs:
    """How each page came back from a small region, and after it had grown to twice the size.

    `rounds` are the statements of a round of the server's that changes nothing.
    """

    pages: dict[Page, list[Answer]]
    rounds: list[int] = field(default_factory=list)
    scans: dict[str, set[str]] = field(default_factory=dict)
    """The large tables that are read whole, by what is asked."""


@pytest.fixture(scope="module")
def costs(servers: Callable[[str], Server]) -> Iterator[Costs]:
    server = servers("embedded")
    database = server.create("region", TEMPLATE)
    with (
        pytest.MonkeyPatch.context() as patch,
        psycopg.connect(database.owner_url, autocommit=True) as owner,
    ):
        for module, name in ((layout, "MARK_STANDS_S"), (callers, "KEPT_S")):
            patch.setattr(module, name, inf)  # what is kept for a while is read once
        for module in _modules():
            for name in SHOWN & vars(module).keys():
                patch.setattr(module, name, 1)  # so that the small region fills a page
        site = RegionSite(database, owner)
        costs = Costs({page: [] for page in page_paths()})
        for size in (SMALL, LARGER):
            site.grow(size)
            with site.client() as client:
                site.ask(client, Role.CLERK, "/policies")  # what is kept for a while is read now
                for page, of_page in costs.pages.items():
                    of_page.append(site.ask(client, *page))
            assert accrue_round(site.engine, NOW)
            before = site.statement_count
            assert accrue_round(site.engine, NOW)
            costs.rounds.append(site.statement_count - before)
        with psycopg.connect(server.url(server.embedded.admin_url, "region")) as admin:
            admin.autocommit = True
            costs.scans = dict(whole_scans(site, admin))
        yield costs
        site.close()
    server.drop("region")


def _modules() -> list[ModuleType]:
    """The modules of the pages: all are loaded with the application."""
    return [module for name, module in sys.modules.items() if name.startswith("api.")]


def whole_scans(site: RegionSite, admin: psycopg.Connection) -> Iterator[tuple[str, set[str]]]:
    """Ask everything once more, by indexes wherever PostgreSQL can: what is left has none."""
    watch = explain(
        admin, site.engine, enable_seqscan="off", enable_hashjoin="off", enable_mergejoin="off"
    )
    with site.client() as client:
        for role, path in page_paths():
            watch.plans.clear()
            site.ask(client, role, path)
            yield f"{role} {path}", {t for plan in watch.plans for t in plan.whole_scans()}
    watch.plans.clear()
    accrue_round(site.engine, NOW)
    yield "the round", {t for plan in watch.plans for t in plan.whole_scans()}


@pytest.mark.parametrize("page", page_paths(), ids=lambda page: f"{page[0]} {page[1]}")
def test_a_page_asks_as_much_of_a_region_of_twice_the_size(costs: Costs, page: Page) -> None:
    small, larger = costs.pages[page]
    assert (small.status, larger.status) == (200, 200)
    assert larger.statements <= small.statements


# Pages that read more rows of more: queues and months that are counted and summed row by row, lists
# of who reports, of a person's or a node's doings, and what is priced anew. `/courier` and
# `/sign-ins` end at a number of their own; the others are not paged by the database.
UNPAGED = {
    "/desk", "/centre", "/reconcile", "/reconcile/reds", "/reconcile?show=falls",
    "/reconcile/{contract}/2026-11", "/months/2026-11", "/payments",
    "/inventory", "/agents", "/sources", "/courier", "/evidence", "/nodes", "/nodes?cluster=c1",
    "/nodes/c1/n0", f"/nodes/c1/n0/{TODAY}", "/nodes/c1/n0/2026-11-12", "/findings?kind=unpriced",
    "/people", "/sign-ins",
}  # fmt: skip


@pytest.mark.parametrize("page", page_paths(), ids=lambda page: f"{page[0]} {page[1]}")
def test_a_page_reads_as_many_rows_of_a_region_of_twice_the_size(costs: Costs, page: Page) -> None:
    small, larger = costs.pages[page]
    assert larger.rows <= small.rows or page[1] in UNPAGED


def test_what_is_said_to_be_unpaged_reads_more_of_more(costs: Costs) -> None:
    growing = {
        path for (_, path), (small, larger) in costs.pages.items() if larger.rows > small.rows
    }
    assert growing >= UNPAGED


def test_a_round_asks_as_much_of_twice_as_many_vouchers(costs: Costs) -> None:
    small, larger = costs.rounds
    assert larger <= small


# What is read whole by its meaning: a sum over all months, all waiting windows, or all usage that
# nobody owns.
WHOLE = {
    "the round": {"charges"},
    "/desk": {"charges"},
    "/reconcile": {"charges"},
    "/reconcile/reds": {"charges"},
    "/reconcile?show=falls": {"charges"},
    "/centre": {"charges"},
    "/findings?kind=unowned": {"day_totals"},
    "/findings?kind=quarantine": {"quarantine"},
}


def test_no_table_that_grows_is_read_from_end_to_end(costs: Costs) -> None:
    scans = {
        (act, table)
        for act, tables in costs.scans.items()
        for table in tables - WHOLE.get(act.rpartition(" ")[2] if "/" in act else act, set())
    }
    assert not scans
