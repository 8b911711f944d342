import io
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.cost_document import Line, Party
from ledger.documents.rules.einvoice import read_einvoice
from ledger.documents.rules.ofd import read_ofd
from ledger.formats.archive import MEMBERS_MAX, open_archive
from tests.support.invoices import NUMBER, archive, einvoice_xml, ofd, sample

XML = einvoice_xml()
HEADER = {"发票号码": NUMBER, "合计金额": "4197.17", "合计税额": "251.83"}


def faults_of(content: bytes) -> list[str]:
    return [f.code for f in read_ofd(content)[1]]


def test_the_older_invoice_is_its_attached_xml() -> None:
    document, findings = read_ofd(sample("999_test_ca.ofd"))
    assert document
    assert [(f.where, f.code) for f in findings] == [
        ("SellerTaxID", "uscc_check_digit"),  # of a test authority
        ("BuyerTaxID", "missing"),  # 个人
    ]
    assert (document.kind, document.code) == ("electronic_invoice", "050001700111")
    assert (document.number, document.issued_on) == ("12235358", date(2020, 8, 5))
    assert document.buyer == Party("", "个人")
    assert document.lines == (Line("*餐饮服务*餐费", "", "", "", 10000, "6%", 600),) * 100
    assert (document.net_fen, document.tax_fen, document.gross_fen) == (1000000, 60000, 1060000)


def test_the_invoice_of_2024_is_read_by_its_tags() -> None:
    document, findings = read_ofd(sample("digital_vat_special_2024_masked.ofd"))
    assert document
    assert [(f.where, f.code) for f in findings] == [
        ("seller_uscc", "uscc_character"),  # masked
        ("buyer_uscc", "uscc_check_digit"),
    ]
    assert (document.kind, document.code) == ("digital_invoice", "")
    assert (document.number, document.issued_on) == ("24112000000099999901", date(2024, 5, 28))
    assert document.seller == Party("91110000MA000SELL2", "示例销售方科技股份有限公司")
    assert document.buyer == Party("91460000MA0000BUY1", "示例购买方科技有限公司")
    assert document.lines == (
        Line("*信息技术服务*技术服务费", "", "1", "4197.16981132075", 419717, "6%", 25183),
    )
    assert (document.net_fen, document.tax_fen, document.gross_fen) == (419717, 25183, 444900)
    assert document.words == "肆仟肆佰肆拾玖圆整"  # it has no tag
    assert document.source == "ofd"


def test_what_the_header_repeats_must_agree() -> None:
    document, findings = read_ofd(ofd(XML, HEADER))
    assert findings == []
    assert document == read_einvoice(XML, DocumentSource.OFD)[0]
    header = {**HEADER, "合计金额": "4449.00", "开票日期": "昨天"}
    assert [(f.where, f.code) for f in read_ofd(ofd(XML, header))[1]] == [
        ("OFD.xml: 合计金额", "ofd_differs"),
        ("OFD.xml: 开票日期", "ofd_differs"),
    ]


def test_without_xml_and_tags_a_person_keys_it() -> None:
    assert faults_of(ofd(None, HEADER)) == ["needs_keying"]


def test_tags_that_do_not_fit_the_lines_are_keyed() -> None:
    content = sample("digital_vat_special_2024_masked.ofd")
    members = {
        name: (
            data.replace(b"<ofd:Amount>", b"<ofd:Sum>").replace(b"</ofd:Amount>", b"</ofd:Sum>")
            if name.endswith("CustomTag.xml")
            else data
        )
        for name, data in unpacked(content).items()
    }
    assert faults_of(archive(members)) == ["needs_keying"]


def test_a_page_that_is_no_xml_is_told() -> None:
    members = unpacked(sample("digital_vat_special_2024_masked.ofd"))
    page = next(name for name in members if name.endswith("Content.xml"))
    assert faults_of(archive({**members, page: b"<Page>"})) == ["not_xml"]


def test_an_invoice_code_in_the_header_makes_it_one_of_the_older_kind() -> None:
    """Whose number has eight digits, not the twenty that stand on this page."""
    whole = sample("digital_vat_special_2024_masked.ofd")
    head = unpacked(whole)["OFD.xml"].replace(
        b"</ofd:CustomDatas>",
        "<ofd:CustomData Name='发票代码'>064002400111</ofd:CustomData></ofd:CustomDatas>".encode(),
    )
    with_code = archive({**unpacked(whole), "OFD.xml": head})
    assert set(faults_of(with_code)) - set(faults_of(whole)) == {"invoice_number"}


def test_only_what_a_tag_refers_to_is_read() -> None:
    whole = sample("digital_vat_special_2024_masked.ofd")
    members = unpacked(whole)
    tags = next(name for name in members if name.endswith("CustomTag.xml"))
    noted = members[tags].replace(b"</ofd:Amount>", b"<ofd:Note>1</ofd:Note></ofd:Amount>")
    assert noted != members[tags]
    assert faults_of(archive({**members, tags: noted})) == faults_of(whole)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize(
    "member", ["OFD.xml", "Doc_0/Document.xml", "Doc_0/Attachs/original_invoice.xml"]
)
def test_a_member_that_is_not_there(member: str) -> None:
    members = unpacked(ofd(XML))
    del members[member]
    _, findings = read_ofd(archive(members))
    assert [(f.code, dict(f.params)) for f in findings] == [("ofd_member", {"member": member})]


def test_an_attachment_is_not_looked_for_outside() -> None:
    members = unpacked(ofd(XML))
    name = "Doc_0/Attachs/Attachments.xml"
    members[name] = members[name].replace(b"original", b"../../../../etc/original")
    assert faults_of(archive(members)) == ["ofd_member"]


def test_an_xml_bomb_within() -> None:
    assert faults_of(ofd(b"<!DOCTYPE a [<!ENTITY x 'x'>]><EInvoice>&x;</EInvoice>")) == [
        "xml_forbidden"
    ]


def patched(content: bytes, offset: int, *, byte: int, header: bytes = b"PK\x01\x02") -> bytes:
    """A zip file with one byte of its first central header changed."""
    at = content.index(header) + offset
    return content[:at] + bytes([byte]) + content[at + 1 :]


SUSPICIOUS = {
    "archive_broken": b"PK\x03\x04 and no more",
    "archive_members": archive({str(n): b"" for n in range(MEMBERS_MAX + 1)}),
    "archive_ratio": archive({"OFD.xml": b" " * 1_000_000}, level=9),
    "archive_nested": archive({"OFD.xml": b"<OFD/>", "a.xml": archive({"OFD.xml": b""})}),
    "archive_twice": archive({"OFD.xml": b"<OFD/>", "ofd.XML": b"<OFD/>"}),
    "archive_locked": patched(archive({"OFD.xml": b"<OFD/>"}), 8, byte=1),
}


@pytest.mark.parametrize("code", SUSPICIOUS)
def test_suspicious_archives_are_not_opened(code: str) -> None:
    assert faults_of(SUSPICIOUS[code]) == [code]


@pytest.mark.parametrize(
    "path", ["../OFD.xml", "/OFD.xml", "Doc_0/../../x", "a\\b", "C:x", "a//b", "./x", "a\nb"]
)
def test_paths_stay_inside(path: str) -> None:
    assert faults_of(archive({"OFD.xml": b"<OFD/>", path: b""})) == ["archive_path"]


def test_a_size_that_is_not_so() -> None:
    packed = archive({"OFD.xml": b"<OFD>" + b"x" * 60_000 + b"</OFD>"})
    lying = patched(packed, 24, byte=1)  # the declared size
    assert faults_of(lying) == ["ofd_member"]


def test_too_much_in_all() -> None:
    noise = "".join(map(str, range(300_000))).encode()
    packed = archive({str(n): noise for n in range(41)}, level=1)
    assert faults_of(packed) == ["archive_unpacked"]


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_file_is_never_read_as_another(at: int, byte: int) -> None:
    whole = ofd(XML, HEADER)
    at %= len(whole)
    document, findings = read_ofd(whole[:at] + bytes([byte]) + whole[at + 1 :])
    assert findings or document == read_ofd(whole)[0]


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    archive, findings = open_archive(b"PK\x03\x04" + noise)
    assert archive is None
    assert [f.code for f in findings] == ["archive_broken"]
