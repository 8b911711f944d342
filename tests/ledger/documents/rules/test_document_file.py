from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.document_fields import KIND_WORDS
from ledger.documents.rules.document_file import BYTES_MAX, read_document, read_keyed
from tests.support.invoices import BUYER, NUMBER, SELLER, archive, einvoice_xml, ofd

XML = einvoice_xml()
KEYED: dict[str, Any] = {
    "kind": "digital_invoice",
    "number": NUMBER,
    "issued_on": "2026-10-31",
    "seller_uscc": SELLER,
    "seller_name": "贺兰山智算中心（宁夏）有限公司",
    "buyer_uscc": BUYER,
    "buyer_name": "塞上智能科技有限公司",
    "gross": "4449.00",
    "words": "肆仟肆佰肆拾玖圆整",
    "remark": "服务期间：2026-10-01至2026-10-31 对账单号：DZ-2026-10-0001",
    "lines": [
        {
            "item": "*信息技术服务*算力服务费",
            "unit": "项",
            "quantity": "1",
            "unit_price": "4197.16981132075",
            "net": "4,197.17",
            "tax_rate": "6%",
            "tax": "251.83",
        }
    ],
}


def faults_of(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.where, f.code) for f in read_keyed(values)[1]]


@pytest.mark.parametrize("name", ["发票.xml", "发票.pdf", ""])
def test_the_content_decides_not_the_name(name: str) -> None:
    for content in (XML, b"\xef\xbb\xbf" + XML, b"\n " + XML, ofd(XML)):
        document, findings = read_document(content, name)
        assert findings == []
        assert document
        assert document.number == NUMBER


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.7", "needs_keying"),
        (b"\x89PNG\r\n\x1a\n", "needs_keying"),
        (b"\xff\xd8\xff\xe0", "needs_keying"),
        ("发票号码,1".encode(), "unknown_file"),
        (archive({"word/document.xml": b"<a/>"}), "ofd_member"),
        (b"<" + b" " * BYTES_MAX, "file_too_large"),
    ],
)
def test_what_is_not_read_is_one_finding(content: bytes, code: str) -> None:
    document, findings = read_document(content, "发票.xml")
    assert document is None
    assert [f.code for f in findings] == [code]


@given(st.binary(max_size=300))
def test_no_content_breaks_the_door(content: bytes) -> None:
    document, findings = read_document(content, "x")
    assert document is None
    assert len(findings) == 1


def test_what_is_keyed_is_what_would_have_been_read() -> None:
    read, _ = read_document(XML, "")
    keyed, findings = read_keyed(KEYED)
    assert findings == []
    assert read
    assert keyed == replace(read, source=DocumentSource.KEYED)


def test_an_internal_settlement() -> None:
    fields = {**KEYED, "kind": "校内结算", "number": "校财〔2026〕12号", "gross": "100"}
    fields |= {"words": "", "buyer_uscc": SELLER, "lines": [{"item": "算力", "net": "100.00"}]}
    document, findings = read_keyed(fields)
    assert findings == []
    assert document
    assert (document.kind, document.tax_fen) == ("internal_settlement", 0)
    taxed = {**fields, "lines": [{"item": "算力", "net": "94", "tax": "6"}]}
    assert faults_of(taxed) == [("tax", "settlement_taxed")]


@pytest.mark.parametrize("word", KIND_WORDS)
def test_kinds_may_be_said_in_chinese(word: str) -> None:
    document, _ = read_keyed({**KEYED, "kind": word})
    assert document
    assert document.kind == KIND_WORDS[word]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"kind": "收据"}, [("kind", "bad_choice")]),
        ({"number": None}, [("number", "missing")]),
        ({"gross": ""}, [("gross", "missing")]),
        ({"gross": "4449.001"}, [("gross", "bad_amount")]),
        ({"gross": "NaN"}, [("gross", "bad_amount")]),
        ({"gross": 444900}, [("gross", "not_text")]),
        ({"issued_on": "2026-1031"}, [("issued_on", "bad_day")]),
        ({"issued_on": "1999-12-31"}, [("issued_on", "bad_day")]),
        ({"until": "2026-10-31"}, [("since", "missing")]),
        ({"amount": "1"}, [("amount", "unknown_key")]),
        ({"net": "4197.18"}, [("net", "net_not_sum"), ("gross", "gross_not_sum")]),
        ({"lines": []}, [("lines", "no_lines"), ("gross", "gross_not_sum")]),
        ({"lines": "x"}, [("lines", "not_list")]),
        ({"lines": ["x"]}, [("line 1", "not_mapping")]),
        ({"lines": [{"item": "甲", "net": "x", "rate": "6%"}]}, [("line 1: rate", "unknown_key")]),
        ({"lines": [{"item": "甲", "net": "x"}]}, [("line 1: net", "bad_amount")]),
        ({"lines": [{"item": "甲"}] * 2_001}, [("lines", "too_many_lines")]),
        ({"lines": [{"item": "甲", "net": "1", "tax": 5}]}, [("line 1: tax", "not_text")]),
    ],
)
def test_each_slip_of_the_hand(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert faults_of({**KEYED, **changes}) == faults


def test_all_slips_are_told_at_once() -> None:
    assert faults_of({"kind": "x", "lines": [{"net": "x"}]}) == [
        ("number", "missing"),
        ("issued_on", "missing"),
        ("seller_name", "missing"),
        ("buyer_name", "missing"),
        ("gross", "missing"),
        ("kind", "bad_choice"),
        ("line 1: net", "bad_amount"),
    ]


def test_what_is_keyed_holds_before_what_the_remark_says() -> None:
    told_otherwise = {"since": "2026-09-01", "until": "2026-09-30", "statement": "DZ-9"}
    document, findings = read_keyed({**KEYED, **told_otherwise})
    assert findings == []
    assert document
    assert (str(document.since), str(document.until)) == ("2026-09-01", "2026-09-30")
    assert document.statement == "DZ-9"
