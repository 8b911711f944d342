"""A batch that goes to its endpoint directly is answered as the framework's route answers it."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from agents import wire
from api.app import create_app
from api.metering import batch_routes
from api.settings import Settings
from tests.support.simulation import Node, enrolled, place, window

URL = "/api/v1/batches"
BY_ROUTE = f"{URL}?lang=zh"  # a parameter is unusual: the framework's way


@pytest.fixture
def app(engine: sa.Engine) -> FastAPI:
    return create_app(engine, Settings(late_days=36_500))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def node(owner: psycopg.Connection) -> Node:
    return enrolled(owner, place(owner))


def content_of(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer but the number of its request."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, headers


def test_both_ways_give_the_same_answer(client: TestClient, app: FastAPI, node: Node) -> None:
    good = node.batch([window(0, 0), window(9, 0)])
    ahead = node.batch([window(0, 1)]) and node.batch([window(0, 2)])
    statuses = []
    for body, text in ((good, good), (ahead, ahead), (good, ahead), (b"{}", b"{}")):
        direct, by_route = (
            client.post(url, content=body, headers=node.headers(text)) for url in (URL, BY_ROUTE)
        )
        assert content_of(direct) == content_of(by_route)
        statuses.append(str(direct.status_code))
    assert statuses == ["200", "409", "401", "400"]
    for status in statuses:
        labels = {"method": "POST", "route": URL, "status": status}
        assert app.state.metrics.get_sample_value("suanquan_requests_total", labels) == 2


def test_a_usual_batch_needs_no_framework(
    client: TestClient, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = node.batch([window(0, 0)])
    route = batch_routes.DIRECT.route
    monkeypatch.setattr(route, "app", None)  # what FastAPI would call
    monkeypatch.setattr(type(route), "matches", None)
    assert client.post(URL, content=body, headers=node.headers(body)).status_code == 200


@pytest.mark.parametrize(
    ("change", "query", "answer"),
    [
        ({wire.SIGNATURE_HEADER: None}, "", (422, "invalid")),
        ({wire.AGENT_HEADER: None}, "", (422, "invalid")),
        ({wire.AGENT_HEADER: "n1"}, "", (422, "invalid")),
        ({}, "?agent=n1", (422, "unknown_parameter")),
        ({"X-Drill-Clock": "x 2026-01-01T00:00:00Z"}, "", (403, "no_drill")),
    ],
    ids=["unsigned", "nobody", "no number", "parameter", "drill"],
)
def test_the_route_says_what_is_wrong_with_a_head(
    client: TestClient,
    node: Node,
    change: dict[str, str | None],
    query: str,
    answer: tuple[int, str],
) -> None:
    body = node.batch([window(0, 0)])
    headers = {name: value for name, value in (node.headers(body) | change).items() if value}
    response = client.post(URL + query, content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == answer


def test_another_spelling_of_an_agent_is_the_same_agent(client: TestClient, node: Node) -> None:
    body = node.batch([window(0, 0)])
    headers = node.headers(body) | {wire.AGENT_HEADER: str(node.reporter.agent).upper()}
    assert client.post(URL, content=body, headers=headers).json()["kept"] == 1
