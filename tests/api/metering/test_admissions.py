"""What an operator with a program of his own can make count: nothing, without the bureau."""

from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from nacl.signing import SigningKey

from agents import wire
from ledger.metering.queries.streams import FORKS_MAX
from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.simulation import Node, gpu_id, held, minute, window

WEEKS = 7 * 7 * 24 * 60  # seven weeks, in minutes
OPERATOR, CLERK, APPROVER = Role.OPERATOR, Role.CLERK, Role.APPROVER


def ask(town: Town, role: Role, path: str, body: Any = None, status: int = 201) -> Any:
    answer = town.client.post(f"/api/v1/{path}", json=body, headers=town.headers(role))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def answer_to(town: Town, node: Node, *windows: wire.Window) -> wire.Answer:
    body = node.batch(windows)
    answer = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=wire.Answer)


def reasons(answer: wire.Answer) -> set[str]:
    return {item.reason for item in answer.quarantined}


def enrolled_by(town: Town, role: Role, **more: object) -> Node:
    """A node that a program of one's own enrols, with a code of this role."""
    code = ask(town, role, "enrolment-codes", {"cluster": "c-mine", "source": "nvml", **more})
    key = SigningKey.generate()
    public = bytes(key.verify_key).hex()
    wish = {"code": code["code"], "public_key": public, "node": "n-mine"}
    agent = town.client.post("/api/v1/agents", json=wish).json()["agent"]
    reporter = town.nodes["mine"].reporter._replace(agent=UUID(agent))
    return Node(reporter, key)


def minutes_kept(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT coalesce(sum(held), 0)::bigint / 60000 FROM day_totals").fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def old_hand(town: Town, owner: psycopg.Connection) -> Node:
    """An approved agent that reports for long, of a GPU that is registered for long."""
    owner.execute("UPDATE agents SET enrolled_at = '2025-01-01', history_from = NULL")
    owner.execute("UPDATE gpus SET registered_from = '2025-01-01'")
    return town.nodes["mine"]


def test_an_agent_with_its_centres_code_waits_for_the_bureau(
    town: Town, owner: psycopg.Connection
) -> None:
    before = minutes_kept(owner)
    node = enrolled_by(town, OPERATOR, history_from="2026-03-01")
    answer = answer_to(town, node, *(window(0, at) for at in range(60, 70)))
    assert (answer.kept, reasons(answer)) == (0, {"unapproved_agent"})
    approval = f"agents/{node.reporter.agent}/approval"
    ask(town, OPERATOR, approval, status=403)
    assert ask(town, Role.SYSTEM_ADMIN, "quarantine/release", status=200) == {"released": 0}
    assert (
        "待批准的采集端"
        in town.client.get("/nodes?cluster=c-mine", headers=town.headers(CLERK)).text
    )
    ask(town, CLERK, approval, status=204)
    assert minutes_kept(owner) == before + 10
    assert answer_to(town, node, window(0, 70)).kept == 1


def test_a_code_of_the_bureau_is_its_approval(town: Town) -> None:
    node = enrolled_by(town, Role.SYSTEM_ADMIN, history_from="2026-03-01")
    assert answer_to(town, node, window(0, 60)).kept == 1


def test_history_that_the_code_does_not_name_waits(town: Town) -> None:
    node = enrolled_by(town, Role.SYSTEM_ADMIN)
    assert reasons(answer_to(town, node, window(0, 60))) == {"before_enrolment"}


def test_what_is_sent_seven_weeks_late_counts_only_with_the_bureau(
    town: Town, owner: psycopg.Connection, old_hand: Node
) -> None:
    before = minutes_kept(owner)
    answer = answer_to(town, old_hand, *(window(0, at - WEEKS) for at in range(20)))
    assert (answer.kept, reasons(answer)) == (0, {"late"})
    assert ask(town, OPERATOR, "quarantine/release", status=200) == {"released": 0}
    wish = {
        "cluster": "c-mine",
        "code": "late",
        "reason": "断网，附机房记录",
        "until": "2026-01-31",
    }
    ask(town, OPERATOR, "quarantine/admissions", wish, status=403)
    assert minutes_kept(owner) == before
    outcome = ask(town, CLERK, "quarantine/admissions", wish)
    assert outcome == {"windows": 20, "released": 20, "decision": None}
    assert minutes_kept(owner) == before + 20
    ask(town, CLERK, "quarantine/admissions", wish, status=422)


def test_what_came_late_for_a_reconciled_month_takes_two(
    town: Town, owner: psycopg.Connection, old_hand: Node
) -> None:
    owner.execute(
        "INSERT INTO contracts (number, centre_id, project_id, valid)"
        " SELECT 'k', c.centre_id, p.id, '[2026-01-01,)' FROM clusters c, projects p"
        " WHERE c.name = 'c-mine' AND p.code = 'p-mine'"
    )
    owner.execute(
        "INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)"
        " SELECT id, '2026-01-01', now(), 'test' FROM contracts"
    )
    before = minutes_kept(owner)
    answer_to(town, old_hand, *(window(0, at - WEEKS) for at in range(5)))
    wish = {"cluster": "c-mine", "code": "late", "reason": "断网"}
    outcome = ask(town, CLERK, "quarantine/admissions", wish)
    assert (outcome["windows"], outcome["released"]) == (5, 0)
    answer_to(town, old_hand, window(0, 5 - WEEKS))
    owner.execute(  # the town's clock stands still: it came after it was decided
        "UPDATE quarantine SET received_at = received_at + interval '1 second' WHERE start = %s",
        (minute(5 - WEEKS),),
    )
    path = f"decisions/{outcome['decision']}"
    digest = town.client.get(f"/api/v1/{path}", headers=town.headers(APPROVER)).json()["digest"]
    yes = {"answer": "confirmed", "seen": digest}
    ask(town, CLERK, f"{path}/answer", yes, status=422)
    assert minutes_kept(owner) == before
    ask(town, APPROVER, f"{path}/answer", yes, status=200)
    assert minutes_kept(owner) == before + 5


def test_what_is_outside_a_gpus_days_waits(
    town: Town, owner: psycopg.Connection, old_hand: Node
) -> None:
    owner.execute("UPDATE gpus SET registered_from = %s, retired_at = %s", (minute(10), minute(20)))
    answer = answer_to(town, old_hand, *(window(0, at) for at in (9, 10, 19, 20)))
    assert answer.kept == 2
    assert [(item.index, item.reason) for item in answer.quarantined] == [
        (0, "before_registration"),
        (3, "retired"),
    ]


def test_no_other_obstacle_hides_that_it_is_late(
    town: Town, owner: psycopg.Connection, old_hand: Node
) -> None:
    """A late window of a GPU that nobody knew is late also when the GPU is known."""
    assert reasons(answer_to(town, old_hand, window(7, -WEEKS))) == {"unknown_gpu"}
    owner.execute(
        "INSERT INTO gpus (gpu, cluster_id, node, registered_from)"
        " SELECT %s, id, 'n-mine', '2025-01-01' FROM clusters WHERE name = 'c-mine'",
        (gpu_id(7),),
    )
    assert ask(town, OPERATOR, "quarantine/release", status=200) == {"released": 0}
    assert owner.execute("SELECT reason FROM quarantine").fetchall() == [("late",)]


def test_old_windows_make_no_partition(
    town: Town, owner: psycopg.Connection, old_hand: Node
) -> None:
    def partitions() -> int:
        query = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'windows'::regclass"
        row = owner.execute(query).fetchone()
        assert row
        return int(row[0])

    before = partitions()
    answer_to(town, old_hand, *(window(0, -24 * 60 * day) for day in range(10, 1010)))
    assert partitions() == before


def test_utilisation_is_no_more_than_all_of_it(town: Town) -> None:
    honest, boast = held("team-a", util_ppm=1_000_000), held("team-a", util_ppm=1_000_001)
    answer = answer_to(town, town.nodes["mine"], window(0, 80, honest), window(0, 81, boast))
    assert (answer.kept, [item.index for item in answer.refused]) == (1, [1])


def test_forks_of_an_agent_are_kept_up_to_a_number(town: Town, owner: psycopg.Connection) -> None:
    node = town.nodes["mine"]
    for at in range(FORKS_MAX + 5):
        node.number, node.head = 0, ""
        body = node.batch([window(0, 100 + at)])
        answer = town.client.post("/api/v1/batches", content=body, headers=node.headers(body))
        assert answer.status_code == 409
    assert owner.execute("SELECT count(*) FROM forks").fetchone() == (FORKS_MAX,)
