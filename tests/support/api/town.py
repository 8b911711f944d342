"""The town of the API's tests: its clock, its policy, and who comes in with what."""

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient

from agents import wire
from ledger.people.codes import Role
from tests.support.simulation import START, Node

NOW = START + timedelta(days=3)


POLICY = "yinchuan-2024-drill"


FACTS = {
    "subject_kind": "enterprise",
    "legal_person": True,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
    "compute_cost_fen": 0,
    "paid_before_fen": 0,
}


@dataclass
class Town:
    """Who is there, and what they come in with."""

    app: FastAPI
    client: TestClient
    nodes: dict[str, Node]
    tokens: dict[Role, str] = field(default_factory=dict, repr=False)
    second: str = field(default="", repr=False)  # another security administrator's token

    def headers(self, role: Role | None, language: str = "zh-CN") -> dict[str, str]:
        """What a visitor of this role sends; None is nobody in particular."""
        words = {"Accept-Language": language}
        return words if role is None else words | {"Authorization": f"Bearer {self.tokens[role]}"}

    def confirm(self, token: object) -> None:
        """The second security administrator confirms a token that waits for her."""
        path = f"/api/v1/tokens/{token}/confirmation"
        headers = {"Authorization": f"Bearer {self.second}"}
        assert self.client.post(path, headers=headers).status_code == 204

    def report(self, node: Node, *windows: wire.Window) -> None:
        """The node sends a batch."""
        body = node.batch(windows)
        answer = self.client.post("/api/v1/batches", content=body, headers=node.headers(body))
        assert answer.status_code == 200, answer.text
