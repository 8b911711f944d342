"""What a bureau and a centre do about a month with too large an invoice, in words and by command.

The town metered 100 GPU-minutes at one yuan; the centre's invoice says 130 yuan.
"""

from pathlib import Path

from tests.support.api.bureau import Bureau
from tests.support.api.html import attribute, one, parse
from tests.support.documents import digital
from tests.support.papers.proofs import receipt_pdf

MONTH = ("k1", "2026-03")
PAGE = "/reconcile/1/2026-03"


def test_a_question_is_the_centre_s_to_answer_once(bureau: Bureau) -> None:
    words = "Invoiced more than was metered?"
    assert "answered by 2026-04-24" in bureau.says(
        "clerk", "reconcile", "ask", *MONTH, "R07", words
    )
    assert f"1 R07 {words}" in bureau.says("clerk", "reconcile", "show", *MONTH)
    answer = ("reconcile", "answer", "1")
    assert "no such question" in bureau.refused("other", *answer, "It was not us")
    assert "at least 1 char" in bureau.refused("centre", *answer, " ")
    bureau.says("centre", *answer, "One machine was not metered")
    assert "answered" in bureau.refused("centre", *answer, "Two machines")
    assert ": One machine was not metered" in bureau.says("clerk", "reconcile", "show", *MONTH)


def test_a_question_is_asked_and_answered_on_a_page(bureau: Bureau) -> None:
    clerk, centre = bureau.browser("clerk"), bureau.browser("centre")
    page = clerk.post(f"{PAGE}/messages", data={"code": "R07", "body": "为什么多？"}).text
    assert "为什么多？" in page
    assert "为什么多？" in centre.get("/centre").text
    page = centre.post("/centre/messages/1", data={"body": "有一台没有计量"}).text
    assert "有一台没有计量" in page
    assert "有一台没有计量" in clerk.get(PAGE).text
    empty = clerk.post(f"{PAGE}/messages", data={"code": "R07", "body": " "})
    assert empty.status_code == 422


def test_more_was_used_and_then_the_whole_invoice_counts(bureau: Bureau) -> None:
    line = ("--part", "compute", "--reason", "seen on site")
    extra = ("reconcile", "extra", *MONTH)
    refusal = bureau.refused("clerk", *extra, "--part", "package", "--fen", "1", "--reason", "x")
    assert "package" in refusal
    assert bureau.run("clerk", *extra, *line, "--fen", "-1").returncode == 1
    assert "at least 1 char" in bureau.refused(
        "clerk", *extra, *line[:2], "--fen", "1", "--reason", " "
    )
    month = bureau.says("clerk", "reconcile", "show", *MONTH)
    assert "R07" in month  # more was invoiced than metered
    assert "k1" in bureau.says("clerk", "reconcile", "propose-all", MONTH[1])  # left for a person
    bureau.confirm(bureau.says("clerk", "reconcile", "extra", *MONTH, *line, "--fen", "3000"))
    bureau.confirm(bureau.says("clerk", "reconcile", "propose-all", MONTH[1]))
    assert "¥130.00" in bureau.says("clerk", "reconcile", "ls", "--state", "decided")
    assert "no month" in bureau.says("clerk", "reconcile", "propose-all", MONTH[1]).lower()


def test_a_month_is_proposed_with_a_choice_for_each_difference(bureau: Bureau) -> None:
    propose = ("reconcile", "propose", *MONTH)
    assert bureau.run("clerk", *propose, "--choice", "R07 is fine").returncode == 2
    wrong = bureau.refused("clerk", *propose, "--choice", "R07=note:let it count")
    assert "must be one of: exclude" in wrong
    bureau.confirm(bureau.says("clerk", *propose, "--choice", "R07=exclude:only what was metered"))
    assert "¥100.00" in bureau.says("clerk", "reconcile", "ls", "--state", "decided")
    assert "k9" in bureau.refused("clerk", "reconcile", "show", "k9", MONTH[1])


def test_an_invoice_says_where_its_money_went_and_who_paid_it(bureau: Bureau, folder: Path) -> None:
    number = digital(1)
    invoice = bureau.says("clerk", "invoice", "show", number)
    assert "k1" in invoice
    proof = folder / "bank.pdf"
    proof.write_bytes(receipt_pdf("B-1", 13_780))
    paid = ("--reference=B-1", "--payer=somebody else", "--payee=测试单位", "--on=2026-04-03")
    receipt = ("invoice", "receipt", number, str(proof), *paid)
    assert "¥137.80" in bureau.says("clerk", *receipt, "--yuan=137.80")
    assert "B-1" in bureau.refused("clerk", *receipt, "--yuan=1.00")  # it stands for another sum
    assert "R05" in bureau.says("clerk", "reconcile", "show", *MONTH)


def test_an_invoice_is_frozen_and_thawed_on_its_page(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    page = clerk.post("/documents/1/freeze", data={"confirmation": digital(9)})
    assert page.is_success
    assert digital(9) in page.text
    assert "frozen" in bureau.says("clerk", "invoice", "show", digital(1))
    assert clerk.post("/documents/1/freeze", data={"confirmation": ""}).is_success
    assert "frozen" not in bureau.says("clerk", "invoice", "show", digital(1))


def test_a_part_of_an_invoice_is_taken_out_of_a_month(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    share = attribute(one(parse(clerk.get(PAGE).text), "select[name=share] option"), "value")
    page = clerk.post(f"{PAGE}/move", data={"share": share, "target": "", "yuan": "30.00"})
    assert page.is_success, page.text
    assert "R07" not in bureau.says("clerk", "reconcile", "show", *MONTH)
    wrong = clerk.post(f"{PAGE}/move", data={"share": share, "target": "", "yuan": "thirty"})
    assert wrong.status_code == 422
