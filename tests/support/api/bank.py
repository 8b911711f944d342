"""The bank's file: its day, its year and its head; and a claim that the bank paid."""

from typing import Any

import psycopg

from ledger.people.codes import Role
from tests.support.api.requests import ask
from tests.support.api.town import NOW, Town
from tests.support.claims import Office

DAY = NOW.date().isoformat()


YEAR = NOW.year


HEAD = "流水号,清单号,序号,结果,金额,日期,原因\n"


LIST = "ZF-2026-0001"


INDICATOR = {
    "number": "Z1", "year": YEAR, "project_name": "算力券", "fund_kind": "一般公共预算",
    "classification": "2150805", "fen": 100_000,
}  # fmt: skip


def confirm(town: Town, decision: dict[str, Any]) -> None:
    """The approver confirms a decision as it is."""
    answer = {"answer": "confirmed", "seen": decision["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{decision['id']}/answer", json=answer)


def pay_claim(town: Town, office: Office, owner: psycopg.Connection, fen: int = 10_000) -> str:
    """A claim, of 100 yuan unless said, that the bank paid by `LIST`; its number."""
    number = office.open(fen, NOW)
    owner.execute("UPDATE claims SET state = 'approved' WHERE number = %s", (number,))
    confirm(town, ask(town, Role.FINANCE, "POST", "indicators", json=INDICATOR))
    wish = {"indicator": "Z1", "year": YEAR}
    confirm(town, ask(town, Role.FINANCE, "POST", "payment-lists", json=wish))
    file = f"{HEAD}T1,{LIST},1,成功,{fen // 100},{DAY},".encode()
    ask(town, Role.FINANCE, "POST", "bank-returns?name=r.csv", content=file)
    return number
