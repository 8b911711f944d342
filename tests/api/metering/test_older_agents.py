"""What agents of released versions sent, byte for byte as they signed it: every server takes it.

`wire/VERSION-SOURCE-NUMBER.json` are bodies that agents of that version wrote; their signatures and
the public key lie beside them. A new release adds its files and changes none: servers and agents
may be two versions apart, and what waits in a spool may be older.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from agents import wire
from tests.support.api.town import Town
from tests.support.simulation import EVER, START, Node, enrolled, gpu_id, place

FOLDER = Path(__file__).parent / "wire"
GPUS = (900, 901, 902)  # of the files
STREAMS = sorted({f.name.rpartition("-")[0] for f in FOLDER.glob("*.json")})


@pytest.fixture
def cluster(town: Town, owner: psycopg.Connection) -> int:
    number = place(owner, cluster="older", node="older-n1", gpus=0)
    for gpu in GPUS:
        owner.execute(
            "INSERT INTO gpus (gpu, cluster_id, node, registered_from) VALUES (%s, %s, %s, %s)",
            (gpu_id(gpu), number, "n-nvml", START),
        )
    owner.commit()
    return number


def know(owner: psycopg.Connection, cluster: int, stream: str) -> None:
    """Enrol the agent of these files: its id and its key are in them."""
    version, _, source = stream.partition("-")
    agent = json.loads((FOLDER / f"{stream}-1.json").read_bytes())["agent"]
    owner.execute(
        "INSERT INTO agents (id, cluster_id, node, source, public_key, enrolled_at, history_from,"
        " approved_at, approved_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'test')",
        (UUID(agent), cluster, f"n-{source}", source,
         bytes.fromhex((FOLDER / f"{version}.key").read_text()), START, EVER, START),
    )  # fmt: skip
    owner.commit()


def send(client: TestClient, body: bytes, signature: str) -> tuple[int, dict[str, Any]]:
    headers = {
        wire.AGENT_HEADER: json.loads(body)["agent"],
        wire.SIGNATURE_HEADER: signature.strip(),
        "Content-Type": "application/json",
    }
    answer = client.post("/api/v1/batches", content=body, headers=headers)
    return answer.status_code, answer.json()


def test_there_are_windows_and_sightings_of_the_first_version() -> None:
    assert STREAMS == ["0.1.0-nvml", "0.1.0-witness"]


@pytest.mark.parametrize("stream", STREAMS)
def test_every_batch_is_taken_whole_and_answered_the_same_again(
    town: Town, owner: psycopg.Connection, cluster: int, stream: str
) -> None:
    know(owner, cluster, stream)
    files = sorted(FOLDER.glob(f"{stream}-*.json"))
    assert len(files) > 1
    answers = []
    for file in (*files, *files):
        body = file.read_bytes()
        status, answer = send(town.client, body, file.with_suffix(".signature").read_text())
        assert status == 200, answer
        content = json.loads(body)
        count = len(content.get("windows", ())) + len(content.get("sightings", ()))
        assert answer["kept"] == count, answer
        assert not {"refused", "conflicts", "quarantined"} & set(answer), answer
        answers.append(answer)
    assert answers[: len(files)] == answers[len(files) :]  # the same bytes, the same answer


def test_one_changed_byte_is_no_older_agent(
    town: Town, owner: psycopg.Connection, cluster: int
) -> None:
    know(owner, cluster, STREAMS[0])
    file = FOLDER / f"{STREAMS[0]}-1.json"
    body = file.read_bytes().replace(b"train-0", b"train-1")
    status, answer = send(town.client, body, file.with_suffix(".signature").read_text())
    assert (status, answer["code"]) == (401, "bad_signature")


def newer(node: Node, change: str) -> bytes:
    """What a newer agent might say: a field that this server does not know."""
    body = json.loads(node.batch([]))
    if change == "version":
        body["version"] = wire.VERSION + 1
    elif change == "head":
        body["colour"] = "red"
    else:
        window = json.loads((FOLDER / "0.1.0-nvml-1.json").read_bytes())["windows"][0]
        body["windows"] = [{**window, "colour": "red"}, window]
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("version", (400, "wire_version")),
        ("head", (400, "colour")),
        ("window", (200, "colour")),
    ],
)
def test_a_newer_agents_field_is_named_and_never_lost_in_silence(
    town: Town, owner: psycopg.Connection, cluster: int, change: str, outcome: tuple[int, str]
) -> None:
    """Of a batch the window is refused by its index, and the others count."""
    node = enrolled(owner, cluster, cluster_name="older", node="older-n1")
    owner.commit()
    body = newer(node, change)
    status, answer = send(town.client, body, node.signature(body))
    assert status == outcome[0], answer
    assert outcome[1] in json.dumps(answer)
    if change == "window":
        (refused,) = answer["refused"]
        assert refused["index"] == 0
