"""What a page asks of the database does not grow with what there is: a statement for all of its
rows, never one for each. Every page of every role's menu, and the pages behind them.
"""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from ledger.people.codes import Role
from tests.support.postgres import TEMPLATE, Server
from tests.support.region.site import Answer, RegionSite, page_paths
from tests.support.region.usage import Size

SMALL, LARGER = Size(4, 8, 12), Size(8, 16, 12)
Page = tuple[Role, str]


@pytest.fixture(scope="module")
def answers(servers: Callable[[str], Server]) -> Iterator[dict[Page, list[Answer]]]:
    """How each page came back from a small region, and after it had grown to twice the size."""
    server = servers("embedded")
    database = server.create("region", TEMPLATE)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        site = RegionSite(database, owner)
        by_page: dict[Page, list[Answer]] = {page: [] for page in page_paths()}
        for size in (SMALL, LARGER):
            site.grow(size)
            with site.client() as client:
                site.ask(client, Role.CLERK, "/policies")  # what is kept for a while is read now
                for page, of_page in by_page.items():
                    of_page.append(site.ask(client, *page))
        yield by_page
        site.close()
    server.drop("region")


@pytest.mark.parametrize("page", page_paths(), ids=lambda page: f"{page[0]} {page[1]}")
def test_a_page_asks_as_much_of_a_region_of_twice_the_size(
    answers: dict[Page, list[Answer]], page: Page
) -> None:
    small, larger = answers[page]
    assert (small.status, larger.status) == (200, 200)
    assert larger.statements <= small.statements
