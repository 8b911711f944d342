"""A cluster that needs two witnesses: what agrees or waits counts, what has one source does not."""

import psycopg
import pytest

from agents import wire
from ledger.errors import Refused
from ledger.metering.codes import IncidentKind
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.town import Town
from tests.support.witness.town import MARCH, WitnessedTown, part, pod_sighting

MIDNIGHT = 16 * 60  # of Beijing, in minutes from the start
NEED = """
clusters: [{name: c1, centre: centre of c1, witnesses: [{required: %s, from: %s}]}]
"""
BY_NAME = "bindings: [{cluster: c1, holder: {static: team-b}, project: p1, from: 2026-01-01}]"


@pytest.fixture
def site(town: Town, owner: psycopg.Connection) -> WitnessedTown:
    site = WitnessedTown(town, owner)
    town.register(BY_NAME)
    return site


def need(site: WitnessedTown, required: int = 2, since: str = "2026-03-01") -> None:
    site.town.register(NEED % (required, since), supersede=True)


def half_seen(site: WitnessedTown) -> None:
    """A pod's hour: the witness was blind for ten minutes, and has not spoken of the last ten."""
    site.run(0, range(60), part("a"))
    site.watch(0, 20)
    site.watch(30, 50)
    site.say(pod_sighting("a", at=50))


def test_what_agrees_and_what_waits_counts_and_what_has_one_source_does_not(
    site: WitnessedTown,
) -> None:
    half_seen(site)
    assert site.minutes() == 60
    need(site)
    assert site.minutes() == site.parts() == 50
    assert site.grades() == {("agreeing", "A", 40), ("single", None, 10), ("pending", "B", 10)}
    need(site, 1)
    assert site.minutes() == 60


def test_it_is_a_fact_of_days(site: WitnessedTown) -> None:
    site.watch(0, 1)
    site.watch(MIDNIGHT + 90, MIDNIGHT + 91)
    site.run(0, range(MIDNIGHT - 30, MIDNIGHT + 30), part("a"))
    need(site, since="2026-03-02")
    assert site.minutes() == 30


def test_names_that_no_witness_can_know_do_not_count(site: WitnessedTown) -> None:
    site.run(1, range(60), wire.Part(wire.Static("team-b"), 0, 60_000))
    assert site.minutes() == 60
    need(site)
    assert site.minutes() == site.parts() == 0
    assert [(row.counts, row.grade) for row in site.sums()] == [(False, None)]


def test_a_witness_whose_key_is_no_good_is_waited_for_no_more(site: WitnessedTown) -> None:
    half_seen(site)
    need(site)
    site.owner.execute("UPDATE agents SET revoked_at = now() WHERE source = 'witness'")
    assert site.minutes() == 40
    assert {row.verdict for row in site.sums()} == {"agreeing", "single"}


def test_what_has_one_source_counts_where_two_persons_say_so(site: WitnessedTown) -> None:
    half_seen(site)
    with pytest.raises(Refused, match="nothing_to_explain"):
        site.explain(IncidentKind.SINGLE)  # one is enough: there is nothing to explain
    need(site)
    assert site.minutes() == 50
    incident = site.explain(IncidentKind.SINGLE)
    assert incident.device_ms == 10 * 60_000
    site.rule(incident, counts=True)
    assert site.minutes() == site.parts() == 60
    assert ("single", "B", 10) in site.grades()


def test_two_are_needed_only_where_there_is_one_beside(town: Town) -> None:
    with pytest.raises(AssertionError, match="no_witness_yet"):
        town.register(NEED % (2, "2026-03-01"))
    town.register(NEED % (1, "2026-03-01"))


def test_days_that_were_charged_are_changed_by_two(site: WitnessedTown, database: Database) -> None:
    half_seen(site)
    site.minutes()
    attack = """
        INSERT INTO witness_requirements (cluster_id, required, valid, recorded_at, recorded_by)
        SELECT id, 2, '[2026-03-01,)', now(), 'clerk:李四#1' FROM clusters"""
    assert attempt(database, attack) is psycopg.errors.CheckViolation
    assert site.verdicts(MARCH)["agreeing"] == 40
