"""Files that prove something: real ones of their kind, and what their text says."""

import pytest

from ledger.documents.rules.proof_files import (
    is_invoice,
    read_proof,
    says_amount,
    says_reference,
)
from tests.support.invoices import archive, einvoice_xml, sample
from tests.support.papers.proofs import pdf, png, receipt_pdf

OFD_PAGE = (
    "<Page><Content><Layer><TextObject><TextCode>回单 1,060.00</TextCode></TextObject></Layer>"
    "</Content></Page>"
)
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x01\x2c\x01\x2c\x01\x01\x11\x00"
    b"\xff\xda\x00\x02..\xff\xd9"
)


def fault(content: bytes) -> str:
    proof, faults = read_proof(content, "凭证")
    assert proof is None
    (only,) = faults
    return only.code


def test_a_pdf_says_what_is_printed_on_it() -> None:
    proof, faults = read_proof(receipt_pdf("R-88", 106_000), "回单.pdf")
    assert faults == []
    assert proof
    assert proof.text
    assert says_amount(proof.text, 106_000)
    assert says_reference(proof.text, "r-88")
    assert not says_amount(proof.text, 6_000)
    assert not says_reference(proof.text, "R-8")


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("金额 8,100.00 元", True),
        ("金额：¥8100.00", True),
        ("8 1 0 0 . 0 0", True),
        ("金额\n8,1 00.00", False),
        ("数量 8 100.00", False),
        ("数量 8\n100.00", False),
        ("1 8 1 0 0 . 0 0", False),
        ("8 1 0 0 . 0 0 1", False),
        ("8,100.001", False),
        ("捌仟壹佰元整", True),
    ],
)
def test_two_figures_side_by_side_are_no_amount(text: str, shows: bool) -> None:
    assert says_amount(text, 8_100_00) is shows


@pytest.mark.parametrize("content", [png(), JPEG])
def test_a_picture_has_no_text(content: bytes) -> None:
    proof, faults = read_proof(content, "回单")
    assert faults == []
    assert proof
    assert proof.text is None


def test_an_electronic_receipt_of_a_bank_has_one() -> None:
    for content in (
        b"<bker><Reference>R-88</Reference><Amount>1060.00</Amount></bker>",
        archive({"OFD.xml": "<OFD/>", "Doc_0/Pages/Page_0/Content.xml": OFD_PAGE}),
    ):
        proof, faults = read_proof(content, "回单")
        assert faults == []
        assert proof
        assert proof.text
        assert says_amount(proof.text, 106_000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"%PDF", "proof_kind"),
        (b"%PDF-1.7", "proof_unreadable"),
        (b"%PDF-1.7\nany bytes", "proof_unreadable"),
        (pdf(), "proof_unreadable"),  # an empty page
        (b"any bytes", "proof_kind"),
        (b"MZ\x90\0", "proof_kind"),
        (png(1, 1), "proof_unreadable"),
        (png()[:-12], "proof_unreadable"),  # cut off
        (b"\x89PNG\r\n\x1a\n picture", "proof_unreadable"),
        (JPEG[:-2], "proof_unreadable"),
        (b"\xff\xd8\xff", "proof_unreadable"),
        (archive({"a.txt": "x"}), "proof_kind"),
        (einvoice_xml(), "proof_is_invoice"),
        (b"<a/>", "proof_unreadable"),
    ],
)
def test_not_any_bytes_prove_something(content: bytes, code: str) -> None:
    assert fault(content) == code


def test_a_pdf_with_a_password_is_refused() -> None:
    from io import BytesIO  # noqa: PLC0415

    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    writer, buffer = PdfWriter(clone_from=PdfReader(BytesIO(receipt_pdf("R", 1)))), BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(buffer)
    assert fault(buffer.getvalue()) == "proof_locked"


def test_an_invoice_is_known_by_its_words() -> None:
    assert is_invoice("电子发票 发票号码：26… 价税合计（大写）壹圆整")
    assert not is_invoice("电子回单 流水号 1")


@pytest.mark.parametrize("name", ["999_test_ca.ofd", "digital_vat_special_2024_masked.ofd"])
def test_a_real_invoice_is_no_receipt(name: str) -> None:
    proof, _faults = read_proof(sample(name), name)
    assert proof
    assert proof.text
    assert is_invoice(proof.text)


@pytest.mark.parametrize(
    ("text", "fen", "there"),
    [
        ("金额 1,060.00 元", 106_000, True),
        ("￥１，０６０．００", 106_000, True),
        ("金额\n1060\n.00", 106_000, True),
        ("21060.00", 106_000, False),
        ("1060.005", 106_000, False),
        ("1060", 106_000, False),
        ("大写 壹仟零陆拾元整", 106_000, True),
        ("大写 壹仟零陆拾圆伍角", 106_000, False),
        ("大写 叁万壹仟零陆拾元整", 106_000, False),
    ],
)
def test_amounts(text: str, fen: int, there: bool) -> None:
    assert says_amount(text, fen) is there


@pytest.mark.parametrize(
    ("text", "reference", "there"),
    [
        ("流水号：2026 0301 0001", "202603010001", True),
        ("流水号：A2026", "a2026", True),
        ("流水号：2026030100019", "202603010001", False),
        ("没有", "1", False),
    ],
)
def test_references(text: str, reference: str, there: bool) -> None:
    assert says_reference(text, reference) is there
