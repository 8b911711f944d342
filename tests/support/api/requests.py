"""Requests of the API's tests: an answer, or a problem."""

from typing import Any

from ledger.people.codes import Role
from tests.support.api.town import Town
from tests.support.vouchers import USCC

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

EVERY_SECTION = f"""
organisations: [{{uscc: 91640100MADEM0001Y, name: 银川示例}}]
catalogue: [{{model: H100-80G, names: [{{nvml: H100}}, {{nvml: H100, mig_profile: 1g.10gb}}]}}]
clusters:
- {{name: c-mine, centre: centre of c-mine, witnesses: [{{required: 1, from: 2099-01-01}}]}}
contracts:
- {{number: HT-1, centre: centre of c-mine, project: p-mine, from: 2026-01-01, until: 2026-12-31,
   total: "1000.50", prices: [
    {{unit: gpu-hour, yuan: "30.50", model: H100-80G, mig_profile: 1g.10gb, tax_included: false,
      tax_rate: "0.06"}},
    {{kind: package, name: 包, quantity: "500", expires: 2026-06-30, unit: gpu-hour, yuan: "4",
      tax_included: true, tax_rate: "0.06"}}]}}
- {{number: HT-2, centre: centre of c-theirs, project: p-theirs, from: 2026-01-01}}
relations:
- {{kind: seller, organisation: 91640100MADEM0001Y, centre: centre of c-mine, from: 2026-01-01}}
- {{kind: related, organisation: 91640100MADEM0001Y, other: {USCC}, from: 2026-01-01}}
names: [{{organisation: 91640100MADEM0001Y, name: 新名, from: 2099-01-01}}]
controllers:
- {{organisation: {USCC}, role: legal, person: 张三, id_tail: 12345X, from: 2026-01-01}}
price_bands: [{{model: H100-80G, low: "3", high: "12.00", from: 2026-01-01, until: 2026-01-31}}]
other_support: [{{project: p-mine, programme: 区补, month: 2026-03, yuan: "7.25"}}]
assignments: [{{contract: NX-1, programme: 区补}}]
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
