"""What the API promises, word for word: a change of it is a change of a file under review."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient

from api.metering import batch_routes
from api.metering.agents import routes as agent_routes
from ledger.people.codes import Role
from tests.support.api.town import Town

SNAPSHOT = Path(__file__).with_name("openapi.json")


def test_the_description_of_the_api_is_the_one_under_review(
    town: Town, client: TestClient, request: pytest.FixtureRequest
) -> None:
    answer = client.get("/openapi.json", headers=town.headers(Role.CLERK)).json()
    del answer["info"]["version"]
    text = json.dumps(answer, ensure_ascii=False, indent=1) + "\n"
    if request.config.getoption("--renew-openapi"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text(), (
        "if it was meant: pytest --renew-openapi --engine=embedded tests/api/test_openapi.py"
    )


def test_no_description_stands_for_two_things(app: FastAPI) -> None:
    own = get_openapi(title="", version="", routes=app.routes)["components"]["schemas"]
    wire = batch_routes.SCHEMAS.keys() | agent_routes.SCHEMAS.keys()
    assert "WirePart" in wire
    assert own.keys() & wire == set()
