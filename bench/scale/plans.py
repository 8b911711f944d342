"""The plans of the hottest statements: what is asked of a region, and how PostgreSQL answers it.

A region is filled twice, with 10 projects and then with 40, of eight GPUs for each ten; a round, a
quota, findings and every page are asked once with auto_explain, which sees statements inside
functions too. Those that take most of the time in all are told, with the rows that their scans
looked at and the tables and indexes that they read.
"""

import re
from dataclasses import dataclass, field

import psycopg
import structlog

from bench import stage
from bench.scale.growth import acts, option
from ledger.postgres.embedded import Embedded
from tests.support.region.plans import Plan, explain
from tests.support.region.site import RegionSite
from tests.support.region.usage import Size

SIZES = ((10, 8), (40, 32))  # projects, GPUs
DAYS, HOTTEST, WORDS = 40, 10, 90


@dataclass
class Statement:
    """One statement at each size: its plans."""

    by_size: list[list[Plan]] = field(default_factory=lambda: [[] for _ in SIZES])

    @property
    def ms(self) -> float:
        """All its time at the last size."""
        return sum(plan.ms for plan in self.by_size[-1])

    def figures(self) -> dict[str, object]:
        """What is told of it; rows are those of the plan that read most."""
        largest = max(self.by_size[-1], key=lambda plan: plan.rows_read)
        return {
            "ms": round(self.ms, 1),
            "calls": len(self.by_size[-1]),
            "rows read by a call": [
                max((plan.rows_read for plan in plans), default=0) for plans in self.by_size
            ],
            "plan": largest.shape,
        }


def run() -> dict[str, object]:
    """The hottest statements of one run, the hottest first."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    statements: dict[str, Statement] = {}
    with stage.embedded() as (server, database), stage.owner(database) as owner:
        site = RegionSite(database, owner)
        for at, (projects, gpus) in enumerate(SIZES):
            site.grow(Size(projects, gpus, option("days", DAYS)))
            for plan in _plans(server, site):
                statements.setdefault(_words(plan), Statement()).by_size[at].append(plan)
        site.close()
    hottest = sorted(statements.items(), key=lambda item: -item[1].ms)[:HOTTEST]
    return {f"{n} {words[:WORDS]}": of.figures() for n, (words, of) in enumerate(hottest, 1)}


def _plans(server: Embedded, site: RegionSite) -> list[Plan]:
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        watch = explain(admin, site.engine)
    with site.client() as client:
        for _, act in acts(site, client):
            act()
    site.engine.dispose()
    return watch.plans


def _words(plan: Plan) -> str:
    """A statement in one line, without its comments."""
    return " ".join(re.sub(r"--[^\n]*", "", plan.query).split())
