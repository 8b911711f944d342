"""What a visitor asks at a route: of one's own things (`mine`) or of another's (`theirs`)."""

from collections.abc import Callable
from typing import Any

from ledger.people.codes import Role
from tests.support.api.town import FACTS, POLICY, Town
from tests.support.claims import draft
from tests.support.documents import digital
from tests.support.invoices import BUYER, SELLER, einvoice_xml
from tests.support.papers.proofs import receipt_pdf
from tests.support.simulation import gpu_id
from tests.support.vouchers import USCC

Ask = dict[str, Any]


def at(path: str, **ask: object) -> Callable[[Town, str], Ask]:
    """`{whose}` in the path is `mine` or `theirs`."""
    return lambda _, whose: {"url": path.format(whose=whose), **ask}


def code_for(_: Town, whose: str) -> Ask:
    wish = {"cluster": f"c-{whose}", "source": "nvml"}
    return {"url": "/api/v1/enrolment-codes", "json": wish}


def agent_of(town: Town, whose: str) -> Ask:
    return {"url": f"/api/v1/agents/{town.nodes[whose].reporter.agent}"}


A_CAPACITY = {"cluster": "c-mine", "gpus": 64, "since": "2026-01-01", "evidence": "采购合同"}
A_CORRECTION = {
    "cluster": "c-mine", "month": "2026-03", "accept": True, "reason": "sacct",
}  # fmt: skip
A_SIGHT = {"sights": [{"gpu": "GPU-none", "cluster": "c-mine", "node": "n-mine"}]}
LATE = {"cluster": "c-mine", "code": "late", "reason": "断网"}


def approval_of(town: Town, whose: str) -> Ask:
    return {"url": f"{agent_of(town, whose)['url']}/approval"}


def page_of_an_approval(town: Town, whose: str) -> Ask:
    return {"url": approval_of(town, whose)["url"].removeprefix("/api/v1")}


def page_of_a_code(_: Town, whose: str) -> Ask:
    return {"url": "/agents/codes", "data": {"cluster": f"c-{whose}", "source": "nvml"}}


def page_of_an_end(town: Town, whose: str) -> Ask:
    return {"url": f"{agent_of(town, whose)['url']}/end".removeprefix("/api/v1")}


def a_token(_: Town, whose: str) -> Ask:
    wish = {"role": "builder", "person": "某人", "project": f"p-{whose}"}
    return {"url": "/api/v1/tokens", "json": wish}


def spare_token(town: Town, whose: str) -> Ask:
    """One that the test itself does not come in with."""
    answer = town.client.post(**a_token(town, whose), headers=town.headers(Role.SECURITY_ADMIN))
    return {"url": f"/api/v1/tokens/{answer.json()['id']}"}


def a_voucher(_: Town, whose: str) -> Ask:
    wish = {"clause": "09-1", "policy": POLICY, "facts": FACTS}
    return {"url": f"/api/v1/projects/p-{whose}/voucher", "json": wish}


def a_registered_gpu(base: str) -> Callable[[Town, str], Ask]:
    """The entry of a GPU of one's own centre, or of another's."""
    return lambda _, whose: {"url": f"{base}/registry/gpus/{gpu_id(0 if whose == 'mine' else 1)}"}


def an_hour(base: str) -> Callable[[Town, str], Ask]:
    """An hour of a GPU of one's own centre, or of another's."""
    return lambda _, whose: {
        "url": f"{base}/c-{whose}/{gpu_id(0 if whose == 'mine' else 1)}?hour={DAY}T00:00Z"
    }


def a_reservation(town: Town, whose: str) -> Ask:
    """One that stands."""
    wish = {"fen": 1, "plan": "训练", "until": "2026-12-31"}
    path = f"/api/v1/projects/p-{whose}/reservations"
    answer = town.client.post(path, json=wish, headers=town.headers(Role.CLERK))
    return {"url": f"{path}/{answer.json()['id']}"}


def a_statement(town: Town, whose: str) -> str:
    """The number of February's, of a contract between this centre and this project."""
    fee = "kind: fixed, unit: month, yuan: 1, tax_included: false, tax_rate: 0"
    line = f"prices: [{{{fee}}}]"
    parties = f"centre: centre of c-{whose}, project: p-{whose}, from: 2026-02-01"
    file = f"contracts: [{{number: k-{whose}, {parties}, {line}}}]"
    clerk = town.headers(Role.CLERK)
    town.client.post("/api/v1/registry", content=file.encode(), headers=clerk)
    wish = {"month": "2026-02", "contract": f"k-{whose}"}
    answer = town.client.post("/api/v1/statements", json=wish, headers=clerk)
    return str(answer.json()[0]["number"])


def of_a_statement(path: str = "", **ask: object) -> Callable[[Town, str], Ask]:
    return lambda town, whose: {
        "url": f"/api/v1/statements/{a_statement(town, whose)}{path}", **ask
    }  # fmt: skip


def an_invoice(town: Town, whose: str) -> int:
    """One between the parties of the town, or between others."""
    parties = ((USCC, "测试单位"),) * 2 if whose == "mine" else ((SELLER, "别家"), (BUYER, "他家"))
    content = einvoice_xml(
        number=digital(1 if whose == "mine" else 2), seller=parties[0], buyer=parties[1]
    )
    clerk = town.headers(Role.CLERK)
    answer = town.client.post("/api/v1/cost-documents", content=content, headers=clerk)
    return int(answer.json()["documents"][0]["id"])


def of_an_invoice(path: str = "", **ask: object) -> Callable[[Town, str], Ask]:
    return lambda town, whose: {
        "url": f"/api/v1/cost-documents/{an_invoice(town, whose)}{path}", **ask
    }  # fmt: skip


def page_of_an_invoice(town: Town, whose: str) -> Ask:
    return {"url": f"/documents/{an_invoice(town, whose)}"}


def of_a_claim(path: str = "", **ask: object) -> Callable[[Town, str], Ask]:
    return lambda town, whose: {
        "url": f"/api/v1/claims/{draft(town.app.state.engine, f'p-{whose}')}{path}", **ask
    }  # fmt: skip


def a_claim(_: Town, whose: str) -> Ask:
    return {"url": "/api/v1/claims", "json": {"project": f"p-{whose}", "fen": 1}}


def a_receipt(town: Town, whose: str) -> Ask:
    key = an_invoice(town, whose)
    form = f"reference=r{key}&payer=a&payee=b&fen=1&paid_on=2026-03-01"
    return {
        "url": f"/api/v1/cost-documents/{key}/receipts?{form}",
        "content": receipt_pdf(f"r{key}", 1),
    }


def at_a_receipt(path: str) -> Callable[[Town, str], Ask]:
    """What is asked of a receipt that was just entered."""

    def ask(town: Town, whose: str) -> Ask:
        receipt = a_receipt(town, whose)
        town.client.post(**receipt, headers=town.headers(Role.CLERK))
        base = str(receipt["url"]).partition("?")[0]
        return {"url": f"{base}{path}?reference=r{base.split('/')[-2]}"}

    return ask


DAY = "2026-03-01"


A_REASON = {"reason": "x"}
A_MONTH = "/reconcile/999999/2026-03"


AN_EXTRA = {
    "part": "compute", "share": "1:1:compute", "target": "k/2026-03/compute", "yuan": "1",
    "reason": "a",
}  # fmt: skip


AN_ACCOUNT_FORM = {"holder": "a", "bank": "b", "bank_code": "1", "number": "2"}


AN_ANSWER = {"answer": "confirmed", "seen": "0" * 64}


A_CELL = {"contract": "none", "month": "2026-03", "part": "compute"}


A_MOVE = {"document": 1, "line": 1, "from_cell": A_CELL, "to_cell": A_CELL, "fen": 1}


WRONG_CODE = {"code": "no-such-code", "public_key": "0" * 64, "node": "n"}
WRONG_REQUEST = {"code_id": "0" * 64, "public_key": "0" * 64, "node": "n", "seal": "0" * 64}


AN_INDICATOR = {
    "number": "Z1", "year": 2026, "project_name": "算力券", "fund_kind": "一般公共预算",
    "classification": "2150805", "fen": 1,
}  # fmt: skip


A_RULING = {"ruling": "accept", "reason": "银行书面答复"}
A_REFUND = {
    "reference": "r", "project": "p-mine", "indicator": "none", "year": 2026, "fen": 1,
    "on_day": "2026-03-01",
}  # fmt: skip


A_RECOVERY = {"project": "p-mine", "pay_by": "2026-12-31", "reason": "红冲"}


A_YEAR_END = {"indicator": "a", "year": 2026, "new_indicator": "b", "new_year": 2027}


AN_ACCOUNT = {
    "organisation": USCC, "holder": "测试单位", "bank": "银行", "bank_code": "3" * 12,
    "number": "6" * 12,
}  # fmt: skip


AN_OBJECTION = {"claim": "DF-2026-9999", "objector": "某人", "contact": "1", "body": "不实"}
