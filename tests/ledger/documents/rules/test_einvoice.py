from collections.abc import Mapping
from datetime import date

import pytest

from ledger.documents.codes import DocumentKind, DocumentSource
from ledger.documents.rules.cost_document import Document, Line, Party
from ledger.documents.rules.einvoice import read_einvoice
from ledger.formats.xml_tree import DEPTH_MAX, ELEMENTS_MAX
from tests.support.invoices import (
    BLUE,
    BUYER,
    COMPUTE,
    NUMBER,
    SELLER,
    einvoice_xml,
    red_xml,
    sample,
)

SOUND = einvoice_xml()


def read(content: bytes) -> Document:
    document, findings = read_einvoice(content, DocumentSource.XML)
    assert findings == []
    assert document
    return document


def faults_of(content: bytes) -> list[tuple[str, str]]:
    return [(f.where, f.code) for f in read_einvoice(content, DocumentSource.XML)[1]]


def test_every_field_of_a_digital_invoice() -> None:
    assert read(SOUND) == Document(
        kind=DocumentKind.DIGITAL_INVOICE,
        code="",
        number=NUMBER,
        issued_on=date(2026, 10, 31),  # RequestTime, not IssueTime
        seller=Party(SELLER, "贺兰山智算中心（宁夏）有限公司"),
        buyer=Party(BUYER, "塞上智能科技有限公司"),
        lines=(
            Line("*信息技术服务*算力服务费", "项", "1", "4197.16981132075", 419717, "6%", 25183),
        ),
        net_fen=419717,
        tax_fen=25183,
        gross_fen=444900,
        words="肆仟肆佰肆拾玖圆整",
        reverses=None,
        confirmation=None,
        remark="服务期间：2026-10-01至2026-10-31 对账单号：DZ-2026-10-0001",
        since=date(2026, 10, 1),
        until=date(2026, 10, 31),
        statement="DZ-2026-10-0001",
        source=DocumentSource.XML,
    )


def test_a_discount_is_a_line_of_its_own() -> None:
    discount = (COMPUTE[0], -19717, "6%", -1183)
    document = read(einvoice_xml([COMPUTE, discount]))
    assert [(line.net_fen, line.quantity, line.tax_rate) for line in document.lines] == [
        (419717, "1", "6%"),
        (-19717, "", "6%"),
    ]
    assert document.gross_fen == 424000


@pytest.mark.parametrize(
    ("rate_text", "rate"),
    [
        *(("0.06", "6%"), ("0.130000", "13%"), ("6.00%", "6%"), ("0.015", "1.5%"), ("0", "0%")),
        *(("免税", "免税"), ("***", "***"), ("", "")),
    ],
)
def test_tax_rates_are_one_way_of_writing(rate_text: str, rate: str) -> None:
    assert read(einvoice_xml([("项", 10000, rate_text, 600)])).lines[0].tax_rate == rate


def test_a_line_without_tax_may_say_so() -> None:
    content = einvoice_xml([("项", 10000, "免税", 0)])
    stars = content.replace(b"<ComTaxAm>0.00<", b"<ComTaxAm>***<")
    assert stars != content
    assert read(stars).lines[0].tax_fen == 0


def test_a_red_one_names_the_blue_one_in_its_fields() -> None:
    document = read(red_xml())
    assert document.gross_fen == -53000
    assert document.words == "（负数）伍佰叁拾圆整"
    assert (document.reverses, document.confirmation) == (BLUE, "64010126101000000001")


@pytest.mark.parametrize("label", ["数电票", "数电发票"])
def test_or_in_its_remark_alone(label: str) -> None:
    remark = f"被红冲蓝字{label}号码：{BLUE} 红字发票信息确认单编号：64010126101000000001"
    document = read(einvoice_xml([("项", -100, "0.06", -6)], remark=remark))
    assert (document.reverses, document.confirmation) == (BLUE, "64010126101000000001")


def test_a_blue_one_that_talks_of_another_is_blue() -> None:
    assert read(einvoice_xml(remark=f"被红冲蓝字数电票号码：{BLUE}")).reverses is None


@pytest.mark.parametrize(
    ("totals", "faults"),
    [
        (
            {"TotalAmWithoutTax": "4197.16"},
            [
                ("TotalAmWithoutTax", "net_not_sum"),
                ("TotalTax-includedAmount", "gross_not_sum"),
            ],
        ),
        ({"TotalTax_includedAmount": ""}, [("TotalTax-includedAmount", "missing")]),
        ({"TotalTaxAm": "251.835"}, [("TotalTaxAm", "bad_amount")]),
        (
            {"TotalTax_includedAmountInChinese": "肆仟圆整"},
            [("TotalTax-includedAmountInChinese", "words_differ")],
        ),
        ({"RequestTime": "2026-02-30"}, [("RequestTime", "bad_day")]),
        ({"RequestTime": "2025-10-31"}, [("EIid", "number_year")]),
    ],
)
def test_a_fault_names_the_element(
    totals: Mapping[str, str], faults: list[tuple[str, str]]
) -> None:
    assert faults_of(einvoice_xml(**totals)) == faults  # type: ignore[arg-type]


def test_a_line_s_fault_names_the_line() -> None:
    content = einvoice_xml([COMPUTE, COMPUTE])
    second = content.rpartition(b"<Amount>4197.17<")
    broken = second[0] + b"<Amount>4197,1x<" + second[2]
    assert faults_of(broken) == [("IssuItemInformation[2]: Amount", "bad_amount")]


def test_every_fault_is_told_at_once() -> None:
    codes = faults_of(einvoice_xml(number="26", seller=("91", ""), TotalTaxAm="一"))
    assert codes == [("SellerName", "missing"), ("TotalTaxAm", "bad_amount")]
    assert faults_of(einvoice_xml(number="26", seller=("91", "甲"), TotalTaxAm="1")) == [
        ("EIid", "digital_number"),
        ("SellerIdNum", "uscc_length"),
        ("TotalTaxAm", "tax_not_sum"),
        ("TotalTax-includedAmount", "gross_not_sum"),
    ]


def test_the_mark_of_blue_and_red_must_fit() -> None:
    content = SOUND.replace(b"<LabelCode>Y<", b"<LabelCode>N<")
    assert faults_of(content) == [("Header/InherentLabel/InIssuType", "mark_differs")]


def test_the_number_stands_there_twice_and_is_one() -> None:
    content = SOUND.replace(b"<InvoiceNumber>26", b"<InvoiceNumber>25")
    assert faults_of(content) == [("TaxSupervisionInfo/InvoiceNumber", "two_numbers")]


def test_a_copy_inside_a_signature_is_not_looked_at() -> None:
    forged = einvoice_xml(number=BLUE).partition(b"<EInvoice>")[2].removesuffix(b"</EInvoice>")
    text = f"<Signature><Object>{forged.decode()}</Object></Signature>"
    assert read(einvoice_xml(more=text)).number == NUMBER
    inside = b"<Signature><Object>" + SOUND.partition(b"?>")[2] + b"</Object></Signature>"
    assert faults_of(inside) == [("file", "unknown_xml")]


def test_two_tellings_are_refused() -> None:
    again = SOUND.partition(b"<EInvoiceData>")[2].partition(b"</EInvoiceData>")[0].decode()
    document, findings = read_einvoice(
        einvoice_xml(more=f"<EInvoiceData>{again}</EInvoiceData>"), DocumentSource.XML
    )
    assert document is None
    assert {(f.where, f.code) for f in findings} == {("EInvoiceData", "repeated_element")}


def test_a_namespace_changes_nothing() -> None:
    spaced = SOUND.replace(b"<EInvoice>", b"<EInvoice xmlns='urn:of:anyone'>", 1)
    assert read(spaced) == read(SOUND)


def test_chinese_encodings() -> None:
    text = SOUND.decode().replace("UTF-8", "GB18030")
    assert read(text.encode("gb18030")) == read(SOUND)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<!DOCTYPE a [<!ENTITY x 'x'>]><EInvoice>&x;</EInvoice>", "xml_forbidden"),
        (b"<!DOCTYPE EInvoice SYSTEM 'file:///etc/passwd'><EInvoice/>", "xml_forbidden"),
        (b"<EInvoice>", "not_xml"),
        (b"<?xml version='1.0' encoding='klingon'?><EInvoice/>", "not_xml"),
        (b"<?xml version='1.0' encoding='gbk'?><EInvoice>\xff\xff</EInvoice>", "not_xml"),
        (b"<html/>", "unknown_xml"),
        (b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1), "too_deep"),
        (b"<a>" + b"<b/>" * ELEMENTS_MAX + b"</a>", "too_many_elements"),
        (b"<a>" + b" " * 5 * 1024 * 1024 + b"</a>", "file_too_large"),
    ],
)
def test_what_is_no_invoice_is_one_fault(content: bytes, code: str) -> None:
    document, findings = read_einvoice(content, DocumentSource.XML)
    assert document is None
    assert [f.code for f in findings] == [code]


def test_the_ministry_s_voucher() -> None:
    content = sample("inv_ord_issuer_2022_masked.xbrl.xml")
    document, findings = read_einvoice(content, DocumentSource.XML)
    assert document
    assert [f.code for f in findings] == ["uscc_character", "uscc_check_digit"]  # masked
    assert (document.kind, document.code) == ("electronic_invoice", "033000000000")
    assert (document.number, document.issued_on) == ("99999901", date(2022, 9, 1))
    assert (document.net_fen, document.tax_fen, document.gross_fen) == (991, 129, 1120)
    assert document.words == "壹拾壹圆贰角"
    assert document.lines == (
        Line("*金属制品*A系列一字形螺丝批3.2x75MM", "批", "1.00", "9.91150442", 991, "13%", 129),
    )
