"""What things cost as a region grows: a round, a quota, each page, each kind of finding.

One database is filled to 1 million windows of 10 projects, then to 10 million of 100; `--sizes=3`
goes on to 100 million of 1,000, and `--days=17` leaves a fifth of the windows. They are there as
they are kept: packed, but for two open days as rows. At each size everything is asked some times;
the least time stands, by the clock, beside the number of statements, and how many times as long it
took as at the size before. Each figure is printed as it comes, for the largest size takes long.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise

import structlog
from fastapi.testclient import TestClient
from sqlmodel import Session

from bench import stage
from ledger.charging.steps import charge
from ledger.desk.codes import FindingKind
from ledger.desk.queries.findings import findings
from ledger.people.codes import Role
from ledger.vouchers.queries.quotas import project_by_code, quota
from ledger.vouchers.steps.accrue import accrue_all
from tests.support.region.site import RegionSite, page_paths
from tests.support.region.usage import NOW, Size

SIZES = ((10, 8), (100, 80), (1_000, 800))  # projects, GPUs
DAYS, SIZES_ASKED = 87, 2
ROUNDS = 3

Act = Callable[[], object]


def run() -> dict[str, object]:
    """The figures of one run: of each thing its milliseconds and statements at each size."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    rows: dict[str, list[tuple[float, int]]] = {}
    fills: list[str] = []
    days = option("days", DAYS)
    with stage.database() as database, stage.owner(database) as owner:
        site = RegionSite(database, owner)
        for projects, gpus in SIZES[: option("sizes", SIZES_ASKED)]:
            size = Size(projects, gpus, days)
            began = time.perf_counter()
            site.grow(size)
            fills.append(f"{size.windows:,} windows: {time.perf_counter() - began:.0f} s")
            with site.client() as client:
                for name, act in acts(site, client):
                    rows.setdefault(name, []).append(_least(site, act))
                    print(f"  {size.windows:,} | {name} | {rows[name][-1]}", flush=True)
        site.close()
    return {"filled": "; ".join(fills), **_figures(rows)}


def option(name: str, otherwise: int) -> int:
    """Return what the command line says by `--name=`."""
    words = [word.partition("=")[2] for word in sys.argv if word.startswith(f"--{name}=")]
    return int(words[0]) if words else otherwise


def acts(site: RegionSite, client: TestClient) -> Iterator[tuple[str, Act]]:
    yield "round: charge", partial(_in_session, site, lambda db: charge(db, NOW))
    yield "round: accrue", partial(_in_session, site, lambda db: accrue_all(db, "bench", NOW))
    yield "quota", partial(_in_session, site, lambda db: quota(db, project_by_code(db, "p1"), NOW))
    for kind in FindingKind:
        look = partial(findings, kind=kind, now=NOW)
        yield f"findings: {kind}", partial(_in_session, site, look)
    for role, path in page_paths():
        yield f"{role} {path}", partial(_ask, site, client, (role, path))


def _in_session(site: RegionSite, act: Callable[[Session], object]) -> None:
    with Session(site.engine) as db, db.begin():
        act(db)


def _ask(site: RegionSite, client: TestClient, page: tuple[Role, str]) -> None:
    answer = site.ask(client, *page)
    assert answer.status < 500, page


def _least(site: RegionSite, act: Act) -> tuple[float, int]:
    """Milliseconds by the clock, and statements."""
    act()
    times = []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), site.statement_count
        act()
        times.append((time.perf_counter() - began, site.statement_count - before))
    return min(times)[0] * 1_000, min(times)[1]


def _figures(rows: Mapping[str, list[tuple[float, int]]]) -> dict[str, object]:
    figures: dict[str, object] = {}
    for name, of_size in rows.items():
        ms = [round(took, 1) for took, _ in of_size]
        grown = [round(b / a, 2) for a, b in pairwise(ms)]
        figures[name] = {"ms": ms, "times": grown, "statements": [n for _, n in of_size]}
    return figures
