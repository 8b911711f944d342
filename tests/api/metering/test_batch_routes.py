"""The agents' door over HTTP: only an enrolled key speaks, and every bad item has one answer."""

from collections.abc import Callable, Iterator

import msgspec
import psycopg
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from agents import wire
from api.app import create_app
from api.settings import Settings
from tests.support.simulation import Node, enrolled, held, place, window

URL = "/api/v1/batches"


@pytest.fixture
def client(engine: sa.Engine) -> Iterator[TestClient]:
    with TestClient(create_app(engine, Settings(late_days=36_500))) as client:
        yield client


@pytest.fixture
def node(owner: psycopg.Connection) -> Node:
    return enrolled(owner, place(owner))


def test_a_signed_batch_is_answered(client: TestClient, node: Node) -> None:
    body = node.batch([window(0, 0), window(9, 0)])
    first = client.post(URL, content=body, headers=node.headers(body))
    assert first.status_code == 200
    answer = msgspec.json.decode(first.content, type=wire.Answer)
    assert (answer.kept, answer.known, [i.reason for i in answer.quarantined]) == (
        1,
        0,
        ["unknown_gpu"],
    )
    again = client.post(URL, content=body, headers=node.headers(body))
    assert again.content == first.content


Headers = dict[str, str]


def _other_signature(node: Node, body: bytes) -> Headers:
    return {**node.headers(body), wire.SIGNATURE_HEADER: node.signature(body + b" ")}


def _other_key(node: Node, body: bytes) -> Headers:
    return {**node.headers(body), wire.SIGNATURE_HEADER: Node(node.reporter).signature(body)}


def _no_base64(node: Node, body: bytes) -> Headers:
    return {**node.headers(body), wire.SIGNATURE_HEADER: "甲".encode().hex() + "!"}


def _unknown(node: Node, body: bytes) -> Headers:
    return {**node.headers(body), wire.AGENT_HEADER: "00000000-0000-4000-8000-000000000000"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (_other_signature, "bad_signature"),
        (_other_key, "bad_signature"),
        (_no_base64, "bad_signature"),
        (_unknown, "unknown_agent"),
    ],
)
def test_nobody_else_may_report(
    client: TestClient,
    owner: psycopg.Connection,
    node: Node,
    headers: Callable[[Node, bytes], Headers],
    code: str,
) -> None:
    body = node.batch([window(0, 0)])
    refused = client.post(URL, content=body, headers=headers(node, body))
    assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert owner.execute("SELECT count(*) FROM batches").fetchone() == (0,)


def test_a_revoked_node_may_not_report(
    client: TestClient, owner: psycopg.Connection, node: Node
) -> None:
    owner.execute("UPDATE agents SET revoked_at = now()")
    body = node.batch([window(0, 0)])
    refused = client.post(URL, content=body, headers=node.headers(body))
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked")


def test_the_key_of_one_node_cannot_report_for_another(
    client: TestClient, owner: psycopg.Connection, node: Node
) -> None:
    row = owner.execute("SELECT id FROM clusters").fetchone()
    assert row
    other_node = enrolled(owner, row[0], node="n2")
    as_other = Node(other_node.reporter, node.key)
    body = as_other.batch([window(0, 0)])
    own_headers = {**as_other.headers(body), wire.AGENT_HEADER: str(node.reporter.agent)}
    refused = client.post(URL, content=body, headers=own_headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "other_agent")
    honest = other_node.batch([window(0, 0)])
    answer = client.post(URL, content=honest, headers=other_node.headers(honest)).json()
    assert [item["reason"] for item in answer["quarantined"]] == ["other_node"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[" * 100_000, b'{"version":1}', b"\xff\xfe", b"null", b'{"version":1,"x":2}'],
    ids=["empty", "no fields", "deep", "some fields", "not UTF-8", "null", "unknown field"],
)
def test_what_is_no_batch_gets_one_clear_error(client: TestClient, node: Node, body: bytes) -> None:
    refused = client.post(URL, content=body, headers=node.headers(body))
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


def test_a_batch_over_the_limit_is_not_read(client: TestClient, node: Node) -> None:
    body = b" " * (wire.BATCH_BYTES_MAX + 1)
    refused = client.post(URL, content=body, headers=node.headers(body))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_another_version_of_the_wire_is_named(client: TestClient, node: Node) -> None:
    body = node.batch([]).replace(b'"version":1', b'"version":2')
    refused = client.post(URL, content=body, headers=node.headers(body))
    assert (refused.status_code, refused.json()["code"]) == (400, "wire_version")


def test_bad_items_are_refused_by_index_and_the_others_count(
    client: TestClient, node: Node
) -> None:
    bad = [
        window(0, 0, held("a", 0, 40_000), held("b", 30_000, 60_000)),  # overlapping: overfull
        window(0, 1, held("a", 0, 10_000)),  # does not tile the minute
        window(0, 2, held("a\x00b")),
        msgspec.structs.replace(window(0, 3), gpu="GPU-1"),
        msgspec.structs.replace(window(0, 4), window_ms=1_000),
        msgspec.structs.replace(window(0, 5), parts=(held("a", 50_000, 70_000),)),
    ]
    body = node.batch([*bad, window(0, 9)])
    answer = client.post(URL, content=body, headers=node.headers(body)).json()
    assert answer["kept"] == 1
    assert [item["index"] for item in answer["refused"]] == [0, 1, 2, 3, 4, 5]
    assert all(item["detail"] for item in answer["refused"])


def test_an_unreadable_item_does_not_spoil_its_batch(client: TestClient, node: Node) -> None:
    body = node.batch([window(0, 0), window(1, 0)]).replace(b'"to_ms":60000', b'"to_ms":-1', 1)
    answer = client.post(URL, content=body, headers=node.headers(body)).json()
    assert answer["kept"] == 1
    (item,) = answer["refused"]
    assert item["index"] == 0
    assert "to_ms" in item["detail"]


def test_forks_and_early_batches_are_conflicts_that_say_what_to_do(
    client: TestClient, owner: psycopg.Connection, node: Node
) -> None:
    first = node.batch([window(0, 0)])
    assert client.post(URL, content=first, headers=node.headers(first)).status_code == 200
    node.batch([window(0, 1)])
    early = node.batch([window(0, 2)])
    ahead = client.post(URL, content=early, headers=node.headers(early))
    assert (ahead.status_code, ahead.json()["code"], ahead.json()["expected"]) == (409, "ahead", 2)
    node.number, node.head = 0, ""
    second = node.batch([window(0, 3)])
    fork = client.post(URL, content=second, headers=node.headers(second))
    assert (fork.status_code, fork.json()["code"]) == (409, "fork")
    assert owner.execute("SELECT bytes FROM forks").fetchone() == (second,)
