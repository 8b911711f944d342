"""What witnesses say of usage: compared by the database, counted, charged; by hand, at random."""

from datetime import date
from random import Random
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.metering.queries.witnesses.evidence import keep_evidence
from tests.support.simulation import minute, window
from tests.support.town import Town
from tests.support.witness.rule import Hold, PodTimes, WitnessView, compare
from tests.support.witness.town import WitnessedTown, part, pod_sighting

MIDNIGHT = 16 * 60  # of Beijing, in minutes from the start


@pytest.fixture
def site(town: Town, owner: psycopg.Connection) -> WitnessedTown:
    return WitnessedTown(town, owner)


def test_what_agrees_counts_and_what_never_ran_does_not(site: WitnessedTown) -> None:
    site.run(0, range(60), part("ran"))
    site.run(1, range(60), part("waits"))
    assert site.minutes() == 120  # pending: nobody has said anything yet
    assert site.verdicts() == {"pending": 120} or site.verdicts() == {"single": 120}
    site.say(pod_sighting("ran"), pod_sighting("waits", None))
    site.watch(0, 90)
    assert site.minutes() == 60
    assert site.verdicts() == {"agreeing": 60, "contradicting": 60}


def test_the_witness_may_come_after_and_before_and_change_its_mind(site: WitnessedTown) -> None:
    site.watch(0, 90)
    site.say(pod_sighting("a", None, at=1))
    site.run(0, range(60), part("a"))
    assert site.minutes() == 0
    site.say(pod_sighting("a", 30, at=31))  # it ran from minute 30 on; a minute is given
    assert site.minutes() == 31
    site.say(pod_sighting("a", 30, 40, at=41))
    assert site.minutes() == site.parts() == 12


def test_over_midnight_and_the_end_of_a_month(site: WitnessedTown) -> None:
    end = 30 * 24 * 60 + MIDNIGHT  # of March, in Beijing
    site.watch(0, 90_000)
    site.run(0, range(end - 30, end + 30), part("night"))
    site.say(pod_sighting("night", end - 30, end + 10, at=end + 60))
    assert site.minutes() == 41
    assert site.verdicts() == {"agreeing": 30}
    assert site.verdicts(date(2026, 4, 1)) == {"agreeing": 11, "contradicting": 19}


def test_a_reused_name_is_another_pod_where_uids_are_told(site: WitnessedTown) -> None:
    site.watch(0, 90)
    site.run(0, range(30), part("web-0", "u-1"))
    site.run(0, range(30, 60), part("web-0", "u-2"))
    site.say(pod_sighting("web-0", 0, 30, uid="u-1"), pod_sighting("web-0", None, uid="u-2"))
    assert site.minutes() == 30
    site.run(1, range(60), part("web-0"))  # by its name alone, the first is meant, then neither
    assert site.minutes() == 30 + 31


def test_slices_of_time_and_of_mig_are_cut_each_for_itself(site: WitnessedTown) -> None:
    site.town.register(
        "catalogue: [{model: H100-80G, names: [{nvml: H100, mig_profile: 1g.10gb}]}]"
    )
    site.watch(0, 90)
    site.run(
        0,
        range(60),
        part("a", den=2),
        part("b", den=2),
    )
    site.say(pod_sighting("a"), pod_sighting("b", None))
    assert site.minutes() == 30
    slices = [wire.Mig(n, 0, "1g.10gb", f"MIG-{n}", (n, 1)) for n in (1, 2)]
    site.run(1, range(60), part("a", mig=slices[0]), part("b", mig=slices[1]))
    assert site.minutes() == 30 + 60


def test_two_containers_of_a_pod_are_held_apart(site: WitnessedTown) -> None:
    site.watch(0, 90)
    site.run(0, range(60), part("a", den=2), part("a", den=2, container="side"))
    site.say(pod_sighting("a", 0, 29))
    assert site.minutes() == site.parts() == 30
    assert site.verdicts() == {"agreeing": 30, "contradicting": 30}


def test_of_two_witnesses_one_that_contradicts_is_heard(site: WitnessedTown) -> None:
    second = site.another("second")
    site.run(0, range(60), part("a"))
    site.say(pod_sighting("a"))
    site.watch(0, 90)
    site.watch(30, 90, by=second)  # it watched half of it, and saw no such pod
    assert site.verdicts() == {"agreeing": 30, "contradicting": 30}
    site.say(pod_sighting("a"), by=second)
    assert site.verdicts() == {"agreeing": 60}


def test_an_unapproved_witness_is_not_heard_and_a_revoked_one_says_no_more(
    site: WitnessedTown, owner: psycopg.Connection
) -> None:
    site.run(0, range(60), part("a"))
    site.say(pod_sighting("a"))
    site.watch(0, 30)
    assert site.verdicts() == {"agreeing": 30, "pending": 30}
    owner.execute("UPDATE agents SET revoked_at = now() WHERE source = 'witness'")
    assert site.verdicts() == {"agreeing": 30, "single": 30}
    assert site.minutes() == 60


def test_late_windows_have_their_day_compared_again(site: WitnessedTown) -> None:
    site.watch(0, 90)
    site.say(pod_sighting("a", None, at=1))
    site.run(0, range(20, 40), part("a"))
    assert site.minutes() == 0
    site.run(0, range(20), part("b"))
    site.say(pod_sighting("b", at=2))
    assert site.minutes() == 20


def test_sessions_are_rounded_of_what_counts(site: WitnessedTown, town: Town) -> None:
    town.register(
        """
contracts:
  - number: k1
    centre: centre of c1
    project: p1
    from: 2026-01-01
    prices: [{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06",
              rounding: started_hour}]
""",
        supersede=True,
    )
    site.watch(0, 300)
    site.run(0, range(90), part("a"))
    site.run(1, range(90), part("never"))
    site.say(pod_sighting("a", 0, 58), pod_sighting("never", None))
    assert site.minutes() == 60


def test_without_a_witness_all_is_single(town: Town) -> None:
    town.report([window(0, 0)])
    site = WitnessedTown.__new__(WitnessedTown)
    site.town = town
    assert site.verdicts() == {"single": 1}
    assert [row.grade for row in site.sums()] == ["B"]


@pytest.mark.parametrize("seed", range(6))
def test_the_database_compares_as_the_rule_does(site: WitnessedTown, seed: int) -> None:
    """Random holds, pods, watches of two witnesses: as `tests/support/witness/rule.py` says."""
    random = Random(seed)  # noqa: S311 - a test
    witnesses = [site.witness, site.another("second")]
    views: list[tuple[list[tuple[int, int]], dict[str, PodTimes]]] = []
    first = MIDNIGHT - 60
    for at in range(first, first + 120):  # a day before, a day after
        holder = random.choice([None, part("a"), part("a", "u-1"), part("b", "u-2")])
        if holder is not None:
            site.run(0, range(at, at + 1), holder)
    with Session(site.engine) as db, db.begin():
        keep_evidence(db)  # what is said next is compared anew
    for witness in witnesses:
        watches, at = [], first + random.randint(-30, 30)
        while at < first + 120 and random.random() < 0.8:
            until = at + random.randint(0, 60)
            watches.append((at, until))
            at = until + random.randint(1, 20)
        pods: dict[str, PodTimes] = {}
        sightings = []
        for name, uid in (("a", "u-1"), ("a", "u-9"), ("b", "u-2")):
            if random.random() < 0.3:
                continue
            start = random.choice([None, first + random.randint(-20, 100)])
            end = (
                start + random.randint(0, 60)
                if start is not None and random.random() < 0.5
                else None
            )
            at_minute = first + random.randint(-10, 200)
            gone_minute = at_minute if end is None and random.random() < 0.2 else None
            node = random.choice(["n1", "n1", "n1", "n2", None])
            sightings.append(
                pod_sighting(name, start, end, at=at_minute, uid=uid, gone=gone_minute, node=node)
            )
            pods[uid] = PodTimes(
                uid, "lab", name, node, None if start is None else minute(start),
                None if end is None else minute(end), minute(at_minute),
                None if gone_minute is None else minute(gone_minute),
            )  # fmt: skip
        random.shuffle(sightings)
        site.say(*sightings, by=witness)
        for low, high in watches:
            site.watch(low, high, by=witness)
        views.append((watches, pods))
    order = sorted(range(2), key=lambda n: str(witnesses[n].reporter.agent))
    rule_views = [
        WitnessView([(minute(a), minute(b)) for a, b in views[n][0]], list(views[n][1].values()))
        for n in order
    ]
    with Session(site.engine) as db, db.begin():
        keep_evidence(db)
        holds = db.execute(
            sa.text("SELECT namespace, pod, uid, low, high FROM holds WHERE kind = 'pod'")
        ).all()
        rows = db.execute(
            sa.text(
                "SELECT pod, uid, low, high, verdict, reason FROM evidence WHERE verdict <> 'gap'"
            )
        ).all()
    expected = {
        (h.pod, h.uid, v.low, v.high, str(v.verdict), None if v.reason is None else str(v.reason))
        for h in holds
        for v in compare(
            Hold("", "n1", h.namespace, h.pod, h.uid or None, h.low, h.high), rule_views
        )
    }
    assert _join({tuple(row) for row in rows}) == _join(expected)


def _join(pieces: set[Any]) -> set[tuple[object, ...]]:
    """Join pieces that touch and say the same: the database keeps apart whom it means."""
    stretches: list[list[Any]] = []
    for pod, uid, low, high, *words in sorted(
        pieces, key=lambda p: (p[0], p[1], p[4], str(p[5]), p[2])
    ):
        last = stretches[-1] if stretches else None
        if last and last[:2] + last[4:] == [pod, uid, *words] and last[3] == low:
            last[3] = high
        else:
            stretches.append([pod, uid, low, high, *words])
    return {tuple(piece) for piece in stretches}
