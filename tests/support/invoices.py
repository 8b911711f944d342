"""Files of cost documents for tests: XML, OFD, workbooks. Sound unless a test says otherwise."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import pytest
from openpyxl import Workbook

from ledger.formats.capital_amounts import in_words
from ledger.formats.uscc import check_digit
from ledger.units import yuan
from tests.support.paths import SHARED

SAMPLES = SHARED / "data/fapiao"
SELLER = "91640100MADEM0001" + check_digit("91640100MADEM0001")
BUYER = "91640100MADEM0002" + check_digit("91640100MADEM0002")
NUMBER = "26642000000000000001"
BLUE = "26642000000000000099"

Line = tuple[str, int, str, int]  # item, net fen, rate, tax fen
COMPUTE: Line = ("*信息技术服务*算力服务费", 419717, "0.06", 25183)


def sample(name: str) -> bytes:
    """A real file, where it lies beside the repository."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here")
    return path.read_bytes()


def amount(fen: int) -> str:
    """Fen as files write yuan: no separators."""
    return yuan(fen).replace(",", "")


def einvoice_xml(
    lines: Sequence[Line] = (COMPUTE,),
    *,
    number: str = NUMBER,
    issued: str = "2026-10-31 09:30:00",
    seller: tuple[str, str] = (SELLER, "贺兰山智算中心（宁夏）有限公司"),
    buyer: tuple[str, str] = (BUYER, "塞上智能科技有限公司"),
    remark: str = "服务期间：2026-10-01至2026-10-31 对账单号：DZ-2026-10-0001",
    reverses: str = "",
    confirmation: str = "",
    more: str = "",
    **totals: str,
) -> bytes:
    """A 数电票 as the tax platform delivers it; `totals` replace elements of BasicInformation."""
    net, tax = sum(line[1] for line in lines), sum(line[3] for line in lines)
    red = {"OriginalInvoiceCode": reverses, "CreditNoteNumber": confirmation} if reverses else {}
    basic = {
        "TotalAmWithoutTax": amount(net),
        "TotalTaxAm": amount(tax),
        "TotalTax-includedAmount": amount(net + tax),
        "TotalTax-includedAmountInChinese": in_words(net + tax).replace("元", "圆"),
        "Drawer": "某某",
        "RequestTime": issued,
        **{name.replace("_", "-"): text for name, text in totals.items()},
    }
    mark = "Y" if net + tax > 0 else "N"
    data = (
        _element("SellerInformation", {"SellerIdNum": seller[0], "SellerName": seller[1]})
        + _element("BuyerInformation", {"BuyerIdNum": buyer[0], "BuyerName": buyer[1]})
        + _element("BasicInformation", basic)
        + "".join(_line(*line) for line in lines)
        + (
            f"<SpecificInformation>{_element('RedEInvoice', red)}</SpecificInformation>"
            if red
            else ""
        )
        + _element("AdditionalInformation", {"Remark": remark})
    )
    supervised = {"InvoiceNumber": number, "IssueTime": "2099-01-01"}
    return (
        "<?xml version='1.0' encoding='UTF-8'?><EInvoice><Header>"
        f"<EIid>{number}</EIid><EInvoiceTag>SWEI3100</EInvoiceTag><Version>0.3</Version>"
        f"<InherentLabel>{_element('InIssuType', {'LabelCode': mark})}</InherentLabel></Header>"
        f"<EInvoiceData>{data}</EInvoiceData>"
        f"{_element('TaxSupervisionInfo', supervised)}{more}</EInvoice>"
    ).encode()


def red_xml(
    lines: Sequence[Line] = (("*信息技术服务*算力服务费", -50000, "0.06", -3000),),
) -> bytes:
    """A red one of `BLUE`."""
    return einvoice_xml(lines, reverses=BLUE, confirmation="64010126101000000001", remark="")


def archive(members: Mapping[str, bytes | str], level: int = 6) -> bytes:
    """A zip file of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as file:
        for path, content in members.items():
            file.writestr(path, content)
    return buffer.getvalue()


def ofd(attached: bytes | None, custom: Mapping[str, str] | None = None, **more: bytes) -> bytes:
    """An OFD that carries this XML, and repeats these fields in its header."""
    datas = "".join(f"<CustomData Name='{k}'>{v}</CustomData>" for k, v in (custom or {}).items())
    info = f"<DocInfo><CustomDatas>{datas}</CustomDatas></DocInfo>"
    body = f"<OFD><DocBody>{info}<DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"
    listed = "<Attachments>Attachs/Attachments.xml</Attachments>" if attached else ""
    members: dict[str, bytes | str] = {
        "OFD.xml": body,
        "Doc_0/Document.xml": f"<Document>{listed}</Document>",
        **{name.replace("_", "/"): content for name, content in more.items()},
    }
    if attached:
        members["Doc_0/Attachs/Attachments.xml"] = (
            "<Attachments><Attachment><FileLoc>original_invoice.xml</FileLoc></Attachment>"
            "</Attachments>"
        )
        members["Doc_0/Attachs/original_invoice.xml"] = attached
    return archive(members)


def workbook(*rows: Sequence[object]) -> bytes:
    """A workbook of one sheet."""
    book, buffer = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet
    for row in rows:
        sheet.append(list(row))
    book.save(buffer)
    return buffer.getvalue()


def _line(item: str, net: int, rate: str, tax: int) -> str:
    return _element(
        "IssuItemInformation",
        {
            "ItemName": item,
            "MeaUnits": "项" if net > 0 else "",
            "Quantity": "1" if net > 0 else "",
            "UnPrice": "4197.16981132075" if net > 0 else "",
            "Amount": amount(net),
            "TaxRate": rate,
            "ComTaxAm": amount(tax),
            "TotaltaxIncludedAmount": amount(net + tax),
        },
    )


def _element(name: str, children: Mapping[str, str]) -> str:
    inside = "".join(f"<{child}>{escape(text)}</{child}>" for child, text in children.items())
    return f"<{name}>{inside}</{name}>"
