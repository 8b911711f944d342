"""Cost documents at the door: by file, by hand, by list; found again by those they are of."""

import io
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from ledger.errors import Refused
from ledger.people.codes import Role
from tests.support.api.hall import (
    APPROVER,
    BUILDER,
    CLERK,
    KEYED,
    OPERATOR,
    PICTURE,
    Hall,
    csv_of,
    xml,
)
from tests.support.api.town import NOW, Town
from tests.support.documents import digital
from tests.support.invoices import BUYER, SELLER, einvoice_xml, ofd
from tests.support.papers.proofs import receipt_pdf
from tests.support.vouchers import USCC


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

    def numbers(query: str) -> list[str]:
        return [d["number"] for d in hall.get(query)]

    assert numbers("?month=2026-09") == numbers("?month=2026-10") == [digital(1)]
    assert numbers("?month=2026-11") == numbers(f"?seller={SELLER}") == [digital(2)]
    assert numbers(f"?buyer={BUYER}") == numbers("?buyer=塞上智能科技有限公司") == [digital(2)]
    assert numbers(f"?number={digital(1)}") == [digital(1)]
    assert numbers("?limit=1&offset=1") == [digital(1)]
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
    refusal = hall.send(CLERK, "POST", f"{hall.stands(xml(2))}/period", json=days)
    assert (refusal.status_code, refusal.json()["code"]) == (422, "period_known")
