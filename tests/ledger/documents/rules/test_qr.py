from dataclasses import replace
from datetime import date

import pytest

from ledger.documents.codes import DocumentKind
from ledger.documents.rules.qr import Qr, agrees, read_qr
from tests.support.documents import invoice

DIGITAL = "01,32,,26427000000316294884,100.76,20260330,,5F98"
OLDER = "01,10,050001700111,12235358,10000.00,20200805,16630282980991510014,7257"


def read(text: str) -> Qr:
    qr, findings = read_qr(text)
    assert findings == []
    assert qr
    return qr


def test_what_the_code_of_a_digital_invoice_says() -> None:
    expected = Qr(
        DocumentKind.DIGITAL_INVOICE, "", "26427000000316294884", 10076, date(2026, 3, 30)
    )
    assert read(DIGITAL) == expected
    assert read(f" {DIGITAL}\r\n") == expected


def test_an_older_one_has_a_code() -> None:
    expected = Qr(
        DocumentKind.ELECTRONIC_INVOICE, "050001700111", "12235358", 1000000, date(2020, 8, 5)
    )
    assert read(OLDER) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("", "not_qr"), ("https://example.cn/", "not_qr"), ("01,32,,1,1.00", "not_qr")),
        ("02" + DIGITAL[2:], "not_qr"),
        (DIGITAL.replace("100.76", "1OO.76"), "not_qr"),
        (DIGITAL.replace("20260330", "20260230"), "not_qr"),
        (DIGITAL.replace(",32,", ",51,"), "qr_type"),
    ],
)
def test_what_is_no_invoice_s(text: str, code: str) -> None:
    qr, findings = read_qr(text)
    assert qr is None
    assert [f.code for f in findings] == [code]


def test_it_agrees_with_the_sum_with_tax_of_a_digital_invoice() -> None:
    document = invoice(1, 10_000)
    qr = Qr(DocumentKind.DIGITAL_INVOICE, "", document.number, 10_600, document.issued_on)
    assert agrees(qr, document) == []
    assert [f.where for f in agrees(replace(qr, fen=10_000), document)] == ["gross"]


def test_and_without_tax_of_an_older_one() -> None:
    document = invoice(1, 10_000, kind="paper_invoice", code="0640026001", number="12345678")
    qr = Qr(DocumentKind.PAPER_INVOICE, "0640026001", "12345678", 10_000, document.issued_on)
    assert agrees(qr, document) == []
    assert [f.where for f in agrees(replace(qr, fen=10_600), document)] == ["net"]


def test_every_difference_is_told() -> None:
    findings = agrees(read(OLDER), invoice(1))
    assert [f.where for f in findings] == ["kind", "code", "number", "net", "issued_on"]
    assert {f.code for f in findings} == {"qr_differs"}
    assert dict(findings[3].params) == {"qr": "10,000.00", "document": "1,000.00"}
