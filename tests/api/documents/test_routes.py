"""Cost documents at the door: by file, by hand, by list; found again by those they are of."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from httpx2 import Response
from sqlmodel import Session

from ledger.desk.steps import confirm
from ledger.errors import Refused
from ledger.people.codes import Answer, Role
from ledger.people.steps.credentials import viewer
from ledger.people.tables import Decision
from tests.support.api.command_line import Desk
from tests.support.api.town import NOW, Town
from tests.support.documents import digital
from tests.support.invoices import BUYER, SELLER, einvoice_xml, ofd
from tests.support.papers.proofs import png, receipt_pdf
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


@pytest.fixture
def hall(town: Town, engine: sa.Engine) -> Hall:
    return Hall(town, engine)


def test_a_file_comes_back_as_it_was_given(hall: Hall) -> None:
    content = xml(1)
    (receipt,) = hall.give(content, params={"name": "十月.xml"})["documents"]
    assert (receipt["number"], receipt["outcome"]) == (digital(1), "taken")
    path = f"/{receipt['id']}"
    back = hall.send(BUILDER, "GET", f"{path}/original")
    assert back.content == content
    assert back.headers["content-type"] == "application/xml"
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E5%8D%81%E6%9C%88.xml"
    )
    answer = hall.get(path)
    assert (answer["state"], answer["verification"]) == ("to_confirm", "unverified")
    assert (answer["worth_fen"], answer["allocated_fen"]) == (0, 0)
    assert (answer["since"], answer["period_assumed"]) == ("2026-10-01", False)
    assert [line["net_fen"] for line in answer["lines"]] == [419_717]
    assert hall.give(content)["documents"][0]["outcome"] == "unchanged"


def test_a_form_or_the_bare_bytes_and_an_ofd_by_its_content(hall: Hall) -> None:
    answer = hall.send(OPERATOR, "POST", files={"file": ("发票.pdf", ofd(xml(1)))})
    assert answer.status_code == 201, answer.text
    reply = hall.get(f"/{answer.json()['documents'][0]['id']}")
    assert (reply["source"], reply["number"]) == ("ofd", digital(1))
    without_file = hall.send(CLERK, "POST", files={"other": ("a", b"b")})
    assert without_file.json()["code"] == "no_file"


@pytest.mark.parametrize(
    "body",
    [
        {"files": [("file", ("a.xml", b"<a/>")), ("file", ("b.xml", b"<b/>"))]},
        {"files": {"file": ("a.xml", b"<a/>")}, "data": {"document": "{}", "more": "x"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_a_form_of_more_or_less_than_one_file_is_told(hall: Hall, body: dict[str, Any]) -> None:
    answer = hall.send(CLERK, "POST", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "broken_form"), answer.text
    assert hall.get() == []


def test_every_bad_file_is_one_clear_fault_and_nothing_is_kept(hall: Hall) -> None:
    hall.give(xml(1))
    other_firm = einvoice_xml(number=digital(1))
    wrong_words = xml(2, TotalTax_includedAmountInChinese="肆仟肆佰肆拾玖圆零壹分")
    bad_code = xml(2, buyer=(USCC[:-1] + "0", "测试单位"))
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("OFD.xml", "<OFD/>")
    cases: list[tuple[bytes, tuple[str, str]]] = [
        (other_firm, ("number", "number_known")),
        (wrong_words, ("TotalTax-includedAmountInChinese", "words_differ")),
        (xml(2, TotalTax_includedAmount="4449.01", TotalTax_includedAmountInChinese=""),
         ("TotalTax-includedAmount", "gross_not_sum")),
        (bad_code, ("BuyerIdNum", "uscc_check_digit")),
        (ofd(xml(2))[:-30], ("file", "archive_broken")),
        (b"%PDF-1.7", ("unnamed", "needs_keying")),
        (xml(2, lines=[("算力", -100, "6%", -6)], reverses=digital(9)),
         ("reverses", "blue_unknown")),
    ]  # fmt: skip
    assert [hall.faults(content) for content, _ in cases] == [[fault] for _, fault in cases]


def test_the_qr_code_checks_what_was_read(hall: Hall) -> None:
    right = f"01,32,,{digital(1)},4449.00,20261031,,5F98"
    wrong = right.replace("4449.00", "4449.10")
    assert hall.faults(xml(1), params={"qr": wrong}) == [("gross", "qr_differs")]
    assert hall.faults(xml(1), params={"qr": "http://x"}) == [("qr", "not_qr")]
    assert hall.give(xml(1), params={"qr": right})["documents"]


def test_keyed_by_one_and_confirmed_by_another(hall: Hall) -> None:
    answer = hall.key(KEYED, OPERATOR)
    assert answer.status_code == 201, answer.text
    path = f"/{answer.json()['documents'][0]['id']}"
    assert hall.get(path)["state"] == "to_confirm"
    assert [d["number"] for d in hall.get("?state=to_confirm")] == ["2026-7"]
    assert hall.get("?state=unallocated") == []
    hall.confirm(answer.json()["decision"])
    assert hall.get(path)["state"] == "period_unknown"
    days = {"since": "2026-10-01", "until": "2026-10-31", "reason": "结算单背面"}
    assert hall.send(CLERK, "POST", f"{path}/period", json=days).status_code == 200
    now = hall.get(path)
    assert (now["state"], now["confirmed_by"].partition(":")[0]) == ("standing", "approver")
    assert [d["number"] for d in hall.get("?state=unallocated")] == ["2026-7"]


@pytest.mark.parametrize(
    ("body", "code"),
    [("{", "no_document"), ("[]", "no_document"), ({}, "cost_documents")],
)
def test_what_is_keyed_must_be_said_as_json(hall: Hall, body: Any, code: str) -> None:
    answer = hall.key(body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_list_is_taken_whole_and_once(hall: Hall) -> None:
    hall.give(xml(3))
    faults = [(f"{digital(3)}: number", "number_known")]
    assert hall.faults(csv_of(1, 2, 3), path="/list") == faults
    answer = hall.give(csv_of(1, 2), path="/list", params={"name": "十月.csv"})
    assert len(answer["documents"]) == 2
    assert hall.faults(csv_of(1, 2), path="/list") == [("file", "list_known")]
    hall.confirm(answer["decision"])
    listed = hall.get(f"?decision={answer['decision']}")
    assert [(d["number"], d["state"]) for d in listed] == [
        (digital(2), "standing"),
        (digital(1), "standing"),
    ]


def test_an_operator_gives_its_own_and_sees_no_list_of_others(hall: Hall) -> None:
    foreign = einvoice_xml(number=digital(5))
    answer = hall.send(OPERATOR, "POST", content=foreign)
    assert [f["code"] for f in answer.json()["findings"]] == ["not_your_document"]
    both = csv_of(1) + csv_of(2, seller=SELLER).split(b"\n", 1)[1]
    reply = hall.give(both, path="/list")
    own_id, foreign_id = (d["id"] for d in reply["documents"])
    assert [d["id"] for d in hall.get(role=OPERATOR)] == [own_id]
    assert hall.send(OPERATOR, "GET", f"/{foreign_id}").status_code == 404
    assert hall.send(OPERATOR, "GET", f"/{own_id}/original").status_code == 404
    assert hall.send(CLERK, "GET", f"/{own_id}/original").content == both


def test_documents_are_found_by_month_and_parties(hall: Hall) -> None:
    hall.give(xml(1, remark="服务期间：2026-09-20至2026-10-05"))
    hall.give(einvoice_xml(number=digital(2), remark="服务期间：2026-11"))

    def found(query: str) -> list[str]:
        return [d["number"] for d in hall.get(query)]

    assert found("?month=2026-09") == found("?month=2026-10") == [digital(1)]
    assert found("?month=2026-11") == found(f"?seller={SELLER}") == [digital(2)]
    assert found(f"?buyer={BUYER}") == found("?buyer=塞上智能科技有限公司") == [digital(2)]
    assert found(f"?number={digital(1)}") == [digital(1)]
    assert found("?limit=1&offset=1") == [digital(1)]
    wrong = hall.send(CLERK, "GET", "?month=2026-13")
    assert wrong.status_code == 422


def test_a_freeze_holds_a_document_until_it_is_lifted(hall: Hall) -> None:
    document = hall.stands(xml(1))
    path = f"{document}/freeze"
    wish = {"confirmation": "64010126101000000001"}
    assert hall.send(CLERK, "POST", path, json=wish).json()["state"] == "frozen"
    assert hall.send(CLERK, "POST", path, json=wish).status_code == 200
    refusal = hall.send(CLERK, "POST", path, json={"confirmation": "2"})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "frozen")
    assert f"/{hall.get('?state=frozen')[0]['id']}" == document
    lifted = hall.send(CLERK, "DELETE", path).json()
    assert (lifted["state"], len(lifted["freezes"])) == ("standing", 1)
    assert hall.send(CLERK, "DELETE", path).status_code == 200
    assert hall.send(CLERK, "POST", "/99/freeze", json=wish).status_code == 404


class TestVerified:
    """No document stands by the word of who brought it."""

    def look_up(self, hall: Hall, role: Role, path: str, result: str = "agrees") -> Response:
        query = {"result": result, "looked_up_on": str(NOW.date())}
        return hall.send(
            role, "POST", f"{path}/lookups", params=query, files={"file": ("查验.png", PICTURE)}
        )

    def test_a_look_up_by_the_bureau_lets_the_centres_invoice_stand(self, hall: Hall) -> None:
        (receipt,) = hall.give(xml(1), OPERATOR)["documents"]
        path = f"/{receipt['id']}"
        answer = self.look_up(hall, CLERK, path)
        assert answer.status_code == 201, answer.text
        now = answer.json()
        assert (now["state"], now["verification"]) == ("standing", "looked_up")
        assert now["confirmed_by"].startswith("clerk:")
        (lookup,) = now["lookups"]
        picture = hall.send(BUILDER, "GET", f"{path}/lookups/{lookup['id']}/original")
        assert picture.content == PICTURE
        assert hall.send(BUILDER, "GET", f"{path}/lookups/99/original").status_code == 404

    def test_who_brought_it_leaves_his_look_up_to_another(self, hall: Hall) -> None:
        answer = hall.give(xml(1), CLERK)
        path = f"/{answer['documents'][0]['id']}"
        assert self.look_up(hall, CLERK, path).json()["state"] == "to_confirm"
        hall.confirm(answer["decision"])
        assert hall.get(path)["verification"] == "looked_up"

    def test_what_the_platform_does_not_know_cannot_be_confirmed(self, hall: Hall) -> None:
        answer = hall.give(xml(1), OPERATOR)
        path = f"/{answer['documents'][0]['id']}"
        assert self.look_up(hall, CLERK, path, "unknown").json()["state"] == "to_confirm"
        with pytest.raises(Refused, match="lookup_differs"):
            hall.confirm(answer["decision"])

    def test_several_are_confirmed_at_once_or_none(self, hall: Hall) -> None:
        decisions = [hall.give(xml(n), OPERATOR)["decision"] for n in (1, 2)]
        digests = {d["decision"]: d["digest"] for d in hall.get()}
        answers = [{"decision": key, "seen": digests[key]} for key in decisions]
        wrong = [answers[0], {**answers[1], "seen": "0" * 64}]
        refused = hall.send(APPROVER, "POST", "/confirmations", json={"documents": wrong})
        assert (refused.status_code, refused.json()["code"]) == (409, "decision_changed")
        own = hall.send(OPERATOR, "POST", "/confirmations", json={"documents": answers})
        assert (own.status_code, own.json()["code"]) == (422, "not_your_decision")
        assert {d["state"] for d in hall.get()} == {"to_confirm"}
        answer = hall.send(APPROVER, "POST", "/confirmations", json={"documents": answers})
        assert [row["id"] for row in answer.json()] == decisions
        assert {d["verification"] for d in hall.get()} == {"compared"}


def test_a_receipt_without_text_waits_for_another_person(hall: Hall) -> None:
    path = hall.stands(xml(1))
    query = {
        "reference": "R-1", "payer": "甲", "payee": "乙", "fen": 444_900,
        "paid_on": str(NOW.date()),
    }  # fmt: skip

    def enter(content: bytes, **more: Any) -> Response:
        return hall.send(BUILDER, "POST", f"{path}/receipts", params=query | more, content=content)

    assert enter(receipt_pdf("R-1", 444_900)).json()["proves"]
    assert not enter(PICTURE, reference="R-2").json()["proves"]
    any_pdf = enter(b"%PDF-1.7", reference="R-3")
    assert (any_pdf.status_code, any_pdf.json()["code"]) == (422, "proof_unreadable")
    assert [d["number"] for d in hall.get("?state=receipt_unproved")] == [digital(1)]
    address = f"{path}/receipts/check?reference=R-2"
    assert hall.send(BUILDER, "POST", address).status_code == 403
    assert hall.send(CLERK, "POST", address).json()["proves"]
    assert hall.get("?state=receipt_unproved") == []
    assert [r["proves"] for r in hall.get(path)["receipts"]] == [True, True]
    back = hall.send(BUILDER, "GET", f"{path}/receipts/original?reference=R-2")
    assert back.content == PICTURE


def test_a_period_is_stated_once_it_is_known_no_more(hall: Hall) -> None:
    path = hall.stands(xml(1, remark=""))
    assert (hall.get(path)["state"], hall.get(path)["period_assumed"]) == ("period_unknown", True)
    assert [d["number"] for d in hall.get("?state=period_unknown")] == [digital(1)]
    days = {"since": "2026-09-01", "until": "2026-09-30", "reason": "中心来函"}
    assert hall.send(OPERATOR, "POST", f"{path}/period", json=days).status_code == 403
    now = hall.send(CLERK, "POST", f"{path}/period", json=days).json()
    assert (now["state"], now["since"], now["period_assumed"]) == ("standing", "2026-09-01", False)
    assert [p["reason"] for p in now["stated_periods"]] == ["中心来函"]
    known = hall.send(CLERK, "POST", f"{hall.stands(xml(2))}/period", json=days)
    assert (known.status_code, known.json()["code"]) == (422, "period_known")


@pytest.fixture
def papers(folder: Path) -> Path:
    (folder / "a.xml").write_bytes(xml(1))
    (folder / "b.xml").write_bytes(xml(1, remark=""))
    (folder / "c.pdf").write_bytes(b"%PDF-1.7")
    (folder / "l.csv").write_bytes(csv_of(8, 9))
    return folder


def test_at_the_command_line(desk: Desk, papers: Path, owner: psycopg.Connection) -> None:
    files = [str(papers / name) for name in ("a.xml", "b.xml", "c.pdf")]
    result = desk.run(CLERK, "invoice", "add", *files)
    assert result.returncode == 1
    first_line, decision_line, second_line, unreadable = result.stdout.splitlines()
    assert first_line == f"{files[0]}: taken {digital(1)}"
    row = owner.execute("SELECT id FROM decisions WHERE kind = 'document'").fetchone()
    assert row
    assert decision_line == f"another person has to confirm decision {row[0]}"
    assert second_line.startswith(
        f"{files[1]}: refused, number: Number {digital(1)} was submitted by"
    )
    assert unreadable.startswith(f"{files[2]}: refused")
    again = desk.run(CLERK, "invoice", "add", files[0], LANG="zh_CN.UTF-8")
    assert (again.returncode, again.stdout) == (0, f"{files[0]}：原已收下 {digital(1)}\n")
    options = {key.replace("_", "-"): value for key, value in KEYED.items() if key != "lines"}
    keyed = [f"--{key}={value}" for key, value in options.items()]
    answer = desk.ask(CLERK, "invoice", "key", files[2], *keyed, "--line", "校内算力|1234.50")
    assert answer["decision"]
    assert len(desk.ask(CLERK, "invoice", "list", str(papers / "l.csv"))["documents"]) == 2
    twice = desk.run(CLERK, "invoice", "list", str(papers / "l.csv"))
    assert twice.returncode == 1
    assert "imported by" in twice.stderr
    table = desk.run(CLERK, "invoice", "ls", "--state", "to_confirm").stdout.splitlines()
    numbers = [row.split()[0] for row in table[1:]]
    assert numbers == [digital(9), digital(8), "2026-7", digital(1)]
    output = desk.run(BUILDER, "invoice", "show", digital(1)).stdout
    assert "¥4,197.17" in output
    desk.ask(APPROVER, "invoice", "confirm", digital(1), "--yes")
    frozen = desk.run(CLERK, "invoice", "freeze", digital(1), "--confirmation", "7")
    assert frozen.stdout == f"{digital(1)} is frozen\n"
    assert desk.ask(CLERK, "invoice", "lift", digital(1))["state"] == "standing"
    picture = papers / "查验.png"
    picture.write_bytes(PICTURE)
    scan = papers / "回单.png"
    scan.write_bytes(png(400, 300))
    looked_up = ("--result=agrees", f"--on={NOW.date()}")
    desk.ask(CLERK, "invoice", "lookup", digital(1), str(picture), *looked_up)
    paid = ("--payer=甲", "--payee=乙", "--yuan=4449.00", f"--on={NOW.date()}")
    receipt = desk.ask(
        BUILDER, "invoice", "receipt", digital(1), str(scan), "--reference=R-1", *paid
    )
    assert not receipt["proves"]
    checked = desk.ask(CLERK, "invoice", "receipt-check", digital(1), "--reference=R-1")
    assert checked["proves"]
    days = ("--since=2026-10-01", "--until=2026-10-31", "--reason=背面")
    stated = desk.ask(CLERK, "invoice", "period", "2026-7", *days)
    assert (stated["since"], stated["period_assumed"]) == ("2026-10-01", False)
    whole = desk.run(CLERK, "invoice", "show", digital(1)).stdout
    assert "looked up" in whole
    assert "R-1" in whole
    absent = desk.run(CLERK, "invoice", "show", "1")
    assert (absent.returncode, absent.stderr) == (1, "there is no document 1\n")
