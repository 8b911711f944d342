"""Requests of the API's tests: an answer, or a problem."""

from typing import Any

from ledger.people.codes import Role
from tests.support.api.town import Town

REGISTRY = """
catalogue:
- model: H100-80G
  names: [{nvml: H100}]
contracts:
- number: HT-1
  centre: centre of c-mine
  project: p-mine
  from: 2026-01-01
  until: 2026-12-31
  prices:
  - {unit: gpu-hour, yuan: "30", tax_included: false, tax_rate: "0.06"}
"""


def ask(town: Town, role: Role, method: str, path: str, **options: Any) -> Any:
    answer = town.client.request(method, f"/api/v1/{path}", headers=town.headers(role), **options)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def problem(town: Town, method: str, path: str, language: str = "zh-CN", **options: Any) -> Any:
    headers = town.headers(Role.CLERK, language)
    answer = town.client.request(method, f"/api/v1/{path}", headers=headers, **options)
    assert answer.status_code == 422, answer.text
    return answer.json()
