"""Bindings by label and by controller: which project's a pod's use is, and what is refused."""

from typing import Any

import psycopg
import pytest
from sqlmodel import Session

from ledger.desk.steps.take_registry import take_registry
from ledger.errors import Finding
from ledger.postgres.database import Database
from tests.support.accounts.attacks import attempt
from tests.support.town import CLERK, NOW, Town
from tests.support.witness.town import WitnessedTown, part, pod_sighting

SECOND = """
projects: [{code: p2, name: 另一个, kind: model, organisation: 91640100MA7600001J, drill: true}]
contracts:
  - number: k2
    centre: centre of c1
    project: p2
    from: 2026-01-01
    prices: [{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06"}]
"""


def binding(holder: str, project: str = "p2", since: str = "2026-01-01", until: str = "") -> str:
    days = f"from: {since}" + (f", until: {until}" if until else "")
    return f"bindings: [{{cluster: c1, holder: {{{holder}}}, project: {project}, {days}}}]"


@pytest.fixture
def site(town: Town, owner: psycopg.Connection) -> WitnessedTown:
    site = WitnessedTown(town, owner)
    town.register(SECOND)
    site.watch(0, 90)
    return site


def use(site: WitnessedTown, gpu: int, pod: str, **facts: Any) -> None:
    """A pod's hour that agrees."""
    site.run(gpu, range(60), part(pod, f"uid-{pod}"))
    site.say(pod_sighting(pod, **facts))


def minutes_of_both(site: WitnessedTown) -> tuple[int, int]:
    return int(site.minutes("p1")), int(site.minutes("p2"))


def test_the_owner_goes_before_the_label_and_the_label_before_the_namespace(
    site: WitnessedTown,
) -> None:
    use(site, 0, "a", labels={"team": "red"}, owner="Job/train")
    assert minutes_of_both(site) == (60, 0)
    site.town.register(binding('label: "team=red"'))
    assert minutes_of_both(site) == (0, 60)
    site.town.register(binding('owner: "lab/Job/train"', "p1"))
    assert minutes_of_both(site) == (60, 0)


def test_a_label_of_another_value_and_an_owner_of_another_namespace_are_not_meant(
    site: WitnessedTown,
) -> None:
    site.town.register(binding('label: "team=red"'))
    site.town.register(binding('owner: "other/Job/train"'))
    use(site, 0, "a", labels={"team": "blue", "x": "team=red"}, owner="Job/train")
    use(site, 1, "b", labels={"team": "red"})
    assert minutes_of_both(site) == (60, 60)


def test_it_holds_on_its_own_days(site: WitnessedTown) -> None:
    midnight = 16 * 60
    site.town.register(binding('label: "team=red"', since="2026-03-02"))
    site.watch(0, 5_000)
    site.run(0, range(midnight - 10, midnight + 20), part("a", "uid-a"))
    site.say(pod_sighting("a", labels={"team": "red"}))
    assert minutes_of_both(site) == (10, 20)


def test_who_relabels_a_pod_afterwards_moves_nothing(site: WitnessedTown) -> None:
    site.town.register(binding('label: "team=red"'))
    use(site, 0, "a", at=10, labels={"team": "blue"})
    site.say(pod_sighting("a", at=20, labels={"team": "red"}))
    assert minutes_of_both(site) == (60, 0)


def test_what_does_not_count_is_moved_to_nobody(site: WitnessedTown) -> None:
    site.town.register(binding('label: "team=red"'))
    site.run(0, range(60), part("a", "uid-a"))
    site.say(pod_sighting("a", 0, 29, labels={"team": "red"}))
    assert minutes_of_both(site) == (0, 30)


def test_of_charged_usage_it_takes_two_and_takes_it_from_the_other_project(
    site: WitnessedTown, owner: psycopg.Connection
) -> None:
    use(site, 0, "a", labels={"team": "red"})
    assert minutes_of_both(site) == (60, 0)
    with Session(site.engine) as db, db.begin():
        intake = take_registry(db, binding('label: "team=red"'), actor=CLERK.actor, now=NOW)
        assert intake.decision is not None
    assert minutes_of_both(site) == (60, 0)


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        ('label: "team"', "label_of_holder"),
        ('label: "=red"', "label_of_holder"),
        ('owner: "Job/train"', "owner_of_holder"),
        ('label: "team=red", pod: lab', "one_holder"),
    ],
)
def test_a_bad_holder_is_refused(site: WitnessedTown, holder: str, code: str) -> None:
    assert [finding.code for finding in _findings(site, binding(holder))] == [code]


def test_two_keys_on_one_day_are_refused(site: WitnessedTown, database: Database) -> None:
    site.town.register(binding('label: "team=red"', until="2026-03-31"))
    site.town.register(binding('label: "team=blue"', "p1"))
    later = binding('label: "cost=red"', since="2026-04-01")
    assert [f.code for f in _findings(site, later)] == ["label_keys"]  # blue is still bound
    both = (
        'bindings: [{cluster: c1, holder: {label: "a=1"}, project: p1, from: 2025-01-01,'
        ' until: 2025-02-01}, {cluster: c1, holder: {label: "b=1"}, project: p1, from: 2025-02-01}]'
    )
    assert [f.code for f in _findings(site, both)] == ["label_keys"]
    by_sql = (
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,"
        " recorded_by, recorded_in) SELECT cluster_id, 'label', 'cost=x', project_id,"
        " '[2026-01-01,)', now(), recorded_by, recorded_in FROM bindings LIMIT 1"
    )
    refusal = attempt(database, by_sql)
    assert refusal is psycopg.errors.ExclusionViolation


def _findings(site: WitnessedTown, text: str) -> tuple[Finding, ...]:
    with Session(site.engine) as db, db.begin():
        return take_registry(db, text, actor=CLERK.actor, now=NOW).report.findings


def test_time_slices_of_two_projects_on_one_device(site: WitnessedTown) -> None:
    site.town.register(binding('label: "team=red"'))
    site.run(0, range(60), part("a", "uid-a", den=2), part("b", "uid-b", den=2))
    site.say(pod_sighting("a", labels={"team": "red"}), pod_sighting("b", labels={"team": "blue"}))
    assert minutes_of_both(site) == (30, 30)
    assert site.parts() == 30
