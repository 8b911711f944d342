"""Read electronic invoices in XML, in three dialects.

The 数电票 of the tax bureau's platform (`EInvoice`), the older 增值税电子发票 inside an OFD
(`eInvoice`, 2019), and the Ministry of Finance's accounting voucher (XBRL, taxonomy 2021). Each
dialect is a table from elements to fields. Traps: `TotalTax-includedAmount` is the whole invoice,
`TotaltaxIncludedAmount` a line; the day of issue is `RequestTime`, as `IssueTime` is when the file
was made. The XML of a 数电票 bears no signature: a person compares it, or looks it up.
"""

from collections.abc import Mapping
from dataclasses import replace

from ledger.documents.codes import DocumentSource
from ledger.documents.rules.cost_document import Document
from ledger.documents.rules.document_fields import REQUIRED, RawDocument, document_of
from ledger.errors import Finding
from ledger.formats.findings import finding
from ledger.formats.xml_tree import Tree, name, open_tree

TOTALS = (*REQUIRED, "net", "tax")

_DIGITAL_LINES = "EInvoiceData/IssuItemInformation"
_DIGITAL = {
    "number": "Header/EIid",
    "issued_on": "EInvoiceData/BasicInformation/RequestTime",
    "seller_uscc": "EInvoiceData/SellerInformation/SellerIdNum",
    "seller_name": "EInvoiceData/SellerInformation/SellerName",
    "buyer_uscc": "EInvoiceData/BuyerInformation/BuyerIdNum",
    "buyer_name": "EInvoiceData/BuyerInformation/BuyerName",
    "net": "EInvoiceData/BasicInformation/TotalAmWithoutTax",
    "tax": "EInvoiceData/BasicInformation/TotalTaxAm",
    "gross": "EInvoiceData/BasicInformation/TotalTax-includedAmount",
    "words": "EInvoiceData/BasicInformation/TotalTax-includedAmountInChinese",
    "reverses": "EInvoiceData/SpecificInformation/RedEInvoice/OriginalInvoiceCode",
    "confirmation": "EInvoiceData/SpecificInformation/RedEInvoice/CreditNoteNumber",
    "remark": "EInvoiceData/AdditionalInformation/Remark",
}
_DIGITAL_LINE = {
    "item": "ItemName",
    "unit": "MeaUnits",
    "quantity": "Quantity",
    "unit_price": "UnPrice",
    "net": "Amount",
    "tax_rate": "TaxRate",
    "tax": "ComTaxAm",
}

_OLD_LINES = "GoodsInfos/GoodsInfo"
OLD = {
    "code": "InvoiceCode",
    "number": "InvoiceNo",
    "issued_on": "IssueDate",
    "seller_uscc": "Seller/SellerTaxID",
    "seller_name": "Seller/SellerName",
    "buyer_uscc": "Buyer/BuyerTaxID",
    "buyer_name": "Buyer/BuyerName",
    "net": "TaxExclusiveTotalAmount",
    "tax": "TaxTotalAmount",
    "gross": "TaxInclusiveTotalAmount",
    "remark": "Note",
}
_OLD_LINE = {
    "item": "Item",
    "unit": "MeasurementDimension",
    "quantity": "Quantity",
    "unit_price": "Price",
    "net": "Amount",
    "tax_rate": "TaxScheme",
    "tax": "TaxAmount",
}

_PERSON = "TaxpayerIdentificationNumberUnifiedSocialCreditCodeOf"
_VOUCHER_LINES = "InformationOfTaxableGoodsOrServicesDetailItemsTuple"
_VOUCHER = {
    "code": "CodeOfInvoice",
    "number": "NumberOfInvoice",
    "issued_on": "DateOfIssue",
    "seller_uscc": f"{_PERSON}Seller",
    "seller_name": "NameOfSeller",
    "buyer_uscc": f"{_PERSON}Purchaser",
    "buyer_name": "NameOfPurchaser",
    "net": "TotalAmountExcludingTax",
    "tax": "TotalTaxAmount",
    "gross": "TaxIncludedAmountInFigures",
    "words": "TaxIncludedAmountInWords",
    "remark": "Remarks",
    "since": "BeginningOfIncomePeriodUnderAccrualBasis",
    "until": "EndOfIncomePeriodUnderAccrualBasis",
}
_VOUCHER_LINE = {
    "item": "NameOfTaxableGoodsOrServices",
    "unit": "UnitOfGoodsOrServices",
    "quantity": "QuantityOfGoodsOrServices",
    "unit_price": "UnitPriceOfGoodsOrServices",
    "net": "AmountExcludingTax",
    "tax_rate": "TaxRate",
    "tax": "TaxAmount",
}


def read_einvoice(
    content: bytes, source: DocumentSource, where: str = "file"
) -> tuple[Document | None, list[Finding]]:
    """Read the document of an XML file, with all its faults; None if it is unreadable."""
    tree, findings = open_tree(content, where)
    if tree is None:
        return None, findings
    dialects = {"EInvoice": _digital, "eInvoice": _older, "xbrl": _voucher}
    dialect = dialects.get(name(tree.root))
    if dialect is None:
        return None, [finding("unknown_xml", where, root=name(tree.root))]
    raw, findings = dialect(tree)
    document, wrong = document_of(replace(raw, source=source))
    return None if tree.findings else document, [*tree.findings, *findings, *wrong]


def _digital(tree: Tree) -> tuple[RawDocument, list[Finding]]:
    raw = _raw_document(tree, _DIGITAL, _DIGITAL_LINES, _DIGITAL_LINE)
    supervised = tree.text("TaxSupervisionInfo/InvoiceNumber")
    number = raw.values["number"] or supervised
    values = {**raw.values, "kind": "digital_invoice", "number": number}
    findings = []
    if supervised and supervised != number:
        where = "TaxSupervisionInfo/InvoiceNumber"
        findings.append(finding("two_numbers", where, number=number, other=supervised))
    mark = tree.text("Header/InherentLabel/InIssuType/LabelCode")  # Y blue, N red
    if mark in ("Y", "N") and (mark == "N") != values["gross"].startswith("-"):
        findings.append(
            finding("mark_differs", "Header/InherentLabel/InIssuType", gross=values["gross"])
        )
    return replace(raw, values=values), findings


def _older(tree: Tree) -> tuple[RawDocument, list[Finding]]:
    raw = _raw_document(tree, OLD, _OLD_LINES, _OLD_LINE)
    return replace(raw, values={**raw.values, "kind": "electronic_invoice"}), []


def _voucher(tree: Tree) -> tuple[RawDocument, list[Finding]]:
    raw = _raw_document(tree, _VOUCHER, _VOUCHER_LINES, _VOUCHER_LINE)
    electronic = "电子" in tree.text("TypeOfInvoice")
    kind = "electronic_invoice" if electronic else "paper_invoice"
    if not raw.values["code"]:
        kind = "digital_invoice"
    return replace(raw, values={**raw.values, "kind": kind}), []


def _raw_document(
    tree: Tree, fields: Mapping[str, str], lines: str, line: Mapping[str, str]
) -> RawDocument:
    """Return the texts of a dialect, each with its element."""
    below = tree.all(lines)
    last = lines.rpartition("/")[2]
    places = {**fields, **{f"line: {key}": element for key, element in line.items()}}
    places |= {f"line {n}": f"{last}[{n}]" for n in range(1, len(below) + 1)}
    return RawDocument(
        source=DocumentSource.XML,
        values={key: tree.text(path) for key, path in fields.items()},
        lines=[{key: tree.text(path, item) for key, path in line.items()} for item in below],
        places={key: place.rpartition("/")[2] for key, place in places.items()},
        required=TOTALS,
    )
