"""Cost documents at the door of a town: the files that are given, and who gives them."""

import csv
import io
import json
from typing import Any

import sqlalchemy as sa
from httpx2 import Response
from sqlmodel import Session

from ledger.desk.steps import confirm
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import viewer
from ledger.people.tables import Decision
from tests.support.api.town import NOW, Town
from tests.support.documents import digital
from tests.support.invoices import einvoice_xml
from tests.support.papers.proofs import png
from tests.support.vouchers import USCC

HERE = (USCC, "测试单位")
CLERK, OPERATOR, BUILDER = Role.CLERK, Role.OPERATOR, Role.BUILDER
APPROVER = Role.APPROVER
COLUMNS = (
    *("单据种类", "单据号码", "开票日期", "销售方代码", "销售方名称", "购买方代码", "购买方名称"),
    *("价税合计", "项目名称", "金额", "税率", "税额", "备注"),
)
KEYED = {
    "kind": "internal_settlement", "number": "2026-7", "issued_on": "2026-10-31",
    "seller_uscc": USCC, "seller_name": "测试单位", "buyer_uscc": USCC, "buyer_name": "测试单位",
    "gross": "1234.50", "lines": [{"item": "校内算力", "net": "1234.50"}],
}  # fmt: skip


def xml(serial: int, **refusal: Any) -> bytes:
    """An invoice between the parties of the town."""
    return einvoice_xml(**{"number": digital(serial), "seller": HERE, "buyer": HERE, **refusal})


def csv_of(*serials: int, seller: str = USCC) -> bytes:
    """A list of invoices of 1,060 yuan."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    rows.writerow(COLUMNS)
    for serial in serials:
        parties = (seller, "卖方", USCC, "测试单位")
        money = ("1060.00", "*信息技术服务*算力", "1000.00", "6%", "60.00")
        rows.writerow(("数电票", digital(serial), "2026-10-31", *parties, *money, "10月"))
    return buffer.getvalue().encode()


PICTURE = png()


class Hall:
    """The town's server, answers by role."""

    def __init__(self, town: Town, engine: sa.Engine) -> None:
        self.town, self.engine = town, engine

    def send(self, role: Role, method: str, path: str = "", **options: Any) -> Response:
        url = f"/api/v1/cost-documents{path}"
        answer: Response = self.town.client.request(
            method, url, headers=self.town.headers(role) | options.pop("headers", {}), **options
        )
        return answer

    def give(self, content: bytes, role: Role = CLERK, path: str = "", **more: Any) -> Any:
        answer = self.send(role, "POST", path, content=content, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def key(self, document: Any, role: Role = CLERK, **more: Any) -> Response:
        body = document if isinstance(document, str) else json.dumps(document)
        form = {"document": (None, body), "file": ("扫描.pdf", b"%PDF-1.7")}
        return self.send(role, "POST", "/keyed", files=form, **more)

    def faults(self, content: bytes, path: str = "", **more: Any) -> list[tuple[str, str]]:
        """What is wrong, told as one problem, with nothing kept."""
        before = self.get()
        answer = self.send(CLERK, "POST", path, content=content, **more)
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "cost_documents"
        assert self.get() == before
        return [(f["where"], f["code"]) for f in answer.json()["findings"]]

    def get(self, path: str = "", role: Role = CLERK) -> Any:
        answer = self.send(role, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stands(self, content: bytes, **more: Any) -> str:
        """Give a file, and let another person confirm it; its path."""
        answer = self.give(content, **more)
        self.confirm(answer["decision"])
        return f"/{answer['documents'][0]['id']}"

    def confirm(self, decision: int) -> None:
        with Session(self.engine) as db, db.begin():
            second = viewer(db, self.town.tokens[Role.APPROVER], NOW)
            assert second
            digest = db.get_one(Decision, decision).digest
            confirm.respond(
                db, decision, answer=Answer.CONFIRMED, digest_seen=digest, viewer=second, now=NOW
            )
