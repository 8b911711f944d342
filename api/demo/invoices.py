"""Made-up 数电票 for the demo: XML as the tax platform delivers it, of parties that do not exist.

Element names as in real ones (`ledger/documents/rules/einvoice.py` reads both). Every number
follows from what the invoice is for, so the demo may be made again and makes the same ones. Remarks
say 演练.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement, tostring

from ledger.formats.capital_amounts import in_words
from ledger.units import Fen, round_half_up

_REGION, _CHANNEL = "64", "2"  # Ningxia; the channel's digit is made up
_COMPUTE = "*信息技术服务*算力服务"


@dataclass(frozen=True)
class Item:
    """A line: fen without tax, and the rate of its tax."""

    net_fen: Fen
    name: str = _COMPUTE
    rate: Fraction = Fraction(6, 100)

    @property
    def tax_fen(self) -> Fen:
        """Its tax, rounded."""
        return round_half_up(self.net_fen * self.rate)


@dataclass(frozen=True)
class Invoice:
    """What a made-up invoice says; `reverses` makes it a red one of that number."""

    about: str
    issued_on: date
    seller: tuple[str, str]  # 统一社会信用代码, name
    buyer: tuple[str, str]
    items: Sequence[Item]
    remark: str = ""
    reverses: str = ""
    of: str = field(default="演练：虚构单据，不得用于拨付", repr=False)

    @property
    def number(self) -> str:
        """Twenty digits: year, region, channel, and fifteen that follow from what it is about."""
        serial = int.from_bytes(sha256(self.about.encode()).digest()[:8]) % 10**15
        return f"{self.issued_on:%y}{_REGION}{_CHANNEL}{serial:015d}"

    def xml(self) -> bytes:
        """The file."""
        root = Element("EInvoice")
        header = SubElement(root, "Header")
        _texts(header, {"EIid": self.number, "EInvoiceTag": "SWEI3100", "Version": "0.3"})
        label = SubElement(header, "InherentLabel")
        issue = ("N", "红字发票") if self.reverses else ("Y", "蓝字发票")
        for name, (code, words) in {
            "InIssuType": issue,
            "EInvoiceType": ("01", "增值税专用发票"),
        }.items():
            _texts(SubElement(label, name), {"LabelCode": code, "LabelName": words})
        data = SubElement(root, "EInvoiceData")
        for side, (uscc, name) in (("Seller", self.seller), ("Buyer", self.buyer)):
            party = SubElement(data, f"{side}Information")
            _texts(party, {f"{side}IdNum": uscc, f"{side}Name": name})
        self._totals(data)
        for item in self.items:
            _texts(SubElement(data, "IssuItemInformation"), _line(item))
        if self.reverses:
            red = SubElement(SubElement(data, "SpecificInformation"), "RedEInvoice")
            _texts(red, {"OriginalInvoiceCode": self.reverses, "CreditNoteNumber": self._note})
        remark = "；".join(part for part in (self.remark, self.of) if part)
        _texts(SubElement(data, "AdditionalInformation"), {"Remark": remark})
        taxed = SubElement(root, "TaxSupervisionInfo")
        _texts(taxed, {"InvoiceNumber": self.number, "IssueTime": f"{self.issued_on} 10:00:00"})
        content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return content

    @property
    def _note(self) -> str:
        """红字发票信息确认单编号, made up as the number is."""
        return f"{self.number[:5]}{int(self.number[5:]) * 7 % 10**15:015d}"

    def _totals(self, data: Element) -> None:
        net = sum(item.net_fen for item in self.items)
        tax = sum(item.tax_fen for item in self.items)
        _texts(
            SubElement(data, "BasicInformation"),
            {
                "TotalAmWithoutTax": _yuan(net),
                "TotalTaxAm": _yuan(tax),
                "TotalTax-includedAmount": _yuan(net + tax),
                "TotalTax-includedAmountInChinese": in_words(net + tax),
                "Drawer": "演练",
                "RequestTime": f"{self.issued_on}",
            },
        )


def _line(item: Item) -> dict[str, str]:
    return {
        "ItemName": item.name,
        "MeaUnits": "项",
        "Quantity": "1" if item.net_fen > 0 else "-1",
        "UnPrice": _yuan(abs(item.net_fen)),
        "Amount": _yuan(item.net_fen),
        "TaxRate": _rate(item.rate),
        "ComTaxAm": _yuan(item.tax_fen),
        "TotaltaxIncludedAmount": _yuan(item.net_fen + item.tax_fen),
    }


def _rate(rate: Fraction) -> str:
    """`0.06`."""
    return f"0.{rate.numerator * 100 // rate.denominator:02d}"


def _yuan(fen: Fen) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _texts(parent: Element, texts: dict[str, str]) -> None:
    for name, value in texts.items():
        SubElement(parent, name).text = value
