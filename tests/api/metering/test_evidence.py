"""An incident from the door: an operator explains it, a clerk proposes, an approver confirms."""

from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from agents import wire
from agents.sightings import Phase, PodSighting, Run, Sighting, Watch
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.town import Town
from tests.support.papers.proofs import pdf
from tests.support.simulation import START, Node, enrolled, minute, window

NEVER = PodSighting(
    "u-1", "lab", "never", Phase.PENDING, START, minute(1), node="n-mine",
    requests={"nvidia.com/gpu": 1},
)  # fmt: skip
RAN = msgspec.structs.replace(
    NEVER, uid="u-2", name="ran", phase=Phase.RUNNING, runs=(Run("main", START),)
)
TIME = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}
OPERATOR, CLERK, APPROVER, BUILDER = Role.OPERATOR, Role.CLERK, Role.APPROVER, Role.BUILDER


def get(town: Town, path: str, role: Role = CLERK) -> Any:
    answer = town.client.get(f"/api/v1/{path}", headers=town.headers(role))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def contradicted(town: Town, owner: psycopg.Connection) -> Town:
    """Ten minutes of a pod that never ran, and ten of one that did, both of p-mine."""
    owner.execute(
        "INSERT INTO bindings (cluster_id, holder_kind, holder, project_id, valid, recorded_at,"
        " recorded_by) SELECT id, 'pod', 'lab', (SELECT id FROM projects WHERE code = 'p-mine'),"
        " '[2026-01-01,)', now(), 'test' FROM clusters WHERE name = 'c-mine'"
    )
    cluster = owner.execute("SELECT id FROM clusters WHERE name = 'c-mine'").fetchone()
    assert cluster
    witness = enrolled(owner, cluster[0], cluster_name="c-mine", node="w", source="witness")
    for pod, start in (("never", 10), ("ran", 20)):
        holder = wire.Part(wire.Pod("lab", pod, "main", NEVER.uid if pod == "never" else RAN.uid),
                           0, 60_000)  # fmt: skip
        town.report(town.nodes["mine"], *(window(0, start + at, holder) for at in range(10)))
    _say(town, witness, NEVER, RAN, Watch(START, minute(60)))
    return town


def _say(town: Town, witness: Node, *sightings: Sighting) -> None:
    body = witness.batch([], sightings=sightings)
    answer = town.client.post("/api/v1/batches", content=body, headers=witness.headers(body))
    assert answer.status_code == 200, answer.text


def summary(rows: list[dict[str, Any]]) -> set[tuple[str, str, bool, str | None, int]]:
    return {
        (r["project"], r["verdict"], r["counts"], r["grade"], r["device_ms"] // 60_000)
        for r in rows
    }


TEN = 10


def test_an_incident_goes_from_the_operator_to_two_of_the_bureau(contradicted: Town) -> None:
    town = contradicted
    before = summary(get(town, "evidence?month=2026-03&cluster=c-mine"))
    assert before == {
        ("p-mine", "agreeing", True, "A", TEN),
        ("p-mine", "contradicting", False, None, TEN),
        ("p-mine", "single", True, "B", 2),
    }
    assert summary(get(town, "evidence?month=2026-03", BUILDER)) == before
    (row,) = get(town, "incidents/unexplained", OPERATOR)
    assert (row["reason"], row["node"], row["device_ms"]) == ("never_ran", "n-mine", 600_000)
    query = {"cluster": "c-mine", "kind": "contradicting", "explanation": "镜像拉不下来", **TIME}
    file = {"file": ("log.pdf", pdf("kubelet log"))}
    incident_answer = town.client.post(
        "/api/v1/incidents", params=query, files=file, headers=town.headers(OPERATOR)
    )
    assert incident_answer.status_code == 201, incident_answer.text
    again = town.client.post(
        "/api/v1/incidents", params=query, files=file, headers=town.headers(OPERATOR)
    )
    assert (again.status_code, again.json()["code"]) == (422, "nothing_to_explain")
    assert "待判定的用量事件" in town.client.get("/desk", headers=town.headers(CLERK)).text
    number = incident_answer.json()["id"]
    download = town.client.get(f"/api/v1/incidents/{number}/file", headers=town.headers(OPERATOR))
    assert download.content == pdf("kubelet log")
    proposal = town.client.post(
        f"/api/v1/incidents/{number}/ruling", json={"counts": True, "reason": "看过日志"},
        headers=town.headers(CLERK),
    )  # fmt: skip
    assert proposal.status_code == 201, proposal.text
    decision = f"/api/v1/decisions/{proposal.json()['id']}"
    page = town.client.get(f"/decisions/{proposal.json()['id']}", headers=town.headers(APPROVER))
    assert "镜像拉不下来" in page.text
    confirmation = town.client.post(
        f"{decision}/answer", json={"answer": "confirmed", "seen": proposal.json()["digest"]},
        headers=town.headers(APPROVER),
    )  # fmt: skip
    assert confirmation.status_code == 200, confirmation.text
    assert summary(get(town, "evidence?month=2026-03&cluster=c-mine")) == {
        ("p-mine", "agreeing", True, "A", TEN),
        ("p-mine", "contradicting", True, "B", TEN),
        ("p-mine", "single", True, "B", 2),
    }
    (incident,) = get(town, "incidents", OPERATOR)
    assert (incident["counts"], incident["device_ms"]) == (True, 600_000)
    assert "待判定的用量事件" not in town.client.get("/desk", headers=town.headers(CLERK)).text


def test_the_same_by_the_page(contradicted: Town) -> None:
    town = contradicted
    page = town.client.get("/evidence?month=2026-03", headers=town.headers(OPERATOR))
    assert page.status_code == 200
    assert "从未运行" in page.text
    (row,) = get(town, "incidents/unexplained", OPERATOR)
    fields = {
        name: row[name] for name in ("cluster", "kind", "node", "namespace", "since", "until")
    }
    redirect = town.client.post(
        "/evidence/incidents", data={**fields, "explanation": "见日志"},
        files={"file": ("log.pdf", pdf("kubelet log"))}, headers=town.headers(OPERATOR),
    )  # fmt: skip
    assert (redirect.status_code, redirect.headers["location"]) == (303, "/evidence")
    (incident,) = get(town, "incidents")
    ruling = town.client.post(
        f"/incidents/{incident['id']}/ruling", data={"counts": "false", "reason": "没有运行"},
        headers=town.headers(CLERK),
    )  # fmt: skip
    assert ruling.status_code == 303
    english = town.client.get("/evidence?month=2026-03", headers=town.headers(CLERK, "en"))
    assert "Incidents of usage" in english.text


def test_the_same_by_commands(desk: Desk, contradicted: Town, tmp_path: Path) -> None:
    file = tmp_path / "log.pdf"
    file.write_bytes(pdf("kubelet log"))
    assert "contradicting" in desk.run(CLERK, "evidence", "month", "2026-03").stdout
    assert "never ran" in desk.run(OPERATOR, "evidence", "unexplained").stdout
    outcome = desk.run(
        OPERATOR, "evidence", "explain", "c-mine", str(file), "--kind", "contradicting", "--since",
        TIME["since"], "--until", TIME["until"], "--explanation", "see the log",
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    (incident,) = get(contradicted, "incidents")
    ruling = desk.ask(CLERK, "evidence", "rule", str(incident["id"]), "--not", "--reason", "no run")
    assert ruling["kind"] == "incident"
    assert "see the log" in desk.run(CLERK, "evidence", "incidents").stdout


def test_another_centres_incidents_are_not_there(contradicted: Town) -> None:
    town = contradicted
    query = {"cluster": "c-theirs", "kind": "gap", "explanation": "x", **TIME}
    answer = town.client.post(
        "/api/v1/incidents", params=query, files={"file": ("x.pdf", pdf("log"))},
        headers=town.headers(OPERATOR),
    )  # fmt: skip
    assert answer.status_code == 404
