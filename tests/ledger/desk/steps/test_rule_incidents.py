"""An incident is explained once and decided once; what is decided moves the charges, by two."""

from datetime import date

import psycopg
import pytest
from psycopg import errors

from agents import wire
from ledger.errors import Conflict, Refused
from ledger.metering.codes import IncidentKind
from ledger.people.codes import Role
from ledger.people.steps.credentials import Viewer
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.simulation import minute
from tests.support.town import Town
from tests.support.witness.town import WitnessedTown, part, pod_sighting

CONTRADICTING, GAP = IncidentKind.CONTRADICTING, IncidentKind.GAP
ANOTHER = Viewer(3, "王五", Role.CLERK)


@pytest.fixture
def site(town: Town, owner: psycopg.Connection) -> WitnessedTown:
    return WitnessedTown(town, owner)


def contradicted(site: WitnessedTown) -> None:
    """A pod's hour, of which the witness saw half an hour (and a minute)."""
    site.watch(0, 90)
    site.run(0, range(60), part("a", "u-1"))
    site.say(pod_sighting("a", 0, 29, uid="u-1"))
    assert site.minutes() == 30


def with_gap(site: WitnessedTown, *, uid: str | None = "u-1") -> None:
    """A pod's hour, of which nobody metered the minutes 20 to 40."""
    site.run(0, range(20), part("a", uid))
    site.run(0, range(40, 60), part("a", uid))
    site.watch(0, 90)
    site.say(pod_sighting("a", uid="u-1"))
    assert site.minutes() == 40


@pytest.mark.parametrize(("counts", "minutes"), [(True, 60), (False, 30)])
def test_a_contradiction_counts_where_two_say_so(
    site: WitnessedTown, *, counts: bool, minutes: int
) -> None:
    contradicted(site)
    incident = site.explain(CONTRADICTING)
    assert incident.device_ms == 30 * 60_000
    assert site.minutes() == 30  # explaining moves nothing
    site.rule(incident, counts=counts)
    assert site.minutes() == site.parts() == minutes
    grades = {(row.verdict, row.counts, row.grade) for row in site.sums()}
    assert ("agreeing", True, "A") in grades
    assert ("contradicting", counts, "B" if counts else None) in grades


def test_what_two_decided_stands_whatever_the_witness_says_later(site: WitnessedTown) -> None:
    contradicted(site)
    site.rule(site.explain(CONTRADICTING), counts=False)
    site.say(pod_sighting("a", 0, 60, at=99_001, uid="u-1"))
    assert site.minutes() == 30
    with pytest.raises(Refused, match="nothing_to_explain"):
        site.explain(CONTRADICTING)


def test_a_gap_that_the_pods_own_times_cover_counts_with_grade_b(site: WitnessedTown) -> None:
    with_gap(site)
    incident = site.explain(GAP)
    assert incident.device_ms == 20 * 60_000
    assert site.minutes() == 40
    site.rule(incident, counts=True)
    assert site.minutes() == site.parts() == 60
    assert site.grades() == {
        ("agreeing", "A", 40),
        ("gap", "B", 20),
    }


def test_windows_that_come_late_into_an_accepted_gap_are_not_counted_twice(
    site: WitnessedTown,
) -> None:
    with_gap(site)
    site.rule(site.explain(GAP), counts=True)
    assert site.minutes() == 60
    site.run(0, range(20, 30), part("a", "u-1"))
    assert site.minutes() == 60
    site.run(0, range(30, 40), part("b", "u-2"))  # it was not there, after all
    site.say(pod_sighting("b", uid="u-2"))
    assert site.minutes() == 60
    assert site.grades() == {("agreeing", "A", 60)}


def test_a_gap_over_midnight_is_one_incident(site: WitnessedTown) -> None:
    midnight = 16 * 60
    site.run(0, range(midnight - 30, midnight - 10), part("a", "u-1"))
    site.run(0, range(midnight + 20, midnight + 30), part("a", "u-1"))
    site.watch(0, 5_000)
    site.say(pod_sighting("a", uid="u-1"))
    assert site.minutes() == 30
    incident = site.explain(GAP)
    assert incident.device_ms == 30 * 60_000
    site.rule(incident, counts=True)
    assert site.minutes() == 60


@pytest.mark.parametrize(
    "case",
    [
        "another share",
        "no uid",
        "ended inside",
        "seen before",
        "gone unseen",
        "another pod",
        "free",
    ],
)
def test_no_other_gap_is_covered(site: WitnessedTown, case: str) -> None:
    uid = None if case == "no uid" else "u-1"
    site.run(0, range(20), part("a", uid))
    if case == "free":  # somebody looked, and nobody held it
        site.run(0, range(20, 21), wire.Part(wire.Unallocated(), 0, 60_000))
        site.run(0, range(39, 40), wire.Part(wire.Unallocated(), 0, 60_000))
    after = {
        "another share": part("a", uid, den=2),
        "another pod": part("a", "u-2"),
    }
    site.run(0, range(40, 60), after.get(case, part("a", uid)))
    site.watch(0, 10)
    sightings = {
        "ended inside": pod_sighting("a", 0, 30, uid="u-1"),
        "seen before": pod_sighting("a", at=15, uid="u-1"),
        "gone unseen": pod_sighting("a", gone=99_000, uid="u-1"),
    }
    site.say(sightings.get(case, pod_sighting("a", uid="u-1")))
    site.minutes()
    with pytest.raises(Refused, match="nothing_to_explain"):
        site.explain(GAP)


def test_an_incident_is_of_the_time_the_node_and_the_pod_that_were_asked(
    site: WitnessedTown,
) -> None:
    contradicted(site)
    part_of = site.explain(CONTRADICTING, minute(30), minute(40), node="n1", pod="a")
    assert part_of.device_ms == 10 * 60_000
    rest = site.explain(CONTRADICTING)
    assert rest.device_ms == 20 * 60_000
    site.rule(part_of, counts=True)
    assert site.minutes() == 40
    with pytest.raises(Refused, match="nothing_to_explain"):
        site.explain(CONTRADICTING, node="n2")
    with pytest.raises(Refused, match="nothing_to_explain"):
        site.explain(CONTRADICTING, pod="b")
    with pytest.raises(Refused, match="time_backwards"):
        site.explain(CONTRADICTING, minute(30), minute(30))


def test_it_is_decided_once_and_by_none_who_explained_it(site: WitnessedTown) -> None:
    contradicted(site)
    incident = site.explain(CONTRADICTING, by=ANOTHER)
    with pytest.raises(Refused, match="same_person"):
        site.rule(incident, counts=True, confirmed_by=ANOTHER)
    site.rule(incident, counts=True)
    with pytest.raises(Conflict, match="incident_ruled"):
        site.rule(incident, counts=False)


def test_a_month_that_was_charged_falls_when_a_witness_comes_and_rises_again(
    site: WitnessedTown,
) -> None:
    """The witness comes after the charge; the month was not reconciled."""
    site.run(0, range(60), part("a", "u-1"))
    assert site.minutes() == 60
    site.watch(0, 90)
    site.say(pod_sighting("a", None, uid="u-1"))
    assert site.minutes() == 0
    site.rule(site.explain(CONTRADICTING), counts=True)
    assert site.minutes() == 60


ATTACKS = {
    "a ruling of nobody's": "INSERT INTO incident_rulings SELECT id, true, 1 FROM incidents",
    "a ruling of another decision": """
        INSERT INTO decisions (kind, subject, content, digest, reason, decided_by, decided_at)
            SELECT 'incident', 'x', '{"incident": 1, "counts": true}', repeat('0', 64), '',
                   'clerk:李四#1', now();
        INSERT INTO incident_rulings SELECT i.id, true, d.id FROM incidents i, decisions d
            WHERE d.subject = 'x'""",
    "the other way round": """
        INSERT INTO incident_rulings SELECT i.id, NOT r.counts, r.decision_id
        FROM incidents i, incident_rulings r WHERE i.id <> r.incident_id""",
    "what counts": "UPDATE evidence SET counts = true, grade = 'A'",
    "evidence of one's own": "DELETE FROM evidence",
    "spans of one's own": "UPDATE incident_spans SET span = '(,)'",
    "an incident of one's own": """
        INSERT INTO incidents (cluster_id, kind, explanation, original, file, explained_by,
            explained_at) SELECT cluster_id, kind, 'x', original, 'x', explained_by, now()
        FROM incidents""",
    "a ruling taken back": "DELETE FROM incident_rulings",
    "a ruling turned": "UPDATE incident_rulings SET counts = NOT counts",
    "days not compared": "UPDATE evidence_days SET windows = 0",
    "changes that are lost": "DELETE FROM evidence_changes",
    "holds": "INSERT INTO holds SELECT * FROM holds",
    "a witness's word": "UPDATE witness_pods SET started_at = now()",
    "an explanation of a stranger": """
        SELECT explain_incident(c.id, 'contradicting', '-infinity', 'infinity', NULL, NULL, NULL,
            'x', 'x', (SELECT hash FROM originals LIMIT 1), 'auditor:nobody#77', now())
        FROM clusters c""",
}  # fmt: skip


def test_the_application_alone_changes_nothing(site: WitnessedTown, database: Database) -> None:
    contradicted(site)
    site.rule(site.explain(CONTRADICTING, minute(30), minute(40)), counts=False)
    site.explain(CONTRADICTING)
    allowed = {
        name: refusal
        for name, attack in ATTACKS.items()
        if (refusal := attempt(database, attack))
        not in {errors.InsufficientPrivilege, errors.RestrictViolation, errors.CheckViolation}
    }
    assert allowed == {}
    assert site.minutes() == 30


def test_a_month_is_of_its_beijing_days(site: WitnessedTown) -> None:
    contradicted(site)
    assert site.sums(date(2026, 2, 1)) == []
